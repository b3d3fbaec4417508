//! Owns a room: one game, its sessions, and one tick of both. Pure: commands go in, frames come out; it knows
//! ticks and bytes, and no socket, clock, thread or log.

mod admission;
mod bots;
mod bucket;
mod command_queue;
mod encoder;
mod hindsight;
mod interest;
mod muster;
mod pace;
mod resume;
mod schedule;
mod session;
mod types;
mod window;

pub use bots::BotFill;
use bots::{Crew, World};
pub use command_queue::{CommandQueue, Verdict};
use encoder::{Encoder, Scene};
use hindsight::{Views, keep, limit_ticks};
use session::{Message, Session};
use slotmap::{SecondaryMap, SlotMap};
use std::collections::VecDeque;
use tickwire_shared::limits::{CHAT_BYTES_MAX, EVENT_BYTES_MAX, HISTORY_TICKS, HIT_RECORDS_MAX};
use tickwire_shared::{
    Audience, Bytes, Chat, ClientMessage, CloseCode, Command, Game, History, HitRecord, InputCounts, Layout,
    PlayerId, PlayerInput, Quantiser, Role, ServerMessage, Slack, Snapshot, Source, Tick, TickContext, Usage,
    append, clean_text, encode, is_resumable,
};
pub use types::{Rejection, RoomConfig, RoomCounts, Sinks};
use types::{reject, with_inputs};

/// One game and its sessions.
#[derive(Debug)]
pub struct Room<G: Game> {
    config: RoomConfig<G>,
    layout: Layout,
    game: G,
    next_tick: Tick,
    /// Everyone who is here, with a session or as a bot.
    ids: SlotMap<PlayerId, ()>,
    sessions: SecondaryMap<PlayerId, Session<G::Input>>,
    crew: Crew<G>,
    history: History<Snapshot>,
    /// Memory of the snapshot that fell out of the history last.
    spare: Option<Snapshot>,
    quantiser: Quantiser<G::Entity>,
    encoder: Encoder,
    inputs: Vec<PlayerInput<G::Input>>,
    events: Vec<(Audience, G::Event)>,
    /// The tick's events, encoded.
    told: Vec<(Audience, Message)>,
    /// The tick's hits, and those of late.
    new_hits: Vec<HitRecord>,
    hits: VecDeque<HitRecord>,
    /// Memory for an event, and for the message that it becomes.
    scratch: [Vec<u8>; 2],
    counts: RoomCounts,
}

impl<G: Game> Room<G> {
    /// An empty room with a fresh game.
    #[must_use]
    pub fn new(config: RoomConfig<G>) -> Self {
        let layout = Layout::of::<G>();
        Self {
            encoder: Encoder::new(&layout),
            layout,
            game: G::new(&config.settings, config.seed),
            next_tick: config.start_tick,
            ids: SlotMap::with_key(),
            sessions: SecondaryMap::new(),
            crew: Crew::new(config.bots, config.seed),
            history: History::new(HISTORY_TICKS),
            spare: None,
            quantiser: Quantiser::default(),
            inputs: Vec::new(),
            events: Vec::new(),
            told: Vec::new(),
            new_hits: Vec::new(),
            hits: VecDeque::with_capacity(HIT_RECORDS_MAX),
            scratch: [Vec::new(), Vec::new()],
            counts: RoomCounts::default(),
            config,
        }
    }

    /// What the room's snapshots look like.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The room's game.
    #[must_use]
    pub fn game(&self) -> &G {
        &self.game
    }

    /// The tick that [`Room::tick`] makes next.
    #[must_use]
    pub fn next_tick(&self) -> Tick {
        self.next_tick
    }

    /// How many people play, with or without a connection.
    #[must_use]
    pub fn players(&self) -> usize {
        self.sessions.values().filter(|session| session.role == Role::Player).count()
    }

    /// How many are here in any role, with or without a connection.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The bots that play here, and what they are called, in the order in which they came.
    pub fn bots(&self) -> impl ExactSizeIterator<Item = (PlayerId, &str)> {
        self.crew.members()
    }

    /// What the room did so far.
    #[must_use]
    pub fn counts(&self) -> RoomCounts {
        let here = self.sessions.values().map(|session| session.queue.counts());
        here.fold(self.counts, with_inputs)
    }

