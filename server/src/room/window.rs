//! Owns how many snapshots may be under way to one client, and how often one goes: as fresh as its link allows.
//!
//! The kernel and the routers on the way swallow megabytes for a client whose link cannot carry the rate, so only acks say what
//! has arrived. Their delays do two things here, after the idea of BBR (N. Cardwell et al., 2016) that a sender needs to know two
//! figures of a link, its shortest delay and its rate: what is under way is held to what the shortest delay explains and a little more, and
//! while acks are later than that, frames go as far apart as the acks come in.

use super::types::{Rejection, reject};
use std::collections::VecDeque;
use tickwire_shared::limits::UNACKED_SNAPSHOTS_MAX;
use tickwire_shared::{CloseCode, Tick, WireTick};

/// Ticks beyond the shortest delay for which snapshots may be under way: the one that goes now, and an ack waits for its client's next
/// tick and then for a look.
const SPARE_TICKS: f64 = 2.25;
/// If even the soonest of this many acks in a row is so much later than the shortest delay, frames queue up on the way.
const SOONEST_OF: usize = 2;
const QUEUED_TICKS: f64 = 0.5;
/// Acks differ by so much without any jitter: they are found at looks. What is above counts twice.
const JITTER_TICKS_MIN: f64 = 0.25;
const JITTER_SHARE: f64 = 2.0;
/// More jitter than this does not excuse a queue.
const JITTER_TICKS_MAX: f64 = 2.0;
/// The share by which a new sample moves the measured jitter (RFC 3550, section 6.4.1).
const JITTER_GAIN: f64 = 1.0 / 16.0;
/// The shortest delay is that of the last one to two spans of so many acks.
const SPAN_ACKS: u32 = 60;
/// Gaps between acks from which the link's rate is worked out.
const GAPS_MAX: usize = 9;
/// Acks that come so much further apart than frames went show the link's own rate.
const SLOWER: f64 = 1.25;
/// While frames queue up, they go further apart by this factor with each ack, until the queue drains; at most by so much above the
/// link's rate, which could be a mistake: a way that has become longer looks like a queue, too.
const GROWTH: f64 = 1.05;
/// By which share they come closer again with each ack that is in time: with care at first, because a link that has just been too narrow
/// mostly still is, and with the more care the more is under way that only later acks will tell of.
const RECOVERY: f64 = 0.07;
const RECOVERY_CAREFUL: f64 = 0.02;
const CAREFUL_ACKS: usize = 20;
const CAREFUL_ACKS_PER_FRAME: usize = 8;
/// Greatest distance of frames, in ticks, whatever a link does.
const INTERVAL_TICKS_MAX: f64 = 30.0;

/// Snapshots under way: sent, and not yet acked.
#[derive(Debug)]
pub(super) struct Window {
    sent: VecDeque<Tick>,
    acked: Option<Tick>,
    /// When the window last moved, or was empty.
    moved: Tick,
    delays: Delays,
    /// Ticks between frames: 1 where the link carries all of them.
    interval_ticks: f64,
    /// How far apart the link itself puts frames, as far as it has shown.
    link_ticks: f64,
    /// Acks in a row that were in time.
    calm_acks: usize,
    /// The first tick that was not sent before the last pause.
    paused_at: Tick,
    /// The place in time from which on the next frame may go.
    due: f64,
    /// When the last ack came, as a place in time, and how far apart they came of late, per snapshot.
    acked_at: f64,
    gaps: VecDeque<f64>,
}

/// What acks say of the link, in ticks from a snapshot to its ack.
#[derive(Clone, Debug)]
struct Delays {
    /// The least of the span that goes on, and of the one before.
    least: [f64; 2],
    count: u32,
    /// The last ones, the newest first.
    last: [f64; SOONEST_OF],
    jitter: f64,
}

impl Delays {
    const UNKNOWN: Self =
        Self { least: [f64::INFINITY; 2], count: 0, last: [f64::NEG_INFINITY; SOONEST_OF], jitter: 0.0 };

    fn note(&mut self, delay: f64) {
        if self.count.is_multiple_of(SPAN_ACKS) {
            self.least = [f64::INFINITY, self.least[0]];
        }
        self.count = self.count.wrapping_add(1);
        self.least[0] = self.least[0].min(delay);
        if self.last[0].is_finite() {
            self.jitter += ((delay - self.last[0]).abs() - self.jitter) * JITTER_GAIN;
        }
        self.last.rotate_right(1);
        self.last[0] = delay;
    }

