//! Owns the checks of the console: chat for anything that speaks WebSocket.

mod common;

use common::{Closing, Player, Wish, line, say, serve};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tickwire_shared::limits::CLIENT_MESSAGE_BYTES_MAX;
use tickwire_shared::{ClientMessage, ServerMessage, decode_prefix};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn two_plain_clients_hear_each_other_in_text_and_binary() {
    let served = serve().await;
    let mut ann = served.open("/console/den?name=Ann").await;
    let mut bob = served.open("/console/den?name=Bob").await;
    say(&mut ann, "hello Bob").await;
    assert_eq!(line(&mut bob).await, "Ann: hello Bob");
    say(&mut bob, Message::binary(&b"hello Ann"[..])).await;
    assert_eq!(line(&mut ann).await, "Bob: hello Ann");
}

/// Wherever in a tick both of it come.
#[tokio::test]
async fn what_is_said_before_a_goodbye_is_heard() {
    let served = serve().await;
    let mut bob = served.open("/console/den?name=Bob").await;
    for round in 0..20 {
        let mut ann = served.open("/console/den?name=Ann").await;
        tokio::time::sleep(Duration::from_millis(round)).await;
        ann.feed(Message::text(format!("bye {round}"))).await.unwrap();
        ann.close(None).await.unwrap();
        assert_eq!(line(&mut bob).await, format!("Ann: bye {round}"));
    }
}

#[tokio::test]
async fn the_root_is_the_lobby_and_names_are_given_to_who_has_none() {
    let served = serve().await;
    let mut first = served.open("/").await;
    let mut second = served.open("/console/lobby").await;
    say(&mut first, "anyone here?").await;
    assert_eq!(line(&mut second).await, "guest-1: anyone here?");
    say(&mut second, "me").await;
    assert_eq!(line(&mut first).await, "guest-2: me");
}

#[tokio::test]
async fn a_message_may_hold_several_lines_and_who_sends_line_ends_gets_them() {
    let served = serve().await;
    let mut ann = served.open("/console/den?name=Ann").await;
    let mut bob = served.open("/console/den?name=Bob").await;
    say(&mut ann, "one\n\n  two\r\n\u{1b}[31mthree\n").await;
    for expected in ["Ann: one", "Ann: two", "Ann: [31mthree"] {
        assert_eq!(line(&mut bob).await, expected);
    }
    say(&mut bob, "four").await;
    assert_eq!(line(&mut ann).await, "Bob: four\n");
}

#[tokio::test]
async fn a_line_said_right_before_leaving_is_heard() {
    let served = serve().await;
    let mut listener = served.open("/console/den?name=Ann").await;
    for round in 0..20 {
        let mut passer = served.open("/console/den?name=Bob").await;
        say(&mut passer, format!("bye {round}")).await;
        drop(passer);
        let heard = line(&mut listener).await;
        assert!(heard.ends_with(&format!("bye {round}")), "{heard}");
    }
}

#[tokio::test]
async fn players_and_consoles_hear_each_other() {
    let served = serve().await;
    let mut player = Player::join(&served, "den").await;
    let mut console = served.open("/console/den?name=Ann").await;
    player.send(&ClientMessage::<Wish>::Chat("from the pit".to_owned())).await;
    assert_eq!(line(&mut console).await, "digger: from the pit");
    say(&mut console, "to the pit").await;
    let mut heard = None;
    while heard.is_none() {
        let frame = common::within(player.socket.next()).await.unwrap().unwrap().into_data();
        heard = chat(&frame);
        player.wish(Wish::Nothing).await;
    }
    assert_eq!(heard.unwrap(), ("Ann".to_owned(), "to the pit".to_owned()));
}

fn chat(mut frame: &[u8]) -> Option<(String, String)> {
    while !frame.is_empty() {
        let (message, rest) = decode_prefix::<ServerMessage<'_>>(frame).unwrap();
        if let ServerMessage::Chat(chat) = message {
            return Some((chat.name, chat.text));
        }
        frame = rest;
    }
    None
}

#[tokio::test]
async fn what_is_not_text_or_too_much_closes() {
    let served = serve().await;
    for (message, code) in [
        (Message::binary(&[0xff, 0xfe][..]), 1007),
        (Message::text("x".repeat(CLIENT_MESSAGE_BYTES_MAX + 1)), 1009),
    ] {
        let mut console = served.open("/console/den").await;
        say(&mut console, message).await;
        let closing = Closing::of(&mut console).await;
        assert_eq!((closing.code, closing.last), (code, None));
    }
}

#[tokio::test]
async fn consoles_are_told_when_the_server_stops() {
    let served = serve().await;
    let mut console = served.open("/console/den").await;
    let mut other = served.open("/console/den").await;
    say(&mut console, "in").await;
    line(&mut other).await;
    let (closing, report) = tokio::join!(Closing::of(&mut console), served.stop());
    assert_eq!((closing.code, closing.last), (1012, None));
    drop(other);
    assert_eq!((report.connections, report.rooms_opened), (2, 1));
}
