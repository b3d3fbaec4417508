//! Owns a game client's connection: its Hello, and what its messages mean.

use super::closing::End;
use super::connection::{Pace, Said, Socket, Stage, converse, finish, listen};
use super::inbox::{Entrance, Inbound, Seat};
use super::outbox::Dialect;
use super::tick_loop::restarting;
use crate::lifecycle::Server;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tickwire_shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use tickwire_shared::{ClientMessage, CloseCode, Game, Hello, PlayerId, decode};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Serves one game client until it leaves or is made to.
pub(super) async fn serve<G: Game>(mut socket: Socket, room: String, server: Arc<Server<G>>) {
    let mut pace = Pace::new(G::TICK_RATE_HZ);
    let (socket, stage, end) = match enter(&mut socket, &mut pace, &room, &server).await {
        Ok(seat) => {
            let (player, is_raw) = (seat.player, AtomicBool::new(false));
            let (socket, end) = converse(socket, seat, pace, &is_raw, |said| interpret(player, &said)).await;
            (socket, Stage::Inside, end)
        }
        Err(end) => (socket, Stage::Outside, end),
    };
    finish(socket, Dialect::Game, stage, end, server.tally()).await;
}

/// The way from the upgrade to a seat.
async fn enter<G: Game>(
    socket: &mut Socket,
    pace: &mut Pace,
    room: &str,
    server: &Server<G>,
) -> Result<Seat<G>, End> {
    let hello = tokio::select! {
        hello = greet::<G>(socket, pace, server.limits().hello_timeout) => hello?,
        () = server.shutdown().cancelled() => return Err(End::Rejected(restarting())),
    };
    server.join(room, Entrance::Hello(hello)).await.map_err(End::Rejected)
}

/// Waits for the Hello, however many small pieces it comes in.
async fn greet<G: Game>(
    socket: &mut Socket,
    pace: &mut Pace,
    hello_timeout: Duration,
) -> Result<Box<Hello>, End> {
    let Ok(said) = timeout(hello_timeout, listen(socket, pace)).await else {
        return Err(End::rejected(CloseCode::Idle, "no hello came in time"));
    };
    match parse::<G>(&said?.message)? {
        ClientMessage::Hello(hello) => Ok(hello),
        _ => Err(End::rejected(CloseCode::Malformed, "the first message is not a hello")),
    }
}

/// A message after the Hello, which must be small.
fn interpret<G: Game>(player: PlayerId, said: &Said) -> Result<Option<Inbound<G>>, End> {
    if said.message.len() > CLIENT_MESSAGE_BYTES_MAX {
        return Err(End::rejected(CloseCode::TooBig, "the message is too big"));
    }
    let message = parse::<G>(&said.message)?;
    Ok(Some(Inbound::Message { player, message, arrived: said.arrived }))
}

fn parse<G: Game>(message: &Message) -> Result<ClientMessage<G::Input>, End> {
    match message {
        Message::Binary(bytes) => {
            decode(bytes).map_err(|malformed| End::rejected(CloseCode::Malformed, malformed.to_string()))
        }
        _ => Err(End::rejected(CloseCode::Text, "only binary messages are understood here")),
    }
}
