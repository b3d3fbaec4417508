//! Owns a seat in a room: what one client may send, what it holds, and what waits for its next frame.

use super::bucket::{Bucket, Budget, Rate};
use super::command_queue::{CommandQueue, Verdict};
use super::hindsight::{Claim, Shown, Stamp};
use super::resume::Tokens;
use super::schedule::Waiting;
use super::types::{Rejection, reject};
use super::window::Window;
use std::collections::VecDeque;
use std::sync::Arc;
use tickwire_shared::limits::{
    BASELINE_AGE_TICKS_MAX, CHAT_BURST, CHAT_PER_SECOND, EVENTS_QUEUED_MAX, IDLE_SECONDS_MAX,
    LATE_INPUTS_KEPT_MAX_TICKS, NEWCOMER_TICKS_MAX, NOTICES_QUEUED_MAX, RESYNCS_PER_SECOND,
    SERVER_FRAME_BYTES_MAX,
};
use tickwire_shared::{
    Arrival, CloseCode, Command, EntityId, Game, InputCounts, Moment, Role, Slack, SlotTable, Tick,
};

const CHAT_RATE: Rate = Rate { burst: CHAT_BURST, per_second: CHAT_PER_SECOND };
const RESYNC_RATE: Rate = Rate { burst: 1, per_second: RESYNCS_PER_SECOND };

/// What a frame has beside the body of its snapshot, as a rule.
const ENVELOPE_BYTES: u64 = 10;

/// The part of what a link carries that rows have at least, of what is not for events and chat.
const ROWS_PART: u64 = 2;

/// An input, and what its player saw.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Stamped<I> {
    pub input: I,
    pub stamp: Stamp,
}

/// One seat.
#[derive(Debug)]
pub(super) struct Session<I> {
    pub name: String,
    pub role: Role,
    pub queue: CommandQueue<Stamped<I>>,
    /// What late commands leave for the next input, and the tick of the newest of them.
    late: Option<(Tick, I)>,
    /// What the player saw when it gave the last tick's input; `None` before its first command.
    pub stamp: Option<Stamp>,
    pub shown: Shown,
    pub tokens: Tokens,
    /// Since when it has no connection, if it has none: the tick that was to be made next.
    pub detached: Option<Tick>,
    /// What must stand before the first snapshot: the Welcome. Taken by the first frame.
    pub greeting: Option<Vec<u8>>,
    pub pending: Pending,
    /// What the client sees, by slot, as of the last frame.
    pub table: SlotTable,
    /// The last two snapshots that were written; the first is `None` when the next must be a full one.
    pub baseline: Option<Tick>,
    pub previous: Option<Tick>,
    /// The least slack of the commands since the last frame.
    pub slack: Slack,
    /// The tick from which on the next frame carries a view hash.
    pub hash_due: Tick,
    pub budget: Budget,
    pub waiting: Waiting,
    /// What the body of the last snapshot had beside rows: the next one will have about as much.
    pub beside_rows_bits: u64,
    pub reported: InputCounts,
    /// When it is told who is here, at the latest, after it missed that.
    pub roster_due: Option<Tick>,
    window: Window,
    /// The tick from which on it is here, or here again.
    since: Tick,
    /// When the client last sent anything.
    heard: Tick,
    chat: Bucket,
    resync: Bucket,
    wants_full: bool,
}

impl<I: Copy + Default> Session<I> {
    pub fn new(name: String, role: Role, now: Tick, tick_rate_hz: u32, bytes_per_second: u32) -> Self {
        Self {
            name,
            role,
            queue: CommandQueue::default(),
            late: None,
            stamp: None,
            shown: Shown::default(),
            tokens: Tokens::default(),
            detached: None,
            greeting: None,
            pending: Pending::default(),
            table: SlotTable::default(),
            baseline: None,
            previous: None,
            slack: Slack::NONE,
            hash_due: now,
            budget: Budget::full(bytes_per_second, now, tick_rate_hz),
            waiting: Waiting::new(),
            beside_rows_bits: 0,
            reported: InputCounts::default(),
            roster_due: None,
            window: Window::new(now),
            since: now,
            heard: now,
            chat: Bucket::full(CHAT_RATE, now, tick_rate_hz),
            resync: Bucket::full(RESYNC_RATE, now, tick_rate_hz),
            wants_full: false,
        }
    }

