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

/// The part of a tick's bytes that the world has in any case.
const WORLD_PART: u32 = 4;

/// How many bytes a player may be sent: a bucket that may be overdrawn once, because a frame's size is known when it is made.
#[derive(Clone, Debug)]
pub struct Budget {
    bytes_per_second: u32,
    /// In parts of which one byte costs as many as there are ticks per second.
    level: i64,
    filled: Tick,
}

impl Budget {
    /// A full one.
    #[must_use]
    pub fn full(bytes_per_second: u32, now: Tick, tick_rate_hz: u32) -> Self {
        let mut budget = Self { bytes_per_second, level: 0, filled: now };
        budget.level = budget.level_max(tick_rate_hz);
        budget
    }

    /// What gathers in a sixteenth of a second, or in two ticks if these are longer. Not more, because a connection keeps the memory of
    /// its greatest frame.
    fn level_max(&self, tick_rate_hz: u32) -> i64 {
        i64::from(self.bytes_per_second) * i64::from(tick_rate_hz / 16).max(2)
    }

    /// How many bytes there are for the world at a tick: while earlier ones are owed, still a part of what comes in per tick. What is told
    /// beside the world, in every tick perhaps, must not stop it.
    pub fn bytes_at(&mut self, now: Tick, tick_rate_hz: u32) -> u64 {
        let inflow = now.since(self.filled).max(0).saturating_mul(self.bytes_per_second.into());
        self.level = self.level.saturating_add(inflow).min(self.level_max(tick_rate_hz));
        self.filled = now;
        let bytes = (self.level / i64::from(tick_rate_hz)).max(0) as u64;
        bytes.max(self.world_bytes(tick_rate_hz))
    }

    /// The part that the world has in each tick.
    pub fn world_bytes(&self, tick_rate_hz: u32) -> u64 {
        u64::from(self.bytes_per_second / tick_rate_hz / WORLD_PART)
    }

    /// Takes the bytes of a frame out. No more than a second's worth is ever owed: what had to be told at once, events above
    /// all, must not narrow the world for longer.
    pub fn spend(&mut self, bytes: usize, tick_rate_hz: u32) {
        let owed_max = i64::from(self.bytes_per_second) * i64::from(tick_rate_hz);
        self.level = self.level.saturating_sub(bytes as i64 * i64::from(tick_rate_hz)).max(-owed_max);
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

    #[test]
    fn a_budget_is_overdrawn_once_and_paid_back() {
        let mut budget = Budget::full(3000, Tick(0), 30);
        assert_eq!(budget.bytes_at(Tick(0), 30), 200, "what gathers in 2 ticks");
        budget.spend(500, 30);
        assert_eq!(budget.bytes_at(Tick(2), 30), 25, "100 bytes are owed: a quarter of a tick's");
        assert_eq!(budget.bytes_at(Tick(4), 30), 100);
        assert_eq!(budget.bytes_at(Tick(1000), 30), 200);
        budget.spend(1_000_000, 30);
        assert_eq!(budget.bytes_at(Tick(1030), 30), 25, "not more than a second's worth is owed");
        assert_eq!(budget.bytes_at(Tick(1031), 30), 100);
    }
}
