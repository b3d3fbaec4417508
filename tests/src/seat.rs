//! Owns one client of the simulated world, with its connection, and what the room writes to all of these.

use crate::fates::Fates;
use crate::link::{Link, LinkPlan};
use crate::passes::Passes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tickwire_client::{Client, ClientConfig, State};
use tickwire_server::room::Sinks;
use tickwire_shared::{CloseCode, Game, PlayerId, Role, Snapshot, Tick, WireTick, is_resumable};

/// What a seat does in each of its ticks.
pub type Driver<G> = Box<dyn FnMut(&Client<G>, Tick) -> <G as Game>::Input>;

/// One client and its connection.
pub struct Seat<G: Game> {
    /// The real client core.
    pub client: Client<G>,
    /// Who it is to the room, on its present connection, once that is let in.
    pub player: Option<PlayerId>,
    /// Who it is to the room since it has joined, with or without a connection.
    pub session: Option<PlayerId>,
    /// What it does in the room.
    pub role: Role,
    /// Why the server ended the connection, if it did.
    pub closed: Option<CloseCode>,
    /// Events that reached it.
    pub events: Vec<G::Event>,
    /// What became of the events that it predicted.
    pub fates: Fates,
    /// Commands that it made.
    pub sent: Vec<(WireTick, G::Input)>,
    /// How many of them on connections before this one.
    pub sent_before: usize,
    /// A full snapshot must come after the client has had this many.
    pub full_wanted: Option<u64>,
    /// Commands that reached the server.
    pub arrived: u64,
    /// Lines of chat that reached it.
    pub chats: Vec<String>,
    /// The tokens that the server issued to it.
    pub passes: Passes,
    pub(crate) up: Link<Vec<u8>>,
    pub(crate) down: Link<Vec<u8>>,
    /// What the server holds for it, per frame that is under way.
    pub(crate) told: VecDeque<Snapshot>,
    /// The ticks of all frames on this connection.
    pub(crate) ticks_told: Vec<WireTick>,
    pub(crate) driver: Driver<G>,
    pub(crate) driven: Option<Tick>,
    pub(crate) is_frozen: bool,
    /// Whether the server gave its seat up for what it did.
    pub(crate) is_expelled: bool,
    /// Whether the client has a connection, as far as it knows.
    pub(crate) is_connected: bool,
    link: LinkPlan,
    seed: u64,
}

impl<G: Game> Seat<G> {
    /// A client whose Hello is about to be sent.
    pub(crate) fn new(number: usize, link: LinkPlan, seed: u64, role: Role, driver: Driver<G>) -> Self {
        let [up, down] = Link::pair(link, seed);
        let config = ClientConfig { seed, ..ClientConfig::new(format!("seat {number}"), role) };
        Self {
            client: Client::new(config),
            player: None,
            session: None,
            role,
            closed: None,
            events: Vec::new(),
            chats: Vec::new(),
            sent: Vec::new(),
            sent_before: 0,
            full_wanted: None,
            arrived: 0,
            passes: Passes::default(),
            fates: Fates::default(),
            up,
            down,
            told: VecDeque::new(),
            ticks_told: Vec::new(),
            driver,
            driven: None,
            is_frozen: false,
            is_expelled: false,
            is_connected: true,
            link,
            seed,
        }
    }

    /// Whether neither end has closed, or the client may come back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let is_over = matches!(self.client.state(), State::Closed { .. });
        !is_over && self.closed.is_none_or(|code| is_resumable(code as u16))
    }

    /// Makes the connection clean, and those that come after it.
    pub(crate) fn heal(&mut self, now_us: u64) {
        self.up.heal(now_us);
        self.down.heal(now_us);
        self.link = LinkPlan::clean(self.link.profile.delay);
        self.is_frozen = false;
    }

    /// What is under way on the connection is lost, and so is all that is sent on it from now on. Says whom the room had there.
    pub(crate) fn cut(&mut self) -> Option<PlayerId> {
        self.up.cut();
        self.down.cut();
        self.told.clear();
        self.ticks_told.clear();
        self.player.take()
    }

    /// A new connection in place of the old one.
    pub(crate) fn connect(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        [self.up, self.down] = Link::pair(self.link, self.seed);
        self.is_connected = true;
        self.sent_before = self.sent.len();
        self.closed = None;
    }
}

/// Where the room's frames go.
pub(crate) struct SimSinks<'a, G: Game> {
    pub seats: &'a mut BTreeMap<usize, Seat<G>>,
    pub numbers: &'a BTreeMap<PlayerId, usize>,
    /// Players whose connection is dead, and the room does not know: whatever it sends goes nowhere.
    pub ghosts: &'a mut BTreeSet<PlayerId>,
    pub now_us: u64,
    pub sent: Vec<PlayerId>,
}

impl<G: Game> SimSinks<'_, G> {
    fn seat(&mut self, player: PlayerId) -> Option<&mut Seat<G>> {
        if self.ghosts.contains(&player) {
            return None;
        }
        Some(self.seats.get_mut(&self.numbers[&player]).expect("numbered for this tick"))
    }
}

impl<G: Game> Sinks for SimSinks<'_, G> {
    fn has_place(&mut self, player: PlayerId) -> bool {
        let now_us = self.now_us;
        self.seat(player).is_none_or(|seat| seat.down.has_place(now_us))
    }

    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        let now_us = self.now_us;
        if let Some(seat) = self.seat(player) {
            seat.down.send(now_us, frame.to_vec());
            self.sent.push(player);
        }
    }

    fn line(&mut self, _: PlayerId, _: String) {
        unreachable!("there are no consoles here");
    }

    fn close(&mut self, player: PlayerId, code: CloseCode, _: String, last: Vec<u8>) {
        let now_us = self.now_us;
        if let Some(seat) = self.seat(player) {
            seat.closed = Some(code);
            seat.player = None;
            seat.down.send(now_us, last);
        }
        self.ghosts.remove(&player);
    }
}
