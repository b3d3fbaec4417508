//! Owns how many bytes per tick one client's link is given: all there is, until its frames wait for each other.
//!
//! A queue shows in what no frame escapes: the least delay over some acks in a row is greater than the link's own (after CoDel,
//! K. Nichols and V. Jacobson, 2012; jitter makes single frames late, and never all of them). While there is one the link is busy, and so
//! what arrives per tick is what it carries (after BBR, N. Cardwell et al., 2016). That is approached at once and gone beyond slowly (after
//! CUBIC, S. Ha et al., 2008), unless frames come sooner than they ever could over a link so narrow.

mod acks;

pub(super) use acks::{Arrived, Way};

use acks::Judged;
use tickwire_shared::Tick;

/// Acks over which the least delay is taken, and ticks: few frames come over a link that is far too narrow.
const ACKS_MIN: u32 = 4;
const TICKS_MIN: f64 = 4.0;
/// A least delay above the link's own by less than this is no queue; up to the next, a narrow link gets a little less, in case it is one; up to the
/// last, it gets less than it carries. Beyond that it also gets a rest, in which the queue runs dry, because it may be none: the link itself
/// may have become longer. Only then is a link that carried all so far taken for a narrow one.
const CALM_TICKS: f64 = 0.2;
const QUEUE_TICKS: f64 = 0.75;
const TROUBLE_TICKS: f64 = 2.0;
/// A narrow link does not suddenly carry less than this share of what it was given: acks had a stall, or little was sent.
const CARRIED_SHARE_MIN: f64 = 0.6;
/// A queue that so many reliefs in a row do not end may be none either.
const DOUBTED_EACH: u32 = 3;
/// A frame goes when what went before is through, or nearly.
const BACKLOG_TICKS: f64 = 0.5;
/// What a link with a queue is given, of what it carries.
const RELIEF: f64 = 0.9;
/// And what of that which it was given, when there may be one.
const CAUTION: f64 = 0.93;
/// What it is given as soon as the queue is gone, of what it carried.
const REGAINED: f64 = 0.97;
/// How much more a link without a queue is given per tick, so that one that has become wider is found out: for no more than so many ticks at
/// once, because a long link tells late.
const PROBE_PER_TICK: f64 = 0.0012;
const PROBED_TICKS_MAX: i64 = 20;
/// It doubles with every so many ticks; where it is known what the link carried with a queue, only so long after that.
const PROBE_DOUBLED_TICKS: i64 = 40;
const PATIENCE_TICKS: i64 = 200;
const PROBE_DOUBLINGS_MAX: i64 = 8;
/// Until it is known what came of that, no longer queue shall grow than about so many ticks.
const PROBE_QUEUE_TICKS: f64 = 1.5;
/// A frame that comes sooner than any before it, by more than this share of what the link is believed to take for it, shows that it takes
/// less; the link is given so many times as much at once.
const QUICKER_SHARE: f64 = 0.35;
const QUICKER_TIMES: f64 = 2.0;
/// A first ack that takes longer than this leaves open why: the way is long, or the world had to wait for itself.
const START_TICKS: f64 = 3.0;
/// The acks after that tell: beyond the first few, each is later than the one before, by this much in sum, if the link is too narrow.
const START_ACKS: u32 = 6;
const START_ACKS_IGNORED: u32 = 2;
const START_QUEUE_TICKS: f64 = 1.5;
/// A link with a queue rests until an ack tells that nothing is under way, or for so long beyond the queue and the way; never longer than the
/// last.
const REST_TICKS_MORE: u64 = 5;
const REST_TICKS_MAX: u64 = 120;
/// The rest before each new measurement of the link's own delay: or a queue that grows slowly would be taken for it.
const REST_TICKS: u64 = 2;
/// The least that any link is given per tick, and that a frame may have.
const BYTES_PER_TICK_MIN: f64 = 16.0;
const FRAME_BYTES_MIN: f64 = 40.0;
/// What a frame has if less than that goes in a tick. With less, own entity and lists leave no room for anybody else, who then are seconds old;
/// with more, frames are older when they come.
const FRAME_BYTES: f64 = 44.0;
/// A link that is given so many times what goes over it carries all there is.
const AMPLE: f64 = 3.0;

