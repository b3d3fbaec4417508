//! Owns a whole room in the middle of a match: its players' commands are in, and its next tick is to be made.

use crate::dice::Dice;
use crate::world::{Settings, World};
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::{
    ClientMessage, CloseCode, Command, Game, Hello, Moment, PROTOCOL_VERSION, PlayerId, Role, Schema, Slack,
    Tick,
};

const SEED: u64 = 1;
const START_TICK: Tick = Tick(1);
/// Ticks before the one that is measured.
const WARM_UP_TICKS: u64 = 32;

/// A room and those who play in it.
pub struct Match {
    room: Room<World>,
    players: Vec<PlayerId>,
    dice: Dice,
    sink: Sink,
}

/// Takes everything, and keeps only how much it was.
#[derive(Default)]
struct Sink {
    bytes: usize,
}

impl Sinks for Sink {
    fn has_place(&mut self, _player: PlayerId) -> bool {
        true
    }

    fn frame(&mut self, _player: PlayerId, frame: &[u8]) {
        self.bytes += frame.len();
    }

    fn line(&mut self, _player: PlayerId, _line: String) {}

    fn close(&mut self, _player: PlayerId, code: CloseCode, reason: String, _last: Vec<u8>) {
        panic!("a player was closed with {code:?}: {reason}");
    }
}

impl Match {
    /// So many players, all of whom see all.
    pub fn new(players: usize) -> Box<Self> {
        let mut room = Room::new(RoomConfig {
            name: "codec".to_owned(),
            settings: Settings::default(),
            seed: SEED,
            start_tick: START_TICK,
            players_max: players,
            player_bytes_per_second: 1 << 20,
            rewind_ms_max: 250,
            resume_grace_ticks: 0,
            bots: None,
            epoch: 1,
        });
        let players =
            (0..players).map(|_| room.join(&hello(), &[7; 16]).expect("there is a place")).collect();
        let mut running = Self { room, players, dice: Dice::new(SEED), sink: Sink::default() };
        running.tick();
        for _ in 1..WARM_UP_TICKS {
            running.command();
            running.tick();
        }
        running.command();
        assert!(running.sink.bytes > 0, "frames were made");
        Box::new(running)
    }

    /// Makes the next tick.
    pub fn tick(&mut self) {
        self.room.tick(&mut self.sink);
    }

    /// All players ack the last tick, and send their commands for the next.
    fn command(&mut self) {
        let next = self.room.next_tick();
        let (tick, acked) = (next.wire(), Tick(next.0 - 1).wire());
        for player in &self.players {
            let input = self.dice.below(256) as u8;
            let command = ClientMessage::Command(Command {
                tick,
                acked,
                ack_delay: 0,
                seen: Moment::default().wire(),
                input,
            });
            self.room.receive(*player, command, Slack::NONE).expect("it plays by the rules");
        }
    }
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        game: World::NAME.to_owned(),
        schema_hash: Schema::of::<World>().hash(),
        schema: None,
        name: String::new(),
        role: Role::Player,
        ticket: None,
        resume: None,
    }
}
