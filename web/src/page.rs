//! Owns one session in a page: the client, and what stands between it and JavaScript.

use crate::drawing::{Drawing, kinds_json};
use crate::json::json;
use crate::link::PageLink;
use crate::samples::Samples;
use crate::{Figures, news};
use serde::Serialize;
use std::time::Duration;
use tickwire_client::{Client, ClientConfig, State, Switches};
use tickwire_shared::limits::OFFERED_HELLO_BYTES_MAX;
use tickwire_shared::{CloseCode, Game, Role, offer};

/// What a page must know of a game: how its inputs are made. All else is in the game's field tables and in serde.
///
/// It is a trait of a type beside the game, so that the game itself need not know of pages.
pub trait PageGame {
    /// The game.
    type Game: Game;

    /// The input that the page means with these numbers. Every list must mean something, an empty one hands off.
    fn input(numbers: &[f64]) -> <Self::Game as Game>::Input;
}

/// One session, for a page. Times are milliseconds from any fixed moment, as `performance.now()` has them.
///
/// The page opens a socket with what [`Page::offer`] lists, calls [`Page::receive`] with each message, and [`Page::update`] whenever a message came and at [`Page::next_update_ms`]; after
/// either it sends what [`Page::poll`] has, and looks at [`Page::state_json`].
pub struct Page<P: PageGame> {
    client: Client<P::Game>,
    link: PageLink,
    drawing: Drawing<P::Game>,
    samples: Samples,
    now: Duration,
    /// When the last socket was asked for, and whether the Hello went along.
    dialed_at: Duration,
    is_hello_offered: bool,
}

/// How far the session is, for the page.
#[derive(Serialize)]
struct StateJson<'a> {
    state: &'static str,
    /// Which try comes next, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl<P: PageGame> Page<P> {
    /// A session that wants to join, or only to watch. `seed` is any number, another one for each page: the jitter of reconnecting comes
    /// from it.
    #[must_use]
    pub fn new(name: &str, is_spectator: bool, seed: f64) -> Self {
        let role = if is_spectator { Role::Spectator } else { Role::Player };
        let seed = seed.to_bits();
        let mut client = Client::new(ClientConfig { seed, ..ClientConfig::new(name, role) });
        client.count_usage();
        Self {
            client,
            link: PageLink::new(seed),
            drawing: Drawing::new(),
            samples: Samples::default(),
            now: Duration::ZERO,
            dialed_at: Duration::ZERO,
            is_hello_offered: false,
        }
    }

    /// What is now; a clock that goes back, or is none, is taken as the latest time.
    fn at(&mut self, now_ms: f64) -> Duration {
        let now = Duration::try_from_secs_f64(now_ms / 1000.0).unwrap_or_default();
        self.now = self.now.max(now);
        self.now
    }

    /// A socket is about to be opened: the first one, or another one after a loss. Returns the subprotocols to list, `, ` between them. The
    /// Hello is among them, and so travels with the request; only if it is too big for that, it is the first message to send.
    pub fn offer(&mut self, now_ms: f64) -> String {
        let now = self.at(now_ms);
        self.client.reconnect(now);
        self.client.update(now);
        self.dialed_at = now;
        let hello = self.client.poll_transmit().unwrap_or_default();
        let offer = offer(&hello);
        self.is_hello_offered = hello.len() <= OFFERED_HELLO_BYTES_MAX;
        if !self.is_hello_offered {
            self.link.send(now, hello);
        }
        offer
    }

    /// The socket is open.
    pub fn opened(&mut self, now_ms: f64) {
        let now = self.at(now_ms);
        // It took two ways there and back, one to connect and one for the request: the Hello left after the first.
        let connected = if self.is_hello_offered { (now - self.dialed_at) / 2 } else { now - self.dialed_at };
        self.client.hello_left(self.dialed_at + connected);
        self.update(now_ms);
    }

    /// The socket is gone, or there was none to be had, with this close code (1006 if there was none).
    pub fn lost(&mut self, now_ms: f64, code: u16, reason: &str) {
        let now = self.at(now_ms);
        for bytes in self.link.cut() {
            self.take(now, &bytes);
        }
        self.client.connection_lost(now, code, reason);
    }

    /// A message came. Malformed ones end the session with 4400.
    pub fn receive(&mut self, now_ms: f64, bytes: &[u8]) {
        let now = self.at(now_ms);
        self.link.receive(now, bytes.to_vec());
        self.deliver(now);
    }

    /// Makes the ticks that are due, and delivers what waited.
    pub fn update(&mut self, now_ms: f64) {
        let now = self.at(now_ms);
        self.deliver(now);
        self.client.update(now);
        if !self.is_connected() {
            // The client itself took the connection for dead, or the session for over.
            self.link.cut().for_each(drop);
        }
    }

    fn is_connected(&self) -> bool {
        matches!(self.client.state(), State::Joining | State::Joined | State::Resuming)
    }

    fn deliver(&mut self, now: Duration) {
        while let Some(bytes) = self.link.due_at_client(now) {
            self.take(now, &bytes);
        }
    }

    fn take(&mut self, now: Duration, bytes: &[u8]) {
        if let Err(malformed) = self.client.receive(now, bytes) {
            self.client.disconnect(CloseCode::Malformed as u16, &malformed.to_string());
        }
        self.samples.note(now, &self.client);
    }

    /// When [`Page::update`] and [`Page::poll`] have something to do next; `None`: only once a socket has something to say.
    #[must_use]
    pub fn next_update_ms(&self) -> Option<f64> {
        let next = [self.client.next_update(), self.link.next()].into_iter().flatten().min();
        next.map(ms)
    }

    /// The next message to send, if there is one.
    pub fn poll(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        let now = self.at(now_ms);
        while let Some(bytes) = self.client.poll_transmit() {
            self.link.send(now, bytes);
        }
        self.link.due_at_socket(now)
    }

    /// What the player wants in every tick from now on: see [`PageGame::input`].
    pub fn set_input(&mut self, numbers: &[f64]) {
        self.client.set_input(P::input(numbers));
    }

    /// Says something to everyone in the room.
    pub fn say(&mut self, text: &str) {
        self.client.say(text);
    }

    /// Says goodbye: the session is over, and the socket to be closed with 1000.
    pub fn leave(&mut self) {
        self.client.disconnect(CloseCode::Normal as u16, "you left");
    }

    /// Turns parts of the client off, to see what they are for.
    pub fn set_switches(&mut self, prediction: bool, interpolation: bool, lag_compensation: bool) {
        self.client.set_switches(Switches { prediction, interpolation, lag_compensation });
    }

    /// Puts a bad network between the client and its socket, each way: delay, jitter (99 of 100 messages are late by less), and the longest of
    /// the stalls that come every few seconds, in milliseconds; 0 for none.
    pub fn set_link(&mut self, now_ms: f64, delay_ms: f64, jitter_ms: f64, stall_ms: f64) {
        let now = self.at(now_ms);
        self.link.set(now, delay_ms, jitter_ms, stall_ms);
    }
}

