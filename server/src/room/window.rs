//! Owns how many snapshots may be under way to one client, and when the next one goes: as fresh as its link allows.
//!
//! The kernel and the routers on the way swallow megabytes for a client whose link cannot carry the rate, so only acks say what
//! has arrived. From them a link's own delay is known: the least that an ack took of late. More than fits into that delay is not under way,
//! and frames that wait for each other become smaller.

use super::pace::{Arrived, Pace};
use super::types::{Rejection, reject};
use std::collections::VecDeque;
use tickwire_shared::limits::UNACKED_SNAPSHOTS_MAX;
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

/// Snapshots under way: sent, and not yet acked.
#[derive(Debug)]
pub(super) struct Window {
    /// With the bytes of their frames.
    sent: VecDeque<(Tick, usize)>,
    acked: Option<Tick>,
    /// When the window last moved, or was empty.
    moved: Tick,
    delays: Delays,
    pace: Pace,
}

/// What acks say of the link, in ticks from a snapshot to its ack.
#[derive(Clone, Debug)]
struct Delays {
    /// The least of the span that goes on, and of the one before, each with the bytes of its frame.
    least: [(f64, usize); 2],
    /// When the span that goes on began, as a place in time.
    since: f64,
    last: f64,
    jitter: f64,
}

impl Delays {
    const UNKNOWN: Self =
        Self { least: [(f64::INFINITY, 0); 2], since: 0.0, last: f64::INFINITY, jitter: 0.0 };

    /// Says whether a new span began.
    fn note(&mut self, at: f64, delay: f64, bytes: usize) -> bool {
        let is_over = at - self.since > SPAN_TICKS;
        if is_over {
            self.least = [(f64::INFINITY, 0), self.least[0]];
            self.since = at;
        }
        if delay < self.least[0].0 {
            self.least[0] = (delay, bytes);
        }
        if self.last.is_finite() {
            self.jitter += ((delay - self.last).abs() - self.jitter) * JITTER_GAIN;
        }
        self.last = delay;
        is_over
    }

    /// The link itself takes as long as this one took.
    fn restart(&mut self, at: f64, delay: f64, bytes: usize) {
        (self.since, self.least) = (at, [(delay, bytes), (f64::INFINITY, 0)]);
    }

    fn least(&self) -> f64 {
        self.quickest().0
    }

