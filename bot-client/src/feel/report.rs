//! Owns how the figures are written: for a terminal, for machines, and for the docs.

use super::{Figures, Plan, Row};
use std::fmt::Write as _;

const HEADS: [&str; 12] = [
    "link",
    "round trip",
    "age of what is seen p50 / p99 (target)",
    "input to snapshot p50 / p99",
    "late inputs",
    "ticks without",
    "mispredictions/min",
    "largest correction",
    "hits with / without compensation",
    "bytes/s down / up",
    "resumed",
    "time to resume p50 / max",
];

fn cells(row: &Row) -> [String; 12] {
    let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let ms = |ms: Option<f64>| ms.map_or("-".to_owned(), |ms| format!("{ms:.0}"));
    [
        row.profile.to_owned(),
        format!("{:.1} ms", row.round_trip_ms),
        format!("{:.0} / {:.0} ms ({:.0})", row.seen_age_ms_p50, row.seen_age_ms_p99, row.seen_age_ms_target),
        format!("{:.0} / {:.0} ms", row.input_to_ack_ms_p50, row.input_to_ack_ms_p99),
        format!("{:.2} %", row.late_share * 100.0),
        format!("{:.2} %", row.missing_share * 100.0),
        format!("{:.1}", row.mispredictions_per_minute),
        format!("{} steps", row.correction_steps_max),
        format!("{} / {} of {}", share(row.hit_share), share(row.hit_share_without), row.shots),
        format!("{:.0} / {:.0}", row.bytes_per_second_down, row.bytes_per_second_up),
        format!("{} of {}", row.resumed, row.cuts),
        format!("{} / {} ms", ms(row.resume_ms_p50), ms(row.resume_ms_max)),
    ]
}

/// For a terminal: one block for each link.
#[must_use]
pub fn text(all: &[Figures]) -> String {
    let mut text = String::new();
    for figures in all {
        for (head, cell) in HEADS.iter().zip(cells(&figures.row())) {
            let _ = writeln!(text, "  {head:<40} {cell:>28}");
        }
        text.push('\n');
    }
    text
}

/// One object, with a row for each link.
///
/// # Panics
/// Never: all of it are numbers and names.
#[must_use]
pub fn json(plan: &Plan, all: &[Figures]) -> String {
    let rows: Vec<Row> = all.iter().map(Figures::row).collect();
    let whole = serde_json::json!({
        "seconds": plan.time.as_secs_f64(),
        "bots": plan.bots,
        "seed": plan.seed,
        "rows": rows,
    });
    serde_json::to_string_pretty(&whole).expect("numbers and names")
}

/// A page with the table, what it means, and the plots.
#[must_use]
pub fn markdown(plan: &Plan, all: &[Figures]) -> String {
    let names: Vec<&str> = all.iter().map(|figures| figures.profile.name).collect();
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
    page.push_str(&format!("| {} |\n|{}\n", HEADS.join(" | "), "---|".repeat(HEADS.len())));
    for figures in all {
        page.push_str(&format!("| {} |\n", cells(&figures.row()).join(" | ")));
    }
    page.push_str(MEANING);
    for name in names {
        page.push_str(&format!("\n![{name}](feel-{name}.svg)\n"));
    }
    page
}

const MEANING: &str = "
- **Age of what is seen**: by how much the moment that is drawn of the others lies before the server's present. The server's time is that of the quickest snapshot to a client without a link. The target is the
  one-way delay, two ticks, and the 99th percentile of the link's jitter.
- **Input to snapshot**: from making an input until a snapshot comes that has it. What a player sees of its own input is predicted: that takes 0 ms.
- **Late inputs** came after their tick had run; **ticks without** one repeat the last. **Mispredictions** are per client; the largest correction is in steps of the field's own grid (of the arena's positions 1/1024 m, after a respawn too).
- **Hits** are those of a shooter who aims exactly at what it sees, at a server that rewinds up to 250 ms, and at one that does not.
- **Resumed**: connections that were cut, and the same seat again on a new one; from when the network was back.

All of it, server and clients, ran on one machine with two cores: what it did late, it did late for all of them. The proxy's timers have a grain of a millisecond.
";
