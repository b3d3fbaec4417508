//! Owns what the clients of one room share: one clock, the server's time as far as it is known, and when the network came back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tickwire_shared::Tick;
use tokio::time::Instant;

/// What all clients of a room note and read.
#[derive(Debug)]
pub(super) struct Watch {
    start: Instant,
    /// Seconds from the start to the server's tick 0, by the quickest snapshot to a client without a link.
    tick_0_s: Mutex<f64>,
    restored: Mutex<Option<Duration>>,
}

impl Watch {
    pub fn new(start: Instant) -> Self {
        Self { start, tick_0_s: Mutex::new(f64::INFINITY), restored: Mutex::default() }
    }

    /// A snapshot of this tick came to a client without a link.
    pub fn heard(&self, tick: Tick, tick_rate_hz: u32) {
        let tick_0_s = self.start.elapsed().as_secs_f64() - tick.0 as f64 / f64::from(tick_rate_hz);
        let mut least = self.tick_0_s.lock().unwrap_or_else(PoisonError::into_inner);
        *least = least.min(tick_0_s);
    }

    /// How old a moment of the server's time is now, in milliseconds; `None` if nobody has heard the server yet.
    pub fn age_ms(&self, (tick, part): (Tick, f32), tick_rate_hz: u32) -> Option<f64> {
        let tick_0_s = *self.tick_0_s.lock().unwrap_or_else(PoisonError::into_inner);
        let place_s = (tick.0 as f64 + f64::from(part)) / f64::from(tick_rate_hz);
        let age_s = self.start.elapsed().as_secs_f64() - tick_0_s - place_s;
        tick_0_s.is_finite().then_some(age_s * 1000.0)
    }

    /// The network is back.
    pub fn note_restored(&self) {
        *self.restored.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.start.elapsed());
    }

    /// For how long it has been back.
    pub fn since_restored(&self) -> Option<Duration> {
        let restored = *self.restored.lock().unwrap_or_else(PoisonError::into_inner);
        restored.map(|restored| self.start.elapsed() - restored)
    }
}
