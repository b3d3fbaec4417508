//! Owns a console's connection: lines of chat, for people with nothing but a WebSocket tool.

use super::closing::End;
use super::connection::{Pace, Socket, finish};
use super::door::{Departure, Stage, Visitor};
use super::farewell::Dialect;
use super::tick_loop::{restarting, room_failed};
use crate::lifecycle::Server;
use std::sync::Arc;
use tickwire_shared::limits::{CHAT_BURST, CHAT_BYTES_MAX, CLIENT_MESSAGE_BYTES_MAX};
use tickwire_shared::{CloseCode, Game, clean_text};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Serves one console until it leaves or is made to. It is in its room already: `seat` waits for its socket.
pub(super) async fn serve<G: Game>(
    socket: Socket,
    seat: oneshot::Sender<Box<Visitor>>,
    server: Arc<Server<G>>,
) {
    let (visitor, departure) = Visitor::new(socket, Pace::new(G::TICK_RATE_HZ));
    let departure = match seat.send(visitor) {
        Ok(()) => departure.await,
        Err(visitor) => {
            // A room that someone is in ends for these two reasons only.
            let rejection = if server.shutdown().is_cancelled() { restarting() } else { room_failed() };
            let end = End::Rejected(rejection);
            Ok(Departure { socket: visitor.socket, stage: Stage::Inside, end })
        }
    };
    finish(departure, Dialect::Console, server.tally()).await;
}

/// A message's lines, and whether it ends in a line end: who sends these is likely to need them too.
pub(super) fn interpret(message: &Message) -> Result<(impl Iterator<Item = String>, bool), End> {
    let text = text(message)?;
    Ok((lines(text), text.ends_with('\n')))
}

fn text(message: &Message) -> Result<&str, End> {
    if message.len() > CLIENT_MESSAGE_BYTES_MAX {
        return Err(End::rejected(CloseCode::TooBig, "the message is too big"));
    }
    // Some tools send binary messages only: what counts is that it is text.
    message.to_text().map_err(|_| End::rejected(CloseCode::NotText, "the line is not UTF-8"))
}

/// The lines of a message that say anything. More than a room takes at once would be dropped there.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(|line| clean_text(line, CHAT_BYTES_MAX)).filter(|line| !line.is_empty());
    lines.take(CHAT_BURST as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_many_lines_as_say_something() {
        let said = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(said("hello\n"), ["hello"]);
        assert_eq!(said("one\r\n\r\n  two \n\x1b\n"), ["one", "two"]);
        assert!(said("\n\n \r\n").is_empty());
        assert_eq!(said(&"x\n".repeat(500)).len(), CHAT_BURST as usize);
    }

    #[test]
    fn binary_is_welcome_if_it_is_text() {
        let code = |message: Message| match text(&message) {
            Err(End::Rejected(rejection)) => Some(rejection.code),
            _ => None,
        };
        assert_eq!(text(&Message::binary(&b"hi\n"[..])).unwrap(), "hi\n");
        assert_eq!(code(Message::binary(&[0xff][..])), Some(CloseCode::NotText));
        assert_eq!(code(Message::text("x".repeat(CLIENT_MESSAGE_BYTES_MAX + 1))), Some(CloseCode::TooBig));
    }
}
