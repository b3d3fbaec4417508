//! Owns the ruler that clock and playback measure on: a moment as ticks since the Welcome, and back.

use std::time::Duration;
use tickwire_shared::Tick;

/// Places in time, in ticks since an origin. Relative to it, so that fractions stay exact however long the server has run.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Timeline {
    tick_hz: f64,
    origin: Tick,
    origin_at: Duration,
}

impl Timeline {
    /// A ruler whose zero is this tick, and this moment.
    pub fn new(tick_rate_hz: u32, origin: Tick, origin_at: Duration) -> Self {
        Self { tick_hz: tick_rate_hz.into(), origin, origin_at }
    }

    /// How many ticks long a time is.
    pub fn ticks(&self, time: Duration) -> f64 {
        time.as_secs_f64() * self.tick_hz
    }

    /// How long this many ticks are; nothing if they are negative.
    pub fn time(&self, ticks: f64) -> Duration {
        Duration::from_secs_f64((ticks / self.tick_hz).max(0.0))
    }

    /// Ticks from the origin to a moment.
    pub fn elapsed(&self, now: Duration) -> f64 {
        self.ticks(now.saturating_sub(self.origin_at))
    }

    /// The moment this many ticks after the origin.
    pub fn moment(&self, elapsed: f64) -> Duration {
        self.origin_at + self.time(elapsed)
    }

    /// Where a tick stands.
    pub fn place(&self, tick: Tick) -> f64 {
        tick.since(self.origin) as f64
    }

    /// The last tick at or before a place.
    pub fn tick_at(&self, place: f64) -> Tick {
        Tick(self.origin.0.saturating_add_signed(place.floor() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_exact_in_a_room_of_any_age() {
        for (origin, at) in [(0, 0), (65_535, 1), (1 << 50, 1 << 32)] {
            let at = Duration::from_secs(at);
            let timeline = Timeline::new(60, Tick(origin), at);
            assert_eq!(timeline.place(Tick(origin + 7)), 7.0);
            assert_eq!(timeline.tick_at(7.999), Tick(origin + 7));
            assert!((timeline.elapsed(timeline.moment(7.25)) - 7.25).abs() < 1e-6);
            assert_eq!(timeline.elapsed(Duration::ZERO), 0.0);
        }
    }
}
