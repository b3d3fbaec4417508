//! Owns how a WebSocket ends: with a reason that reaches its peer, whatever the peer is doing.

use super::connection::Socket;
use super::farewell::Farewell;
use super::metered::{Stalled, TooManyBytes};
use crate::room::Rejection;
use futures_util::SinkExt;
use std::time::Duration;
use tickwire_shared::limits::{CLOSE_REASON_BYTES_MAX, DRAIN_BYTES_MAX};
use tickwire_shared::{CloseCode, clean_text, is_resumable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

/// The last messages are in the kernel within this, or not at all.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);
/// A peer that was told to go has this long to say that it does.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a connection is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer is gone, or as good as gone: nothing can be said to it.
    Gone,
    /// The peer said goodbye, with this close code if any; the WebSocket layer has the answer ready.
    Goodbye(Option<u16>),
    /// The peer cannot come in, or did what it must not do.
    Rejected(Rejection),
    /// The room has spoken.
    Farewell(Box<Farewell>),
}

impl End {
    pub(super) fn rejected(code: CloseCode, reason: impl Into<String>) -> Self {
        Self::Rejected(Rejection { code, reason: reason.into() })
    }

    /// Whether the peer may come back: the network may have caused this.
    pub(super) fn keeps_seat(&self) -> bool {
        match self {
            Self::Gone => true,
            Self::Goodbye(code) => code.is_some_and(is_resumable),
            Self::Rejected(rejection) => is_resumable(rejection.code as u16),
            Self::Farewell(farewell) => is_resumable(farewell.code as u16),
        }
    }

    /// What a failure of the WebSocket layer means.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<TooManyBytes>()) => {
                Self::rejected(CloseCode::TooMany, "too many bytes")
            }
            Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Stalled>()) => {
                Self::rejected(CloseCode::TooSlow, "nothing was taken for too long")
            }
            Error::Capacity(_) => Self::rejected(CloseCode::TooBig, "the message is too big"),
            Error::Utf8(_) => Self::rejected(CloseCode::NotText, "the text is not UTF-8"),
            Error::Protocol(ProtocolError::SendAfterClosing | ProtocolError::ReceivedAfterClosing) => {
                Self::Goodbye(None)
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(error) => Self::rejected(CloseCode::Protocol, error.to_string()),
            _ => Self::Gone,
        }
    }
}

/// Ends a connection whose peer was not heard to leave: last message, close frame, end of stream; then takes in
/// for a moment what the peer still sends.
///
/// Without that moment the kernel would answer the peer's next bytes with a reset, and a reset makes the peer's
/// kernel forget the close frame it has not yet handed on.
pub(super) async fn say_farewell(mut socket: Socket, farewell: Farewell) {
    if timeout(FLUSH_TIMEOUT, send_last(&mut socket, farewell)).await.is_ok_and(|sent| sent.is_ok()) {
        drain(socket).await;
    }
}

/// Ends a connection whose peer said goodbye: sends the answer that is ready.
pub(super) async fn answer_goodbye(mut socket: Socket) {
    if timeout(FLUSH_TIMEOUT, SinkExt::<Message>::flush(&mut socket)).await.is_ok_and(|sent| sent.is_ok()) {
        drain(socket).await;
    }
}

async fn send_last(socket: &mut Socket, farewell: Farewell) -> Result<(), Error> {
    let Farewell { code, reason, last } = farewell;
    if !last.is_empty() {
        socket.feed(Message::binary(last)).await?;
    }
    // A reason may quote the peer: it is cleaned, and cut between two characters.
    let reason = clean_text(&reason, CLOSE_REASON_BYTES_MAX).into();
    socket.close(Some(CloseFrame { code: (code as u16).into(), reason })).await
}

async fn drain(mut socket: Socket) {
    // Past the meter: this reads to throw away, and has bounds of its own.
    let stream = socket.get_mut().unmetered();
    if stream.shutdown().await.is_err() {
        return;
    }
    let throw_away = async {
        // Not an array: that would stand in every connection's task for as long as it lives.
        let mut bytes = vec![0; 4096];
        let mut left = DRAIN_BYTES_MAX;
        while left > 0 {
            match stream.read(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    };
    let _ = timeout(DRAIN_TIMEOUT, throw_away).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_websocket_layer_have_their_codes() {
        let code = |error: Error| match End::of(&error) {
            End::Rejected(rejection) => Some(rejection.code),
            _ => None,
        };
        assert_eq!(code(Error::Io(std::io::Error::other(TooManyBytes))), Some(CloseCode::TooMany));
        assert_eq!(code(Error::Io(std::io::Error::other(Stalled))), Some(CloseCode::TooSlow));
        assert_eq!(code(Error::Utf8(String::new())), Some(CloseCode::NotText));
        assert_eq!(code(ProtocolError::UnmaskedFrameFromClient.into()), Some(CloseCode::Protocol));
        assert_eq!(code(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()), None);
        assert_eq!(End::of(&ProtocolError::ResetWithoutClosingHandshake.into()), End::Gone);
    }

    #[test]
    fn a_seat_is_kept_for_who_said_no_goodbye_and_did_nothing_wrong() {
        let stalled = End::of(&Error::Io(std::io::Error::other(Stalled)));
        let going_away = End::Goodbye(Some(1001));
        for end in [End::Gone, stalled, going_away] {
            assert!(end.keeps_seat(), "{end:?}");
        }
        let flood = End::of(&Error::Io(std::io::Error::other(TooManyBytes)));
        for end in [End::Goodbye(Some(1000)), End::Goodbye(None), End::Goodbye(Some(4400)), flood] {
            assert!(!end.keeps_seat(), "{end:?}");
        }
    }
}
