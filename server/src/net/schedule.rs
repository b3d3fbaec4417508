//! Owns when ticks are due: deadlines without drift, and what happens after a pause. Time is an argument.

use std::time::Duration;

/// Ticks that are made without a pause after a delay. What was due before these is skipped: making all of it up
/// would take the time of the ticks to come.
pub(super) const CATCH_UP_TICKS_MAX: u64 = 5;

/// The deadlines of one room's ticks. All times count from the begin of its first period, which may be before the room's.
///
/// Skipping moves the schedule, not the ticks: the next tick still has the next number, only later.
#[derive(Debug)]
pub(super) struct Schedule {
    rate_hz: u32,
    /// How many periods after that the next tick is due.
    next: u64,
    skipped: u64,
}

impl Schedule {
    /// The first tick is due at the first end of a period after `now`.
    pub(super) fn new(rate_hz: u32, now: Duration) -> Self {
        assert!(rate_hz > 0, "checked before the server started");
        let schedule = Self { rate_hz, next: 0, skipped: 0 };
        Self { next: schedule.periods(now) + 1, ..schedule }
    }

    /// When the next tick is due.
    pub(super) fn deadline(&self) -> Duration {
        self.period_end(self.next)
    }

    /// When to look at sockets next, so long after they were looked at last. `None` if that is too close to the deadline: the tick reads
    /// them too, and a look that is still going on when it is due would make it late.
    pub(super) fn look(&self, looked: Duration, interval: Duration) -> Option<Duration> {
        let next = looked + interval;
        (next + interval / 2 <= self.deadline()).then_some(next)
    }

    /// Begins the next tick at `now`, and says how late that is.
    ///
    /// With more than [`CATCH_UP_TICKS_MAX`] ticks in arrears the rest is skipped: the tick that begins gets a
    /// later deadline.
    pub(super) fn begin(&mut self, now: Duration) -> Duration {
        let late = now.saturating_sub(self.deadline());
        let arrears = (self.periods(now) + 1).saturating_sub(self.next);
        let skipped = arrears.saturating_sub(CATCH_UP_TICKS_MAX);
        self.skipped += skipped;
        self.next += skipped;
        late
    }

    /// Ends the tick that was begun: the one after it is the next.
    pub(super) fn end(&mut self) {
        self.next += 1;
    }

    /// Ticks that were due and never made.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many ticks lie between `arrived` and the end of the tick `ahead` after the next one; negative if it is over.
    pub(super) fn slack_ticks(&self, arrived: Duration, ahead: i64) -> f64 {
        let gap = self.deadline().as_secs_f64() - arrived.as_secs_f64();
        gap * f64::from(self.rate_hz) + ahead as f64
    }

    /// Computed from the start each time, so that no rounding adds up.
    fn period_end(&self, count: u64) -> Duration {
        let rate_hz = u64::from(self.rate_hz);
        let nanos = count % rate_hz * 1_000_000_000 / rate_hz;
        Duration::from_secs(count / rate_hz) + Duration::from_nanos(nanos)
    }

