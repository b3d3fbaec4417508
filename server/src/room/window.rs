//! Owns how many snapshots may be under way to one client, and when the next one goes: as fresh as its link allows.
//!
//! The kernel and the routers on the way swallow megabytes for a client whose link cannot carry the rate, so only acks say what
//! has arrived. From them a link's own delay is known: the least that an ack took of late. More than fits into that delay is not under way,
//! and frames that wait for each other become smaller.

use super::pace::{Arrived, Pace, Way};
use super::types::{Rejection, reject};
use std::collections::VecDeque;
use tickwire_shared::limits::{UNACKED_AT_FIRST_MAX, UNACKED_SNAPSHOTS_MAX};
use tickwire_shared::{CloseCode, Tick, WireTick};

/// Ticks beyond the shortest delay for which snapshots may be under way: the one that goes now, and an ack waits for its client's next
/// tick and then for a look; and two more, for clients that do not ack each of them.
const SPARE_TICKS: f64 = 4.25;
/// Acks differ by so much without any jitter: they are found at looks. What is above counts thrice: it is a mean.
const JITTER_TICKS_MIN: f64 = 0.1;
const JITTER_SHARE: f64 = 3.0;
/// More jitter than this does not excuse a queue.
const JITTER_TICKS_MAX: f64 = 2.0;
/// The share by which a new sample moves the measured jitter (RFC 3550, section 6.4.1).
const JITTER_GAIN: f64 = 1.0 / 16.0;
/// The shortest delay is that of the last one to two spans of so many ticks.
const SPAN_TICKS: f64 = 60.0;

/// By how much it may grow from one span to the next.
const DRIFT_TICKS: f64 = 0.1;

/// Snapshots under way: sent, and not yet acked.
#[derive(Debug)]
pub(super) struct Window {
    /// With the bytes of their frames.
    sent: VecDeque<(Tick, usize)>,
    acked: Option<Tick>,
    /// When the window last moved, or was empty.
    moved: Tick,
    delays: Delays,
    /// The same without the client's word on how long acks waited there: with it, a client could have its delays vary as it likes.
    unexcused: Delays,
    pace: Pace,
}

/// What acks say of the link, in ticks from a snapshot to its ack.
#[derive(Clone, Debug)]
struct Delays {
    /// The quickest of the span that goes on, and of the one before.
    quickest: [Way; 2],
    /// The least of the last three spans that have ended, the newest first.
    ended: [f64; 3],
    /// When the span that goes on began, as a place in time.
    since: f64,
    last: f64,
    jitter: f64,
}

impl Delays {
    const UNKNOWN: Self = Self {
        quickest: [Way::UNKNOWN; 2],
        ended: [f64::INFINITY; 3],
        since: 0.0,
        last: f64::INFINITY,
        jitter: 0.0,
    };

    /// Says whether a new span began. Each byte takes the link so long, as far as is known.
    fn note(&mut self, at: f64, way: Way, byte_ticks: f64) -> bool {
        let is_over = at - self.since > SPAN_TICKS;
        if is_over {
            self.ended = [self.quickest[0].ticks, self.ended[0], self.ended[1]];
            self.quickest = [Way::UNKNOWN, self.quickest[0]];
            self.since = at;
        }
        self.quickest[0] = self.quickest[0].quicker(way, byte_ticks);
        // Bigger frames take longer without any jitter.
        let ticks = way.ticks - way.bytes as f64 * byte_ticks;
        if self.last.is_finite() {
            self.jitter += ((ticks - self.last).abs() - self.jitter) * JITTER_GAIN;
        }
        self.last = ticks;
        is_over
    }

    /// Whether the least of each span is greater than that of the one before: as a queue that grows by less than anybody would notice. Twice
    /// in a row, or each little change of a healthy link would cost it a pause.
    fn has_drifted(&self) -> bool {
        let least_rise = DRIFT_TICKS + self.jitter() / 4.0;
        self.ended.windows(2).all(|pair| pair[0] > pair[1] + least_rise)
    }

    /// The link itself takes as long as this one took.
    fn restart(&mut self, at: f64, way: Way) {
        (self.since, self.quickest) = (at, [way, Way::UNKNOWN]);
    }

    fn least(&self) -> f64 {
        self.quickest[0].ticks.min(self.quickest[1].ticks)
    }

    fn quickest(&self, byte_ticks: f64) -> Way {
        self.quickest[0].quicker(self.quickest[1], byte_ticks)
    }

    fn jitter(&self) -> f64 {
        ((self.jitter - JITTER_TICKS_MIN) * JITTER_SHARE).clamp(0.0, JITTER_TICKS_MAX)
    }
}

