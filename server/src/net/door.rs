//! Owns the way into a room and out of it: who wants in, with what socket, and how it gets that back.

use super::closing::End;
use super::connection::{Pace, Socket};
use crate::room::Rejection;
use tickwire_shared::Hello;
use tokio::sync::oneshot;

/// A connection that wants in.
///
/// It may have been given up by the time that it is read: then an end of it is closed, and nobody misses it.
#[derive(Debug)]
pub(crate) enum Join {
    /// A player's or a spectator's.
    Game { hello: Box<Hello>, visitor: Box<Visitor> },
    /// A console is in the room before it is answered, and has a socket only after. If the answer's other end
    /// is dropped, the game panicked over it; if the socket's is, the console was given up.
    Console {
        name: String,
        answer: oneshot::Sender<Result<(), Rejection>>,
        visitor: oneshot::Receiver<Box<Visitor>>,
    },
}

/// A connection on its way into a room: while it is seated there, its socket is the room's.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(super) socket: Socket,
    pub(super) pace: Pace,
    /// To the connection's own task, which sleeps until then.
    pub(super) back: oneshot::Sender<Departure>,
}

/// A connection that leaves a room, and why.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(super) socket: Socket,
    pub(super) stage: Stage,
    pub(super) end: End,
}

/// How far a connection came: its last words depend on it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Outside,
    Inside,
}

impl Visitor {
    /// And where its departure will come from. Dropped without one if the room's task breaks down.
    pub(super) fn new(socket: Socket, pace: Pace) -> (Box<Self>, oneshot::Receiver<Departure>) {
        let (back, departure) = oneshot::channel();
        (Box::new(Self { socket, pace, back }), departure)
    }

    /// Sends the socket back to its own task, which ends it in the way that `end` asks for.
    pub(super) fn send_back(self, stage: Stage, end: End) {
        // Nobody waits for it any more? Then it closes here.
        let _ = self.back.send(Departure { socket: self.socket, stage, end });
    }
}

impl Join {
    /// Whether nobody waits for an answer any more.
    pub(super) fn is_given_up(&self) -> bool {
        match self {
            Self::Game { visitor, .. } => visitor.back.is_closed(),
            Self::Console { answer, .. } => answer.is_closed(),
        }
    }

    /// Does not let it in.
    pub(crate) fn refuse(self, rejection: Rejection) {
        match self {
            Self::Game { visitor, .. } => visitor.send_back(Stage::Outside, End::Rejected(rejection)),
            Self::Console { answer, .. } => {
                let _ = answer.send(Err(rejection));
            }
        }
    }
}
