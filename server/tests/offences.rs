//! Owns the checks that what a client must not do ends in the documented close, and harms nobody else.

mod common;

use common::{Closing, Pit, Player, Wish, hello, raw_frame, say, serve, serve_with, within};
use futures_util::SinkExt;
use std::time::Duration;
use tickwire_server::ServerConfig;
use tickwire_shared::limits::{CLIENT_MESSAGE_BYTES_MAX, HELLO_BYTES_MAX};
use tickwire_shared::{ClientMessage, Hello, PROTOCOL_VERSION, Schema, encode};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

fn hello_message(hello: Hello) -> Message {
    Message::binary(encode(&ClientMessage::<Wish>::Hello(Box::new(hello))))
}

/// What comes back for one message in place of a Hello.
async fn answer_to(message: Message) -> Closing {
    let served = serve().await;
    let mut socket = served.open("/play/a").await;
    say(&mut socket, message).await;
    Closing::of(&mut socket).await
}

fn check(closing: &Closing, kind: &str, code: u16) {
    assert_eq!(closing.code, code, "{closing:?}");
    let (said, said_code, reason) = closing.last.as_ref().expect("last words before the close frame");
    assert_eq!((*said, *said_code), (kind, code), "{closing:?}");
    assert!(reason.starts_with(&closing.reason), "{closing:?}");
}

#[tokio::test]
async fn before_the_welcome_offences_are_refused_with_their_code() {
    let command = ClientMessage::<Wish>::Chat("hi".to_owned());
    for (message, code) in [
        (Message::text("hello"), 1003),
        (Message::binary(&b"\xffgarbage"[..]), 4400),
        (Message::binary(Vec::new()), 4400),
        (Message::binary(encode(&command)), 4400),
        (Message::binary(vec![0; HELLO_BYTES_MAX + 1]), 1009),
    ] {
        check(&answer_to(message).await, "Refused", code);
    }
}

#[tokio::test]
async fn other_versions_are_told_both_versions() {
    let closing = answer_to(hello_message(Hello { protocol: 999, ..hello() })).await;
    check(&closing, "Refused", 4426);
    let (_, _, reason) = closing.last.unwrap();
    assert!(reason.contains("999") && reason.contains(&PROTOCOL_VERSION.to_string()), "{reason}");
}

#[tokio::test]
async fn other_schemas_are_told_what_differs() {
    let mut schema = Schema::of::<Pit>();
    schema.kinds[0].fields[2].name = "height".to_owned();
    let hello = Hello { schema_hash: schema.hash(), schema: Some(schema), ..hello() };
    let closing = answer_to(hello_message(hello)).await;
    check(&closing, "Refused", 4426);
    let (_, _, reason) = closing.last.unwrap();
    assert!(reason.contains("height") && reason.contains("depth"), "{reason}");
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let mut config = ServerConfig::default();
    config.limits.hello_timeout = Duration::from_millis(100);
    let served = serve_with(config).await;
    let mut socket = served.open("/play/a").await;
    check(&Closing::of(&mut socket).await, "Refused", 4408);
    // Nor does it help to say it one byte at a time.
    let mut socket = served.open("/play/a").await;
    socket.get_mut().write_all(&raw_frame(0x82, 100, &[0; 10])).await.unwrap();
    check(&Closing::of(&mut socket).await, "Refused", 4408);
}

#[tokio::test]
async fn after_the_welcome_offences_close_with_their_code() {
    let served = serve().await;
    let second_hello = ClientMessage::<Wish>::Hello(Box::new(hello()));
    for (message, code) in [
        (Message::text("hello"), 1003),
        (Message::binary(&b"\xffgarbage"[..]), 4400),
        (Message::binary(vec![0; CLIENT_MESSAGE_BYTES_MAX + 1]), 1009),
        (Message::binary(vec![0; 2 * 1024]), 1009),
        (Message::binary(encode(&second_hello)), 4400),
    ] {
        let mut player = Player::join(&served, "a").await;
        say(&mut player.socket, message).await;
        check(&Closing::of(&mut player.socket).await, "Closed", code);
    }
}

