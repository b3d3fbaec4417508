//! Owns the client: its parts, what its user asks of it, and its tick. What the server says arrives in `receive`.

use crate::comeback::{Comeback, Try};
use crate::joined::Joined;
use crate::notice::{Notice, NoticeQueue};
use crate::outbox::Outbox;
use crate::roster::Roster;
use crate::stats::Stats;
use crate::switches::Switches;
use std::time::Duration;
use tickwire_shared::limits::{CHAT_BYTES_MAX, RESYNCS_PER_SECOND, SILENCE_SECONDS_MAX};
use tickwire_shared::{
    ClientMessage, EntityId, Game, Held, Hello, Layout, PROTOCOL_VERSION, PlayerId, Role, Tick, clean_text,
    is_resumable,
};

/// A full snapshot comes within the server's limit of one per second; a client that still waits after this asks again.
const RESYNC_INTERVAL: Duration = Duration::from_millis(2000 / RESYNCS_PER_SECOND as u64);

/// A connection on which nothing comes for so long is dead, whatever the system says of it.
const SILENCE_MAX: Duration = Duration::from_secs(SILENCE_SECONDS_MAX as u64);
/// What RFC 6455 calls a connection that ended without a close frame.
pub(crate) const ABNORMAL: u16 = 1006;

/// Who wants to join.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What others shall call the player. The server cleans and cuts it.
    pub name: String,
    /// Whether to play or to watch.
    pub role: Role,
    /// Whether to come back after a cut, if the server keeps seats.
    pub resume: bool,
    /// What the jitter of reconnecting comes from. Another one for each client, or all that were cut together come back together.
    pub seed: u64,
}

impl ClientConfig {
    /// One that comes back after a cut; its seed comes from the name.
    #[must_use]
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        let name = name.into();
        let seed = name.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        Self { name, role, resume: true, seed }
    }
}

/// How far the session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The server has not answered yet.
    Joining,
    /// In the room.
    Joined,
    /// The connection is lost, the seat is not: there is to be another connection, and then [`Client::reconnect`]. What there was to
    /// see stays as it was.
    Reconnecting {
        /// Which try comes next, counted from 1.
        attempt: u32,
        /// When to make it. A shell that learns that the network is back may do so sooner.
        at: Duration,
        /// The close code that the last connection ended with; 1006 if there was none.
        code: u16,
        /// In words.
        reason: String,
    },
    /// There is a new connection, and on it the server has not answered yet.
    Resuming,
    /// Over, for good: a new session is a new [`Client`].
    Closed {
        /// The close code.
        code: u16,
        /// In words.
        reason: String,
    },
}

/// One session in one room, from the player's end.
pub struct Client<G: Game> {
    pub(crate) layout: Layout,
    pub(crate) state: State,
    pub(crate) stats: Stats,
    /// When the Hello was about to be sent.
    pub(crate) hello_at: Option<Duration>,
    pub(crate) joined: Option<Joined<G>>,
    pub(crate) comeback: Comeback,
    pub(crate) held: Held,
    /// Since when a full snapshot is awaited; until then all others are ignored.
    pub(crate) resync_at: Option<Duration>,
    pub(crate) roster: Roster,
    pub(crate) switches: Switches,
    notices: NoticeQueue<G>,
    outbox: Outbox,
    input: G::Input,
    config: ClientConfig,
}

