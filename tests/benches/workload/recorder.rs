//! Owns what is measured in the window: times, and of a client its updates and bytes too.

use crate::load::Phase;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// Three digits, in units of ten microseconds: some ten kilobytes per client.
const SIGNIFICANT_DIGITS: u8 = 3;
const UNIT_US: u64 = 10;

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
    /// Of the first updates: enough of them to send the same again.
    pub sizes: Vec<usize>,
    pub hash_checks: u64,
    pub hash_mismatches: u64,
    /// Full snapshots asked for, because one could not be read or was wrong.
    pub resyncs: u64,
    /// The longest while somebody joined.
    pub join_gap_max: Duration,
    pub gaps: Times,
}

impl Record {
    pub fn add(&mut self, other: &Self) {
        self.updates += other.updates;
        self.bytes += other.bytes;
        self.sizes.extend_from_slice(&other.sizes);
        self.hash_checks += other.hash_checks;
        self.hash_mismatches += other.hash_mismatches;
        self.resyncs += other.resyncs;
        self.join_gap_max = self.join_gap_max.max(other.join_gap_max);
        self.gaps.add(&other.gaps);
    }
}

/// Follows one client.
#[derive(Debug)]
pub struct Recorder {
    phase: Phase,
    heard: Option<Instant>,
    sizes_max: usize,
    record: Record,
}

impl Recorder {
    /// Keeps the sizes of at most so many updates.
    pub fn new(sizes_max: usize) -> Self {
        Self { phase: Phase::Settling, heard: None, sizes_max, record: Record::default() }
    }

    /// Goes on to another phase.
    pub fn enter(&mut self, phase: Phase) {
        // A silence that still goes on must not vanish because nothing ended it.
        if let Some(silence) = self.heard.map(|heard| heard.elapsed()) {
            self.silence(silence);
        }
        self.phase = phase;
    }

    /// An update came.
    pub fn heard(&mut self, bytes: usize) {
        let now = Instant::now();
        let before = self.heard.replace(now);
        if let Some(before) = before.filter(|_| self.phase == Phase::Joining) {
            self.silence(now - before);
        }
        if self.phase != Phase::Measuring {
            return;
        }
        self.record.updates += 1;
        self.record.bytes += bytes as u64;
        if self.record.sizes.len() < self.sizes_max {
            self.record.sizes.push(bytes);
        }
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
    pub fn end(mut self) -> Record {
        self.enter(Phase::Over);
        self.record
    }
}