/// What is given.
#[derive(Debug)]
pub(super) struct Pace {
    /// Infinite unless the link is too narrow.
    bytes_per_tick: f64,
    /// What of the frames so far the link has still to carry at `at`, given that.
    backlog_bytes: f64,
    at: Tick,
    /// Until then nothing is sent.
    rest_until: Tick,
    doubt: Option<Doubt>,
    /// Only acks of snapshots from here on tell what became of the last decision.
    judged_from: Tick,
    judged: Judged,
    /// Only the first ack has come, and took long.
    is_starting: bool,
    /// When there last was a queue.
    queued: Tick,
    /// How often in a row there was one.
    reliefs: u32,
    /// What it carried then; infinite if that is not known.
    carried_per_tick: f64,
    /// Snapshots from here on cannot come sooner only because a queue before them has run dry.
    settled_from: Tick,
    /// The next one is the first after a pause in which it does.
    drains: bool,
}

/// Whether there is a queue, or the link itself has become longer. A snapshot tells that waits for none before it.
#[derive(Copy, Clone, Debug)]
struct Doubt {
    /// The first that went after the rest.
    lone: Option<Tick>,
    /// What the link was given before.
    bytes_per_tick: f64,
    queue_ticks: f64,
}

impl Pace {
    pub fn new(now: Tick) -> Self {
        Self {
            bytes_per_tick: f64::INFINITY,
            backlog_bytes: 0.0,
            at: now,
            rest_until: now,
            doubt: None,
            judged_from: now,
            judged: Judged::default(),
            is_starting: false,
            queued: now,
            reliefs: 0,
            carried_per_tick: f64::INFINITY,
            settled_from: now,
            drains: false,
        }
    }

    /// The first ack has come: the link carries at least so much, and no more goes until the next acks show how long it is without all that.
    pub fn start(&mut self, way: Way) {
        if way.ticks > START_TICKS {
            self.bytes_per_tick = (way.bytes as f64 / way.ticks).max(BYTES_PER_TICK_MIN);
            self.is_starting = true;
        }
    }

    /// Whether the link is given less than there is.
    pub fn is_narrow(&self) -> bool {
        self.bytes_per_tick.is_finite()
    }

    /// How long the link is believed to take for a byte.
    pub fn byte_ticks(&self) -> f64 {
        1.0 / self.bytes_per_tick
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        tick >= self.rest_until && self.backlog_bytes_at(tick) <= self.bytes_per_tick * BACKLOG_TICKS
    }

    /// How many bytes its frame may have.
    pub fn frame_bytes(&self, tick: Tick) -> f64 {
        let ticks = (FRAME_BYTES / self.bytes_per_tick).max(1.0);
        (self.bytes_per_tick * ticks - self.backlog_bytes_at(tick)).max(FRAME_BYTES_MIN)
    }

    /// A snapshot of this tick goes, in a frame of so many bytes.
    pub fn note_sent(&mut self, tick: Tick, bytes: usize) {
        if self.is_narrow() {
            self.backlog_bytes = self.backlog_bytes_at(tick) + bytes as f64;
        }
        self.at = tick;
        if std::mem::take(&mut self.drains) {
            self.settled_from = tick.plus(1);
        }
        if let Some(doubt) = &mut self.doubt {
            doubt.lone.get_or_insert(tick);
        }
    }

    /// The link's own delay is to be measured anew: the next frame shall wait for none before it. On a link that carries all that is needed only
    /// if it `drifts`.
    pub fn rest(&mut self, next: Tick, drifts: bool) {
        if self.is_narrow() || drifts {
            self.rest_until = self.rest_until.max(next.plus(REST_TICKS));
        }
    }

    /// Nothing is under way any more.
    pub fn note_idle(&mut self, next: Tick) {
        if self.doubt.is_some_and(|doubt| doubt.lone.is_none()) {
            self.rest_until = next;
        }
        self.backlog_bytes = 0.0;
    }

