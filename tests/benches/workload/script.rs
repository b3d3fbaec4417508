//! Owns what cheap clients say: a player of the workload, and its like at the bare server, which says as much.

use crate::Outcome;
use crate::walker::{Input, Walker};
use crate::world::NAME;
use tickwire_shared::{
    ClientMessage, Command, Hello, Moment, PROTOCOL_VERSION, Role, ServerMessage, Tick, decode_prefix, encode,
};

/// How far ahead of the newest snapshot a client's commands are. The next tick is one ahead, a client may take a tick until
/// it answers, and the load may take most of a tick until it has read all frames.
const COMMAND_AHEAD_TICKS: u64 = 3;

/// What a cheap client says.
pub trait Script {
    /// The first message, if it does not wait for the server's.
    fn hello(&mut self) -> Option<Vec<u8>>;
    /// The answer to a frame.
    fn answer(&mut self, frame: &[u8]) -> Outcome<Vec<u8>>;
}

/// What the bare server's clients say: commands too, as long ones as players send, though nobody has to understand them.
pub struct Echo(Commander);

/// What a player of the workload says.
pub struct Player {
    schema_hash: u64,
    commander: Commander,
    /// The newest snapshot's, in full.
    tick: Tick,
}

/// Makes a command for each snapshot.
struct Commander {
    hz: u32,
    walker: Walker,
}

impl Commander {
    fn command(&mut self, snapshot: Tick) -> Vec<u8> {
        let tick = snapshot.plus(COMMAND_AHEAD_TICKS).wire();
        let (acked, seen) = (snapshot.wire(), Moment::at(snapshot).wire());
        let input = self.walker.input(self.hz);
        encode(&ClientMessage::Command(Command { tick, acked, ack_delay: 0, seen, input }))
    }
}

impl Echo {
    pub fn new(hz: u32, seed: u64) -> Self {
        Self(Commander { hz, walker: Walker::new(seed) })
    }
}

impl Script for Echo {
    fn hello(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn answer(&mut self, _frame: &[u8]) -> Outcome<Vec<u8>> {
        Ok(self.0.command(Tick(0)))
    }
}

impl Player {
    pub fn new(schema_hash: u64, hz: u32, seed: u64) -> Self {
        Self { schema_hash, commander: Commander { hz, walker: Walker::new(seed) }, tick: Tick(0) }
    }
}

impl Script for Player {
    fn hello(&mut self) -> Option<Vec<u8>> {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: NAME.to_owned(),
            schema_hash: self.schema_hash,
            schema: None,
            name: String::new(),
            role: Role::Player,
            ticket: None,
            resume: None,
        };
        Some(encode(&ClientMessage::<Input>::Hello(Box::new(hello))))
    }

    fn answer(&mut self, frame: &[u8]) -> Outcome<Vec<u8>> {
        let mut rest = frame;
        // But for the first frame, the snapshot is the first message: nothing else is decoded.
        loop {
            let (message, after) = decode_prefix::<ServerMessage<'_>>(rest)?;
            match message {
                ServerMessage::Snapshot(snapshot) => {
                    self.tick = snapshot.tick.near(self.tick);
                    return Ok(self.commander.command(self.tick));
                }
                ServerMessage::Welcome(welcome) => self.tick = welcome.tick,
                ServerMessage::Refused { reason, .. } | ServerMessage::Closed { reason, .. } => {
                    return Err(reason.into());
                }
                _ => {}
            }
            rest = after;
        }
    }
}
