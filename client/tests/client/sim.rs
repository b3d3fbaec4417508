//! Owns a client, a server and the link between them, in virtual time: everything follows from the seed.

use crate::fake_server::FakeServer;
use crate::toy::{Push, Toy};
use std::collections::VecDeque;
use std::time::Duration;
use tickwire_client::{Client, ClientConfig};
use tickwire_shared::{Role, Tick};

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// `SplitMix64` (Steele, Lea and Flood, 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn time(&mut self, max: Duration) -> Duration {
        Duration::from_nanos(self.below(max.as_nanos() as u64 + 1))
    }
}

/// One direction of a stream: late, but in order.
pub struct Link {
    pub delay: Duration,
    pub jitter: Duration,
    waiting: VecDeque<(Duration, Vec<u8>)>,
}

impl Link {
    fn new(delay: Duration, jitter: Duration) -> Self {
        Self { delay, jitter, waiting: VecDeque::new() }
    }

    fn send(&mut self, now: Duration, random: &mut Random, bytes: Vec<u8>) {
        let jitter = random.time(self.jitter);
        let last = self.waiting.back().map_or(Duration::ZERO, |(at, _)| *at);
        self.waiting.push_back(((now + self.delay + jitter).max(last), bytes));
    }

    fn due(&self) -> Duration {
        self.waiting.front().map_or(Duration::MAX, |(at, _)| *at)
    }

    /// Nothing arrives before this moment.
    pub fn stall_until(&mut self, until: Duration) {
        self.waiting.iter_mut().for_each(|(at, _)| *at = (*at).max(until));
    }
}

pub struct Sim {
    pub now: Duration,
    pub server: FakeServer,
    pub client: Client<Toy>,
    pub up: Link,
    pub down: Link,
    pub random: Random,
    /// Until then the client's process does not run.
    pub client_stops_until: Duration,
    server_stops_until: Duration,
    /// How late the client's process may wake up.
    pub wake_jitter: Duration,
    /// After one update in so many, the client's process does not run for up to so long.
    pub hiccups: Option<(u64, Duration)>,
    client_wakes: Duration,
    is_cut: bool,
    /// What the player does: a new push now and then.
    pub is_lively: bool,
}

pub fn client(role: Role) -> Client<Toy> {
    Client::new(ClientConfig::new("tester", role))
}

impl Sim {
    /// A link with this round trip, half each way, and up to `jitter` more each way.
    pub fn new(seed: u64, start: Tick, round_trip: Duration, jitter: Duration) -> Self {
        Self::of(Role::Player, seed, start, round_trip, jitter)
    }

    pub fn of(role: Role, seed: u64, start: Tick, round_trip: Duration, jitter: Duration) -> Self {
        let mut random = Random(seed);
        let begin = Duration::from_micros(random.below(33_000));
        let mut sim = Self {
            now: Duration::ZERO,
            server: FakeServer::new(start, begin),
            client: client(role),
            up: Link::new(round_trip / 2, jitter),
            down: Link::new(round_trip / 2, jitter),
            random,
            client_stops_until: Duration::ZERO,
            server_stops_until: Duration::ZERO,
            wake_jitter: Duration::ZERO,
            hiccups: None,
            client_wakes: Duration::ZERO,
            is_cut: false,
            is_lively: true,
        };
        sim.update();
        sim
    }

    /// All that is under way is lost, and so is what comes until the client is back.
    pub fn cut(&mut self) {
        self.up.waiting.clear();
        self.down.waiting.clear();
        (self.is_cut, self.server.is_cut) = (true, true);
    }

    /// The client has a new connection.
    pub fn reconnect(&mut self) {
        self.cut();
        self.is_cut = false;
        self.client.reconnect(self.now);
        self.update();
    }

    /// The server stops, and goes on as if no time had passed.
    pub fn stop_server(&mut self, time: Duration) {
        self.server.next_at += time;
        self.server_stops_until = self.now + time;
    }

    fn update(&mut self) {
        if self.is_lively && self.random.below(8) == 0 {
            let mut part = || self.random.below(255) as u8 as i8;
            let push = Push { x: part(), y: part() };
            self.client.set_input(push);
        }
        self.client.update(self.now);
        self.transmit();
        let late = self.random.time(self.wake_jitter);
        if let Some((_, time)) = self.hiccups.filter(|(one_in, _)| self.random.below(*one_in) == 0) {
            self.client_stops_until = self.now + self.random.time(time);
        }
        let due = self.client.next_update();
        self.client_wakes = due.map_or(Duration::MAX, |due| due.max(self.now) + late);
    }

    fn transmit(&mut self) {
        while let Some(message) = self.client.poll_transmit() {
            if !self.is_cut {
                self.up.send(self.now, &mut self.random, message);
            }
        }
    }

    pub fn run(&mut self, time: Duration) {
        self.run_with(time, |_| {});
    }

    /// Runs, and calls `look` after each thing that happened.
    pub fn run_with(&mut self, time: Duration, mut look: impl FnMut(&mut Self)) {
        let end = self.now + time;
        while self.happen(end) {
            look(self);
        }
        self.now = end;
    }

    /// Lets the next thing happen, unless that is after `end`.
    fn happen(&mut self, end: Duration) -> bool {
        let up = self.up.due().max(self.server_stops_until);
        let down = self.down.due().max(self.client_stops_until);
        let wake = self.client_wakes.max(self.client_stops_until);
        let next = up.min(down).min(wake).min(self.server.next_at);
        if next > end {
            return false;
        }
        self.now = next;
        if next == up && self.up.due() < Duration::MAX {
            let (_, message) = self.up.waiting.pop_front().unwrap();
            self.server.receive(next, &message);
        } else if next == self.server.next_at {
            if let Some(frame) = self.server.tick() {
                self.down.send(next, &mut self.random, frame);
            }
        } else if next == down && self.down.due() < Duration::MAX {
            let (_, frame) = self.down.waiting.pop_front().unwrap();
            self.client.receive(next, &frame).unwrap();
            self.transmit();
            // What was heard may have moved the next tick.
            if let Some(due) = self.client.next_update() {
                self.client_wakes = self.client_wakes.min(due.max(next));
            }
        } else {
            self.update();
        }
        true
    }
}