impl<G: Game> Client<G> {
    /// A client that wants to join: its Hello is the first message to send.
    ///
    /// # Panics
    /// If the game's field tables are faulty: see [`Layout::new`].
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let mut client = Self {
            layout: Layout::of::<G>(),
            state: State::Joining,
            stats: Stats::default(),
            hello_at: None,
            joined: None,
            comeback: Comeback::new(&config),
            held: Held::default(),
            resync_at: None,
            roster: Roster::default(),
            switches: Switches::default(),
            notices: NoticeQueue::new(),
            outbox: Outbox::default(),
            input: G::Input::default(),
            config,
        };
        client.say_hello();
        client
    }

    fn say_hello(&mut self) {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: G::NAME.to_owned(),
            schema_hash: self.layout.hash(),
            schema: Some(self.layout.schema().clone()),
            name: self.config.name.clone(),
            role: self.config.role,
            ticket: None,
            resume: self.comeback.token(),
        };
        self.send(&ClientMessage::Hello(Box::new(hello)));
    }

    /// Makes the ticks that are due: sends their commands and predicts them. After a long absence, ticks are skipped.
    pub fn update(&mut self, now: Duration) {
        let hello_at = *self.hello_at.get_or_insert(now);
        if self.state == State::Resuming && now.saturating_sub(hello_at) >= SILENCE_MAX {
            self.lose_in_silence(now);
        }
        let Some(joined) = self.joined.as_mut().filter(|_| self.state == State::Joined) else { return };
        joined.wake(now);
        if self.comeback.is_possible() && joined.clock.silence(now) >= SILENCE_MAX {
            return self.lose_in_silence(now);
        }
        while let Some(command) = joined.make_tick(now, self.input) {
            self.stats.commands += 1;
            self.stats.messages_dropped += self.outbox.push::<G>(&ClientMessage::Command(command));
        }
        self.tell_effects();
        if self.resync_at.is_some_and(|asked| now.saturating_sub(asked) >= RESYNC_INTERVAL) {
            self.ask_resync(now);
        }
    }

    /// When [`Client::update`] has something to do next; `None` before the Welcome, without a connection, and after the end.
    #[must_use]
    pub fn next_update(&self) -> Option<Duration> {
        if self.state == State::Resuming {
            return self.hello_at.map(|hello_at| hello_at + SILENCE_MAX);
        }
        let joined = self.joined.as_ref().filter(|_| self.state == State::Joined)?;
        Some(joined.clock.next_due())
    }

    /// What the player wants in every tick from now on, until set again.
    pub fn set_input(&mut self, input: G::Input) {
        self.input = input;
    }

    /// Says something to everyone in the room. Before the Welcome there is nobody to hear it.
    pub fn say(&mut self, text: &str) {
        let line = clean_text(text, CHAT_BYTES_MAX);
        if self.state == State::Joined && !line.is_empty() {
            self.send(&ClientMessage::Chat(line));
        }
    }

    /// The next binary WebSocket message to send, if there is one.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        let message = self.outbox.pop()?;
        self.stats.bytes_up += message.len() as u64;
        Some(message)
    }

    /// The next thing that happened, if there is one.
    pub fn poll_notice(&mut self) -> Option<Notice<G>> {
        self.notices.pop()
    }

    /// Ends the session, as the connection is gone. Does nothing if it has ended already, as the first reason is the best.
    pub fn disconnect(&mut self, code: u16, reason: &str) {
        if !matches!(self.state, State::Closed { .. }) {
            self.end(code, reason.to_owned());
            self.notify(Notice::Closed { code, reason: reason.to_owned() });
        }
    }

    /// The connection is gone, with this close code (1006 if there was none): comes back if the server keeps the seat, else this is
    /// the end. Does nothing where that is known already.
    pub fn connection_lost(&mut self, now: Duration, code: u16, reason: &str) {
        let was_joined = match self.state {
            State::Reconnecting { .. } | State::Closed { .. } => return,
            State::Joining | State::Resuming => false,
            State::Joined => true,
        };
        if !is_resumable(code) || !self.comeback.is_possible() {
            return self.disconnect(code, reason);
        }
        self.retry(now, code, reason.to_owned());
        if was_joined && matches!(self.state, State::Reconnecting { .. }) {
            self.notify(Notice::Lost { code, reason: reason.to_owned() });
        }
    }

    /// A new connection is there, to the same room: the next message to send is a Hello that asks for the seat. Does nothing unless
    /// the client is [`State::Reconnecting`].
    pub fn reconnect(&mut self, now: Duration) {
        if matches!(self.state, State::Reconnecting { .. }) {
            self.state = State::Resuming;
            self.hello_at = Some(now);
            self.say_hello();
        }
    }

    /// When the Hello left, where that is only known later: a page's Hello goes with a request that the browser makes. The clock starts by
    /// how long the answer took. Does nothing once there is an answer.
    pub fn hello_left(&mut self, at: Duration) {
        if matches!(self.state, State::Joining | State::Resuming) {
            self.hello_at = Some(at);
        }
    }

    /// No new connection could be had: it is tried again later, or this is the end. Does nothing unless the client is
    /// [`State::Reconnecting`].
    pub fn reconnect_failed(&mut self, now: Duration) {
        if let State::Reconnecting { code, reason, .. } = &self.state {
            let (code, reason) = (*code, reason.clone());
            self.retry(now, code, reason);
        }
    }

    fn retry(&mut self, now: Duration, code: u16, reason: String) {
        // What waits was meant for the connection that is gone; commands would come too late.
        self.outbox.clear();
        match self.comeback.next_try(now) {
            Some(Try { attempt, at }) => self.state = State::Reconnecting { attempt, at, code, reason },
            None => {
                self.disconnect(code, &format!("the seat was not kept for longer; before that: {reason}"))
            }
        }
    }

    fn lose_in_silence(&mut self, now: Duration) {
        let reason = format!("nothing was heard for {SILENCE_SECONDS_MAX} s");
        self.connection_lost(now, ABNORMAL, &reason);
    }

    pub(crate) fn end(&mut self, code: u16, reason: String) {
        self.state = State::Closed { code, reason };
        self.outbox.clear();
    }

    pub(crate) fn ask_resync(&mut self, now: Duration) {
        self.resync_at = Some(now);
        self.stats.resyncs += 1;
        self.send(&ClientMessage::Resync);
    }

    pub(crate) fn notify(&mut self, notice: Notice<G>) {
        self.stats.notices_dropped += self.notices.push(notice);
    }

    /// Tells what the prediction now says of its events.
    pub(crate) fn tell_effects(&mut self) {
        while let Some(notice) = self.joined.as_mut().and_then(|joined| joined.prediction.effects.poll()) {
            self.notify(notice);
        }
    }

    fn send(&mut self, message: &ClientMessage<G::Input>) {
        self.stats.messages_dropped += self.outbox.push::<G>(message);
    }
}