    /// Its connection is gone. What was told on it counts no more.
    pub fn detach(&mut self, now: Tick) {
        self.detached = Some(now);
        self.greeting = None;
        self.table = SlotTable::default();
        (self.baseline, self.previous) = (None, None);
        self.pending.restart();
        self.pending.drops_events = true;
    }

    /// It begins anew on another connection. What belongs to the client stays: its name, its commands, and how much it may still say
    /// and be sent.
    pub fn attach(&mut self, now: Tick, tick_rate_hz: u32, bytes_per_second: u32) {
        let name = std::mem::take(&mut self.name);
        let fresh = Self::new(name, self.role, now, tick_rate_hz, bytes_per_second);
        let Self { queue, tokens, mut pending, budget, chat, resync, .. } = std::mem::replace(self, fresh);
        pending.restart();
        pending.drops_events = false;
        (self.queue, self.tokens, self.pending) = (queue, tokens, pending);
        (self.budget, self.chat, self.resync) = (budget, chat, resync);
    }

    /// Whether it came just now and does not see all yet.
    pub fn is_newcomer(&self, now: Tick) -> bool {
        !self.waiting.is_empty() && now <= self.since.plus(NEWCOMER_TICKS_MAX)
    }

    pub fn hear(&mut self, now: Tick) {
        self.heard = now;
    }

    /// Takes a command in, while `next` is the tick that runs next; what it says of what was seen is believed as far as `limit_ticks`.
    pub fn command<G: Game<Input = I>>(
        &mut self,
        command: &Command<I>,
        slack: Slack,
        next: Tick,
        limit_ticks: f64,
    ) -> Result<(), Rejection> {
        let tick = command.tick.near(next);
        // Where the slack does not tell, it came somewhere in this tick.
        let known = slack.ticks().filter(|_| !slack.is_cut());
        let slack_ticks = known.unwrap_or_else(|| tick.since(next) as f64 + 0.5);
        let arrived = tick.0 as f64 - slack_ticks;
        let waited = f64::from(command.ack_delay) / 16.0;
        self.window.ack(command.acked, next, arrived, waited)?;
        self.slack = self.slack.least(slack);
        if self.role != Role::Player {
            return Ok(());
        }
        let acked = command.acked.near(next);
        let claimed_ticks = Moment::at(tick).since(command.seen.near(next));
        let claim = Claim {
            seen_ticks: claimed_ticks,
            slack_ticks,
            // Of the newest: with an old one a client could make its way look longer.
            delay_ticks: arrived - self.window.newest_acked().unwrap_or(acked).0 as f64,
            delay_ticks_max: self.window.delay_ticks_max(),
            jitter_ticks: self.window.jitter_ticks(),
            limit_ticks,
        };
        let acked_ticks = tick.since(acked).max(0) as u64;
        let stamp = Stamp { seen_ticks: claim.believed_ticks(), claimed_ticks, acked_ticks };
        let verdict = self.queue.push(next, tick, Stamped { input: command.input, stamp });
        if verdict == Verdict::Late && is_kept(tick, next) {
            let (newest, mut kept) = self.late.take().unwrap_or((tick, I::default()));
            G::keep_late(&command.input, &mut kept);
            self.late = Some((newest.max(tick), kept));
        }
        Ok(())
    }

    /// The input for a tick.
    pub fn take_input<G: Game<Input = I>>(&mut self, tick: Tick) -> (I, Arrival) {
        let (Stamped { mut input, stamp }, arrival) = self.queue.take(tick);
        if arrival != Arrival::Neutral {
            self.stamp = Some(stamp);
            // Only this once: it is no part of what a missing command repeats. And not where nothing says where the player looks.
            let late = self.late.take().filter(|(newest, _)| is_kept(*newest, tick));
            late.iter().for_each(|(_, late)| G::keep_late(late, &mut input));
        }
        (input, arrival)
    }

