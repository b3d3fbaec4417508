//! Owns the distribution of a time that was measured very often, and its percentiles.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Three significant digits, in units of ten microseconds: what a table shows, and some ten kilobytes per
/// distribution even of a bot on a bad link. A swarm has four for each of its bots.
const SIGNIFICANT_DIGITS: u8 = 3;
const UNIT_US: u64 = 10;
const UNITS_PER_MS: f64 = 1000.0 / UNIT_US as f64;
/// What is longer is counted as this: nothing here lasts longer, and a wild value must not cost memory.
const TIME_MAX: Duration = Duration::from_secs(3600);

/// Many durations, kept as counts.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(SIGNIFICANT_DIGITS).expect("a valid number of digits"))
    }
}

impl Latencies {
    pub fn record(&mut self, time: Duration) {
        let units = time.min(TIME_MAX).as_micros() as u64 / UNIT_US;
        self.0.record(units).expect("it grows as needed");
    }

    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("it grows as needed");
    }

    pub fn max(&self) -> Duration {
        Duration::from_micros(self.0.max() * UNIT_US)
    }

    /// All zero if nothing was recorded.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| millis(self.0.value_at_quantile(quantile));
        Percentiles { p50: at(0.5), p99: at(0.99), max: millis(self.0.max()) }
    }
}

fn millis(units: u64) -> f64 {
    units as f64 / UNITS_PER_MS
}

/// What half, nearly all and all of the times stayed below, in milliseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// One in a hundred was longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() <= wanted / 500.0
    }

    #[test]
    fn percentiles_are_those_of_all_bots_together() {
        let (mut quick, mut slow) = (Latencies::default(), Latencies::default());
        (1..=98).for_each(|ms| quick.record(Duration::from_millis(ms)));
        slow.record(Duration::from_millis(500));
        slow.record(Duration::from_secs(3));
        quick.add(&slow);
        let Percentiles { p50, p99, max } = quick.percentiles();
        assert!(near(p50, 50.0) && near(p99, 500.0) && near(max, 3000.0), "{p50} {p99} {max}");
    }

    #[test]
    fn nothing_measured_is_zero() {
        assert_eq!(Latencies::default().percentiles(), Percentiles::default());
    }
}
