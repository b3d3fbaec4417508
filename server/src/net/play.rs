//! Owns a game client's connection outside of rooms: its Hello, and its end.

use super::closing::End;
use super::connection::{Pace, Socket, finish, hear};
use super::door::{Departure, Join, Stage, Visitor};
use super::farewell::Dialect;
use super::tick_loop::restarting;
use crate::lifecycle::Server;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use tickwire_shared::{ClientMessage, CloseCode, Game, Hello, decode};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Serves one game client until it leaves or is made to. Its Hello may have come with its request.
pub(super) async fn serve<G: Game>(
    mut socket: Socket,
    room: String,
    offered: Option<Vec<u8>>,
    server: Arc<Server<G>>,
) {
    let mut pace = Pace::new(G::TICK_RATE_HZ);
    // Boxed: this task sleeps for as long as its socket is a room's, and what comes before shall not lie in it.
    let hello = Box::pin(greet_unless_stopped(&mut socket, &mut pace, offered, &server)).await;
    let departure = match hello {
        Ok(hello) => {
            let (visitor, departure) = Visitor::new(socket, pace);
            Box::pin(server.join(&room, Join::Game { hello, visitor })).await;
            departure.await
        }
        Err(end) => Ok(Departure { socket, stage: Stage::Outside, end }),
    };
    finish(departure, Dialect::Game, server.tally()).await;
}

async fn greet_unless_stopped<G: Game>(
    socket: &mut Socket,
    pace: &mut Pace,
    offered: Option<Vec<u8>>,
    server: &Server<G>,
) -> Result<Box<Hello>, End> {
    if let Some(hello) = offered {
        return read_hello::<G>(&Message::binary(hello));
    }
    tokio::select! {
        hello = greet::<G>(socket, pace, server.limits().hello_timeout) => hello,
        () = server.shutdown().cancelled() => Err(End::Rejected(restarting())),
    }
}

/// Waits for the Hello, however many small pieces it comes in.
async fn greet<G: Game>(
    socket: &mut Socket,
    pace: &mut Pace,
    hello_timeout: Duration,
) -> Result<Box<Hello>, End> {
    let Ok(message) = timeout(hello_timeout, hear(socket, pace)).await else {
        return Err(End::rejected(CloseCode::Idle, "no hello came in time"));
    };
    read_hello::<G>(&message?)
}

fn read_hello<G: Game>(message: &Message) -> Result<Box<Hello>, End> {
    match parse::<G>(message)? {
        ClientMessage::Hello(hello) => Ok(hello),
        _ => Err(End::rejected(CloseCode::Malformed, "the first message is not a hello")),
    }
}

/// What a message after the Hello means, which must be small.
pub(super) fn interpret<G: Game>(message: &Message) -> Result<ClientMessage<G::Input>, End> {
    if message.len() > CLIENT_MESSAGE_BYTES_MAX {
        return Err(End::rejected(CloseCode::TooBig, "the message is too big"));
    }
    parse::<G>(message)
}

fn parse<G: Game>(message: &Message) -> Result<ClientMessage<G::Input>, End> {
    match message {
        Message::Binary(bytes) => {
            decode(bytes).map_err(|malformed| End::rejected(CloseCode::Malformed, malformed.to_string()))
        }
        _ => Err(End::rejected(CloseCode::Text, "only binary messages are understood here")),
    }
}