    /// Whether the client is known to have had a frame on its present connection, and so the Welcome.
    pub fn has_acked(&self) -> bool {
        self.window.has_acked()
    }

    pub fn may_chat(&mut self, now: Tick, tick_rate_hz: u32) -> bool {
        self.chat.take(CHAT_RATE, now, tick_rate_hz)
    }

    /// The client found itself wrong. It gets a full snapshot as soon as its rate allows: never none, or it would wait for ever.
    pub fn ask_full(&mut self) {
        self.wants_full = true;
    }

    /// Whether one more snapshot may be under way; if not, this tick merges into a later one.
    pub fn has_window(&self, tick: Tick) -> bool {
        self.window.has_place(tick)
    }

    /// The baseline for a snapshot of this tick; `None` makes it a full one.
    pub fn baseline_for(&mut self, tick: Tick, tick_rate_hz: u32) -> Option<Tick> {
        if self.wants_full && self.resync.take(RESYNC_RATE, tick, tick_rate_hz) {
            self.wants_full = false;
            self.baseline = None;
        }
        self.baseline.filter(|baseline| tick.since(*baseline) <= BASELINE_AGE_TICKS_MAX as i64)
    }

    /// Whether its link carries less than there is to tell.
    pub fn is_narrow(&self) -> bool {
        self.window.is_narrow()
    }

    /// How many bytes the frame of this tick may have for its link.
    pub fn frame_bytes(&self, tick: Tick) -> usize {
        usize::try_from(self.window.frame_bytes(tick)).unwrap_or(usize::MAX)
    }

    /// How many bits of rows the snapshot of this tick may have: what the player's budget allows, and its link carries beside all else.
    /// Events and chat that wait for the frame, or come with it (`told_bytes`), have up to three quarters of it: a great heap of them must not keep the world away.
    pub fn row_bits(&mut self, tick: Tick, tick_rate_hz: u32, told_bytes: usize) -> u64 {
        let frame_bytes = self.window.frame_bytes(tick);
        let notice_bytes = ((self.pending.bytes + told_bytes) as u64).min(frame_bytes / 4 * 3);
        let carried_bits =
            8 * frame_bytes.min(SERVER_FRAME_BYTES_MAX as u64).saturating_sub(ENVELOPE_BYTES + notice_bytes);
        let budget_bits = 8 * self.budget.bytes_at(tick, tick_rate_hz);
        // However much there is beside them, or no row would ever go.
        let carried_min = carried_bits / ROWS_PART;
        let budget_min = 8 * self.budget.world_bytes(tick_rate_hz);
        let rows = |bits: u64, bits_min| bits.saturating_sub(self.beside_rows_bits).max(bits_min);
        rows(carried_bits, carried_min).min(rows(budget_bits, budget_min))
    }

    /// A snapshot was written, from this baseline, into a frame of so many bytes.
    pub fn sent(&mut self, tick: Tick, baseline: Option<Tick>, bytes: usize) {
        self.previous = baseline;
        self.baseline = Some(tick);
        self.slack = Slack::NONE;
        self.window.note_sent(tick, bytes);
        self.shown.note(tick);
    }

    /// Why the session is over, if the client has been silent, or deaf, for too long.
    pub fn overdue(&self, now: Tick, tick_rate_hz: u32) -> Option<Rejection> {
        let ticks_max = i64::from(IDLE_SECONDS_MAX * tick_rate_hz);
        if self.role == Role::Console || self.detached.is_some() {
            return None;
        }
        if now.since(self.heard) > ticks_max {
            return Some(reject(CloseCode::Idle, format!("nothing was heard for {IDLE_SECONDS_MAX} s")));
        }
        if self.window.waiting_since().is_some_and(|since| now.since(since) > ticks_max) {
            let reason = format!("no snapshot was acked for {IDLE_SECONDS_MAX} s");
            return Some(reject(CloseCode::TooSlow, reason));
        }
        None
    }
}