    fn quickest(&self) -> (f64, usize) {
        if self.least[0].0 <= self.least[1].0 { self.least[0] } else { self.least[1] }
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
            pace: Pace::new(now),
        }
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        // A delay that is not known yet explains everything.
        let explained = self.delays.least() + self.delays.jitter() + SPARE_TICKS;
        self.sent.len() < (explained as usize).clamp(1, UNACKED_SNAPSHOTS_MAX) && self.pace.has_place(tick)
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
            let newest = self.sent[place];
            let bytes = self.sent.drain(..=place).map(|(_, bytes)| bytes).sum();
            self.moved = next;
            self.learn(newest, bytes, at - waited, next);
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
        self.delays.least() + 2.0 + 2.0 * self.delays.jitter()
    }

    /// How much the delays vary, in ticks.
    pub fn jitter_ticks(&self) -> f64 {
        self.delays.jitter()
    }

    fn learn(&mut self, (newest, newest_bytes): (Tick, usize), bytes: usize, at: f64, next: Tick) {
        // Less than nothing is what a server that stood still makes of it.
        let delay_ticks = (at - newest.0 as f64).max(0.0);
        if self.delays.note(at, delay_ticks, newest_bytes) {
            self.pace.rest(next);
        }
        let (least_ticks, least_bytes) = self.delays.quickest();
        let arrived = Arrived {
            newest,
            bytes,
            bytes_more: newest_bytes.saturating_sub(least_bytes),
            at,
            waited_ticks: delay_ticks - least_ticks,
            jitter_ticks: self.delays.jitter(),
        };
        if self.pace.learn(&arrived, next) {
            self.delays.restart(at, delay_ticks, newest_bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(sent: &[u64]) -> Window {
        let sent = sent.iter().map(|tick| (Tick(*tick), 100)).collect();
        Window { sent, acked: Some(Tick(65_530)), ..Window::new(Tick(0)) }
    }

    #[test]
    fn an_ack_frees_the_window_up_to_it_across_the_wrap() {
        let mut window = window(&[65_534, 65_535, 65_536, 65_540]);
        window.ack(Tick(65_536).wire(), Tick(65_541), 65_540.5, 0.0).unwrap();
        assert_eq!((window.sent.len(), window.acked), (1, Some(Tick(65_536))));
        window
            .ack(Tick(65_534).wire(), Tick(65_541), 65_540.7, 0.0)
            .expect("an old ack is only a repetition");
        assert_eq!(window.sent.len(), 1);
    }

    #[test]
    fn an_ack_of_what_was_never_sent_ends_the_session() {
        for never in [65_537, 65_541, 65_540 + 32_767] {
            let fault =
                window(&[65_535, 65_536, 65_540]).ack(Tick(never).wire(), Tick(65_541), 65_541.0, 0.0);
            assert_eq!(fault.unwrap_err().code, CloseCode::Malformed, "{never}");
        }
    }

    /// A link of one bottleneck, all in ticks.
    #[derive(Copy, Clone)]
    struct Link {
        one_way: fn(u64) -> f64,
        /// How long the bottleneck takes for a byte, in a tick.
        byte_ticks: fn(u64) -> f64,
        /// Added to every frame's way, by its number.
        jitter: fn(u64) -> f64,
        /// Nothing comes through between these.
        stall: (f64, f64),
    }

    const WIDE: Link = Link { one_way: |_| 3.0, byte_ticks: |_| 0.0005, jitter: |_| 0.0, stall: (0.0, 0.0) };

    /// What came of some ticks.
    #[derive(Default)]
    struct Outcome {
        /// How old frames were when they came, beyond the way there.
        ages: Vec<f64>,
        /// When they came.
        arrivals: Vec<f64>,
        bytes: Vec<f64>,
    }

    impl Outcome {
        /// The share of `ticks` whose frames came.
        fn came(&self, ticks: std::ops::Range<u64>) -> f64 {
            let span = ticks.start as f64..ticks.end as f64;
            self.arrivals.iter().filter(|at| span.contains(*at)).count() as f64 / (span.end - span.start)
        }
    }

    /// What a frame has that merges so many ticks: 100 bytes in each tick.
    fn wanted_bytes(merged: u64) -> u64 {
        70 + 30 * merged.min(20)
    }

    /// A client that acks the newest frame at each of its ticks.
    fn run(link: &Link, ticks: u64) -> Outcome {
        let mut window = Window::new(Tick(0));
        let (mut free, mut last, mut sent) = (0.0f64, 0.0f64, 0);
        // When each frame comes; when each ack does.
        let (mut frames, mut acks) = (VecDeque::new(), VecDeque::<(f64, Tick, f64)>::new());
        let mut outcome = Outcome::default();
        for tick in 1..ticks {
            let now = tick as f64;
            let one_way = (link.one_way)(tick);
            while let Some((at, acked, waited)) = acks.front().copied().filter(|(at, ..)| *at <= now) {
                acks.pop_front();
                window.ack(Tick::wire(acked), Tick(tick), at, waited).expect("it was sent");
            }
            if window.has_place(Tick(tick)) {
                let bytes = wanted_bytes(tick - sent).min(window.frame_bytes(Tick(tick))) as usize;
                window.note_sent(Tick(tick), bytes);
                sent = tick;
                free = free.max(now) + (link.byte_ticks)(tick) * bytes as f64;
                let mut at = free + one_way + (link.jitter)(tick);
                if (link.stall.0..link.stall.1).contains(&at) {
                    at = link.stall.1;
                }
                last = last.max(at);
                frames.push_back((last, Tick(tick), bytes));
            }
            // The client's tick of this tick lies somewhere in it.
            let client = now + 0.4;
            let mut newest = None;
            while let Some((at, frame, bytes)) = frames.front().copied().filter(|(at, ..)| *at <= client) {
                frames.pop_front();
                outcome.ages.push(at - frame.0 as f64 - one_way);
                outcome.arrivals.push(at);
                outcome.bytes.push(bytes as f64);
                newest = Some((frame, client - at));
            }
            if let Some((newest, waited)) = newest {
                // Looks find it a little later.
                let at = ((client + one_way) * 4.0).ceil() / 4.0;
                acks.push_back((at, newest, waited));
            }
        }
        outcome
    }

    fn quantile(values: &[f64], share: f64) -> f64 {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values[((values.len() - 1) as f64 * share) as usize]
    }

    const WAYS: [fn(u64) -> f64; 4] = [|_| 0.1, |_| 0.6, |_| 3.0, |_| 7.3];

    #[test]
    fn a_link_that_carries_all_gets_all() {
        for one_way in WAYS {
            for jitter in [|_| 0.0, |tick| (tick * 7 % 10) as f64 / 10.0, |tick| (tick * 7 % 10) as f64 / 2.5]
            {
                let outcome = run(&Link { one_way, jitter, ..WIDE }, 3000);
                let (came, way) = (outcome.came(100..2900), one_way(0));
                assert!(came > 0.985, "{way}: {came}");
                let small = outcome.bytes.iter().filter(|bytes| **bytes < 100.0).count();
                assert!(small < 60, "{way}: {small}");
            }
        }
    }

    #[test]
    fn a_link_of_half_the_rate_gets_smaller_frames_and_they_are_fresh() {
        for (one_way, ticks_max) in WAYS.into_iter().zip([3.0, 3.0, 3.0, 5.0]) {
            let outcome = run(&Link { one_way, byte_ticks: |_| 0.02, ..WIDE }, 6000);
            let (ages, way) = (&outcome.ages[300..], one_way(0));
            let age = quantile(ages, 0.99);
            assert!(age <= ticks_max, "{way}: p99 {age}, p50 {}", quantile(ages, 0.5));
            let carried = outcome.bytes.iter().sum::<f64>() * 0.02 / 6000.0;
            assert!(carried > 0.85, "{way}: {carried} of what it carries");
        }
    }

    #[test]
    fn a_link_of_a_quarter_of_the_rate_does_not_drown() {
        for one_way in WAYS {
            let outcome = run(&Link { one_way, byte_ticks: |_| 0.04, ..WIDE }, 6000);
            let (ages, way) = (&outcome.ages[300..], one_way(0));
            let age = quantile(ages, 0.99);
            assert!(age <= 12.0, "{way}: p99 {age}, p50 {}", quantile(ages, 0.5));
        }
    }

    #[test]
    fn a_link_that_becomes_wide_again_soon_gets_all() {
        let byte_ticks = |tick| if tick < 2000 { 0.03 } else { 0.0005 };
        for one_way in WAYS {
            let outcome = run(&Link { one_way, byte_ticks, ..WIDE }, 3000);
            let came = outcome.arrivals.iter().zip(&outcome.bytes);
            let whole = came.filter(|(at, bytes)| **at > 2300.0 && **bytes >= 100.0).count();
            assert!(whole > 670, "{}: {whole} of 700, from 300 ticks after", one_way(0));
        }
    }

    #[test]
    fn a_link_that_becomes_longer_soon_gets_all_again() {
        let ways: [fn(u64) -> f64; 2] =
            [|tick| if tick < 1000 { 0.1 } else { 3.1 }, |tick| if tick < 1000 { 1.0 } else { 13.0 }];
        for one_way in ways {
            let came = run(&Link { one_way, ..WIDE }, 1400).came(1120..1400);
            assert!(came > 0.97, "{}: {came}", one_way(2000));
        }
    }

    #[test]
    fn after_a_stall_all_goes_on_at_once() {
        let stall = (1000.0, 1060.0);
        let outcome = run(&Link { stall, ..WIDE }, 1400);
        let after = outcome.came(1064..1400);
        assert!(after > 0.96, "{after}");
        let queued = outcome.arrivals.iter().filter(|at| **at == 1060.0).count();
        assert!(queued < 12, "{queued} old ones first");
    }
}
