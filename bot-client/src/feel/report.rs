//! Owns how the figures are written: for a terminal, for machines, and for the docs.

use super::{Figures, Measured, NarrowRow, Plan, Row};
use std::fmt::Write as _;

/// A head, and what is told below it.
type Column = (&'static str, fn(&Row) -> String);

const CELLS: [Column; 12] = [
    ("link", |row| row.profile.to_owned()),
    ("round trip", |row| format!("{:.1} ms", row.round_trip_ms)),
    ("age of what is seen p50 / p99 (target)", age),
    ("input to snapshot p50 / p99", |row| {
        format!("{:.0} / {:.0} ms", row.input_to_ack_ms_p50, row.input_to_ack_ms_p99)
    }),
    ("late inputs", |row| {
        let is_met = !row.is_good_link || row.late_share < LATE_SHARE_MAX;
        marked(format!("{:.2} %", row.late_share * 100.0), is_met)
    }),
    ("ticks without", |row| format!("{:.2} %", row.missing_share * 100.0)),
    ("mispredictions/min", |row| format!("{:.1}", row.mispredictions_per_minute)),
    ("the furthest off", |row| format!("{} steps", row.misprediction_steps_max)),
    ("hits with compensation", |row| {
        let is_met = row.hit_share.is_none_or(|share| share >= HIT_SHARE_MIN);
        marked(hits(row.hit_share, row.shots), is_met)
    }),
    ("hits without", |row| hits(row.hit_share_without, row.shots_without)),
    ("bytes/s down / up", |row| format!("{:.0} / {:.0}", row.bytes_per_second_down, row.bytes_per_second_up)),
    ("resumed; p50 / max (target)", resumed),
];
/// What is to be reached, or marked.
const LATE_SHARE_MAX: f64 = 0.005;
const HIT_SHARE_MIN: f64 = 0.99;

fn age(row: &Row) -> String {
    let Row { seen_age_ms_p50, seen_age_ms_p99, seen_age_ms_target, .. } = row;
    let is_met = !row.is_good_link || seen_age_ms_p99 <= seen_age_ms_target;
    marked(format!("{seen_age_ms_p50:.0} / {seen_age_ms_p99:.0} ms ({seen_age_ms_target:.0})"), is_met)
}

fn hits(share: Option<f64>, shots: u64) -> String {
    share.map_or("no shots".to_owned(), |share| format!("{:.1} % of {shots}", share * 100.0))
}

fn resumed(row: &Row) -> String {
    let (Some(p50), Some(max)) = (row.resume_ms_p50, row.resume_ms_max) else {
        return marked(format!("{} of {}", row.resumed, row.cuts), row.cuts == 0);
    };
    let is_met = row.resumed == row.cuts && max <= row.resume_ms_target;
    let Row { resumed, cuts, resume_ms_target, .. } = row;
    marked(format!("{resumed} of {cuts}; {p50:.0} / {max:.0} ms ({resume_ms_target:.0})"), is_met)
}

/// A target that was missed is to be seen at once.
fn marked(cell: String, is_met: bool) -> String {
    if is_met { cell } else { format!("{cell} (missed)") }
}

/// For a terminal: one block for each link.
#[must_use]
pub fn text(all: &Measured) -> String {
    let mut text = String::new();
    for row in all.links.iter().map(Figures::row) {
        for (head, cell) in CELLS {
            let _ = writeln!(text, "  {head:<40} {:>36}", cell(&row));
        }
        text.push('\n');
    }
    text + &narrow(&all.narrow)
}

/// One object, with a row for each link.
///
/// # Panics
/// Never: all of it are numbers and names.
#[must_use]
pub fn json(plan: &Plan, all: &Measured) -> String {
    let rows: Vec<Row> = all.links.iter().map(Figures::row).collect();
    let whole = serde_json::json!({
        "seconds": plan.time.as_secs_f64(),
        "bots": plan.bots,
        "seed": plan.seed,
        "rows": rows,
        "narrow": all.narrow,
    });
    serde_json::to_string_pretty(&whole).expect("numbers and names")
}

/// A page with the table, what it means, and the plots.
#[must_use]
pub fn markdown(plan: &Plan, all: &Measured) -> String {
    let names: Vec<&str> = all.links.iter().map(|figures| figures.profile.name).collect();
    let mut page = format!(
        "# How it feels\n\n    \
         cargo build --release --workspace && target/release/bot-client feel --profiles {} --seconds {} --bots {} --cuts {} --out docs\n\n\
         wrote this page: over each kind of link ([swarm.md](swarm.md#links)), through a real proxy, real clients play at a real server of the arena. Four of them are\n\
         measured: each stands still and fires its rail exactly at what it sees of the others, who come without a link.\n\n",
        names.join(","),
        plan.time.as_secs_f64(),
        plan.bots,
        plan.cuts,
    );
    page.push_str(&format!(
        "| {} |\n|{}\n",
        CELLS.map(|(head, _)| head).join(" | "),
        "---|".repeat(CELLS.len())
    ));
    for row in all.links.iter().map(Figures::row) {
        page.push_str(&format!("| {} |\n", CELLS.map(|(_, cell)| cell(&row)).join(" | ")));
    }
    page.push_str(MEANING);
    page.push_str("\n## A link that is too narrow\n\n");
    page.push_str(&narrow(&all.narrow));
    page.push_str("\n## One client of each, over time\n");
    for name in names {
        page.push_str(&format!("\n![{name}](feel-{name}.svg)\n"));
    }
    page
}

fn narrow(row: &NarrowRow) -> String {
    let is_met = row.snapshot_age_ms_p99 <= row.snapshot_age_ms_target;
    let age = format!(
        "p50 {:.0} ms, p99 {:.0} ms ({:.0})",
        row.snapshot_age_ms_p50, row.snapshot_age_ms_p99, row.snapshot_age_ms_target
    );
    format!(
        "With {} bots in the room a client needs {} bytes per second; this one's link lets {} through, 10 ms each way.\n\
         Its snapshots: {:.1} per second, for each of which the link takes {:.0} ms; when they come they are this old: {}.\n\
         Another player, on a link that is wide enough: p99 {:.1} ms before, {:.1} ms meanwhile; {:.1} % of the ticks.\n",
        row.bots,
        row.needed_bytes_per_second,
        row.given_bytes_per_second,
        row.snapshots_per_second,
        row.frame_ms,
        marked(age, is_met),
        row.other_snapshot_age_ms_p99_before,
        row.other_snapshot_age_ms_p99,
        row.other_snapshots_share * 100.0,
    )
}

const MEANING: &str = "
- **Age of what is seen**: by how much the moment that is drawn of the others lies before the server's present, looked at every 5 ms. The server's time is that of the quickest snapshot to a client without a link.
  The target is the one-way delay, two ticks, and the 99th percentile of the link's jitter; links that stall have none, nor for late inputs (0.5 %).
- **Input to snapshot**: from making an input until a snapshot comes that has it. What a player sees of its own input is predicted: that takes 0 ms.
- **Late inputs** came after their tick had run; **ticks without** one repeat the last. **Mispredictions** are per client; the furthest that one was off is in steps of the field's own grid (of the arena's positions 1/1024 m).
- **Hits** are those of a shooter who aims exactly at what it sees, at a server that rewinds up to 250 ms (target: 99 %), and at one that does not. Each is alone in its room with those that it shoots at, and they harm nobody.
- **Resumed**: the network is taken away for 50 to 600 ms, all connections with it; from when it is back until the same seat has a full view again. The target is a round trip and 100 ms.
  The proxy answers what tries to connect meanwhile with a reset; where packets vanish instead, TCP itself tries again only after one second, and later.

All of it, server and clients, ran on one machine with two cores: what it did late, it did late for all of them. The proxy's timers have a grain of a millisecond.
";
