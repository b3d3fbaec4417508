//! Owns the bounded queue between a room and one of its connections, and a connection's last words.

use crate::room::Rejection;
use tickwire_shared::{CloseCode, ServerMessage, encode};
use tokio::sync::mpsc;

/// Frames waiting for a socket. At the limit the room makes none for that player; what it missed merges into the next.
const FRAMES_QUEUED_MAX: usize = 4;
/// Lines waiting for a console's socket: as small as they are many. At the limit they wait in the room.
const LINES_QUEUED_MAX: usize = 64;

/// How a connection speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Binary messages of the protocol.
    Game,
    /// Lines of text.
    Console,
}

/// What a room has to say to a connection.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Frame(Vec<u8>),
    Line(String),
    /// Always the last.
    Close(Box<Farewell>),
}

/// How a connection is ended from this side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(super) code: CloseCode,
    pub(super) reason: String,
    /// A binary message that comes before the close frame, where reasons are short; may be empty.
    pub(super) last: Vec<u8>,
}

impl Farewell {
    /// Before a Welcome.
    pub(super) fn refused(dialect: Dialect, rejection: Rejection) -> Self {
        let Rejection { code, reason } = rejection;
        let message = ServerMessage::Refused { code: code as u16, reason: reason.clone() };
        Self { code, reason, last: dialect.encode(&message) }
    }

    /// After a Welcome.
    pub(super) fn closed(dialect: Dialect, rejection: Rejection) -> Self {
        let Rejection { code, reason } = rejection;
        let message = ServerMessage::Closed { code: code as u16, reason: reason.clone() };
        Self { code, reason, last: dialect.encode(&message) }
    }
}

impl Dialect {
    fn encode(self, message: &ServerMessage<'_>) -> Vec<u8> {
        match self {
            Self::Game => encode(message),
            Self::Console => Vec::new(),
        }
    }
}

/// The room's end. The connection's end is gone when the connection is.
#[derive(Debug)]
pub(crate) struct Outbox {
    places: mpsc::Sender<Outgoing>,
    pub(super) dialect: Dialect,
}

/// An outbox and the end that the connection empties it from.
pub(crate) fn outbox(dialect: Dialect) -> (Outbox, mpsc::Receiver<Outgoing>) {
    let places = match dialect {
        Dialect::Game => FRAMES_QUEUED_MAX,
        Dialect::Console => LINES_QUEUED_MAX,
    };
    // One more, which only `close` takes.
    let (places, outgoing) = mpsc::channel(places + 1);
    (Outbox { places, dialect }, outgoing)
}

impl Outbox {
    pub(super) fn has_place(&self) -> bool {
        self.places.capacity() > 1
    }

    /// Puts a frame or a line into the place that `has_place` promised.
    pub(super) fn put(&self, outgoing: Outgoing) {
        debug_assert!(self.has_place() || self.is_gone(), "asked for a place first");
        // The connection may have gone since: then nobody misses it.
        let _ = self.places.try_send(outgoing);
    }

    /// Ends the connection; its place was kept.
    pub(super) fn close(self, farewell: Farewell) {
        let _ = self.places.try_send(Outgoing::Close(Box::new(farewell)));
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.places.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection() -> Rejection {
        Rejection { code: CloseCode::TooSlow, reason: "too slow".to_owned() }
    }

    #[test]
    fn a_full_outbox_still_has_a_place_for_the_farewell() {
        let (outbox, mut outgoing) = outbox(Dialect::Game);
        let mut frames = 0;
        while outbox.has_place() {
            outbox.put(Outgoing::Frame(vec![frames]));
            frames += 1;
        }
        assert_eq!(usize::from(frames), FRAMES_QUEUED_MAX);
        outbox.close(Farewell::closed(Dialect::Game, rejection()));
        for frame in 0..frames {
            assert!(matches!(outgoing.try_recv(), Ok(Outgoing::Frame(bytes)) if bytes == [frame]));
        }
        assert!(
            matches!(outgoing.try_recv(), Ok(Outgoing::Close(farewell)) if farewell.reason == "too slow")
        );
        assert!(outgoing.try_recv().is_err());
    }

    #[test]
    fn it_knows_when_its_connection_is_gone() {
        let (outbox, outgoing) = outbox(Dialect::Console);
        assert!(!outbox.is_gone());
        drop(outgoing);
        assert!(outbox.is_gone());
        outbox.close(Farewell::closed(Dialect::Console, rejection()));
    }

    #[test]
    fn consoles_get_no_binary_farewell() {
        assert!(Farewell::refused(Dialect::Console, rejection()).last.is_empty());
        let last = Farewell::refused(Dialect::Game, rejection()).last;
        let refused: ServerMessage<'_> = tickwire_shared::decode(&last).unwrap();
        assert_eq!(refused, ServerMessage::Refused { code: 1013, reason: "too slow".to_owned() });
    }
}