    /// Where the bytes of all snapshots so far went.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        self.encoder.usage()
    }

    /// The last hits, oldest first: what was rewound for each.
    pub fn hits(&self) -> impl Iterator<Item = &HitRecord> {
        self.hits.iter()
    }

    /// How this player's commands fared so far, if it is here.
    #[must_use]
    pub fn input_counts(&self, player: PlayerId) -> Option<InputCounts> {
        Some(self.sessions.get(player)?.queue.counts())
    }

    /// What this player's client holds after its last frame, row for row: columns that it is not told are 0.
    ///
    /// For checking; costs a walk over the client's view.
    #[must_use]
    pub fn held(&self, player: PlayerId) -> Option<Snapshot> {
        let session = self.sessions.get(player)?;
        Some(Snapshot::told(&self.history, session.baseline?, &self.layout, &session.table))
    }

    /// Whether entities wait to enter this player's view, because a frame was too small for all of them.
    #[must_use]
    pub fn is_holding_back(&self, player: PlayerId) -> bool {
        self.sessions.get(player).is_some_and(|session| !session.waiting.is_empty())
    }

    /// Takes a client's message in. `slack` says how early it came, if it is a command. Messages of clients
    /// that have left are ignored: they were under way.
    ///
    /// # Errors
    /// An offence: the caller makes the player leave and closes its connection.
    pub fn receive(
        &mut self,
        player: PlayerId,
        message: ClientMessage<G::Input>,
        slack: Slack,
    ) -> Result<(), Rejection> {
        let Some(session) = self.sessions.get_mut(player) else { return Ok(()) };
        session.hear(self.next_tick);
        match message {
            ClientMessage::Hello(_) => Err(reject(CloseCode::Malformed, "a second hello")),
            ClientMessage::Command(command) => self.command(player, &command, slack),
            ClientMessage::Chat(text) => {
                self.say(player, &text);
                Ok(())
            }
            ClientMessage::Resync => {
                session.ask_full();
                self.counts.resyncs += 1;
                Ok(())
            }
        }
    }

    /// Passes a line of chat on to everyone else. Cleaned; dropped if nothing is left of it or its sender is too fast.
    pub fn say(&mut self, player: PlayerId, text: &str) {
        let text = clean_text(text, CHAT_BYTES_MAX);
        let Some(session) = self.sessions.get_mut(player) else { return };
        if text.is_empty() {
            return;
        }
        if !session.may_chat(self.next_tick, G::TICK_RATE_HZ) {
            self.counts.chats_dropped += 1;
            return;
        }
        self.counts.chats += 1;
        let chat = Chat { player, name: session.name.clone(), text };
        let line = Message::notice(format!("{}: {}", chat.name, chat.text).into_bytes());
        let chat = notice(&ServerMessage::Chat(chat));
        for (other, session) in &mut self.sessions {
            if other != player {
                let message = if session.role == Role::Console { &line } else { &chat };
                session.pending.push(message.clone());
            }
        }
    }

    /// Makes one tick: one input per player into the game, its rows into the history, one frame per session that can take one.
    pub fn tick(&mut self, sinks: &mut impl Sinks) {
        let tick = self.next_tick;
        self.close_overdue(sinks);
        self.expire_seats();
        self.muster();
        self.step(tick);
        self.next_tick = tick.plus(1);
        self.counts.ticks += 1;
        self.encode_events();
        self.send(tick, sinks);
        if self.crew.len() > 0 {
            sinks.flush();
            self.think();
        }
    }

    /// Ends all sessions.
    pub fn close(&mut self, code: CloseCode, reason: &str, sinks: &mut impl Sinks) {
        let everyone: Vec<PlayerId> = self.sessions.keys().collect();
        for player in everyone {
            self.end(player, reject(code, reason), sinks);
        }
    }
}

impl<G: Game> Room<G> {
    fn command(
        &mut self,
        player: PlayerId,
        command: &Command<G::Input>,
        slack: Slack,
    ) -> Result<(), Rejection> {
        let limit_ticks = limit_ticks(self.config.rewind_ms_max, G::TICK_RATE_HZ);
        let session = &mut self.sessions[player];
        session.command::<G>(command, slack, self.next_tick, limit_ticks)?;
        if session.has_acked() {
            session.tokens.confirm();
        }
        Ok(())
    }

