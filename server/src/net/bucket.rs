//! Owns the token bucket that all rates are limited by. Time is an argument.

use std::time::Duration;

/// Lets `burst` through at once and `per_second` in the long run.
#[derive(Clone, Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    burst: f64,
    level: f64,
    updated: Duration,
}

impl TokenBucket {
    /// A full bucket at time zero.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (f64::from(per_second), f64::from(burst));
        Self { per_second, burst, level: burst, updated: Duration::ZERO }
    }

    /// Takes `amount` if that much is there. `now` is counted from any fixed moment.
    #[must_use]
    pub(super) fn take(&mut self, now: Duration, amount: usize) -> bool {
        let passed = now.saturating_sub(self.updated);
        self.updated = self.updated.max(now);
        self.level = (self.level + passed.as_secs_f64() * self.per_second).min(self.burst);
        let enough = self.level >= amount as f64;
        if enough {
            self.level -= amount as f64;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut bucket = TokenBucket::new(10, 5);
        assert_eq!((0..9).filter(|_| bucket.take(at(0), 1)).count(), 5);
        assert!(!bucket.take(at(99), 1));
        assert!(bucket.take(at(100), 1));
        let passed = (1..=10_000).filter(|step| bucket.take(at(100 + step), 1)).count();
        assert_eq!(passed, 100, "ten seconds at ten a second");
    }

    #[test]
    fn a_long_rest_fills_it_no_further_than_the_burst() {
        let mut bucket = TokenBucket::new(1_000, 3);
        assert!(bucket.take(at(3_600_000), 3));
        assert!(!bucket.take(at(3_600_000), 1));
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_gives_nothing() {
        let mut bucket = TokenBucket::new(1_000, 1);
        assert!(bucket.take(at(500), 1));
        assert!(!bucket.take(at(100), 1));
        assert!(!bucket.take(at(500), 1), "the way back is not paid twice");
        assert!(bucket.take(at(501), 1));
    }
}