    /// Takes in what an ack says, while `next` is the tick that runs next. Returns whether the link itself takes longer than was known, as
    /// this ack shows.
    pub fn learn(&mut self, arrived: &Arrived, next: Tick) -> bool {
        if let Some(doubt) = self.doubt {
            if doubt.lone.is_none_or(|lone| arrived.newest < lone) {
                return false;
            }
            self.doubt = None;
            self.judge_from(next);
            self.settled_from = next;
            let waited_ticks = arrived.way.ticks - arrived.quickest.ticks;
            if waited_ticks > arrived.jitter_ticks + doubt.queue_ticks / 2.0 {
                self.bytes_per_tick = doubt.bytes_per_tick;
                self.backlog_bytes = 0.0;
                return true;
            }
        }
        if self.is_starting {
            self.judge_start(arrived, next);
        } else if self.is_quicker(arrived) {
            self.give(self.bytes_per_tick * QUICKER_TIMES);
            self.settled_from = next;
            self.queued = next;
            self.judge_from(next);
        } else if arrived.newest >= self.judged_from {
            self.judge(arrived, next);
        }
        false
    }

    /// Another rate, of which it is not known whether the link carries it. What is under way counts no more.
    fn give(&mut self, bytes_per_tick: f64) {
        self.bytes_per_tick = bytes_per_tick;
        self.carried_per_tick = f64::INFINITY;
        self.backlog_bytes = 0.0;
        self.reliefs = 0;
    }

    /// Whether a frame took less than it could over a link so narrow.
    fn is_quicker(&self, arrived: &Arrived) -> bool {
        let saved_ticks = arrived.quickest_before.beyond(arrived.way, self.byte_ticks());
        let frame_ticks = arrived.way.bytes as f64 * self.byte_ticks();
        self.is_narrow()
            && arrived.newest >= self.settled_from
            && saved_ticks.is_finite()
            && saved_ticks > QUICKER_SHARE * frame_ticks + CALM_TICKS
    }

    /// The first frames went one in each tick behind the world: on a link that carries that, their acks come so as well.
    fn judge_start(&mut self, arrived: &Arrived, next: Tick) {
        if self.judged.acks == START_ACKS_IGNORED {
            self.judged.least_ticks = f64::INFINITY;
        }
        self.judged.note(arrived, arrived.way.ticks - arrived.quickest.ticks);
        let Judged { acks, least_ticks, .. } = self.judged;
        let carried_per_tick = self.judged.bytes_per_tick();
        if acks < START_ACKS || carried_per_tick.is_infinite() {
            return;
        }
        self.is_starting = false;
        if least_ticks > START_QUEUE_TICKS {
            // The way itself is not known yet: that takes a rest.
            self.relieve(carried_per_tick, TROUBLE_TICKS + least_ticks, arrived.quickest.ticks, next);
        } else {
            self.give(f64::INFINITY);
        }
        self.judge_from(next);
    }

    fn judge(&mut self, arrived: &Arrived, next: Tick) {
        self.judged.note(arrived, arrived.way.beyond(arrived.quickest, self.byte_ticks()));
        let Judged { acks, ticks, least_ticks, .. } = self.judged;
        // What may be a queue on a link that had one is believed sooner.
        let is_doubtful = !self.is_narrow() || least_ticks < QUEUE_TICKS;
        if acks < ACKS_MIN - u32::from(!is_doubtful) || is_doubtful && ticks < TICKS_MIN {
            return;
        }
        // Of a link that carries all so far only what neither jitter explains nor a server that looks at its sockets late.
        let excused_ticks = if self.is_narrow() { 0.0 } else { arrived.jitter_ticks };
        let queue_ticks = if self.is_narrow() { QUEUE_TICKS } else { TROUBLE_TICKS };
        if least_ticks > (queue_ticks + excused_ticks).max(arrived.jitter_ticks) {
            self.relieve(self.carried_per_tick(), least_ticks - excused_ticks, arrived.quickest.ticks, next);
        } else if least_ticks < CALM_TICKS.max(arrived.jitter_ticks / 2.0) {
            self.probe(arrived.quickest.ticks, next);
        } else if self.is_narrow() {
            self.take_care(self.carried_per_tick(), least_ticks, next);
        }
        self.judge_from(next);
    }

