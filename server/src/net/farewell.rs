//! Owns a connection's last words, and the two dialects that they may be in.

use crate::room::Rejection;
use tickwire_shared::{CloseCode, ServerMessage, encode};

/// How a connection speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Binary messages of the protocol.
    Game,
    /// Lines of text.
    Console,
}

/// How a connection is ended from this side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Farewell {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_get_no_binary_farewell() {
        let rejection = || Rejection { code: CloseCode::TooSlow, reason: "too slow".to_owned() };
        assert!(Farewell::refused(Dialect::Console, rejection()).last.is_empty());
        let last = Farewell::refused(Dialect::Game, rejection()).last;
        let refused: ServerMessage<'_> = tickwire_shared::decode(&last).unwrap();
        assert_eq!(refused, ServerMessage::Refused { code: 1013, reason: "too slow".to_owned() });
    }
}