impl Window {
    pub fn new(now: Tick) -> Self {
        Self {
            sent: VecDeque::with_capacity(UNACKED_SNAPSHOTS_MAX),
            acked: None,
            moved: now,
            delays: Delays::UNKNOWN,
            unexcused: Delays::UNKNOWN,
            pace: Pace::new(now),
        }
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        self.sent.len() < self.sent_max() && self.pace.has_place(tick)
    }

    /// How many snapshots may be under way.
    fn sent_max(&self) -> usize {
        if !self.has_acked() {
            return UNACKED_AT_FIRST_MAX;
        }
        let explained = self.delays.least() + self.delays.jitter() + SPARE_TICKS;
        (explained as usize).clamp(1, UNACKED_SNAPSHOTS_MAX)
    }

    /// Whether the link carries less than there is.
    pub fn is_narrow(&self) -> bool {
        self.pace.is_narrow()
    }

    /// How many bytes its frame may have.
    pub fn frame_bytes(&self, tick: Tick) -> u64 {
        self.pace.frame_bytes(tick) as u64
    }

    /// A snapshot of this tick goes, in a frame of so many bytes.
    pub fn note_sent(&mut self, tick: Tick, bytes: usize) {
        assert!(self.sent.len() < UNACKED_SNAPSHOTS_MAX, "asked before");
        self.sent.push_back((tick, bytes));
        self.pace.note_sent(tick, bytes);
    }

    /// Whether any snapshot was acked.
    pub fn has_acked(&self) -> bool {
        self.acked.is_some()
    }

    /// Since when snapshots are under way of which none is acked, if there are any.
    pub fn waiting_since(&self) -> Option<Tick> {
        (!self.sent.is_empty()).then_some(self.moved)
    }

    /// Takes an ack in, while `next` is the tick that runs next. It came at a place in time, and had waited at the client for so many ticks
    /// before it was sent.
    pub fn ack(&mut self, acked: WireTick, next: Tick, at: f64, waited: f64) -> Result<(), Rejection> {
        let Some(newest) = self.sent.back().map(|(tick, _)| *tick).or(self.acked) else { return Ok(()) };
        let acked = acked.near(newest);
        if let Ok(place) = self.sent.binary_search_by_key(&acked, |(tick, _)| *tick) {
            let (newest, newest_bytes) = self.sent[place];
            let bytes = self.sent.drain(..=place).map(|(_, bytes)| bytes).sum();
            self.moved = next;
            // Less than nothing is what a server that stood still makes of it.
            let way = |at: f64| Way { ticks: (at - newest.0 as f64).max(0.0), bytes: newest_bytes };
            self.learn(newest, bytes, at - waited, way(at - waited), next);
            self.unexcused.note(at, way(at), 0.0);
            self.acked = Some(acked);
            if self.sent.is_empty() {
                self.pace.note_idle(next);
            }
            return Ok(());
        }
        // An older one again is a repetition; one that was never sent is a lie that no client tells by accident.
        if self.acked.is_some_and(|known| acked <= known)
            || self.sent.front().is_some_and(|(first, _)| acked < *first)
        {
            if self.sent.is_empty() {
                self.moved = next;
            }
            return Ok(());
        }
        Err(reject(CloseCode::Malformed, "an ack names a snapshot that was never sent"))
    }

    /// How long an honest client's acks take at most, as far as is known, in ticks.
    pub fn delay_ticks_max(&self) -> f64 {
        self.delays.least() + 2.0 + 2.0 * self.unexcused.jitter()
    }

    /// How much the delays vary, in ticks, whatever the client says of them.
    pub fn jitter_ticks(&self) -> f64 {
        self.unexcused.jitter()
    }

    /// The newest snapshot that was ever acked.
    pub fn newest_acked(&self) -> Option<Tick> {
        self.acked
    }

    fn learn(&mut self, newest: Tick, bytes: usize, at: f64, way: Way, next: Tick) {
        let byte_ticks = self.pace.byte_ticks();
        let quickest_before = self.delays.quickest(byte_ticks);
        if self.delays.note(at, way, byte_ticks) {
            self.pace.rest(next, self.delays.has_drifted());
        }
        if !self.has_acked() {
            self.pace.start(Way { bytes, ..way });
        }
        let quickest = self.delays.quickest(byte_ticks);
        let jitter_ticks = self.delays.jitter();
        let arrived = Arrived { newest, bytes, at, way, quickest, quickest_before, jitter_ticks };
        if self.pace.learn(&arrived, next) {
            self.delays.restart(at, way);
        }
    }
}

#[cfg(test)]
mod tests;
