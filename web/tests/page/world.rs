//! Owns a real room and the pages that are connected to it, in virtual time: sockets carry bytes at once, until they are cut.

use serde_json::Value;
use std::collections::VecDeque;
use tickwire_arena::{Arena, Input, Settings};
use tickwire_server::room::{Room, Sinks};
use tickwire_shared::{
    ClientMessage, CloseCode, Game, Offer, PlayerId, ServerMessage, Slack, Tick, decode, encode, read_offer,
};
use tickwire_tests::sim::Sim;
use tickwire_web::{Page, PageGame};

const TICK_MS: f64 = 1000.0 / Arena::TICK_RATE_HZ as f64;
const STEP_MS: f64 = 1.0;

/// Arena for a page: walk, look in 65536ths, buttons.
pub struct TestPage;

impl PageGame for TestPage {
    type Game = Arena;

    fn input(numbers: &[f64]) -> Input {
        let number = |place: usize| numbers.get(place).copied().unwrap_or_default();
        Input {
            move_x: (number(0) * 127.0) as i8,
            move_y: (number(1) * 127.0) as i8,
            aim: number(2) as u16,
            buttons: number(3) as u8,
        }
    }
}

/// A page and its socket.
pub struct Seat {
    pub page: Page<TestPage>,
    pub player: Option<PlayerId>,
    pub is_open: bool,
    /// Commands that it sent.
    pub sent: Vec<tickwire_shared::Command<Input>>,
    /// Everything that it was told, as JSON.
    pub news: Vec<Value>,
    down: VecDeque<Vec<u8>>,
    tokens: u8,
}

impl Seat {
    pub fn state(&self) -> Value {
        serde_json::from_str(&self.page.state_json()).expect("JSON")
    }

    pub fn figures(&mut self, now_ms: f64) -> Value {
        serde_json::from_str(&self.page.figures_json(now_ms)).expect("JSON")
    }

    /// Whether something is under way to it.
    pub fn is_awaited(&self) -> bool {
        !self.down.is_empty()
    }

    /// How often it was told of something.
    pub fn told(&self, what: &str) -> usize {
        self.news.iter().filter(|news| news["what"] == what).count()
    }
}

pub struct World {
    pub room: Room<Arena>,
    pub now_ms: f64,
    pub seats: Vec<Seat>,
    next_tick_ms: f64,
}

struct Frames<'a> {
    seats: &'a mut [Seat],
}

impl Frames<'_> {
    fn seat(&mut self, player: PlayerId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.player == Some(player))
    }
}

impl Sinks for Frames<'_> {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }

    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        if let Some(seat) = self.seat(player).filter(|seat| seat.is_open) {
            seat.down.push_back(frame.to_vec());
        }
    }

    fn line(&mut self, _: PlayerId, _: String) {
        unreachable!("there are no consoles here");
    }

    fn close(&mut self, player: PlayerId, _: CloseCode, _: String, last: Vec<u8>) {
        if let Some(seat) = self.seat(player) {
            seat.down.push_back(last);
            seat.player = None;
        }
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let room = Sim::<Arena>::new(Settings::default(), seed, Tick(0), 262_144).room;
        Self { room, now_ms: 5000.0, seats: Vec::new(), next_tick_ms: 5000.0 + TICK_MS }
    }

    /// Another page opens a socket.
    pub fn join(&mut self, name: &str, is_spectator: bool) -> usize {
        self.join_after(name, is_spectator, 0.0)
    }

    /// The same; it takes so long until it is open.
    pub fn join_after(&mut self, name: &str, is_spectator: bool, ms: f64) -> usize {
        let page = Page::new(name, is_spectator, self.seats.len() as f64);
        self.seats.push(Seat {
            page,
            player: None,
            is_open: false,
            sent: Vec::new(),
            news: Vec::new(),
            down: VecDeque::new(),
            tokens: 0,
        });
        let number = self.seats.len() - 1;
        self.dial(number, ms);
        number
    }

    fn dial(&mut self, number: usize, ms: f64) {
        let offer = self.seats[number].page.offer(self.now_ms);
        let Offer::Hello(hello) = read_offer([&*offer].into_iter()) else { panic!("it is small: {offer}") };
        self.run(ms, |_| {});
        self.seats[number].is_open = true;
        self.seats[number].page.opened(self.now_ms);
        self.server_receives(number, &hello);
    }

    /// The room notices that a socket is gone; the page does when `code` is given.
    pub fn cut(&mut self, number: usize, code: Option<u16>) {
        let seat = &mut self.seats[number];
        seat.is_open = false;
        seat.down.clear();
        if let Some(player) = seat.player.take() {
            self.room.detach(player);
        }
        if let Some(code) = code {
            self.seats[number].page.lost(self.now_ms, code, "");
        }
    }

    /// The page has another socket.
    pub fn reopen(&mut self, number: usize) {
        self.dial(number, 0.0);
    }

    /// Lets time pass, and calls `drive` in each millisecond.
    pub fn run(&mut self, ms: f64, mut drive: impl FnMut(&mut Self)) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            self.now_ms += STEP_MS;
            drive(self);
            for number in 0..self.seats.len() {
                self.carry(number);
            }
            if self.now_ms >= self.next_tick_ms {
                self.next_tick_ms += TICK_MS;
                self.room.tick(&mut Frames { seats: &mut self.seats });
            }
        }
    }

    fn carry(&mut self, number: usize) {
        let now_ms = self.now_ms;
        let seat = &mut self.seats[number];
        while let Some(frame) = seat.down.pop_front() {
            seat.page.receive(now_ms, &frame);
        }
        if seat.is_open {
            seat.page.update(now_ms);
            while let Some(bytes) = self.seats[number].page.poll(now_ms) {
                self.server_receives(number, &bytes);
            }
        }
        let seat = &mut self.seats[number];
        if let Some(news) = seat.page.news_json() {
            let news: Vec<Value> = serde_json::from_str(&news).expect("JSON");
            seat.news.extend(news);
        }
    }

    fn server_receives(&mut self, number: usize, bytes: &[u8]) {
        let seat = &mut self.seats[number];
        match decode::<ClientMessage<Input>>(bytes).expect("a client sends what can be read") {
            ClientMessage::Hello(hello) => {
                seat.tokens += 1;
                let token = [number as u8 * 16 + seat.tokens; 16];
                match self.room.join(&hello, &token) {
                    Ok(player) => seat.player = Some(player),
                    Err(rejection) => {
                        let (code, reason) = (rejection.code as u16, rejection.reason);
                        seat.down.push_back(encode(&ServerMessage::Refused { code, reason }));
                    }
                }
            }
            message => {
                let Some(player) = seat.player else { return };
                let mut slack = Slack::NONE;
                if let ClientMessage::Command(command) = &message {
                    seat.sent.push(*command);
                    let ticks = command.tick.near(self.room.next_tick()).since(self.room.next_tick()) as f64;
                    slack = Slack::of_ticks(ticks + (self.next_tick_ms - self.now_ms) / TICK_MS);
                }
                self.room.receive(player, message, slack).expect("a client does nothing forbidden");
            }
        }
    }
}
