//! Owns the result of a swarm: what it holds, in which order it is told, and how it is judged.

use super::bot::{Fate, Life};
use super::counts::Counts;
use super::latency::Percentiles;
use super::link::LinkPlan;
use super::window::Latency;
use crate::Exit;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a swarm measured, over all its bots. Field order is the order of the JSON object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Bots that were sent.
    pub bots: usize,
    /// Bots that got into their room.
    pub joined: usize,
    /// Bots that did not.
    pub failed: usize,
    /// Bots that got in, lost their connection before the end, and did not get their seat back.
    pub dropped: usize,
    /// Length of the measured window.
    pub seconds: f64,
    /// Snapshots, per bot and second.
    pub updates_per_bot_per_s: f64,
    /// From one snapshot to the next.
    pub snapshot_gap_ms: Percentiles,
    /// From sending a command to the snapshot that shows it applied.
    pub input_ack_ms: Percentiles,
    /// Commands sent.
    pub inputs: u64,
    /// Commands that came to the server after their tick had run, and were dropped. The server counts them and
    /// reports every half second or so: the window's edges are that blurred.
    pub late_inputs: u64,
    /// Corrections of a bot's own entity that nothing but its own input explains.
    pub mispredictions: u64,
    /// Corrections because something else moved it: a hit, a respawn.
    pub explained_corrections: u64,
    /// View hashes of the server that were compared.
    pub hash_checks: u64,
    /// View hashes that were not those of what the bot held.
    pub hash_mismatches: u64,
    /// WebSocket payload received, per bot and second.
    pub down_bytes_per_bot_per_s: f64,
    /// WebSocket payload sent, per bot and second.
    pub up_bytes_per_bot_per_s: f64,
    /// All bytes received, per entity in view and snapshot.
    pub bytes_per_entity_update: f64,
    /// How much later than the quickest a snapshot came, measured against the schedule of ticks.
    pub snapshot_age_ms: Percentiles,
    /// Snapshots that were full ones.
    pub full_snapshots: u64,
    /// Full snapshots that bots asked for because they found themselves wrong.
    pub resyncs: u64,
    /// The game's ticks per second.
    pub tick_rate_hz: u32,
    /// The share of the window's ticks that the worst bot got a snapshot of.
    pub updates_min_share: f64,
    /// Commands that were too far ahead for the server.
    pub early_inputs: u64,
    /// Ticks that the server ran without a command of their bot: it was late, or was never sent because the
    /// bot's clock skipped that tick.
    pub missing_inputs: u64,
    /// Snapshots whose tick had not used its bot's command: the same, as the bots themselves saw it.
    pub input_misses: u64,
    /// Events that did not fit the queue of a bot that was too slow.
    pub events_missed: u64,
    /// How late the swarm itself was with its bots' ticks: what is not the server's fault.
    pub swarm_lag_ms: Percentiles,
    /// The link that the bots' connections went through; `none` if there was only what is there anyway.
    pub link: &'static str,
    /// Times that a bot's connection was lost and its seat taken again on a new one.
    pub reconnects: u64,
    /// What went wrong, in sentences.
    #[serde(skip)]
    pub complaints: Vec<String>,
}

impl Report {
    /// Sums up the bots of a run whose measured window was this long.
    pub(super) fn new(time: Duration, tick_rate_hz: u32, lives: &[Life]) -> Self {
        let measured: Vec<_> = lives.iter().filter_map(|life| life.measured.as_ref()).collect();
        let counts = measured.iter().fold(Counts::default(), |sum, bot| sum.plus(bot.counts));
        let mut latency = Latency::default();
        measured.iter().for_each(|bot| latency.add(&bot.latency));
        let fewest = measured.iter().map(|bot| bot.counts.snapshots).min().unwrap_or(0);
        let seconds = time.as_secs_f64();
        let bot_seconds = seconds * measured.len() as f64;
        Self {
            seconds: rounded(seconds),
            tick_rate_hz,
            updates_min_share: share(fewest as f64, seconds * f64::from(tick_rate_hz)),
            updates_per_bot_per_s: share(counts.snapshots as f64, bot_seconds),
            down_bytes_per_bot_per_s: share(counts.bytes_down as f64, bot_seconds),
            up_bytes_per_bot_per_s: share(counts.bytes_up as f64, bot_seconds),
            ..Self::default()
        }
        .with_fates(lives)
        .with_counts(counts)
        .with_latency(&latency)
        .with_complaints(lives)
    }

