//! Owns the figures about a room's punctuality, since its start.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// How late ticks began, and how long they took.
#[derive(Debug)]
pub(crate) struct Timing {
    late_us: Histogram<u32>,
    turn_us: Histogram<u32>,
    make_us: Histogram<u32>,
    turns: Duration,
    makes: Duration,
}

/// Milliseconds that half and 99 of 100 values stay below, and the greatest value.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Timing {
    pub(crate) fn new() -> Self {
        // Two digits in 32 bits: a few kilobytes in a room that is punctual, whatever its age.
        let histogram = || Histogram::new(2).expect("two digits are allowed");
        Self {
            late_us: histogram(),
            turn_us: histogram(),
            make_us: histogram(),
            turns: Duration::ZERO,
            makes: Duration::ZERO,
        }
    }

    /// Notes a turn: all that is done at one deadline. `make` is the part of it that simulates and encodes; the
    /// rest reads and writes sockets.
    pub(crate) fn record(&mut self, late: Duration, turn: Duration, make: Duration) {
        record(&mut self.late_us, late);
        record(&mut self.turn_us, turn);
        record(&mut self.make_us, make);
        self.turns += turn;
        self.makes += make;
    }

    pub(crate) fn late_ms(&self) -> Quantiles {
        quantiles(&self.late_us)
    }

    pub(crate) fn turn_ms(&self) -> Quantiles {
        quantiles(&self.turn_us)
    }

    pub(crate) fn make_ms(&self) -> Quantiles {
        quantiles(&self.make_us)
    }

    /// Of all turns.
    pub(crate) fn turn_us_total(&self) -> u64 {
        us(self.turns)
    }

    /// Of all makes.
    pub(crate) fn make_us_total(&self) -> u64 {
        us(self.makes)
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn record(histogram: &mut Histogram<u32>, duration: Duration) {
    // A histogram grows with its greatest value: an hour is as good as any more.
    const US_MAX: u64 = 3_600_000_000;
    histogram.record(us(duration).min(US_MAX)).expect("a growing histogram takes every value");
}

fn quantiles(histogram: &Histogram<u32>) -> Quantiles {
    let ms = |us: u64| us as f64 / 1000.0;
    Quantiles {
        p50: ms(histogram.value_at_quantile(0.5)),
        p99: ms(histogram.value_at_quantile(0.99)),
        max: ms(histogram.max()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut timing = Timing::new();
        assert_eq!(timing.late_ms(), Quantiles::default());
        for ms in 1..=100 {
            timing.record(Duration::from_millis(ms), Duration::from_micros(10), Duration::from_micros(7));
        }
        timing.record(Duration::from_secs(1_000_000), Duration::ZERO, Duration::ZERO);
        let late = timing.late_ms();
        assert!((late.p50 - 51.0).abs() < 1.0, "{late:?}");
        assert!(late.max > 3_500_000.0, "cut to an hour");
        assert!((timing.turn_ms().p50 - 0.01).abs() < 0.001);
        assert!((timing.make_ms().p50 - 0.007).abs() < 0.001);
        assert_eq!((timing.turn_us_total(), timing.make_us_total()), (1000, 700));
    }
}