    /// How long frames wait on the way, beyond what jitter explains.
    fn queued(&self) -> f64 {
        let soonest = self.last.iter().copied().fold(f64::INFINITY, f64::min);
        soonest - self.least() - self.jitter()
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
            interval_ticks: 1.0,
            link_ticks: 1.0,
            calm_acks: 0,
            paused_at: Tick(0),
            due: 0.0,
            acked_at: 0.0,
            gaps: VecDeque::with_capacity(GAPS_MAX),
        }
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        self.sent.len() < self.frames_max() && self.due <= tick.0 as f64
    }

    /// A snapshot of this tick goes.
    pub fn note_sent(&mut self, tick: Tick) {
        assert!(self.sent.len() < UNACKED_SNAPSHOTS_MAX, "asked before");
        self.sent.push_back(tick);
        let next = tick.0 as f64;
        // What was left over of an interval that is no whole number of ticks counts for the next one.
        self.due = self.due.max(next - 1.0) + self.interval_ticks;
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
            self.acked = Some(acked);
            self.moved = next;
            self.learn(acked, at - waited, place + 1);
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
        self.delays.least() + SPARE_TICKS + 2.0 * self.delays.jitter()
    }

    /// How much the delays vary, in ticks.
    pub fn jitter_ticks(&self) -> f64 {
        self.delays.jitter()
    }

    fn frames_max(&self) -> usize {
        // A delay that is not known yet explains everything.
        let explained = self.delays.least() + self.delays.jitter() + SPARE_TICKS;
        ((explained / self.interval_ticks) as usize).clamp(1, UNACKED_SNAPSHOTS_MAX)
    }

    fn learn(&mut self, acked: Tick, at: f64, snapshots: usize) {
        self.delays.note(at - acked.0 as f64);
        if self.gaps.len() == GAPS_MAX {
            self.gaps.pop_front();
        }
        self.gaps.push_back((at - self.acked_at) / snapshots as f64);
        self.acked_at = at;
        match self.delays.queued() {
            // What was sent before the last pause says nothing about how it went since.
            queued if queued > QUEUED_TICKS && acked >= self.paused_at => self.pause(queued),
            queued if queued > QUEUED_TICKS => {}
            _ => self.recover(),
        }
    }

    /// Frames queue up on the way: waits until they have drained, and goes on further apart.
    fn pause(&mut self, queued: f64) {
        let gap_ticks = self.gap_ticks();
        if gap_ticks > self.interval_ticks * SLOWER {
            self.link_ticks = gap_ticks.min(INTERVAL_TICKS_MAX);
            self.interval_ticks = self.link_ticks;
        }
        self.interval_ticks = (self.interval_ticks * GROWTH).min(self.link_ticks * GROWTH);
        self.due += queued;
        self.calm_acks = 0;
        self.paused_at = self.sent.back().map_or(Tick(0), |newest| newest.plus(1));
    }

    fn recover(&mut self) {
        let under_way = self.sent.len();
        let is_careful = self.calm_acks < CAREFUL_ACKS + CAREFUL_ACKS_PER_FRAME * under_way;
        let share = if is_careful { RECOVERY_CAREFUL / (under_way + 1) as f64 } else { RECOVERY };
        self.interval_ticks = (self.interval_ticks * (1.0 - share)).max(1.0);
        if self.interval_ticks == 1.0 {
            self.link_ticks = 1.0;
        }
        self.calm_acks = self.calm_acks.saturating_add(1);
    }

    /// How far apart snapshots arrive: without the longest gap, which may be a stall, after which all goes on as before.
    fn gap_ticks(&self) -> f64 {
        let longest = self.gaps.iter().copied().fold(0.0, f64::max);
        let others = self.gaps.len() - 1;
        if others < GAPS_MAX / 2 {
            return 1.0;
        }
        (self.gaps.iter().sum::<f64>() - longest) / others as f64
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
            assert!(age <= 3.01, "{one_way}: p99 {age}, p50 {}, {}", quantile(steady, 0.5), steady.len());
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
