//! Owns what is measured in the window: times, and of a client its updates and bytes too.

use crate::checks::Checks;
use crate::phase::Phase;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// Three digits, in units of ten microseconds: some ten kilobytes per client.
const SIGNIFICANT_DIGITS: u8 = 3;
const UNIT_US: u64 = 10;
/// Sizes of updates that are kept, over all clients.
const SIZES_MAX: u64 = 10_000;

/// What half, nearly all and all of many times stayed below, in milliseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Quantiles {
    /// The greater one of each.
    pub fn worse(self, other: Self) -> Self {
        Self { p50: self.p50.max(other.p50), p99: self.p99.max(other.p99), max: self.max.max(other.max) }
    }
}

/// Many times, of which the quantiles are told.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u32>);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new(SIGNIFICANT_DIGITS).expect("a valid number of digits"))
    }
}

impl Times {
    pub fn record(&mut self, time: Duration) {
        self.0.record(time.as_micros() as u64 / UNIT_US).expect("it grows as needed");
    }

    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("it grows as needed");
    }

    pub fn max(&self) -> Duration {
        Duration::from_micros(self.0.max() * UNIT_US)
    }

    pub fn ms(&self) -> Quantiles {
        let ms = |units: u64| (units * UNIT_US) as f64 / 1000.0;
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        Quantiles { p50: at(0.5), p99: at(0.99), max: ms(self.0.max()) }
    }
}

/// What was measured, by one client or all together.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub updates: u64,
    /// WebSocket payload.
    pub bytes: u64,
    /// Of a part of the updates: enough of them to send as much again.
    pub sizes: Vec<usize>,
    pub checks: Checks,
    /// The longest while somebody joined.
    pub join_gap_max: Duration,
    pub gaps: Times,
}

impl Record {
    pub fn add(&mut self, other: &Self) {
        self.updates += other.updates;
        self.bytes += other.bytes;
        self.sizes.extend_from_slice(&other.sizes);
        self.checks.add(other.checks);
        self.join_gap_max = self.join_gap_max.max(other.join_gap_max);
        self.gaps.add(&other.gaps);
    }
}

/// Which of a client's updates have their sizes kept: every so many, because what is sent first is not like what comes later. They begin
/// at another one for each client, because what comes once in a while, such as a view hash, would be met by all of them or by none.
#[derive(Copy, Clone, Debug)]
pub struct Sample {
    first: u64,
    stride: u64,
}

impl Sample {
    /// For one of so many clients, which are to get so many updates each.
    pub fn of(number: usize, clients: usize, updates: u64) -> Self {
        let stride = (clients as u64 * updates).div_ceil(SIZES_MAX).max(1);
        Self { first: number as u64 % stride, stride }
    }

    fn takes(self, update: u64) -> bool {
        update % self.stride == self.first
    }
}

/// Follows one client. Time is an argument.
#[derive(Debug)]
pub struct Recorder {
    phase: Phase,
    heard: Option<Instant>,
    sample: Sample,
    record: Record,
}

impl Recorder {
    pub fn new(sample: Sample) -> Self {
        Self { phase: Phase::Settling, heard: None, sample, record: Record::default() }
    }

    /// Goes on to another phase.
    pub fn enter(&mut self, phase: Phase, now: Instant) {
        // A silence that still goes on must not vanish because nothing ended it.
        if let Some(silence) = self.heard.map(|heard| now - heard) {
            self.silence(silence);
        }
        self.phase = phase;
    }

    /// An update came.
    pub fn heard(&mut self, bytes: usize, now: Instant) {
        let before = self.heard.replace(now);
        if let Some(before) = before.filter(|_| self.phase == Phase::Joining) {
            self.silence(now - before);
        }
        if self.phase != Phase::Measuring {
            return;
        }
        if self.sample.takes(self.record.updates) {
            self.record.sizes.push(bytes);
        }
        self.record.updates += 1;
        self.record.bytes += bytes as u64;
        if let Some(before) = before {
            self.record.gaps.record(now - before);
        }
    }

    fn silence(&mut self, silence: Duration) {
        let longest = self.record.gaps.max();
        match self.phase {
            Phase::Measuring if silence > longest => self.record.gaps.record(silence),
            Phase::Joining => self.record.join_gap_max = self.record.join_gap_max.max(silence),
            _ => {}
        }
    }

    /// The window is over.
    pub fn end(mut self, now: Instant) -> Record {
        self.enter(Phase::Over, now);
        self.record
    }
}
