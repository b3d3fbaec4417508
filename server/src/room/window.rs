//! Owns how many snapshots may be under way to one client, and when the next one goes: as fresh as its link allows.
//!
//! The kernel and the routers on the way swallow megabytes for a client whose link cannot carry the rate, so only acks say what
//! has arrived. After the idea of BBR (N. Cardwell et al., 2016), two figures of a link are enough: its shortest delay, and how long it
//! takes for a frame. The first is the least that an ack took of late; the second shows in how far apart frames arrive that had to
//! wait for each other. A frame goes when by these two it would wait for nobody on its way.

use super::types::{Rejection, reject};
use std::collections::VecDeque;
use tickwire_shared::limits::UNACKED_SNAPSHOTS_MAX;
use tickwire_shared::{CloseCode, Tick, WireTick};

/// Ticks beyond the shortest delay for which snapshots may be under way: the one that goes now, and an ack waits for its client's next
/// tick and then for a look; and two more, for clients that do not ack each of them.
const SPARE_TICKS: f64 = 4.25;
/// A frame that took so much longer than the shortest delay has waited for others.
const QUEUED_TICKS: f64 = 0.5;
/// Acks differ by so much without any jitter: they are found at looks. What is above counts thrice: it is a mean.
const JITTER_TICKS_MIN: f64 = 0.1;
const JITTER_SHARE: f64 = 3.0;
/// More jitter than this does not excuse a queue.
const JITTER_TICKS_MAX: f64 = 2.0;
/// The share by which a new sample moves the measured jitter (RFC 3550, section 6.4.1).
const JITTER_GAIN: f64 = 1.0 / 16.0;
/// The shortest delay is that of the last one to two spans of so many ticks. In each, one frame goes only when the link has been idle for
/// this long: or a queue that grows slowly would be taken for the link's own delay.
const SPAN_TICKS: f64 = 60.0;
const IDLE_TICKS: f64 = 1.0;
/// Arrivals, one behind the other, of which the middle distance is the link's time for a frame.
const GAPS: usize = 5;
/// A link that takes no more than this for a frame carries all of them.
const FRAME_TICKS_MIN: f64 = 1.1;
/// Nor is more believed of any.
const FRAME_TICKS_MAX: f64 = 30.0;
/// By which share less is believed with each tick in which nothing waited, so that a link that has become wider is found out: the more is under way
/// that only later acks will tell of, the less; and the more, the longer nothing has waited.
const PROBE_PER_TICK: f64 = 0.02;
const PROBE_DOUBLED_AFTER_TICKS: f64 = 40.0;

/// Snapshots under way: sent, and not yet acked.
#[derive(Debug)]
pub(super) struct Window {
    sent: VecDeque<Tick>,
    acked: Option<Tick>,
    /// When the window last moved, or was empty.
    moved: Tick,
    delays: Delays,
    /// When the snapshot that was acked last arrived there and its ack would have come here at once, as a place in time.
    arrived: f64,
    /// The last gaps between arrivals of snapshots that had to wait, the newest last.
    gaps: [f64; GAPS],
    /// When one last had to wait, as a place in time.
    waited: f64,
    /// How long the link takes for a frame; 0 if it does not matter.
    frame_ticks: f64,
    /// The next frame goes only after the link has been idle for a moment.
    shall_idle: bool,
}

/// What acks say of the link, in ticks from a snapshot to its ack.
#[derive(Clone, Debug)]
struct Delays {
    /// The least of the span that goes on, and of the one before.
    least: [f64; 2],
    /// When the span that goes on began, as a place in time.
    since: f64,
    last: f64,
    jitter: f64,
}

impl Delays {
    const UNKNOWN: Self = Self { least: [f64::INFINITY; 2], since: 0.0, last: f64::INFINITY, jitter: 0.0 };

    /// Says whether a new span began.
    fn note(&mut self, at: f64, delay: f64) -> bool {
        let is_over = at - self.since > SPAN_TICKS;
        if is_over {
            self.least = [f64::INFINITY, self.least[0]];
            self.since = at;
        }
        self.least[0] = self.least[0].min(delay);
        if self.last.is_finite() {
            self.jitter += ((delay - self.last).abs() - self.jitter) * JITTER_GAIN;
        }
        self.last = delay;
        is_over
    }