/// Refused at the header; nothing of the declared length is waited for, or reserved.
#[tokio::test]
async fn huge_declared_lengths_close_at_the_header() {
    let served = serve().await;
    for declared in [1 << 20, u64::from(u32::MAX), 1 << 62] {
        let mut player = Player::join(&served, "a").await;
        player.socket.get_mut().write_all(&raw_frame(0x82, declared, &[])).await.unwrap();
        check(&Closing::of(&mut player.socket).await, "Closed", 1009);
    }
}

/// What is not WebSocket.
#[tokio::test]
async fn broken_frames_close_with_1002() {
    let served = serve().await;
    let unmasked = vec![0x82, 1, 0];
    for frame in [
        raw_frame(0xc2, 1, &[0]),        // a reserved bit
        raw_frame(0x83, 1, &[0]),        // a reserved opcode
        raw_frame(0x80, 1, &[0]),        // a continuation of nothing
        raw_frame(0x89, 126, &[0; 126]), // a ping that is too long
        unmasked,
    ] {
        let mut player = Player::join(&served, "a").await;
        player.socket.get_mut().write_all(&frame).await.unwrap();
        check(&Closing::of(&mut player.socket).await, "Closed", 1002);
    }
}

/// Everything is valid, there is only too much of it.
#[tokio::test]
async fn a_flood_of_messages_closes_with_4429() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let resync = Message::binary(encode(&ClientMessage::<Wish>::Resync));
    for _ in 0..1000 {
        player.socket.feed(resync.clone()).await.unwrap();
    }
    player.socket.flush().await.unwrap();
    check(&Closing::of(&mut player.socket).await, "Closed", 4429);
}

/// What gathered while a link was stalled comes at once, and is forgiven.
#[tokio::test]
async fn a_burst_after_a_stall_is_forgiven() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    for _ in 0..9 * 50 {
        player.wish(Wish::Grow).await;
    }
    for _ in 0..5 {
        player.step(Wish::Grow).await;
    }
}

/// Fragments that never become a message.
#[tokio::test]
async fn a_flood_of_fragments_closes_with_4429() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let mut flood = raw_frame(0x02, 0, &[]);
    for _ in 0..20_000 {
        flood.extend_from_slice(&raw_frame(0x00, 0, &[]));
    }
    player.socket.get_mut().write_all(&flood).await.unwrap();
    check(&Closing::of(&mut player.socket).await, "Closed", 4429);
}

/// More fragments than one message may be long.
#[tokio::test]
async fn an_endless_message_closes_with_1009() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let mut message = raw_frame(0x02, 125, &[0; 125]);
    for _ in 0..HELLO_BYTES_MAX / 125 + 1 {
        message.extend_from_slice(&raw_frame(0x00, 125, &[0; 125]));
    }
    player.socket.get_mut().write_all(&message).await.unwrap();
    check(&Closing::of(&mut player.socket).await, "Closed", 1009);
}

/// By a peer that reads.
#[tokio::test]
async fn a_flood_of_pings_closes_with_4429() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let flood = raw_frame(0x89, 4, b"ping").repeat(20_000);
    player.socket.get_mut().write_all(&flood).await.unwrap();
    check(&Closing::of(&mut player.socket).await, "Closed", 4429);
}

#[tokio::test]
async fn others_in_the_room_miss_no_tick_of_all_that() {
    let served = serve().await;
    let mut bystander = Player::join(&served, "a").await;
    let first = bystander.step(Wish::Grow).await;
    for message in [Message::text("x"), Message::binary(&b"\xff"[..]), Message::binary(vec![0; 4096])] {
        let mut offender = Player::join(&served, "a").await;
        say(&mut offender.socket, message).await;
        let ends =
            within(async { tokio::join!(Closing::of(&mut offender.socket), bystander.step(Wish::Grow)) });
        assert!(ends.await.0.code >= 1003);
    }
    let mut tick = bystander.tick;
    assert!(tick > first);
    for _ in 0..20 {
        let next = bystander.step(Wish::Grow).await;
        assert_eq!(next, tick.plus(1));
        tick = next;
    }
    assert_eq!(served.stop().await.rooms_failed, 0);
}