    /// Says which link that was over.
    pub(super) fn over(self, link: Option<LinkPlan>) -> Self {
        Self { link: link.map_or("none", |link| link.profile.name), ..self }
    }

    fn with_fates(self, lives: &[Life]) -> Self {
        let count = |which: fn(&Fate) -> bool| lives.iter().filter(|life| which(&life.fate)).count();
        let failed = count(|fate| matches!(fate, Fate::Failed(_)));
        let dropped = count(|fate| matches!(fate, Fate::Dropped(_)));
        let joined = lives.len() - failed;
        Self { bots: lives.len(), joined, failed, dropped, ..self }
    }

    fn with_counts(self, counts: Counts) -> Self {
        Self {
            inputs: counts.inputs,
            late_inputs: counts.late_inputs,
            early_inputs: counts.early_inputs,
            missing_inputs: counts.missing_inputs,
            input_misses: counts.input_misses,
            mispredictions: counts.mispredictions,
            explained_corrections: counts.explained_corrections,
            hash_checks: counts.hash_checks,
            hash_mismatches: counts.hash_mismatches,
            full_snapshots: counts.full_snapshots,
            resyncs: counts.resyncs,
            events_missed: counts.events_missed,
            reconnects: counts.reconnects,
            bytes_per_entity_update: share(counts.bytes_down as f64, counts.entity_updates as f64),
            ..self
        }
    }

    fn with_latency(self, latency: &Latency) -> Self {
        Self {
            snapshot_gap_ms: latency.snapshot_gap.percentiles(),
            snapshot_age_ms: latency.snapshot_age.percentiles(),
            input_ack_ms: latency.input_ack.percentiles(),
            swarm_lag_ms: latency.swarm_lag.percentiles(),
            ..self
        }
    }

    fn with_complaints(mut self, lives: &[Life]) -> Self {
        self.complaints = fate_complaints(lives);
        if self.hash_mismatches > 0 {
            let (wrong, checked) = (self.hash_mismatches, self.hash_checks);
            self.complaints.push(format!("{wrong} of {checked} view hashes did not match"));
        }
        let lag = self.swarm_lag_ms.p99;
        if lag > 1000.0 / f64::from(self.tick_rate_hz) {
            self.complaints.push(format!(
                "the swarm itself was late by up to {lag:.0} ms (p99): the machine is too busy for it, and the \
                 times above are not the server's alone"
            ));
        }
        self
    }

    /// The whole report as one line.
    ///
    /// # Panics
    /// Never: every field has a form in JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and names")
    }

    /// How the program ends with this report.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self { joined: 0, .. } => Exit::NoConnection,
            Self { failed: 0, dropped: 0, hash_mismatches: 0, .. } => Exit::Ok,
            _ => Exit::Failed,
        }
    }
}

/// One sentence per thing that went wrong, not per bot.
fn fate_complaints(lives: &[Life]) -> Vec<String> {
    let mut bots = BTreeMap::<String, usize>::new();
    for life in lives {
        let what = match &life.fate {
            Fate::Stayed => continue,
            Fate::Failed(reason) => format!("could not join: {reason}"),
            Fate::Dropped(reason) => format!("lost the connection: {reason}"),
        };
        *bots.entry(what).or_default() += 1;
    }
    bots.into_iter().map(|(what, count)| format!("{count} of {} bots {what}", lives.len())).collect()
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { rounded(part / whole) } else { 0.0 }
}

