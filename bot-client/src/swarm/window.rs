//! Owns what one bot measures: its counters at both ends of the window, and every latency in between.

use super::counts::Counts;
use super::latency::Latencies;
use std::time::Duration;
use tickwire_client::Stats;

/// The latencies of one bot, or of all together.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// From one snapshot to the next.
    pub snapshot_gap: Latencies,
    /// How much later than the quickest one a snapshot came, measured against the schedule of ticks.
    pub snapshot_age: Latencies,
    /// From sending a command to the snapshot that shows it applied.
    pub input_ack: Latencies,
    /// How late the swarm itself was: from when a bot's tick was due to when it ran.
    pub swarm_lag: Latencies,
}

impl Latency {
    pub fn add(&mut self, other: &Self) {
        self.snapshot_gap.add(&other.snapshot_gap);
        self.snapshot_age.add(&other.snapshot_age);
        self.input_ack.add(&other.input_ack);
        self.swarm_lag.add(&other.swarm_lag);
    }
}

/// One bot's share of the measured window.
#[derive(Clone, Debug)]
pub struct Measured {
    pub counts: Counts,
    pub latency: Latency,
}

/// Follows one client, and measures from [`Recorder::begin`] on.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The counters when the window began; `None` before that.
    before: Option<Counts>,
    /// Snapshots so far, and when the last one came.
    snapshots: u64,
    heard: Option<Duration>,
    latency: Latency,
}

impl Recorder {
    /// The window begins.
    pub fn begin(&mut self, stats: &Stats) {
        self.before = Some(stats.into());
    }

    /// A frame was taken in. Says whether it held a snapshot.
    pub fn heard(&mut self, now: Duration, stats: &Stats) -> bool {
        if stats.snapshots == self.snapshots {
            return false;
        }
        self.snapshots = stats.snapshots;
        let before = self.heard.replace(now);
        if self.before.is_some() {
            record(&mut self.latency.snapshot_gap, before.map(|before| now.saturating_sub(before)));
            record(&mut self.latency.snapshot_age, stats.last_snapshot_age);
            record(&mut self.latency.input_ack, stats.last_input_ack);
        }
        true
    }

    /// A tick of the client ran, this late if it was due.
    pub fn woke(&mut self, late: Option<Duration>) {
        if self.before.is_some() {
            record(&mut self.latency.swarm_lag, late);
        }
    }

    /// The window is over. `None`: for this bot it never began.
    pub fn end(mut self, now: Duration, stats: &Stats) -> Option<Measured> {
        let before = self.before?;
        // A silence that still goes on must not vanish because nothing ended it.
        let silence = self.heard.map(|heard| now.saturating_sub(heard));
        let longest = self.latency.snapshot_gap.max();
        record(&mut self.latency.snapshot_gap, silence.filter(|silence| *silence > longest));
        Some(Measured { counts: Counts::from(stats).since(before), latency: self.latency })
    }
}

fn record(latencies: &mut Latencies, time: Option<Duration>) {
    if let Some(time) = time {
        latencies.record(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::InputCounts;

    const MS: Duration = Duration::from_millis(1);

    fn stats(snapshots: u64) -> Stats {
        Stats {
            snapshots,
            bytes_down: snapshots * 100,
            commands: snapshots * 2,
            inputs: InputCounts { late: snapshots * 3, ..InputCounts::default() },
            last_snapshot_age: Some(2 * MS),
            ..Stats::default()
        }
    }

    #[test]
    fn only_the_window_counts() {
        let mut recorder = Recorder::default();
        recorder.heard(10 * MS, &stats(1));
        recorder.heard(990 * MS, &stats(2));
        recorder.begin(&stats(2));
        recorder.heard(1000 * MS, &stats(3));
        recorder.heard(1020 * MS, &stats(4));
        let Measured { counts, latency } = recorder.end(1030 * MS, &stats(4)).unwrap();
        let wanted = Counts { snapshots: 2, bytes_down: 200, inputs: 4, late_inputs: 6, ..Counts::default() };
        assert_eq!(counts, wanted);
        assert_eq!(latency.snapshot_gap.percentiles().max.round(), 20.0);
        assert_eq!(latency.snapshot_age.percentiles().p50.round(), 2.0);
    }

    #[test]
    fn a_frame_without_a_snapshot_is_no_update() {
        let mut recorder = Recorder::default();
        assert!(recorder.heard(MS, &stats(1)));
        assert!(!recorder.heard(2 * MS, &stats(1)));
    }

    #[test]
    fn a_silence_that_goes_on_counts_as_far_as_it_came() {
        let mut recorder = Recorder::default();
        recorder.heard(10 * MS, &stats(1));
        recorder.begin(&stats(1));
        recorder.heard(20 * MS, &stats(2));
        let measured = recorder.end(3020 * MS, &stats(2)).unwrap();
        assert!(measured.latency.snapshot_gap.max() >= 2990 * MS);
    }

    #[test]
    fn a_bot_that_missed_the_window_measured_nothing() {
        assert!(Recorder::default().end(MS, &stats(9)).is_none());
    }
}