    fn periods(&self, now: Duration) -> u64 {
        let rate_hz = u64::from(self.rate_hz);
        // One nanosecond on, because the ends of periods are rounded down.
        let nanos = u64::from(now.subsec_nanos()) + 1;
        now.as_secs() * rate_hz + nanos * rate_hz / 1_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes one tick at `now`, and says how late it was.
    fn tick(schedule: &mut Schedule, now: Duration) -> Duration {
        let late = schedule.begin(now);
        schedule.end();
        late
    }

    /// Makes every tick that is due at `now`, and counts them.
    fn catch_up(schedule: &mut Schedule, now: Duration) -> u64 {
        let mut made = 0;
        while schedule.deadline() <= now {
            tick(schedule, now);
            made += 1;
        }
        made
    }

    #[test]
    fn looks_keep_away_from_the_deadline() {
        let (schedule, ms) = (Schedule::new(25, Duration::ZERO), Duration::from_millis);
        assert_eq!(schedule.deadline(), ms(40));
        let looks = |first| std::iter::successors(Some(ms(first)), |looked| schedule.look(*looked, ms(10)));
        assert_eq!(looks(0).collect::<Vec<_>>(), [0, 10, 20, 30].map(ms));
        // The tick before took long.
        assert_eq!(looks(17).collect::<Vec<_>>(), [17, 27].map(ms));
    }

    #[test]
    fn the_first_tick_is_due_at_the_next_end_of_a_period() {
        for (now_ms, due_ms) in [(0, 50), (49, 50), (50, 100), (1_234, 1_250)] {
            let schedule = Schedule::new(20, Duration::from_millis(now_ms));
            assert_eq!(schedule.deadline(), Duration::from_millis(due_ms), "from {now_ms} ms");
        }
    }

    #[test]
    fn sixty_hertz_do_not_drift_in_three_hours() {
        let mut schedule = Schedule::new(60, Duration::ZERO);
        let mut count = 0u64;
        while schedule.deadline() < Duration::from_secs(3 * 3600) {
            let now = schedule.deadline();
            assert_eq!(tick(&mut schedule, now), Duration::ZERO);
            count += 1;
        }
        assert_eq!(count, 3 * 3600 * 60 - 1);
        assert_eq!(schedule.deadline(), Duration::from_secs(3 * 3600), "to the nanosecond");
        assert_eq!(schedule.skipped(), 0);
    }

    #[test]
    fn every_deadline_is_exactly_one_period_for_any_rate() {
        for rate_hz in [1, 3, 7, 20, 30, 60, 128, 1000] {
            let mut schedule = Schedule::new(rate_hz, Duration::ZERO);
            for count in 1..5_000u64 {
                assert_eq!(schedule.periods(schedule.deadline()), count, "{rate_hz} Hz");
                schedule.end();
            }
        }
    }

    #[test]
    fn a_short_delay_is_made_up_in_full() {
        let mut schedule = Schedule::new(20, Duration::ZERO);
        tick(&mut schedule, Duration::from_millis(50));
        assert_eq!(tick(&mut schedule, Duration::from_millis(250)), Duration::from_millis(150));
        assert_eq!(catch_up(&mut schedule, Duration::from_millis(250)), 3);
        assert_eq!(schedule.skipped(), 0);
        assert_eq!(schedule.deadline(), Duration::from_millis(300));
    }

    #[test]
    fn after_a_pause_of_five_seconds_five_ticks_are_made_and_the_rest_is_skipped() {
        let mut schedule = Schedule::new(30, Duration::ZERO);
        assert_eq!(catch_up(&mut schedule, Duration::from_secs(1)), CATCH_UP_TICKS_MAX);
        let skipped_before = schedule.skipped();
        assert_eq!(CATCH_UP_TICKS_MAX + skipped_before, 30);

        assert_eq!(catch_up(&mut schedule, Duration::from_secs(6)), CATCH_UP_TICKS_MAX);
        assert_eq!(schedule.skipped() - skipped_before, 150 - CATCH_UP_TICKS_MAX);
        assert!(schedule.deadline() > Duration::from_secs(6), "and then the schedule goes on");
    }

    #[test]
    fn slack_counts_from_the_arrival_to_the_commands_own_deadline() {
        let mut schedule = Schedule::new(20, Duration::ZERO);
        tick(&mut schedule, Duration::from_millis(50));
        for (ahead, ticks) in [(0, 0.5), (2, 2.5), (-1, -0.5)] {
            let slack = schedule.slack_ticks(Duration::from_millis(75), ahead);
            assert!((slack - ticks).abs() < 1e-9, "{slack}");
        }
    }

    #[test]
    fn slack_counts_to_the_deadline_after_the_skip() {
        let mut schedule = Schedule::new(20, Duration::ZERO);
        schedule.begin(Duration::from_secs(10));
        let slack = schedule.slack_ticks(Duration::from_secs(10), 0);
        assert!((slack + CATCH_UP_TICKS_MAX as f64 - 1.0).abs() < 1e-9, "{slack}");
    }
}