/// What there is to see.
impl<G: Game> Client<G> {
    /// How far the session is.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Who this client is, once it is welcome.
    #[must_use]
    pub fn player(&self) -> Option<PlayerId> {
        self.joined.as_ref().map(|joined| joined.player)
    }

    /// The room's settings, once this client is welcome.
    #[must_use]
    pub fn settings(&self) -> Option<&G::Settings> {
        self.joined.as_ref().map(|joined| &joined.settings)
    }

    /// The last tick that this client made, ahead of the server's by the way there; 0 before the Welcome.
    #[must_use]
    pub fn tick(&self) -> Tick {
        self.joined.as_ref().map(|joined| joined.clock.tick()).unwrap_or_default()
    }

    /// The least way to the server and back of late, as commands and the reports about them tell; the server's wait for its tick is not
    /// in it. `None` before the Welcome.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.joined.as_ref().map(|joined| joined.clock.round_trip())
    }

    /// The player's own entity at [`Client::tick`], exactly as predicted; as last heard, if the game does not predict. To be drawn,
    /// it comes smoothly from [`Client::own_view`].
    #[must_use]
    pub fn own(&self) -> Option<(EntityId, &G::Entity)> {
        self.joined.as_ref()?.prediction.own()
    }

    /// All other entities as last heard, into a vector that is cleared first. For bots: cheaper than [`Client::view`].
    pub fn newest(&self, others: &mut Vec<(EntityId, G::Entity)>) {
        others.clear();
        if let Some(joined) = &self.joined {
            joined.interpolation.append_newest::<G>(self.own().map(|(id, _)| id), others);
        }
    }

    /// Who is in the room.
    pub fn names(&self) -> impl Iterator<Item = (PlayerId, &str, Role)> {
        self.roster.iter()
    }

    /// What to call a player, known or not.
    #[must_use]
    pub fn name(&self, player: PlayerId) -> String {
        self.roster.name(player)
    }

    /// Exactly what the server wrote. Of no use while its tick is `None`, after a snapshot that could not be read.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// The layout of the game's entities.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What happened so far, in numbers.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}
