//! Owns how the figures are written: for a terminal, for machines, and for the docs.

use super::figures::{HIT_SHARE_MIN, LAN_SHARE_MAX, LATE_SHARE_MAX};
use super::{Figures, Measured, NarrowRow, Plan, Row, SNIPERS};
use std::fmt::Write as _;

/// A head, and what is told below it.
type Column = (&'static str, fn(&Row) -> String);

/// Behind what has a target and misses it.
const MISSED: &str = " (missed)";

const CELLS: [Column; 12] = [
    ("link", |row| row.profile.to_owned()),
    ("round trip", |row| format!("{:.1} ms", row.round_trip_ms)),
    ("age of what is seen p50 / p99 (target)", age),
    ("input to snapshot p50 / p99", |row| {
        format!("{:.0} / {:.0} ms", row.input_to_ack_ms_p50, row.input_to_ack_ms_p99)
    }),
    ("late inputs (target)", |row| inputs(row.late_share, row.late_share_target)),
    ("ticks without", |row| inputs(row.missing_share, None)),
    ("mispredictions of inputs (target); per minute", |row| {
        let share = inputs(row.mispredicted_share, row.mispredicted_share_target);
        format!("{share}; {:.1}", row.mispredictions_per_minute)
    }),
    ("the furthest off", |row| format!("{} steps", row.misprediction_steps_max)),
    ("hits with compensation", |row| {
        let is_met =
            row.hit_share_target.is_none_or(|least| row.hit_share.is_some_and(|share| share >= least));
        marked(hits(row.hit_share, row.shots), is_met)
    }),
    ("hits without", |row| hits(row.hit_share_without, row.shots_without)),
    ("bytes/s down / up", |row| format!("{:.0} / {:.0}", row.bytes_per_second_down, row.bytes_per_second_up)),
    ("resumed; p50 / max (target)", resumed),
];

fn age(row: &Row) -> String {
    let Row { seen_age_ms_p50, seen_age_ms_p99, .. } = row;
    let age = format!("{seen_age_ms_p50:.0} / {seen_age_ms_p99:.0} ms");
    match row.seen_age_ms_target {
        Some(target) => marked(format!("{age} ({target:.0})"), *seen_age_ms_p99 <= target),
        None => age,
    }
}

/// A share of the inputs, which must stay below the target, if there is one.
fn inputs(share: Option<f64>, target: Option<f64>) -> String {
    let told = share.map_or("no inputs".to_owned(), |share| format!("{:.2} %", share * 100.0));
    match target {
        Some(target) => {
            let is_met = share.is_some_and(|share| share < target);
            marked(format!("{told} ({:.1})", target * 100.0), is_met)
        }
        None => told,
    }
}

fn hits(share: Option<f64>, shots: u64) -> String {
    share.map_or("no shots".to_owned(), |share| format!("{:.1} % of {shots}", share * 100.0))
}

fn resumed(row: &Row) -> String {
    let Row { resumed, cuts, resume_ms_target, .. } = row;
    if *cuts == 0 {
        return marked("no cuts".to_owned(), false);
    }
    let (Some(p50), Some(max)) = (row.resume_ms_p50, row.resume_ms_max) else {
        return marked(format!("{resumed} of {cuts}"), false);
    };
    let is_met = resumed == cuts && max <= *resume_ms_target;
    marked(format!("{resumed} of {cuts}; {p50:.0} / {max:.0} ms ({resume_ms_target:.0})"), is_met)
}

/// A target that was missed is to be seen at once; so is one that nothing was measured for.
fn marked(cell: String, is_met: bool) -> String {
    if is_met { cell } else { cell + MISSED }
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

/// Whether every target is met.
#[must_use]
pub fn is_met(all: &Measured) -> bool {
    !text(all).contains(MISSED)
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
         wrote this page: over each kind of link ([swarm.md](swarm.md#links)), through a real proxy, real clients play at a real server of the arena. {SNIPERS} of them are\n\
         measured: each looks for somebody to shoot at, stands still then, and fires its rail exactly at what it sees of the others, who come without a link.\n\n",
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
    page.push_str(&meaning());
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
         Of what the client holds of the others then, half is no older than {:.0} ms, and nine tenths than {:.0} ms ({:.0} over a link that is wide enough): what is less important waits for its place.\n\
         Another player, on a link that is wide enough: p99 {:.1} ms before, {:.1} ms meanwhile; {:.1} % of the ticks.\n",
        row.bots,
        row.needed_bytes_per_second,
        row.given_bytes_per_second,
        row.snapshots_per_second,
        row.frame_ms,
        marked(age, is_met),
        row.row_age_ms_p50,
        row.row_age_ms_p90,
        row.row_age_ms_p90_before,
        row.other_snapshot_age_ms_p99_before,
        row.other_snapshot_age_ms_p99,
        row.other_snapshots_share * 100.0,
    )
}

/// What the table's columns mean, and what is to be reached.
fn meaning() -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let (lan, late, hits) = (percent(LAN_SHARE_MAX), percent(LATE_SHARE_MAX), percent(HIT_SHARE_MIN));
    format!(
        "
What has a target and misses it is marked, and so is what has one and was not measured.

- **Age of what is seen**: by how much the moment that is drawn of the others lies before the server's present, looked at every 5 ms. The server's time is that of the quickest snapshot to a client without a link.
  The target is the one-way delay, two ticks, and the 99th percentile of the link's jitter; links that stall have none.
- **Input to snapshot**: from making each input until a snapshot of its tick, or a later one, comes. What a player sees of its own input is predicted, and waits for none of that: it is made with the client's next
  tick, and drawn on the way to it, done one tick later.
- **Late inputs** came after their tick had run; **ticks without** one repeat the last. Over the lan, which is what a loopback is but for half a millisecond, fewer than {lan} of all clients' inputs may be late and fewer
  than {lan} **mispredicted**; over the other links that do not stall, fewer than {late} may be late. Mispredictions are also told per minute and client; the furthest that one was off is in steps of the field's own grid (of
  the arena's positions 1/1024 m).
- **Hits** are those of shooters who aim exactly at what they see, at a server that rewinds up to 250 ms (target: {hits}, over links that do not stall for longer than that), and at one that does not. Each is alone in its room with those that it shoots at, and they harm nobody.
  None fires before it is measured, so that it has all its slugs then.
- **Bytes** are those of messages, without the heads of WebSocket (two to four bytes down, six up), TCP and IP.
- **Resumed**: the network is taken away for 50 to 600 ms, all connections with it; from when it is back until the same seat has a full view again. The target is a round trip and 100 ms.
  After an outage of more than one and a half seconds the next try may be up to two seconds away. The proxy answers what tries to connect meanwhile with a reset; where packets vanish instead, TCP itself tries again only after one second, and later.

All of it, server and clients, ran on one machine with two cores: what it did late, it did late for all of them. The proxy's timers have a grain of a millisecond.
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Record, Sample};
    use super::*;
    use std::time::Duration;
    use tickwire_client::Stats;
    use tickwire_client::link::LinkProfile;

    /// What a column tells of one client over a link, who made a thousand inputs.
    fn cells(profile: LinkProfile, change: impl FnOnce(&mut Record)) -> impl Fn(&str) -> String {
        let mut figures = Figures::new(profile, 60, Duration::from_secs(10));
        let after = Stats { commands: 1000, ..Stats::default() };
        let mut record = Record { after, shots: 200, hits: 199, ..Record::default() };
        change(&mut record);
        figures.add(record);
        let row = figures.row();
        move |head| {
            let (_, cell) = CELLS.iter().find(|(name, _)| name.starts_with(head)).expect("a column");
            cell(&row)
        }
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let row = Figures::new(LinkProfile::LAN, 60, Duration::from_secs(10)).row();
        let told = CELLS.map(|(_, cell)| cell(&row));
        for cell in ["no inputs (0.1) (missed)", "no shots (missed)", "no cuts (missed)", "no shots"] {
            assert!(told.contains(&cell.to_owned()), "{cell}: {told:?}");
        }
        assert!(told[2].ends_with("(missed)"), "nothing was seen: {}", told[2]);
    }

    #[test]
    fn one_missed_target_is_enough_to_fail() {
        let good = || {
            let mut figures = Figures::new(LinkProfile::LAN, 60, Duration::from_secs(10));
            let after = Stats { commands: 1000, ..Stats::default() };
            let sample = Sample { at_s: 0.0, age_ms: 20.0, ack_ms: 20.0, late: 0, corrections: 0 };
            let resumes = vec![Duration::from_millis(20)];
            figures.add(Record {
                after,
                shots: 200,
                hits: 199,
                cuts: 1,
                resumes,
                samples: vec![sample],
                ..Record::default()
            });
            figures
        };
        let narrow =
            NarrowRow { snapshot_age_ms_p99: 50.0, snapshot_age_ms_target: 60.0, ..NarrowRow::default() };
        let measured = |links, narrow| Measured { links, narrow };
        assert!(is_met(&measured(vec![good(), good()], narrow.clone())));
        let bad = Figures::new(LinkProfile::LAN, 60, Duration::from_secs(10));
        assert!(!is_met(&measured(vec![good(), bad], narrow.clone())));
        let late = NarrowRow { snapshot_age_ms_p99: 61.0, ..narrow };
        assert!(!is_met(&measured(vec![good()], late)));
    }

    #[test]
    fn a_lan_costs_fewer_inputs_than_other_links_and_one_that_stalls_may_cost_any() {
        let late = |profile, late| cells(profile, |record| record.after.inputs.late = late)("late inputs");
        assert_eq!(late(LinkProfile::LAN, 0), "0.00 % (0.1)");
        assert_eq!(late(LinkProfile::LAN, 1), "0.10 % (0.1) (missed)");
        for profile in [LinkProfile::WIFI, LinkProfile::MOBILE_4G, LinkProfile::TRANSATLANTIC] {
            assert_eq!(late(profile, 4), "0.40 % (0.5)");
            assert_eq!(late(profile, 5), "0.50 % (0.5) (missed)");
        }
        assert_eq!(late(LinkProfile::STALLING, 500), "50.00 %");
    }

    #[test]
    fn mispredictions_have_a_target_over_a_lan() {
        let wrong = |profile| cells(profile, |record| record.after.mispredictions = 2)("mispredictions");
        assert_eq!(wrong(LinkProfile::LAN), "0.20 % (0.1) (missed); 12.0");
        assert_eq!(wrong(LinkProfile::WIFI), "0.20 %; 12.0");
    }

    #[test]
    fn hits_and_resumes_have_targets_over_each_link() {
        for profile in LinkProfile::ALL {
            let hits = |hits| cells(profile, |record| record.hits = hits)("hits with compensation");
            assert_eq!(hits(198), "99.0 % of 200");
            // This one stalls for longer than any server rewinds.
            let is_forgiven = profile == LinkProfile::STALLING;
            assert_eq!(hits(197).ends_with("(missed)"), !is_forgiven, "{}", profile.name);
            let resumed = |cuts, resumes: &[u64]| {
                let resumes = resumes.iter().map(|ms| Duration::from_millis(*ms)).collect();
                cells(profile, |record| (record.cuts, record.resumes) = (cuts, resumes))("resumed")
            };
            assert!(resumed(2, &[80, 90]).starts_with("2 of 2; 80 / 90 ms"));
            assert!(!resumed(2, &[80, 90]).ends_with("(missed)"));
            assert!(resumed(2, &[80, 900]).ends_with("(missed)"), "one took too long");
            assert!(resumed(2, &[80]).ends_with("(missed)"), "one never came back");
            assert_eq!(resumed(2, &[]), "0 of 2 (missed)");
        }
    }
}
