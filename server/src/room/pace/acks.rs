//! Owns what acks say of a link: how long frames took, and what came per tick.

use tickwire_shared::Tick;

/// Acks in a row that arrive within less than this come from a stall of their own.
const CARRIED_TICKS_MIN: f64 = 1.0;

/// What some acks in a row say.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Judged {
    pub acks: u32,
    /// When the first of them arrived, as a place in time.
    pub since: f64,
    /// From then to the last one.
    pub ticks: f64,
    /// What arrived after the first.
    pub bytes: usize,
    pub bytes_max: usize,
    /// How long all of them waited at least.
    pub least_ticks: f64,
}

impl Judged {
    pub fn note(&mut self, arrived: &Arrived, waited_ticks: f64) {
        if self.acks == 0 {
            *self = Self { since: arrived.at, least_ticks: f64::INFINITY, ..Self::default() };
        } else {
            self.bytes += arrived.bytes;
        }
        self.acks += 1;
        self.ticks = arrived.at - self.since;
        self.bytes_max = self.bytes_max.max(arrived.bytes);
        self.least_ticks = self.least_ticks.min(waited_ticks);
    }

    /// What arrived per tick. What came in one piece with what went before it says nothing of how fast the link is.
    pub fn bytes_per_tick(&self) -> f64 {
        if self.ticks >= CARRIED_TICKS_MIN { self.bytes as f64 / self.ticks } else { f64::INFINITY }
    }
}

/// How long it took from a snapshot to its ack, and how many bytes the frame had.
#[derive(Copy, Clone, Debug)]
pub(in crate::room) struct Way {
    pub ticks: f64,
    pub bytes: usize,
}

impl Way {
    pub const UNKNOWN: Self = Self { ticks: f64::INFINITY, bytes: 0 };

    /// How much longer it took than another, beyond what it has more bytes for, where each takes so long.
    pub fn beyond(self, other: Self, byte_ticks: f64) -> f64 {
        self.ticks - other.ticks - self.bytes.saturating_sub(other.bytes) as f64 * byte_ticks
    }

    /// The one that waited less, if each byte takes so long.
    pub fn quicker(self, other: Self, byte_ticks: f64) -> Self {
        let without_bytes = |way: Self| way.ticks - way.bytes as f64 * byte_ticks;
        if without_bytes(other) < without_bytes(self) { other } else { self }
    }
}

/// An ack: the newest snapshot that has arrived, and what has arrived with it since the ack before.
pub(in crate::room) struct Arrived {
    pub newest: Tick,
    pub bytes: usize,
    /// As a place in time.
    pub at: f64,
    pub way: Way,
    /// The quickest of late, and what it was before this ack.
    pub quickest: Way,
    pub quickest_before: Way,
    /// How much longer it may take without any queue.
    pub jitter_ticks: f64,
}