    fn close_overdue(&mut self, sinks: &mut impl Sinks) {
        let now = self.next_tick;
        let overdue: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(player, session)| Some((player, session.overdue(now, G::TICK_RATE_HZ)?)))
            .collect();
        for (player, rejection) in overdue {
            self.end(player, rejection, sinks);
        }
    }

    fn end(&mut self, player: PlayerId, rejection: Rejection, sinks: &mut impl Sinks) {
        let Session { role, detached, .. } = &self.sessions[player];
        let Rejection { code, reason } = rejection;
        if detached.is_none() {
            let closed = ServerMessage::Closed { code: code as u16, reason: reason.clone() };
            let last = if *role == Role::Console { Vec::new() } else { encode(&closed) };
            sinks.close(player, code, reason, last);
        }
        if is_resumable(code as u16) { self.detach(player) } else { self.leave(player) }
    }

    fn step(&mut self, tick: Tick) {
        self.inputs.clear();
        for (player, session) in &mut self.sessions {
            if session.role == Role::Player {
                let (input, arrival) = session.take_input::<G>(tick);
                self.inputs.push(PlayerInput { player, input, arrival, counts: session.queue.counts() });
            }
        }
        self.crew.give(&mut self.inputs);
        self.events.clear();
        let Self { layout, history, sessions, .. } = self;
        let views = Views { tick, layout, history, sessions };
        let cx = TickContext::new(tick, &self.config.settings, &self.inputs, &mut self.events);
        self.game.tick(&mut cx.with_hindsight(&views, &mut self.new_hits));
        self.counts.hits += self.new_hits.len() as u64;
        self.counts.hits_rewound += self.new_hits.iter().filter(|hit| hit.rewound_ticks > 0.0).count() as u64;
        keep(&mut self.hits, &mut self.new_hits);
        let mut now = self.spare.take().unwrap_or_default();
        let before = self.history.newest().map(|(_, before)| before);
        self.quantiser.take(&mut now, before, tick, &self.layout, &self.game);
        self.spare = self.history.push(tick, now);
    }

    /// Encodes the tick's events, each once for all who will hear it: it takes memory of its own, for as long as it has not been
    /// sent to the last of them.
    fn encode_events(&mut self) {
        self.counts.events += self.events.len() as u64;
        self.told.clear();
        let [event_bytes, message] = &mut self.scratch;
        for (audience, event) in self.events.drain(..) {
            event_bytes.clear();
            append(event_bytes, &event);
            let length = event_bytes.len();
            assert!(length <= EVENT_BYTES_MAX, "{}: an event has {length} bytes", G::NAME);
            message.clear();
            append(message, &ServerMessage::Event(Bytes(event_bytes)));
            let message =
                Message { bytes: message[..].into(), is_event: true, is_presence: false, about: None };
            self.told.push((audience, message));
        }
    }

    /// Bots think right after a tick, while the game is still the one that the newest rows were taken of.
    fn think(&mut self) {
        let Self { config, layout, game, history, encoder, .. } = self;
        if let Some((_, now)) = history.newest() {
            let world = World { settings: &config.settings, game, layout, now };
            self.crew.think(&world, &mut encoder.sight);
        }
    }

    fn send(&mut self, tick: Tick, sinks: &mut impl Sinks) {
        // Who missed a coming or going must not be wrong about it for ever.
        let is_wanted = self
            .sessions
            .values()
            .any(|session| session.pending.presence_missed && session.detached.is_none());
        let roster = if is_wanted { self.roster() } else { Vec::new() };
        let now = self.history.get(tick).expect("a tick was just made");
        let scene = Scene {
            game: &self.game,
            rows: Source { layout: &self.layout, now, history: &self.history },
            told: &self.told,
            roster: &roster,
        };
        self.encoder.begin(now);
        for (player, session) in &mut self.sessions {
            if session.role == Role::Console {
                send_lines(player, session, sinks);
                continue;
            }
            if session.detached.is_some() {
                self.encoder.skip(scene, player, session);
                continue;
            }
            let has_window = session.has_window(tick);
            if !has_window || !sinks.has_place(player) {
                self.counts.skipped_unacked += u64::from(!has_window);
                self.counts.skipped_outbox += u64::from(has_window);
                self.encoder.skip(scene, player, session);
            } else {
                let (frame, is_full) = self.encoder.frame(scene, player, session);
                self.counts.frames += 1;
                self.counts.full_snapshots += u64::from(is_full);
                self.counts.bytes += frame.len() as u64;
                self.counts.entity_updates += session.table.len() as u64;
                sinks.frame(player, frame);
                self.counts.updates_held_back += self.encoder.held_back.updates as u64;
                self.counts.entities_held_back += self.encoder.held_back.entities as u64;
            }
        }
        self.encoder.end();
    }
}

fn send_lines<I: Copy + Default>(player: PlayerId, session: &mut Session<I>, sinks: &mut impl Sinks) {
    while !session.pending.is_empty() && sinks.has_place(player) {
        let line = session.pending.pop().expect("just asked");
        sinks.line(player, String::from_utf8_lossy(&line.bytes).into_owned());
    }
}

fn notice(message: &ServerMessage<'_>) -> Message {
    Message::notice(encode(message))
}