/// Whether what a late command pressed is still wanted, while `next` is the tick that runs next.
fn is_kept(tick: Tick, next: Tick) -> bool {
    next.since(tick) <= LATE_INPUTS_KEPT_MAX_TICKS as i64
}

/// Encoded messages for the next frames, oldest first, each shared with everyone else who gets it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    messages: VecDeque<Message>,
    bytes: usize,
    events: usize,
    /// There is no connection that they could ever go to: what comes is missed.
    pub drops_events: bool,
    pub events_missed: u32,
    pub notices_missed: u32,
    /// Somebody came or went, and the client was not told.
    pub presence_missed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub bytes: Arc<[u8]>,
    pub is_event: bool,
    /// It says who came or went.
    pub is_presence: bool,
    /// It is only for who has this entity in view in the snapshot that the message travels with.
    pub about: Option<EntityId>,
}

impl Message {
    /// For everyone who is given it.
    pub fn notice(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), is_event: false, is_presence: false, about: None }
    }

    /// Says who came or went: a Roster takes its place.
    pub fn presence(bytes: Vec<u8>) -> Self {
        Self { is_presence: true, ..Self::notice(bytes) }
    }
}

impl Pending {
    /// Full: the newest is dropped and counted, so that what is told stays in order and the client knows that something is missing.
    pub fn push(&mut self, message: Message) {
        let notices = self.messages.len() - self.events;
        match message.is_event {
            true if self.drops_events || self.events >= EVENTS_QUEUED_MAX => {
                self.events_missed = self.events_missed.saturating_add(1);
            }
            false if notices >= NOTICES_QUEUED_MAX => {
                self.notices_missed += 1;
                self.presence_missed |= message.is_presence;
            }
            is_event => {
                self.events += usize::from(is_event);
                self.bytes += message.bytes.len();
                self.messages.push_back(message);
            }
        }
    }

    /// For a client that begins anew: events speak of a world that it holds no more, and who is here it is told first.
    pub fn restart(&mut self) {
        self.messages.retain(|message| !message.is_event && !message.is_presence);
        self.presence_missed = false;
        self.bytes = self.messages.iter().map(|message| message.bytes.len()).sum();
        self.events_missed = self.events_missed.saturating_add(std::mem::take(&mut self.events) as u32);
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The oldest message.
    pub fn next(&self) -> Option<&Message> {
        self.messages.front()
    }

    /// Takes the oldest message out.
    pub fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.events -= usize::from(message.is_event);
        self.bytes -= message.bytes.len();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_queues_drop_the_newest_and_count() {
        let mut pending = Pending::default();
        let message = |is_event| Message { is_event, ..Message::notice(vec![0; 10]) };
        for _ in 0..EVENTS_QUEUED_MAX + 3 {
            pending.push(message(true));
        }
        pending.push(message(false));
        assert_eq!((pending.events_missed, pending.notices_missed, pending.presence_missed), (3, 0, false));
        assert_eq!(std::iter::from_fn(|| pending.pop()).count(), EVENTS_QUEUED_MAX + 1);
        assert_eq!((pending.events, pending.bytes), (0, 0));
    }

    #[test]
    fn who_begins_anew_is_told_how_many_events_it_missed_and_hears_the_chat() {
        let mut pending = Pending::default();
        let event = || Message { is_event: true, ..Message::notice(vec![1]) };
        pending.push(event());
        pending.push(Message::notice(vec![2]));
        pending.push(Message::presence(vec![3]));
        pending.restart();
        pending.drops_events = true;
        pending.push(event());
        assert_eq!((pending.events_missed, pending.notices_missed), (2, 0));
        assert_eq!(&*pending.pop().expect("the chat").bytes, [2]);
        assert!(pending.is_empty());
    }
}
