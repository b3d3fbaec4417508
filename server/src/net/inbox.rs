//! Owns what connections send into a room: one bounded queue per room, emptied at each tick.

use super::outbox::{Dialect, Outbox, Outgoing};
use crate::room::Rejection;
use tickwire_shared::{ClientMessage, Game, Hello, PlayerId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Messages waiting for a room's next tick. At the limit connections wait, and push back to their own peers.
pub(crate) const INBOX_MESSAGES_MAX: usize = 8192;

/// What a room is sent. That a connection has ended is not sent: its outbox tells.
#[derive(Debug)]
pub(crate) enum Inbound<G: Game> {
    Join(Box<Join>),
    Message { player: PlayerId, message: ClientMessage<G::Input>, arrived: Instant },
    Line { player: PlayerId, text: String },
}

/// A connection that wants in.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) entrance: Entrance,
    pub(crate) outbox: Outbox,
    /// Dropped without an answer if the game panics over it.
    pub(crate) answer: oneshot::Sender<Result<PlayerId, Rejection>>,
}

/// Which door a connection comes through.
#[derive(Debug)]
pub(crate) enum Entrance {
    Hello(Box<Hello>),
    Console(String),
}

impl Entrance {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Hello(_) => Dialect::Game,
            Self::Console(_) => Dialect::Console,
        }
    }
}

/// A connection's place in a room: who it is there, and the ways in and out.
#[derive(Debug)]
pub(crate) struct Seat<G: Game> {
    pub(crate) player: PlayerId,
    pub(crate) inbox: mpsc::Sender<Inbound<G>>,
    pub(crate) outgoing: mpsc::Receiver<Outgoing>,
}