    fn least(&self) -> f64 {
        self.least[0].min(self.least[1])
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
            arrived: 0.0,
            gaps: [0.0; GAPS],
            waited: 0.0,
            frame_ticks: 0.0,
            shall_idle: false,
        }
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        // A delay that is not known yet explains everything.
        let explained = self.delays.least() + self.delays.jitter() + SPARE_TICKS;
        let under_way = self.sent.len();
        if under_way >= (explained as usize).clamp(1, UNACKED_SNAPSHOTS_MAX) {
            return false;
        }
        // All that is under way and this one arrive one after the other: as soon as it would, were it alone?
        let idle = if self.shall_idle { -IDLE_TICKS } else { QUEUED_TICKS };
        let alone = tick.0 as f64 + self.delays.least() + idle;
        self.frame_ticks == 0.0 || self.arrived + self.frame_ticks * (under_way + 1) as f64 <= alone
    }

    /// A snapshot of this tick goes.
    pub fn note_sent(&mut self, tick: Tick) {
        assert!(self.sent.len() < UNACKED_SNAPSHOTS_MAX, "asked before");
        self.sent.push_back(tick);
        self.shall_idle = false;
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
        let Some(newest) = self.sent.back().copied().or(self.acked) else { return Ok(()) };
        let acked = acked.near(newest);
        if let Ok(place) = self.sent.binary_search(&acked) {
            self.sent.drain(..=place);
            self.moved = next;
            self.learn(acked, at - waited, place + 1);
            self.acked = Some(acked);
            return Ok(());
        }
        // An older one again is a repetition; one that was never sent is a lie that no client tells by accident.
        if self.acked.is_some_and(|known| acked <= known)
            || self.sent.front().is_some_and(|first| acked < *first)
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

    fn learn(&mut self, acked: Tick, arrived: f64, snapshots: usize) {
        // Less than nothing is what a server that stood still makes of it.
        let delay = (arrived - acked.0 as f64).max(0.0);
        let ticks = arrived - self.arrived;
        let gap = ticks / snapshots as f64;
        let is_new_span = self.delays.note(arrived, delay);
        self.arrived = arrived;
        let went = self.acked.map_or(gap, |before| acked.since(before) as f64 / snapshots as f64);
        if delay <= self.delays.least() + self.delays.jitter() + QUEUED_TICKS {
            let haste = 1.0 + (arrived - self.waited) / PROBE_DOUBLED_AFTER_TICKS;
            let share = PROBE_PER_TICK * ticks * haste / (self.sent.len() + 1) as f64;
            self.frame_ticks *= 1.0 - share.clamp(0.0, 1.0);
            if self.frame_ticks == 0.0 {
                // Of a link that carries all so far nothing is believed but what several in a row say: one may come late for many reasons.
                self.gaps = [0.0; GAPS];
            }
        } else {
            self.gaps.rotate_left(1);
            self.gaps[GAPS - 1] = gap;
            self.waited = arrived;
            // Who went as far apart as that has not shown that the link is so slow.
            if gap > went || self.gap() < self.frame_ticks {
                self.frame_ticks = self.gap();
            }
        }
        if self.frame_ticks < FRAME_TICKS_MIN {
            self.frame_ticks = 0.0;
        }
        self.shall_idle |= is_new_span && self.frame_ticks > 0.0;
    }

    /// The middle one: a stall, after which all that waited comes at once, is one long gap and many short ones.
    fn gap(&self) -> f64 {
        let mut gaps = self.gaps;
        gaps.sort_unstable_by(f64::total_cmp);
        gaps[GAPS / 2].clamp(0.0, FRAME_TICKS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(sent: &[u64]) -> Window {
        let sent = sent.iter().copied().map(Tick).collect();
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
    struct Link {
        one_way: f64,
        /// How long the bottleneck takes for a frame of a tick.
        frame: fn(u64) -> f64,
        /// Added to every frame's way, by its number.
        jitter: fn(u64) -> f64,
        /// Nothing comes through between these.
        stall: (f64, f64),
    }

    /// What came of some ticks.
    struct Outcome {
        /// How old frames were when they came, beyond the way there.
        ages: Vec<f64>,
        /// When they came.
        arrivals: Vec<f64>,
    }

    /// A client that acks the newest frame at each of its ticks.
    fn run(link: &Link, ticks: u64) -> Outcome {
        let mut window = Window::new(Tick(0));
        let (mut free, mut last) = (0.0f64, 0.0f64);
        // When each frame comes; when each ack does.
        let (mut frames, mut acks) = (VecDeque::new(), VecDeque::<(f64, Tick, f64)>::new());
        let mut outcome = Outcome { ages: Vec::new(), arrivals: Vec::new() };
        for tick in 1..ticks {
            let now = tick as f64;
            while let Some((at, acked, waited)) = acks.front().copied().filter(|(at, ..)| *at <= now) {
                acks.pop_front();
                window.ack(Tick::wire(acked), Tick(tick), at, waited).expect("it was sent");
            }
            if window.has_place(Tick(tick)) {
                window.note_sent(Tick(tick));
                free = free.max(now) + (link.frame)(tick);
                let mut at = free + link.one_way + (link.jitter)(tick);
                if (link.stall.0..link.stall.1).contains(&at) {
                    at = link.stall.1;
                }
                last = last.max(at);
                frames.push_back((last, Tick(tick)));
            }
            // The client's tick of this tick lies somewhere in it.
            let client = now + 0.4;
            let mut newest = None;
            while let Some((at, frame)) = frames.front().copied().filter(|(at, _)| *at <= client) {
                frames.pop_front();
                outcome.ages.push(at - frame.0 as f64 - link.one_way);
                outcome.arrivals.push(at);
                newest = Some((frame, client - at));
            }
            if let Some((newest, waited)) = newest {
                // Looks find it a little later.
                let at = ((client + link.one_way) * 4.0).ceil() / 4.0;
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

    const NO_STALL: (f64, f64) = (0.0, 0.0);

    #[test]
    fn a_link_that_carries_all_gets_all() {
        for one_way in [0.1, 2.0, 7.3] {
            for jitter in [|_| 0.0, |tick| (tick * 7 % 10) as f64 / 10.0] {
                let outcome = run(&Link { one_way, frame: |_| 0.05, jitter, stall: NO_STALL }, 3000);
                let missing = 3000 - outcome.ages.len();
                assert!(missing < 40, "{one_way}: {missing} of 3000 were left out");
            }
        }
    }

    #[test]
    fn a_link_of_half_the_rate_gets_half_of_them_fresh() {
        for one_way in [0.3, 2.0, 6.0] {
            let outcome = run(&Link { one_way, frame: |_| 2.0, jitter: |_| 0.0, stall: NO_STALL }, 6000);
            let steady = &outcome.ages[300..];
            let age = quantile(steady, 0.99);
            // Two ticks are the frame's own time; a link is probed for more with one frame that waits.
            assert!(age <= 4.01, "{one_way}: p99 {age}, p50 {}, {}", quantile(steady, 0.5), steady.len());
            assert!(outcome.ages.len() > 2700, "{one_way}: {} of 3000 that fit", outcome.ages.len());
        }
    }

    #[test]
    fn a_link_that_becomes_wide_again_soon_gets_all() {
        let frame = |tick| if tick < 2000 { 3.0 } else { 0.05 };
        for one_way in [0.3, 6.0] {
            let outcome = run(&Link { one_way, frame, jitter: |_| 0.0, stall: NO_STALL }, 3000);
            let soon = outcome.arrivals.iter().filter(|at| (2300.0..2900.0).contains(*at)).count();
            assert!(soon > 590, "{one_way}: {soon} of 600, from 5 s after");
        }
    }

    #[test]
    fn after_a_stall_all_goes_on_at_once() {
        let stall = (1000.0, 1060.0);
        let outcome = run(&Link { one_way: 3.0, frame: |_| 0.05, jitter: |_| 0.0, stall }, 1400);
        let after = outcome.arrivals.iter().filter(|at| **at > 1064.0).count();
        assert!(after > 325, "{after} in 336 ticks");
        let queued = outcome.arrivals.iter().filter(|at| **at == 1060.0).count();
        assert!(queued < 12, "{queued} old ones first");
    }
}