/// What there is to see.
impl<P: PageGame> Page<P> {
    /// How far the session is, as one word: `joining`, `joined`, `lost` (a new socket is to be opened at the time that
    /// [`Page::state_json`] has), `resuming` or `closed`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.client.state() {
            State::Joining => "joining",
            State::Joined => "joined",
            State::Reconnecting { .. } => "lost",
            State::Resuming => "resuming",
            State::Closed { .. } => "closed",
        }
    }

    /// The same as JSON, with `attempt` and `at_ms` (when `lost`), `code` and `reason` (when `lost` or `closed`).
    #[must_use]
    pub fn state_json(&self) -> String {
        let nothing = StateJson { state: self.state(), attempt: None, at_ms: None, code: None, reason: None };
        let state = match self.client.state() {
            State::Reconnecting { attempt, at, code, reason } => StateJson {
                attempt: Some(*attempt),
                at_ms: Some(ms(*at)),
                code: Some(*code),
                reason: Some(reason),
                ..nothing
            },
            State::Closed { code, reason } => {
                StateJson { code: Some(*code), reason: Some(reason), ..nothing }
            }
            _ => nothing,
        };
        json(&state).unwrap_or_default()
    }

    /// Everything there is to draw now, entity after entity: the id, the kind, the flags ([`OWN`](crate::OWN),
    /// [`PREDICTED`](crate::PREDICTED), [`GHOST`](crate::GHOST)), and a number for each field that [`Page::kinds_json`] names. Ids are numbers:
    /// see [`id_number`](crate::id_number).
    pub fn draw(&mut self, now_ms: f64) -> Vec<f64> {
        let now = self.at(now_ms);
        self.drawing.draw(&self.client, now)
    }

    /// The kinds of entities and their fields, as JSON: `[{"name": .., "fields": [{"name": .., "names": [..]}, ..]}, ..]`. `names` only for a
    /// field that is a choice: its number is a place among them.
    #[must_use]
    pub fn kinds_json() -> String {
        kinds_json::<P::Game>()
    }

    /// The room's settings as JSON, once the client is in the room.
    #[must_use]
    pub fn settings_json(&self) -> Option<String> {
        self.client.settings().and_then(json)
    }

    /// All that happened since this was asked last, as a JSON list; `None` if nothing did. Ask at least once per frame.
    pub fn news_json(&mut self) -> Option<String> {
        news::take_json(&mut self.client)
    }

    /// Who is in the room, as a JSON list of `player`, `name` and `role`.
    #[must_use]
    pub fn roster_json(&self) -> String {
        news::roster_json(&self.client)
    }

    /// The client core's figures as JSON: see [`Figures`].
    pub fn figures_json(&mut self, now_ms: f64) -> String {
        let now = self.at(now_ms);
        json(&Figures::of(&self.client, now)).unwrap_or_default()
    }

    /// One sample for each snapshot since this was asked last, of [`SAMPLE_NUMBERS`](crate::SAMPLE_NUMBERS) each.
    pub fn samples(&mut self) -> Vec<f64> {
        self.samples.take()
    }

    /// The client core itself.
    #[must_use]
    pub fn client(&self) -> &Client<P::Game> {
        &self.client
    }
}
