//! Owns the simulated world: one real room and real clients, joined by links, in virtual time. Checks at every frame
//! that a client holds, integer for integer, what the server holds for it.

use crate::link::LinkPlan;
use crate::seat::SimSinks;
pub use crate::seat::{Driver, Seat};
use crate::sight;
use crate::test_rng::TestRng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tickwire_client::{Notice, State};
use tickwire_server::BotFill;
use tickwire_server::room::{Room, RoomConfig};
use tickwire_shared::limits::{REWIND_MS_MAX_DEFAULT, UNACKED_SNAPSHOTS_MAX};
use tickwire_shared::{
    ClientMessage, CloseCode, Game, Hello, PlayerId, ResumeToken, Role, ServerMessage, Slack, Snapshot, Tick,
    decode, encode,
};

/// Longer than any run: no seat is lost to time here.
const RESUME_GRACE_SECONDS: u32 = 60;

/// A room, its clients, and the time.
pub struct Sim<G: Game> {
    /// The real room.
    pub room: Room<G>,
    /// Everyone who is connected, by number.
    pub seats: BTreeMap<usize, Seat<G>>,
    /// Frames whose view was compared.
    pub frames_checked: u64,
    /// Seats that clients came back to.
    pub resumes: u64,
    /// Players whose connection is dead, and the room does not know.
    pub(crate) ghosts: BTreeSet<PlayerId>,
    /// What tokens are drawn from.
    tokens: TestRng,
    now_us: u64,
    next_seat: usize,
    start_tick: Tick,
    /// By how much the room's schedule has moved: it skipped ticks while it stood still.
    shift_us: u64,
}

fn config<G: Game>(
    settings: G::Settings,
    seed: u64,
    start_tick: Tick,
    player_bytes_per_second: u32,
) -> RoomConfig<G> {
    RoomConfig {
        name: "sim".to_owned(),
        settings,
        seed,
        start_tick,
        players_max: 64,
        player_bytes_per_second,
        rewind_ms_max: REWIND_MS_MAX_DEFAULT,
        resume_grace_ticks: (RESUME_GRACE_SECONDS * G::TICK_RATE_HZ).into(),
        bots: None,
        epoch: 1,
    }
}

impl<G: Game> Sim<G> {
    /// A room without clients.
    #[must_use]
    pub fn new(settings: G::Settings, seed: u64, start_tick: Tick, player_bytes_per_second: u32) -> Self {
        Self::of(config(settings, seed, start_tick, player_bytes_per_second))
    }

    /// The same, with another limit of lag compensation.
    #[must_use]
    pub fn with_rewind(
        settings: G::Settings,
        seed: u64,
        start_tick: Tick,
        player_bytes_per_second: u32,
        rewind_ms_max: u32,
    ) -> Self {
        let config = config(settings, seed, start_tick, player_bytes_per_second);
        Self::of(RoomConfig { rewind_ms_max, ..config })
    }

    /// As [`Sim::new`], filled up with bots.
    #[must_use]
    pub fn with_bots(
        settings: G::Settings,
        seed: u64,
        start_tick: Tick,
        player_bytes_per_second: u32,
        bots: Option<BotFill<G>>,
    ) -> Self {
        let config = config(settings, seed, start_tick, player_bytes_per_second);
        Self::of(RoomConfig { bots, ..config })
    }

    fn of(config: RoomConfig<G>) -> Self {
        let (seed, start_tick) = (config.seed, config.start_tick);
        Self {
            room: Room::new(config),
            seats: BTreeMap::new(),
            frames_checked: 0,
            resumes: 0,
            ghosts: BTreeSet::new(),
            tokens: TestRng::new(!seed),
            now_us: 0,
            next_seat: 0,
            start_tick,
            shift_us: 0,
        }
    }

    /// Connects a client; it says hello at once.
    pub fn connect(&mut self, link: LinkPlan, seed: u64, role: Role, driver: Driver<G>) -> usize {
        let number = self.next_seat;
        self.next_seat += 1;
        let mut seat = Seat::new(number, link, seed, role, driver);
        // The round trip counts from here.
        seat.client.update(self.now());
        self.seats.insert(number, seat);
        self.flush(number);
        number
    }

    /// Takes a client away: it says goodbye, if it has a connection.
    pub fn leave(&mut self, number: usize) -> Option<Seat<G>> {
        let seat = self.seats.remove(&number)?;
        if let Some(player) = seat.player {
            self.room.leave(player);
        }
        Some(seat)
    }

