//! Owns how many bytes per tick one client's link is given: all there is, until its frames wait for each other.
//!
//! A queue shows in what no frame escapes: the least delay over some acks in a row is greater than the link's own (after CoDel,
//! K. Nichols and V. Jacobson, 2012; jitter makes single frames late, and never all of them). While there is one the link is busy, and so
//! what arrives per tick is what it carries (after BBR, N. Cardwell et al., 2016).

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
/// Acks in a row that arrive within less than this come from a stall of their own.
const CARRIED_TICKS_MIN: f64 = 1.0;
/// A queue that so many reliefs in a row do not end may be none either.
const DOUBTED_EACH: u32 = 3;
/// A frame goes when what went before is through, or nearly.
const BACKLOG_TICKS: f64 = 0.5;
/// What a link with a queue is given, of what it carries.
const RELIEF: f64 = 0.9;
/// And what of that which it was given, when there may be one.
const CAUTION: f64 = 0.93;
/// How much more a link without a queue is given per tick, so that one that has become wider is found out: for no more than so many ticks at
/// once, because a long link tells late. It doubles with every fourth time.
const PROBE_PER_TICK: f64 = 0.0012;
const PROBED_TICKS_MAX: i64 = 20;
const PROBE_DOUBLED_AFTER: u32 = 4;
const PROBE_MAX: f64 = 1.0;
/// Of what is so little it is at least so much more.
const LITTLE_BYTES_PER_TICK: f64 = 32.0;
const LITTLE_PROBE: f64 = 0.05;
/// The longest rest of a link with a queue, if no ack tells before that nothing is under way.
const REST_TICKS_MAX: u64 = 120;
/// The rest before each new measurement of the link's own delay: or a queue that grows slowly would be taken for it.
const REST_TICKS: u64 = 2;
/// The least that any link is given per tick, and that a frame may have.
const BYTES_PER_TICK_MIN: f64 = 16.0;
const FRAME_BYTES_MIN: f64 = 40.0;
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
    /// How often in a row there was no queue, and how often there was one.
    calm: u32,
    reliefs: u32,
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

/// What some acks in a row say.
#[derive(Copy, Clone, Debug, Default)]
struct Judged {
    acks: u32,
    /// When the first of them arrived, as a place in time.
    since: f64,
    /// What arrived after that.
    bytes: usize,
    bytes_max: usize,
    least_ticks: f64,
}