/// To three decimals: what is finer is noise that only makes the report hard to read.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::window::Measured;

    fn life(fate: Fate, counts: Option<Counts>) -> Life {
        let measured = counts.map(|counts| Measured { counts, latency: Latency::default() });
        Life { fate, measured }
    }

    fn counts(snapshots: u64) -> Counts {
        Counts { snapshots, bytes_down: 30 * snapshots, entity_updates: 4 * snapshots, ..Counts::default() }
    }

    #[test]
    fn rates_are_per_bot_that_was_measured() {
        let lives = [
            life(Fate::Stayed, Some(counts(600))),
            life(Fate::Dropped("gone".into()), Some(counts(300))),
            life(Fate::Dropped("gone".into()), None),
            life(Fate::Failed("no".into()), None),
        ];
        let report = Report::new(Duration::from_secs(10), 60, &lives);
        assert_eq!((report.bots, report.joined, report.failed, report.dropped), (4, 3, 1, 2));
        assert_eq!((report.updates_per_bot_per_s, report.updates_min_share), (45.0, 0.5));
        assert_eq!((report.down_bytes_per_bot_per_s, report.bytes_per_entity_update), (1350.0, 7.5));
        assert_eq!(
            report.complaints,
            ["1 of 4 bots could not join: no", "2 of 4 bots lost the connection: gone"]
        );
    }

    #[test]
    fn nothing_measured_is_zero_not_nan() {
        let report = Report::new(Duration::ZERO, 60, &[life(Fate::Failed("no".into()), None)]);
        assert!(!report.to_json().contains("null"), "{}", report.to_json());
    }

    #[test]
    fn the_exit_says_how_it_went() {
        let fine = Report { joined: 2, ..Report::default() };
        assert_eq!(fine.exit(), Exit::Ok);
        assert_eq!(Report { joined: 0, failed: 2, ..fine.clone() }.exit(), Exit::NoConnection);
        assert_eq!(Report { failed: 1, ..fine.clone() }.exit(), Exit::Failed);
        assert_eq!(Report { dropped: 1, ..fine.clone() }.exit(), Exit::Failed);
        assert_eq!(Report { hash_mismatches: 1, ..fine }.exit(), Exit::Failed);
    }

    #[test]
    fn a_swarm_that_was_late_itself_says_so() {
        let mut latency = Latency::default();
        latency.swarm_lag.record(Duration::from_millis(40));
        let busy = Life { fate: Fate::Stayed, measured: Some(Measured { counts: counts(60), latency }) };
        let report = Report::new(Duration::from_secs(1), 60, &[busy]);
        assert!(report.complaints[0].starts_with("the swarm itself was late by up to 40 ms"));
        assert_eq!(report.exit(), Exit::Ok, "a busy machine is not the server's failure");
    }

    #[test]
    fn a_wrong_view_hash_is_complained_about() {
        let wrong = Counts { hash_checks: 9, hash_mismatches: 1, ..Counts::default() };
        let report = Report::new(Duration::from_secs(1), 60, &[life(Fate::Stayed, Some(wrong))]);
        assert_eq!(report.complaints, ["1 of 9 view hashes did not match"]);
    }

    /// Scripts read these: a key may be added at the end, none renamed or moved.
    #[test]
    fn the_keys_of_the_json_stand_in_this_order() {
        let json = Report::default().to_json();
        let mut rest = json.as_str();
        for key in [
            "bots",
            "joined",
            "failed",
            "dropped",
            "seconds",
            "updates_per_bot_per_s",
            "snapshot_gap_ms\":{\"p50\":0.0,\"p99\":0.0,\"max",
            "input_ack_ms\":{\"p50\":0.0,\"p99\":0.0,\"max",
            "inputs",
            "late_inputs",
            "mispredictions",
            "explained_corrections",
            "hash_checks",
            "hash_mismatches",
            "down_bytes_per_bot_per_s",
            "up_bytes_per_bot_per_s",
            "bytes_per_entity_update",
            "snapshot_age_ms\":{\"p50\":0.0,\"p99\":0.0,\"max",
            "full_snapshots",
            "resyncs",
            "tick_rate_hz",
            "updates_min_share",
            "swarm_lag_ms\":{\"p50\":0.0,\"p99\":0.0,\"max",
            "link",
        ] {
            let (_, after) =
                rest.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} in {rest}"));
            rest = after;
        }
    }
}
