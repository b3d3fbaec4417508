//! Owns the client: its parts, what its user asks of it, and its tick. What the server says arrives in `receive`.

use crate::joined::Joined;
use crate::notice::{Notice, NoticeQueue};
use crate::outbox::Outbox;
use crate::roster::Roster;
use crate::stats::Stats;
use std::time::Duration;
use tickwire_shared::limits::{CHAT_BYTES_MAX, RESYNCS_PER_SECOND};
use tickwire_shared::{
    ClientMessage, EntityId, Game, Held, Hello, Layout, PROTOCOL_VERSION, PlayerId, Role, Tick, clean_text,
};

/// A full snapshot comes within the server's limit of one per second; a client that still waits after this asks again.
const RESYNC_INTERVAL: Duration = Duration::from_millis(2000 / RESYNCS_PER_SECOND as u64);

/// Who wants to join.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What others shall call the player. The server cleans and cuts it.
    pub name: String,
    /// Whether to play or to watch.
    pub role: Role,
}

/// How far the session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The server has not answered yet.
    Joining,
    /// In the room.
    Joined,
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
    pub(crate) held: Held,
    /// Since when a full snapshot is awaited; until then all others are ignored.
    pub(crate) resync_at: Option<Duration>,
    pub(crate) roster: Roster,
    notices: NoticeQueue<G>,
    outbox: Outbox,
    input: G::Input,
}

impl<G: Game> Client<G> {
    /// A client that wants to join: its Hello is the first message to send.
    ///
    /// # Panics
    /// If the game's field tables are faulty: see [`Layout::new`].
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let layout = Layout::of::<G>();
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: G::NAME.to_owned(),
            schema_hash: layout.hash(),
            schema: Some(layout.schema().clone()),
            name: config.name,
            role: config.role,
            ticket: None,
            resume: None,
        };
        let mut client = Self {
            layout,
            state: State::Joining,
            stats: Stats::default(),
            hello_at: None,
            joined: None,
            held: Held::default(),
            resync_at: None,
            roster: Roster::default(),
            notices: NoticeQueue::new(),
            outbox: Outbox::default(),
            input: G::Input::default(),
        };
        client.send(&ClientMessage::Hello(Box::new(hello)));
        client
    }

    /// Makes the ticks that are due: sends their commands and predicts them. After a long absence, ticks are skipped.
    pub fn update(&mut self, now: Duration) {
        self.hello_at.get_or_insert(now);
        let Some(joined) = self.joined.as_mut().filter(|_| self.state == State::Joined) else { return };
        joined.wake(now);
        while let Some(command) = joined.make_tick(now, self.input) {
            self.stats.commands += 1;
            self.stats.messages_dropped += self.outbox.push::<G>(&ClientMessage::Command(command));
        }
        self.tell_effects();
        if self.resync_at.is_some_and(|asked| now.saturating_sub(asked) >= RESYNC_INTERVAL) {
            self.ask_resync(now);
        }
    }

    /// When [`Client::update`] has something to do next; `None` before the Welcome and after the end.
    #[must_use]
    pub fn next_update(&self) -> Option<Duration> {
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