    /// Makes all links clean. What is cut stays dead.
    pub fn heal(&mut self) {
        let now_us = self.now_us;
        self.seats.values_mut().for_each(|seat| seat.heal(now_us));
    }

    /// Stops a client's program, or lets it go on.
    pub fn freeze(&mut self, number: usize, is_frozen: bool) {
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.is_frozen = is_frozen;
        }
    }

    /// Lets the server stand still for a while, like a stopped process: its schedule moves by that.
    pub fn pause_room(&mut self, pause_us: u64) {
        self.shift_us += pause_us;
    }

    /// Sends bytes to the server as if this client had made them.
    pub fn forge(&mut self, number: usize, bytes: Vec<u8>) {
        let now_us = self.now_us;
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.up.send(now_us, bytes);
        }
    }

    /// Runs the world for a while.
    ///
    /// # Errors
    /// A sentence, if a check failed.
    pub fn run(&mut self, time: Duration) -> Result<(), String> {
        let end_us = self.now_us + time.as_micros() as u64;
        loop {
            let next_us = self.next_us();
            if next_us > end_us {
                self.now_us = end_us;
                return Ok(());
            }
            self.now_us = next_us.max(self.now_us);
            self.deliver()?;
            self.update_clients();
            if self.deadline_us(self.room.next_tick()) <= self.now_us {
                self.tick()?;
            }
        }
    }

    fn deadline_us(&self, tick: Tick) -> u64 {
        (tick.0 - self.start_tick.0 + 1) * 1_000_000 / u64::from(G::TICK_RATE_HZ) + self.shift_us
    }

    fn next_us(&self) -> u64 {
        let seats = self.seats.values().flat_map(|seat| {
            let down = if seat.is_frozen { None } else { seat.down.next_us() };
            let update = seat.client.next_update().filter(|_| !seat.is_frozen && seat.is_open());
            let reconnect = match seat.client.state() {
                State::Reconnecting { at, .. } if !seat.is_frozen && seat.is_open() => Some(*at),
                _ => None,
            };
            // A duration in whole microseconds may lie just before its time.
            let us = |at: Duration| at.as_nanos().div_ceil(1000) as u64;
            [seat.up.next_us(), down, update.map(us), reconnect.map(us)]
        });
        let tick_us = self.deadline_us(self.room.next_tick());
        seats.flatten().fold(tick_us, u64::min)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.now_us)
    }

    fn deliver(&mut self) -> Result<(), String> {
        let numbers: Vec<usize> = self.seats.keys().copied().collect();
        for number in numbers {
            let now_us = self.now_us;
            while let Some(bytes) = self.seats.get_mut(&number).and_then(|seat| seat.up.receive(now_us)) {
                self.server_receives(number, &bytes)?;
            }
            while let Some(seat) = self.seats.get_mut(&number).filter(|seat| !seat.is_frozen)
                && let Some(frame) = seat.down.receive(now_us)
            {
                self.client_receives(number, &frame)?;
            }
        }
        Ok(())
    }

    fn server_receives(&mut self, number: usize, bytes: &[u8]) -> Result<(), String> {
        let message = decode::<ClientMessage<G::Input>>(bytes);
        let seat = self.seats.get_mut(&number).expect("it just sent this");
        if seat.closed.is_some() {
            return Ok(());
        }
        let rejection = match (seat.player, message) {
            (_, Err(_)) => Some(CloseCode::Malformed),
            (None, Ok(ClientMessage::Hello(hello))) => return self.hear_hello(number, &hello),
            (None, Ok(_)) => Some(CloseCode::Malformed),
            (Some(player), Ok(message)) => {
                if let ClientMessage::Command(command) = &message {
                    seat.arrived += 1;
                    if seat.ticks_told.contains(&command.acked) {
                        seat.passes.confirm();
                    }
                }
                let slack = self.slack(&message);
                self.room.receive(player, message, slack).err().map(|rejection| rejection.code)
            }
        };
        if let Some(code) = rejection {
            self.end(number, code);
        }
        Ok(())
    }

    fn hear_hello(&mut self, number: usize, hello: &Hello) -> Result<(), String> {
        let token: ResumeToken = self.tokens.bytes(16).try_into().expect("16 bytes");
        match self.room.join(hello, &token) {
            Ok(player) => self.seated(number, player, hello.resume, token),
            // What a seat was expelled for may never have reached it.
            Err(rejection) if hello.resume.is_some() && !self.seats[&number].is_expelled => {
                Err(format!("seat {number} lost its seat: {rejection}"))
            }
            Err(rejection) => {
                self.end(number, rejection.code);
                Ok(())
            }
        }
    }

    fn slack(&self, message: &ClientMessage<G::Input>) -> Slack {
        let ClientMessage::Command(command) = message else { return Slack::NONE };
        let tick = command.tick.near(self.room.next_tick());
        let ticks_us = self.deadline_us(tick.max(self.start_tick)) as f64 - self.now_us as f64;
        Slack::of_ticks(ticks_us * f64::from(G::TICK_RATE_HZ) / 1e6)
    }

    fn end(&mut self, number: usize, code: CloseCode) {
        let now_us = self.now_us;
        let seat = self.seats.get_mut(&number).expect("the caller knows it");
        seat.closed = Some(code);
        seat.is_expelled = true;
        if let Some(player) = seat.player.take() {
            self.room.leave(player);
        }
        let closed = ServerMessage::Closed { code: code as u16, reason: "sim".to_owned() };
        seat.down.send(now_us, encode(&closed));
    }

    fn client_receives(&mut self, number: usize, frame: &[u8]) -> Result<(), String> {
        let now = self.now();
        let seat = self.seats.get_mut(&number).expect("it just got this");
        let before = seat.client.stats().snapshots;
        seat.client
            .receive(now, frame)
            .map_err(|malformed| format!("seat {number} cannot read a frame: {malformed}"))?;
        if seat.client.stats().snapshots > before {
            let told = seat.told.pop_front().ok_or("a snapshot came that was not sent")?;
            let mut held = Snapshot::default();
            seat.client.held().copy_to(&mut held);
            if held != told {
                return Err(format!("seat {number} holds {held:?}\nbut was told {told:?}"));
            }
            self.frames_checked += 1;
        }
        while let Some(notice) = seat.client.poll_notice() {
            seat.fates.note(&notice).map_err(|fault| format!("seat {number}: {fault}"))?;
            match notice {
                Notice::Event(event) | Notice::Confirmed { event, .. } => seat.events.push(event),
                Notice::Chat(chat) => seat.chats.push(chat.text),
                _ => {}
            }
        }
        self.reconnect(number);
        self.flush(number);
        Ok(())
    }

    fn update_clients(&mut self) {
        let now = self.now();
        let numbers: Vec<usize> = self.seats.keys().copied().collect();
        for number in numbers {
            let seat = self.seats.get_mut(&number).expect("nobody leaves here");
            if seat.is_frozen || !seat.is_open() {
                continue;
            }
            while seat.client.next_update().is_some_and(|next| next <= now) {
                // The input for the tick that comes next, which the update makes.
                let next = seat.client.tick().plus(1);
                if seat.driven != Some(next) {
                    seat.driven = Some(next);
                    let input = (seat.driver)(&seat.client, next);
                    seat.client.set_input(input);
                }
                seat.client.update(now);
            }
            self.reconnect(number);
            self.flush(number);
        }
    }

    fn flush(&mut self, number: usize) {
        let now_us = self.now_us;
        let seat = self.seats.get_mut(&number).expect("the caller knows it");
        while let Some(bytes) = seat.client.poll_transmit() {
            if let Ok(ClientMessage::Command(command)) = decode::<ClientMessage<G::Input>>(&bytes) {
                seat.sent.push((command.tick, command.input));
            }
            seat.up.send(now_us, bytes);
        }
    }

    fn tick(&mut self) -> Result<(), String> {
        let numbers: BTreeMap<PlayerId, usize> =
            self.seats.iter().filter_map(|(number, seat)| Some((seat.player?, *number))).collect();
        let roles: BTreeMap<PlayerId, Role> =
            self.seats.values().filter_map(|seat| Some((seat.player?, seat.role))).collect();
        let (seats, ghosts) = (&mut self.seats, &mut self.ghosts);
        let mut sinks = SimSinks { seats, numbers: &numbers, ghosts, now_us: self.now_us, sent: vec![] };
        self.room.tick(&mut sinks);
        for player in sinks.sent {
            let told = self.room.held(player).ok_or("a frame went to nobody")?;
            let is_waiting = self.room.is_holding_back(player);
            sight::check(self.room.game(), player, roles[&player], &told, is_waiting)?;
            let seat = self.seats.get_mut(&numbers[&player]).expect("numbered above");
            seat.ticks_told.push(told.tick().wire());
            seat.told.push_back(told);
            let told = seat.told.len();
            if told > UNACKED_SNAPSHOTS_MAX {
                return Err(format!("{told} snapshots are under way to one client"));
            }
        }
        Ok(())
    }
}
