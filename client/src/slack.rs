//! Owns what the server reported of late about how early commands came, and how early they should come. Knows no ticks.

use std::collections::VecDeque;
use std::time::Duration;

/// Reports from which the window is believed even if it says something drastic.
const SAMPLES_SETTLED: usize = 16;

/// What the least slack should be: enough for a scheduler's hiccup, little enough not to be felt.
const TARGET_TICKS: f64 = 1.0;
/// Nobody wants to wait longer than this for a link's next hiccup.
const TARGET_TICKS_MAX: f64 = 3.0;
/// What a late command adds to the target, at most once per [`LATE_INTERVAL`]: a stall makes many late at once.
const TARGET_TICKS_PER_LATE: f64 = 1.0;
const LATE_INTERVAL: Duration = Duration::from_secs(1);
/// How much of the added target is left after a tick.
const TARGET_KEPT: f64 = 0.999;

/// One report of the server.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Sample {
    /// The slack that the command would have had with a clock offset of 0, in ticks.
    pub slack: f64,
    /// The report was cut: the slack was this or more, by the report alone.
    pub bound: Option<f64>,
    /// How long the command and the report were on their way together, in ticks, if known.
    pub round_trip: Option<f64>,
}

/// The last reports. A number of them, not a time: when nothing comes for a while, what is known is still true.
#[derive(Clone, Debug)]
pub(crate) struct SlackWindow {
    samples: VecDeque<Sample>,
    /// The oldest goes.
    samples_max: usize,
    round_trip: f64,
    target: f64,
    late_at: Option<Duration>,
}

impl SlackWindow {
    /// No reports yet; `round_trip` in ticks is believed until there are some.
    pub fn new(samples_max: usize, round_trip: f64) -> Self {
        let samples_max = samples_max.max(SAMPLES_SETTLED);
        Self { samples: VecDeque::new(), samples_max, round_trip, target: TARGET_TICKS, late_at: None }
    }

    /// Forgets the reports, because they speak of another time. What was learnt of the link stays.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    pub fn push(&mut self, sample: Sample) {
        if self.samples.len() == self.samples_max {
            self.samples.pop_front();
        }
        if let Some(bound) = sample.bound {
            self.raise_bounds(bound);
        }
        self.samples.push_back(sample);
        let round_trips = self.samples.iter().filter_map(|sample| sample.round_trip);
        // A few reports may all have waited somewhere: they alone do not make a way longer.
        let are_many = round_trips.clone().count() >= SAMPLES_SETTLED;
        let known = (!are_many).then_some(self.round_trip);
        self.round_trip = round_trips.chain(known).fold(f64::INFINITY, f64::min);
    }

    /// A bound that was told with less slack left says more than all before it: while they counted, too much slack would take
    /// many windows to shrink.
    fn raise_bounds(&mut self, bound: f64) {
        for sample in self.samples.iter_mut().filter(|sample| sample.bound.is_some()) {
            sample.slack = sample.slack.max(bound);
        }
    }

    /// A command came too late: from now on, and for a while, aim for more slack.
    pub fn note_late(&mut self, now: Duration) {
        if self.late_at.is_none_or(|last| now.saturating_sub(last) >= LATE_INTERVAL) {
            self.late_at = Some(now);
            self.target = (self.target + TARGET_TICKS_PER_LATE).min(TARGET_TICKS_MAX);
        }
    }

    /// One tick without bad news: the target creeps back.
    pub fn relax(&mut self) {
        self.target = TARGET_TICKS + (self.target - TARGET_TICKS) * TARGET_KEPT;
    }

    /// The least slack to aim for, in ticks.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// The shortest round trip of late, in ticks.
    pub fn round_trip(&self) -> f64 {
        self.round_trip
    }

    /// Whether there are enough reports for a drastic conclusion.
    pub fn is_settled(&self) -> bool {
        self.samples.len() >= SAMPLES_SETTLED
    }

    /// The least slack for an offset of 0. Once settled, the second least: a single stall, of which the next two
    /// seconds know nothing, must not push the clock ahead. [`SlackWindow::note_late`] is what remembers it.
    pub fn least(&self) -> Option<f64> {
        let (mut least, mut second) = (f64::INFINITY, f64::INFINITY);
        for sample in &self.samples {
            second = second.min(sample.slack.max(least));
            least = least.min(sample.slack);
        }
        let chosen = if self.is_settled() { second } else { least };
        (!self.samples.is_empty()).then_some(chosen)
    }

    /// The greatest slack for an offset of 0.
    pub fn greatest(&self) -> Option<f64> {
        self.samples.iter().map(|sample| sample.slack).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(slacks: impl IntoIterator<Item = f64>) -> SlackWindow {
        let mut window = SlackWindow::new(60, 3.0);
        slacks.into_iter().for_each(|slack| window.push(Sample { slack, bound: None, round_trip: None }));
        window
    }

    #[test]
    fn one_outlier_is_forgiven_once_there_are_enough_reports() {
        assert_eq!(window([]).least(), None);
        assert_eq!(window([2.0, -3.0, 1.0]).least(), Some(-3.0));
        let many = || std::iter::repeat_n(1.5, 30);
        assert_eq!(window(many().chain([-3.0])).least(), Some(1.5));
        assert_eq!(window(many().chain([-3.0, -1.0])).least(), Some(-1.0));
        assert_eq!(window(many().chain([-3.0])).greatest(), Some(1.5));
    }

    #[test]
    fn of_reports_that_tell_only_a_bound_the_best_one_counts() {
        let bound = |slack| Sample { slack, bound: Some(slack), round_trip: None };
        let mut window = window(std::iter::repeat_n(6.0, 20));
        (0..60).for_each(|_| window.push(bound(3.0)));
        assert_eq!(window.least(), Some(3.0));
        window.push(bound(5.0));
        assert_eq!(window.least(), Some(5.0), "as much, or more");
        window.push(bound(4.0));
        assert_eq!(window.least(), Some(5.0), "of the rest, the second least");
        let exact = Sample { slack: 2.0, bound: None, round_trip: None };
        (0..2).for_each(|_| window.push(exact));
        window.push(bound(7.0));
        assert_eq!(window.least(), Some(2.0), "what is known is not a bound");
    }

    #[test]
    fn the_shortest_round_trip_of_late_counts() {
        let mut window = window([]);
        let mut push = |round_trips: &[f64]| {
            for &round_trip in round_trips {
                window.push(Sample { slack: 1.0, bound: None, round_trip: Some(round_trip) });
            }
            window.round_trip()
        };
        assert_eq!(push(&[5.0, 4.0, 9.0]), 3.0, "as told at the start");
        assert_eq!(push(&[2.5]), 2.5);
        assert_eq!(push(&[6.0; 60]), 6.0, "two seconds of nothing shorter");
        window.clear();
        assert_eq!(window.round_trip(), 6.0, "still the best guess");
    }

    #[test]
    fn the_target_grows_with_late_commands_and_creeps_back() {
        let mut window = window([]);
        for second in 0..10 {
            window.note_late(Duration::from_secs(second));
            window.note_late(Duration::from_millis(second * 1000 + 500));
        }
        assert_eq!(window.target(), TARGET_TICKS_MAX);
        (0..3000).for_each(|_| window.relax());
        assert!((TARGET_TICKS..TARGET_TICKS + 0.1).contains(&window.target()));
    }
}
