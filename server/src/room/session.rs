//! Owns a seat in a room: what one client may send, what it holds, and what waits for its next frame.

use super::bucket::{Bucket, Budget, Rate};
use super::command_queue::CommandQueue;
use super::resume::Tokens;
use super::schedule::Waiting;
use super::types::{Rejection, reject};
use std::collections::VecDeque;
use std::sync::Arc;
use tickwire_shared::limits::{
    BASELINE_AGE_TICKS_MAX, CHAT_BURST, CHAT_PER_SECOND, EVENTS_QUEUED_MAX, IDLE_SECONDS_MAX,
    NOTICES_QUEUED_MAX, RESYNCS_PER_SECOND, UNACKED_SNAPSHOTS_MAX,
};
use tickwire_shared::{CloseCode, EntityId, InputCounts, Role, Slack, SlotTable, Tick, WireTick};

const CHAT_RATE: Rate = Rate { burst: CHAT_BURST, per_second: CHAT_PER_SECOND };
const RESYNC_RATE: Rate = Rate { burst: 1, per_second: RESYNCS_PER_SECOND };

/// One seat.
#[derive(Debug)]
pub(super) struct Session<I> {
    pub name: String,
    pub role: Role,
    pub queue: CommandQueue<I>,
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
    pub reported: InputCounts,
    window: Window,
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
            reported: InputCounts::default(),
            window: Window::new(now),
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

    pub fn hear(&mut self, now: Tick) {
        self.heard = now;
    }

    /// Takes an ack in, while `next` is the tick that runs next.
    pub fn ack(&mut self, acked: WireTick, next: Tick) -> Result<(), Rejection> {
        self.window.ack(acked, next)
    }

    /// Whether the client is known to have had a frame on its present connection, and so the Welcome.
    pub fn has_acked(&self) -> bool {
        self.window.acked.is_some()
    }

    pub fn may_chat(&mut self, now: Tick, tick_rate_hz: u32) -> bool {
        self.chat.take(CHAT_RATE, now, tick_rate_hz)
    }

    /// The client found itself wrong. It gets a full snapshot as soon as its rate allows: never none, or it would wait for ever.
    pub fn ask_full(&mut self) {
        self.wants_full = true;
    }

    /// Whether one more snapshot may be under way; if not, this tick merges into a later one.
    pub fn has_window(&self) -> bool {
        self.window.sent.len() < UNACKED_SNAPSHOTS_MAX
    }

    /// The baseline for a snapshot of this tick; `None` makes it a full one.
    pub fn baseline_for(&mut self, tick: Tick, tick_rate_hz: u32) -> Option<Tick> {
        if self.wants_full && self.resync.take(RESYNC_RATE, tick, tick_rate_hz) {
            self.wants_full = false;
            self.baseline = None;
        }
        self.baseline.filter(|baseline| tick.since(*baseline) <= BASELINE_AGE_TICKS_MAX as i64)
    }

    /// A snapshot was written, from this baseline.
    pub fn sent(&mut self, tick: Tick, baseline: Option<Tick>) {
        self.previous = baseline;
        self.baseline = Some(tick);
        self.slack = Slack::NONE;
        self.window.sent.push_back(tick);
        assert!(self.window.sent.len() <= UNACKED_SNAPSHOTS_MAX, "asked before");
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
        if !self.window.sent.is_empty() && now.since(self.window.moved) > ticks_max {
            let reason = format!("no snapshot was acked for {IDLE_SECONDS_MAX} s");
            return Some(reject(CloseCode::TooSlow, reason));
        }
        None
    }
}

/// Snapshots under way: sent, and not yet acked. The kernel swallows megabytes for a client that stopped
/// reading, so only acks say what has arrived.
#[derive(Debug)]
struct Window {
    sent: VecDeque<Tick>,
    acked: Option<Tick>,
    /// When the window last moved, or was empty.
    moved: Tick,
}

impl Window {
    fn new(now: Tick) -> Self {
        Self { sent: VecDeque::with_capacity(UNACKED_SNAPSHOTS_MAX), acked: None, moved: now }
    }

    fn ack(&mut self, acked: WireTick, next: Tick) -> Result<(), Rejection> {
        let Some(newest) = self.sent.back().copied().or(self.acked) else { return Ok(()) };
        let acked = acked.near(newest);
        if let Ok(place) = self.sent.binary_search(&acked) {
            self.sent.drain(..=place);
            self.acked = Some(acked);
            self.moved = next;
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
}

/// Encoded messages for the next frames, oldest first, each shared with everyone else who gets it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    messages: VecDeque<Message>,
    events: usize,
    /// There is no connection that they could ever go to: what comes is missed.
    pub drops_events: bool,
    pub events_missed: u32,
    pub notices_missed: u32,
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
            false if notices >= NOTICES_QUEUED_MAX => self.notices_missed += 1,
            is_event => {
                self.events += usize::from(is_event);
                self.messages.push_back(message);
            }
        }
    }

    /// For a client that begins anew: events speak of a world that it holds no more, and who is here it is told first.
    pub fn restart(&mut self) {
        self.messages.retain(|message| !message.is_event && !message.is_presence);
        self.events_missed = self.events_missed.saturating_add(std::mem::take(&mut self.events) as u32);
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The oldest message, if it has at most `bytes_max` bytes.
    pub fn pop(&mut self, bytes_max: usize) -> Option<Message> {
        self.messages.front().filter(|message| message.bytes.len() <= bytes_max)?;
        let message = self.messages.pop_front()?;
        self.events -= usize::from(message.is_event);
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(sent: &[u64]) -> Window {
        Window { sent: sent.iter().copied().map(Tick).collect(), acked: Some(Tick(65_530)), moved: Tick(0) }
    }

    #[test]
    fn an_ack_frees_the_window_up_to_it_across_the_wrap() {
        let mut window = window(&[65_534, 65_535, 65_536, 65_540]);
        window.ack(Tick(65_536).wire(), Tick(65_541)).unwrap();
        assert_eq!((window.sent.len(), window.acked), (1, Some(Tick(65_536))));
        window.ack(Tick(65_534).wire(), Tick(65_541)).expect("an old ack is only a repetition");
        assert_eq!(window.sent.len(), 1);
    }

    #[test]
    fn an_ack_of_what_was_never_sent_ends_the_session() {
        for never in [65_537, 65_541, 65_540 + 32_767] {
            let fault = window(&[65_535, 65_536, 65_540]).ack(Tick(never).wire(), Tick(65_541));
            assert_eq!(fault.unwrap_err().code, CloseCode::Malformed, "{never}");
        }
    }

    #[test]
    fn full_queues_drop_the_newest_and_count() {
        let mut pending = Pending::default();
        let message = |is_event| Message { is_event, ..Message::notice(vec![0; 10]) };
        for _ in 0..EVENTS_QUEUED_MAX + 3 {
            pending.push(message(true));
        }
        pending.push(message(false));
        assert_eq!((pending.events_missed, pending.notices_missed), (3, 0));
        assert!(pending.pop(9).is_none());
        assert_eq!(std::iter::from_fn(|| pending.pop(10)).count(), EVENTS_QUEUED_MAX + 1);
        assert_eq!(pending.events, 0);
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
        assert_eq!(&*pending.pop(10).expect("the chat").bytes, [2]);
        assert!(pending.is_empty());
    }
}
