//! Owns what connections send into a room: one bounded queue per room, emptied at each tick.

use super::outbox::{Dialect, Outbox, Outgoing, outbox};
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
    pub(super) entrance: Entrance,
    /// Where the answer goes too, if it is no.
    pub(super) outbox: Outbox,
    pub(super) seated: oneshot::Sender<PlayerId>,
}

/// Which door a connection comes through.
#[derive(Debug)]
pub(crate) enum Entrance {
    Hello(Box<Hello>),
    Console(String),
}

/// A connection's place at a room: in, out, and who it is there.
#[derive(Debug)]
pub(crate) struct Seat<G: Game> {
    pub(super) inbox: mpsc::Sender<Inbound<G>>,
    pub(super) outgoing: mpsc::Receiver<Outgoing>,
    /// Nobody if the room says no: then a farewell is in `outgoing`.
    pub(super) seated: oneshot::Receiver<PlayerId>,
}

/// The connection's ends of a join that is not yet sent to a room.
#[derive(Debug)]
pub(crate) struct Applicant {
    outgoing: mpsc::Receiver<Outgoing>,
    seated: oneshot::Receiver<PlayerId>,
}

/// A join, and what its connection keeps of it.
pub(crate) fn apply(entrance: Entrance) -> (Box<Join>, Applicant) {
    let dialect = match &entrance {
        Entrance::Hello(_) => Dialect::Game,
        Entrance::Console(_) => Dialect::Console,
    };
    let (outbox, outgoing) = outbox(dialect);
    let (sender, seated) = oneshot::channel();
    (Box::new(Join { entrance, outbox, seated: sender }), Applicant { outgoing, seated })
}

impl Applicant {
    /// The seat at the room that took the join in.
    pub(crate) fn seat<G: Game>(self, inbox: mpsc::Sender<Inbound<G>>) -> Seat<G> {
        Seat { inbox, outgoing: self.outgoing, seated: self.seated }
    }
}
