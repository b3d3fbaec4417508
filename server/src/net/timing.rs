//! Owns the figures about a room's punctuality: quantiles over the last while, and sums since its start.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::mem;
use std::time::Duration;

/// Quantiles are over the ticks of this many seconds and, before these, as many again: what an operator sees is now,
/// and what was bad at some time does not stay for ever.
const SPAN_SECONDS: u32 = 5;

/// How late ticks began, and how long they took.
#[derive(Debug)]
pub(crate) struct Timing {
    late: Recent,
    turn: Recent,
    make: Recent,
    turns: Duration,
    makes: Duration,
    looks: Duration,
}

/// Microseconds of the last while.
#[derive(Debug)]
struct Recent {
    /// Of the span that goes on, and of the one before.
    spans: [Histogram<u32>; 2],
    ticks_per_span: u64,
}

/// Milliseconds that half and 99 of 100 values stay below, and the greatest value.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Timing {
    pub(crate) fn new(tick_rate_hz: u32) -> Self {
        let recent = || Recent::new(SPAN_SECONDS * tick_rate_hz);
        Self {
            late: recent(),
            turn: recent(),
            make: recent(),
            turns: Duration::ZERO,
            makes: Duration::ZERO,
            looks: Duration::ZERO,
        }
    }

    /// Notes a turn: all that is done at one deadline. `make` is the part of it that simulates and encodes; the
    /// rest reads and writes sockets.
    pub(crate) fn record(&mut self, late: Duration, turn: Duration, make: Duration) {
        self.late.record(late);
        self.turn.record(turn);
        self.make.record(make);
        self.turns += turn;
        self.makes += make;
    }

    /// Notes a look between two turns.
    pub(crate) fn record_look(&mut self, look: Duration) {
        self.looks += look;
    }

    pub(crate) fn late_ms(&self) -> Quantiles {
        self.late.quantiles()
    }

    pub(crate) fn turn_ms(&self) -> Quantiles {
        self.turn.quantiles()
    }

    pub(crate) fn make_ms(&self) -> Quantiles {
        self.make.quantiles()
    }

    /// Of all turns.
    pub(crate) fn turn_us_total(&self) -> u64 {
        us(self.turns)
    }

    /// Of all makes.
    pub(crate) fn make_us_total(&self) -> u64 {
        us(self.makes)
    }

    /// Of all looks between turns.
    pub(crate) fn look_us_total(&self) -> u64 {
        us(self.looks)
    }
}

impl Recent {
    fn new(ticks_per_span: u32) -> Self {
        // Two digits in 32 bits: a few kilobytes in a room that is punctual.
        let span = || Histogram::new(2).expect("two digits are allowed");
        Self { spans: [span(), span()], ticks_per_span: ticks_per_span.into() }
    }

    fn record(&mut self, duration: Duration) {
        // A histogram grows with its greatest value: an hour is as good as any more.
        const US_MAX: u64 = 3_600_000_000;
        let [now, before] = &mut self.spans;
        if now.len() == self.ticks_per_span {
            mem::swap(now, before);
            now.reset();
        }
        now.record(us(duration).min(US_MAX)).expect("a growing histogram takes every value");
    }

    fn quantiles(&self) -> Quantiles {
        let [now, before] = &self.spans;
        let mut both = before.clone();
        both.add(now).expect("a growing histogram takes every value");
        let ms = |us: u64| us as f64 / 1000.0;
        Quantiles {
            p50: ms(both.value_at_quantile(0.5)),
            p99: ms(both.value_at_quantile(0.99)),
            max: ms(both.max()),
        }
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut timing = Timing::new(30);
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

    #[test]
    fn what_was_bad_is_forgotten_after_10_seconds_but_for_the_sums() {
        let mut timing = Timing::new(2);
        let fine = Duration::from_millis(1);
        timing.record(fine, Duration::from_millis(500), fine);
        timing.record_look(fine);
        for _ in 1..20 {
            timing.record(fine, fine, fine);
            assert!(timing.turn_ms().max > 499.0);
        }
        timing.record(fine, fine, fine);
        assert!(timing.turn_ms().max < 1.1, "{:?}", timing.turn_ms());
        assert_eq!((timing.turn_us_total(), timing.look_us_total()), (520_000, 1000));
    }
}
