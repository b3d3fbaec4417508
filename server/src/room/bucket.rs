//! Owns the rate limit that a room applies by ticks: a token bucket without a clock.

use tickwire_shared::Tick;

/// Lets `burst` things through at once and `per_second` in the long run.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// In parts of which one thing costs as many as there are ticks per second: integers, so that nothing drifts.
    level: u64,
    filled: Tick,
}

/// A bucket's size and inflow.
#[derive(Copy, Clone, Debug)]
pub struct Rate {
    /// Things at once.
    pub burst: u32,
    /// Things per second, in the long run.
    pub per_second: u32,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn full(rate: Rate, now: Tick, tick_rate_hz: u32) -> Self {
        Self { level: u64::from(rate.burst) * u64::from(tick_rate_hz), filled: now }
    }

    /// Whether one more thing may pass now; if so, it has.
    pub fn take(&mut self, rate: Rate, now: Tick, tick_rate_hz: u32) -> bool {
        let cost = u64::from(tick_rate_hz);
        let gone = now.since(self.filled).max(0) as u64;
        let inflow = gone.saturating_mul(rate.per_second.into());
        self.level = self.level.saturating_add(inflow).min(u64::from(rate.burst) * cost);
        self.filled = now;
        let enough = self.level >= cost;
        if enough {
            self.level -= cost;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate() {
        let rate = Rate { burst: 3, per_second: 2 };
        let mut bucket = Bucket::full(rate, Tick(100), 60);
        let passed = |bucket: &mut Bucket, tick| (0..9).filter(|_| bucket.take(rate, Tick(tick), 60)).count();
        assert_eq!(passed(&mut bucket, 100), 3);
        assert_eq!(passed(&mut bucket, 129), 0);
        assert_eq!(passed(&mut bucket, 130), 1);
        assert_eq!(passed(&mut bucket, u64::MAX / 2), 3);
    }
}
