//! Owns what all WebSockets here have in common: how one is opened, what of it is heard, and how it is finished.

use super::bucket::TokenBucket;
use super::closing::{End, answer_goodbye, say_farewell};
use super::door::{Departure, Stage};
use super::farewell::{Dialect, Farewell};
use super::metered::Metered;
use super::tally::Tally;
use super::wire::Wire;
use futures_util::StreamExt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tickwire_shared::CloseCode;
use tickwire_shared::limits::{
    CLIENT_MESSAGE_BYTES_MAX, CLIENT_MESSAGES_PER_TICK_MAX, CONTROL_BYTES_MAX, GATHERED_BYTES_MAX,
    HELLO_BYTES_MAX, IDLE_SECONDS_MAX, SERVER_FRAME_BYTES_MAX,
};
use tokio::net::TcpStream;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};
use tracing::debug;

/// A server's end of a WebSocket.
pub(super) type Socket = WebSocketStream<Metered<Wire>>;

/// A WebSocket on a stream that was upgraded, with what was read of it already.
pub(super) async fn open(stream: TcpStream, read: Vec<u8>, write_timeout: Duration) -> Socket {
    let config = WebSocketConfig::default()
        // Allocated per connection before it says anything, and zeroed before each read: the default would be 128 KiB.
        .read_buffer_size(CLIENT_MESSAGE_BYTES_MAX)
        .write_buffer_size(GATHERED_BYTES_MAX)
        .max_write_buffer_size(SERVER_FRAME_BYTES_MAX + CONTROL_BYTES_MAX)
        .max_message_size(Some(HELLO_BYTES_MAX))
        .max_frame_size(Some(HELLO_BYTES_MAX));
    let metered = Metered::new(Wire::Watched(stream), write_timeout);
    WebSocketStream::from_partially_read(metered, read, Role::Server, Some(config)).await
}

/// What a look at a socket brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The WebSocket's own housekeeping.
    Nothing,
    /// What the peer says.
    Message(Message),
}

/// Counts a peer's messages, of whatever kind.
#[derive(Debug)]
pub(super) struct Pace {
    opened: Instant,
    bucket: TokenBucket,
}

impl Pace {
    /// A full one: see [`CLIENT_MESSAGES_PER_TICK_MAX`]. Nobody shall be closed because the network, or this server, stood
    /// still for a while.
    pub(super) fn new(tick_rate_hz: u32) -> Self {
        let bucket =
            TokenBucket::new(CLIENT_MESSAGES_PER_TICK_MAX * tick_rate_hz, IDLE_SECONDS_MAX * tick_rate_hz);
        Self { opened: Instant::now(), bucket }
    }
}

/// The next thing that a peer sends, if it may.
pub(super) fn poll_hear(
    socket: &mut Socket,
    pace: &mut Pace,
    now: Instant,
    cx: &mut Context<'_>,
) -> Poll<Result<Heard, End>> {
    let message = match ready!(socket.poll_next_unpin(cx)) {
        Some(Ok(message)) => message,
        Some(Err(error)) => return Poll::Ready(Err(End::of(&error))),
        None => return Poll::Ready(Err(End::Gone)),
    };
    Poll::Ready(if pace.bucket.take(now - pace.opened, 1) {
        match message {
            // The WebSocket layer answers pings itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(Heard::Nothing),
            Message::Close(frame) => Err(End::Goodbye(frame.map(|frame| frame.code.into()))),
            message => Ok(Heard::Message(message)),
        }
    } else {
        Err(End::rejected(CloseCode::TooMany, "too many messages"))
    })
}

/// Waits for the next thing that a peer says. Cancel-safe.
pub(super) async fn hear(socket: &mut Socket, pace: &mut Pace) -> Result<Message, End> {
    loop {
        if let Heard::Message(message) = poll_fn(|cx| poll_hear(socket, pace, Instant::now(), cx)).await? {
            return Ok(message);
        }
    }
}

/// Ends a connection in the way that its end asks for, and counts it. If its socket did not come back from its
/// room, there is nothing to be ended.
pub(super) async fn finish(departure: Result<Departure, RecvError>, dialect: Dialect, tally: &Tally) {
    match departure {
        // Boxed: tasks sleep for long before they come to this, and it shall not lie in them until then.
        Ok(departure) => Box::pin(take_leave(departure, dialect, tally)).await,
        Err(_) => tally.left(),
    }
}

async fn take_leave(departure: Departure, dialect: Dialect, tally: &Tally) {
    let Departure { socket, stage, end } = departure;
    let farewell = match end {
        End::Gone => {
            debug!("gone");
            return tally.left();
        }
        End::Goodbye(_) => {
            debug!("goodbye");
            tally.left();
            return answer_goodbye(socket).await;
        }
        End::Rejected(rejection) if stage == Stage::Outside => Farewell::refused(dialect, rejection),
        End::Rejected(rejection) => Farewell::closed(dialect, rejection),
        End::Farewell(farewell) => *farewell,
    };
    debug!(code = farewell.code as u16, reason = farewell.reason, "closed");
    tally.closed(farewell.code);
    say_farewell(socket, farewell).await;
}