    /// What the link carried while there was a queue, as far as the last acks tell.
    fn carried_per_tick(&self) -> f64 {
        let least = if self.is_narrow() { self.bytes_per_tick * CARRIED_SHARE_MIN } else { 0.0 };
        self.judged.bytes_per_tick().max(least)
    }

    /// There is a queue, or was until now.
    fn note_queue(&mut self, carried_per_tick: f64, next: Tick) {
        if carried_per_tick.is_finite() {
            let is_known = self.carried_per_tick.is_finite();
            let known = if is_known { self.carried_per_tick } else { carried_per_tick };
            self.carried_per_tick = (known + carried_per_tick) / 2.0;
        }
        self.queued = next;
    }

    fn judge_from(&mut self, next: Tick) {
        self.judged_from = next;
        self.judged = Judged::default();
    }

    fn relieve(&mut self, carried_per_tick: f64, queue_ticks: f64, way_ticks: f64, next: Tick) {
        self.note_queue(carried_per_tick, next);
        self.rest_until = next.plus(queue_ticks as u64);
        self.drains = true;
        self.reliefs += 1;
        if queue_ticks > TROUBLE_TICKS || !self.is_narrow() || self.reliefs.is_multiple_of(DOUBTED_EACH) {
            // Who acks only each fourth snapshot never says that nothing is under way.
            let rest_ticks = (queue_ticks + way_ticks) as u64 + REST_TICKS_MORE;
            self.rest_until = next.plus(rest_ticks.min(REST_TICKS_MAX));
            self.doubt = Some(Doubt { lone: None, bytes_per_tick: self.bytes_per_tick, queue_ticks });
        }
        let given = self.bytes_per_tick.min(carried_per_tick) * RELIEF;
        self.bytes_per_tick = given.max(BYTES_PER_TICK_MIN);
    }

    /// There may be a queue: it is waited for, and not fed.
    fn take_care(&mut self, carried_per_tick: f64, queue_ticks: f64, next: Tick) {
        self.note_queue(carried_per_tick, next);
        let given = (self.bytes_per_tick * CAUTION).min(carried_per_tick).max(BYTES_PER_TICK_MIN);
        self.backlog_bytes = self.backlog_bytes_at(next) + queue_ticks * given;
        self.at = next;
        self.bytes_per_tick = given;
    }

    fn probe(&mut self, way_ticks: f64, next: Tick) {
        self.reliefs = 0;
        let bytes_max = self.judged.bytes_max as f64;
        let regained = self.carried_per_tick * REGAINED;
        if self.bytes_per_tick < regained && regained.is_finite() {
            self.bytes_per_tick = regained;
        } else {
            self.bytes_per_tick *= 1.0 + self.probe_share(way_ticks, next);
        }
        if self.bytes_per_tick > AMPLE * bytes_max.max(FRAME_BYTES_MIN) {
            self.give(f64::INFINITY);
        }
    }

    fn probe_share(&self, way_ticks: f64, next: Tick) -> f64 {
        let patience_ticks = if self.carried_per_tick.is_finite() { PATIENCE_TICKS } else { 0 };
        let doublings = (next.since(self.queued) - patience_ticks) / PROBE_DOUBLED_TICKS;
        let probed_ticks = next.since(self.judged_from).min(PROBED_TICKS_MAX) as f64;
        let times = f64::from(1 << doublings.clamp(0, PROBE_DOUBLINGS_MAX));
        (PROBE_PER_TICK * probed_ticks * times).min(PROBE_QUEUE_TICKS / way_ticks.max(1.0))
    }

    fn backlog_bytes_at(&self, tick: Tick) -> f64 {
        if !self.is_narrow() {
            return 0.0;
        }
        let gone = tick.since(self.at).max(0) as f64 * self.bytes_per_tick;
        (self.backlog_bytes - gone).max(0.0)
    }
}