/// An ack: the newest snapshot that has arrived, and what has arrived with it since the ack before.
pub(super) struct Arrived {
    pub newest: Tick,
    pub bytes: usize,
    /// By how many bytes the newest has more than the one that was quickest.
    pub bytes_more: usize,
    /// As a place in time.
    pub at: f64,
    /// How much longer it took than the link itself takes.
    pub waited_ticks: f64,
    /// How much longer it may take without any queue.
    pub jitter_ticks: f64,
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
            calm: 0,
            reliefs: 0,
        }
    }

    /// Whether the link is given less than there is.
    pub fn is_narrow(&self) -> bool {
        self.bytes_per_tick.is_finite()
    }

    /// Whether a snapshot of this tick may go; if not, it merges into a later one.
    pub fn has_place(&self, tick: Tick) -> bool {
        tick >= self.rest_until && self.backlog_bytes_at(tick) <= self.bytes_per_tick * BACKLOG_TICKS
    }

    /// How many bytes its frame may have.
    pub fn frame_bytes(&self, tick: Tick) -> f64 {
        let ticks = (FRAME_BYTES_MIN / self.bytes_per_tick).ceil().max(1.0);
        (self.bytes_per_tick * ticks - self.backlog_bytes_at(tick)).max(FRAME_BYTES_MIN)
    }

    /// A snapshot of this tick goes, in a frame of so many bytes.
    pub fn note_sent(&mut self, tick: Tick, bytes: usize) {
        if self.is_narrow() {
            self.backlog_bytes = self.backlog_bytes_at(tick) + bytes as f64;
        }
        self.at = tick;
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
            if arrived.waited_ticks > arrived.jitter_ticks + doubt.queue_ticks / 2.0 {
                self.bytes_per_tick = doubt.bytes_per_tick;
                self.backlog_bytes = 0.0;
                return true;
            }
        }
        if arrived.newest >= self.judged_from {
            self.judge(arrived, next);
        }
        false
    }

    fn judge(&mut self, arrived: &Arrived, next: Tick) {
        let judged = &mut self.judged;
        if judged.acks == 0 {
            *judged = Judged { since: arrived.at, least_ticks: f64::INFINITY, ..Judged::default() };
        } else {
            judged.bytes += arrived.bytes;
        }
        judged.acks += 1;
        judged.bytes_max = judged.bytes_max.max(arrived.bytes);
        // A bigger one takes longer by itself.
        let waited_ticks = arrived.waited_ticks - arrived.bytes_more as f64 / self.bytes_per_tick;
        judged.least_ticks = judged.least_ticks.min(waited_ticks);
        let ticks = arrived.at - judged.since;
        // What may be a queue on a link that had one is believed sooner.
        let is_doubtful = self.bytes_per_tick.is_infinite() || judged.least_ticks < QUEUE_TICKS;
        if judged.acks < ACKS_MIN - u32::from(!is_doubtful) || is_doubtful && ticks < TICKS_MIN {
            return;
        }
        let Judged { bytes, bytes_max, least_ticks, .. } = *judged;
        // Of a link that carries all so far only what neither jitter explains nor a server that looks at its sockets late.
        let excused_ticks = if self.is_narrow() { 0.0 } else { arrived.jitter_ticks };
        let queue_ticks = if self.is_narrow() { QUEUE_TICKS } else { TROUBLE_TICKS };
        if least_ticks > (queue_ticks + excused_ticks).max(arrived.jitter_ticks) {
            // What came in one piece with what went before it says nothing of how fast the link is.
            let carried = if ticks >= CARRIED_TICKS_MIN { bytes as f64 / ticks } else { f64::INFINITY };
            self.relieve(carried, least_ticks - excused_ticks, next);
        } else if least_ticks < CALM_TICKS.max(arrived.jitter_ticks / 4.0) {
            self.probe(bytes_max as f64, next);
        } else {
            self.bytes_per_tick = (self.bytes_per_tick * CAUTION).max(BYTES_PER_TICK_MIN);
            self.calm = 0;
        }
        self.judge_from(next);
    }

    fn judge_from(&mut self, next: Tick) {
        self.judged_from = next;
        self.judged = Judged::default();
    }

    fn relieve(&mut self, carried_per_tick: f64, queue_ticks: f64, next: Tick) {
        self.rest_until = next.plus(queue_ticks as u64);
        self.reliefs += 1;
        if queue_ticks > TROUBLE_TICKS || !self.is_narrow() || self.reliefs.is_multiple_of(DOUBTED_EACH) {
            self.rest_until = next.plus(REST_TICKS_MAX);
            self.doubt = Some(Doubt { lone: None, bytes_per_tick: self.bytes_per_tick, queue_ticks });
        }
        let given = self.bytes_per_tick.min(carried_per_tick) * RELIEF;
        self.bytes_per_tick = given.max(BYTES_PER_TICK_MIN);
        self.calm = 0;
    }

    fn probe(&mut self, bytes_max: f64, next: Tick) {
        let doubled = self.calm / PROBE_DOUBLED_AFTER;
        let probe = PROBE_PER_TICK
            * next.since(self.judged_from).min(PROBED_TICKS_MAX) as f64
            * f64::from(1 << doubled.min(8));
        let is_little = self.bytes_per_tick < LITTLE_BYTES_PER_TICK;
        let probe_min = if is_little { LITTLE_PROBE } else { 0.0 };
        self.bytes_per_tick *= 1.0 + probe.clamp(probe_min, PROBE_MAX);
        self.calm += 1;
        self.reliefs = 0;
        if self.bytes_per_tick > AMPLE * bytes_max.max(FRAME_BYTES_MIN) {
            self.bytes_per_tick = f64::INFINITY;
            self.backlog_bytes = 0.0;
        }
    }

    fn backlog_bytes_at(&self, tick: Tick) -> f64 {
        if !self.is_narrow() {
            return 0.0;
        }
        let gone = tick.since(self.at).max(0) as f64 * self.bytes_per_tick;
        (self.backlog_bytes - gone).max(0.0)
    }
}
