//! Owns one WebSocket from its upgrade to its end: one task, whose two halves never wait for each other.

use super::bucket::TokenBucket;
use super::closing::{End, answer_goodbye, say_farewell};
use super::inbox::{Inbound, Seat};
use super::metered::Metered;
use super::outbox::{Dialect, Farewell, Outgoing};
use super::tally::Tally;
use super::tick_loop::room_failed;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, Stream, StreamExt};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tickwire_shared::limits::{HELLO_BYTES_MAX, IDLE_SECONDS_MAX, SERVER_FRAME_BYTES_MAX};
use tickwire_shared::{CloseCode, Game};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};
use tracing::debug;

/// A server's end of a WebSocket.
pub(super) type Socket = WebSocketStream<Metered<TcpStream>>;

/// Bytes of pongs and close frames that may wait behind the biggest frame: without a limit, a peer that sends
/// pings and reads nothing would fill the memory with their answers.
const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// A WebSocket on a stream that was upgraded, with what was read of it already.
pub(super) async fn open(stream: TcpStream, read: Vec<u8>, write_timeout: Duration) -> Socket {
    let config = WebSocketConfig::default()
        // Allocated per connection before it says anything: the default would be 128 KiB.
        .read_buffer_size(4096)
        // A frame is a tick: nothing is gained by waiting for another.
        .write_buffer_size(0)
        .max_write_buffer_size(SERVER_FRAME_BYTES_MAX + CONTROL_BYTES_MAX)
        .max_message_size(Some(HELLO_BYTES_MAX))
        .max_frame_size(Some(HELLO_BYTES_MAX));
    let metered = Metered::new(stream, write_timeout);
    WebSocketStream::from_partially_read(metered, read, Role::Server, Some(config)).await
}

/// What a peer says, apart from the WebSocket's own housekeeping.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) arrived: Instant,
}

/// Counts a peer's messages, of whatever kind.
#[derive(Debug)]
pub(super) struct Pace {
    opened: Instant,
    bucket: TokenBucket,
}

impl Pace {
    /// Twice one message per tick in the long run.
    ///
    /// At once, what gathers on a link that is stalled for as long as a silent peer is kept: nobody shall be
    /// closed because the network, or this server, stood still for a while.
    pub(super) fn new(tick_rate_hz: u32) -> Self {
        let bucket = TokenBucket::new(2 * tick_rate_hz, IDLE_SECONDS_MAX * tick_rate_hz);
        Self { opened: Instant::now(), bucket }
    }
}

/// The next thing that a peer says, if it may. Cancel-safe.
pub(super) async fn listen(
    stream: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
    pace: &mut Pace,
) -> Result<Said, End> {
    loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(End::of(&error)),
            None => return Err(End::Gone),
        };
        let arrived = Instant::now();
        if !pace.bucket.take(arrived - pace.opened, 1) {
            return Err(End::rejected(CloseCode::TooMany, "too many messages"));
        }
        match message {
            // The WebSocket layer answers pings itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            Message::Close(_) => return Err(End::Goodbye),
            message => return Ok(Said { message, arrived }),
        }
    }
}

/// Serves a connection that has a seat: both halves at once, until one of them ends.
///
/// The halves share a task, so that they end together, and nothing else, so that neither waits for the other.
/// `is_raw`: whether lines get a line end, for a peer that shows what comes as it comes (atomic only because
/// a task may move between threads).
/// `interpret`: what the peer's words mean to the room.
pub(super) async fn converse<G: Game, I: IntoIterator<Item = Inbound<G>>>(
    socket: Socket,
    seat: Seat<G>,
    pace: Pace,
    is_raw: &AtomicBool,
    interpret: impl FnMut(Said) -> Result<I, End>,
) -> (Socket, End) {
    debug!(player = ?seat.player, "joined");
    let Seat { inbox, mut outgoing, .. } = seat;
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        biased;
        end = speak(&mut sink, &mut outgoing, is_raw) => end,
        end = hear(&mut stream, pace, inbox, interpret) => end,
    };
    (sink.reunite(stream).expect("two halves of one socket"), end)
}

/// Passes what the peer says on to the room.
async fn hear<G: Game, I: IntoIterator<Item = Inbound<G>>>(
    stream: &mut SplitStream<Socket>,
    mut pace: Pace,
    inbox: mpsc::Sender<Inbound<G>>,
    mut interpret: impl FnMut(Said) -> Result<I, End>,
) -> End {
    loop {
        let inbound = match listen(stream, &mut pace).await.and_then(&mut interpret) {
            Ok(inbound) => inbound,
            Err(end) => return end,
        };
        for inbound in inbound {
            // Waits while the inbox is full: that holds up this peer, and nobody else.
            if inbox.send(inbound).await.is_err() {
                // The room has ended; why is in the outbox.
                return pending().await;
            }
        }
    }
}

/// Sends what the room puts into the outbox, until it is closed or the peer is no more.
async fn speak(
    sink: &mut SplitSink<Socket, Message>,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    is_raw: &AtomicBool,
) -> End {
    while let Some(next) = outgoing.recv().await {
        let message = match next {
            Outgoing::Frame(frame) => Message::binary(frame),
            Outgoing::Line(line) if is_raw.load(Ordering::Relaxed) => Message::text(line + "\n"),
            Outgoing::Line(line) => Message::text(line),
            Outgoing::Close(farewell) => return End::Farewell(farewell),
        };
        if let Err(error) = sink.send(message).await {
            return End::of(&error);
        }
    }
    // A room takes leave of everyone, unless its task itself broke down.
    End::Rejected(room_failed())
}

/// How far a connection came: its last words depend on it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Outside,
    Inside,
}

/// Ends a connection in the way that its end asks for, and counts it.
pub(super) async fn finish(socket: Socket, dialect: Dialect, stage: Stage, end: End, tally: &Tally) {
    let farewell = match end {
        End::Gone => {
            debug!("gone");
            return tally.left();
        }
        End::Goodbye => {
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
