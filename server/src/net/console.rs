//! Owns a console's connection: lines of chat, for people with nothing but a WebSocket tool.

use super::closing::End;
use super::connection::{Pace, Said, Socket, Stage, converse, finish};
use super::inbox::{Inbound, Seat};
use super::outbox::Dialect;
use crate::lifecycle::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tickwire_shared::limits::{CHAT_BURST, CHAT_BYTES_MAX, CLIENT_MESSAGE_BYTES_MAX};
use tickwire_shared::{CloseCode, Game, PlayerId, clean_text};
use tokio_tungstenite::tungstenite::protocol::Message;

/// Serves one console, which has its seat already, until it leaves or is made to.
pub(super) async fn serve<G: Game>(socket: Socket, seat: Seat<G>, server: Arc<Server<G>>) {
    let (player, is_raw) = (seat.player, AtomicBool::new(false));
    let interpret = |said| interpret(player, &said, &is_raw);
    let (socket, end) = converse(socket, seat, Pace::new(G::TICK_RATE_HZ), &is_raw, interpret).await;
    finish(socket, Dialect::Console, Stage::Inside, end, server.tally()).await;
}

fn interpret<G: Game>(player: PlayerId, said: &Said, is_raw: &AtomicBool) -> Result<Vec<Inbound<G>>, End> {
    let text = text(&said.message)?;
    // Who sends line ends is likely to need them too.
    is_raw.store(text.ends_with('\n'), Ordering::Relaxed);
    Ok(lines(text).map(|text| Inbound::Line { player, text }).collect())
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
