//! Owns the checks of rooms as tasks: one that fails or is left harms no other, and all stop when told.

mod common;

use common::{Closing, Player, Wish, hello, serve, serve_with, until};
use futures_util::SinkExt;
use std::time::Duration;
use tickwire_server::ServerConfig;
use tickwire_shared::{ClientMessage, Tick, encode};
use tokio_tungstenite::tungstenite::Message;

/// F34: the others' snapshots are of every single tick, and the failed room is there again at once.
#[tokio::test]
async fn a_game_that_panics_ends_its_own_room_only() {
    let served = serve().await;
    let mut calm = Player::join(&served, "calm").await;
    let mut witness = Player::join(&served, "doomed").await;
    let mut culprit = Player::join(&served, "doomed").await;
    let first = calm.step(Wish::Grow).await;
    culprit.step(Wish::Panic).await;
    for player in [&mut culprit, &mut witness] {
        let closing = Closing::of(&mut player.socket).await;
        let reason = "the room's game failed".to_owned();
        assert_eq!(closing.last, Some(("Closed", 1011, reason.clone())));
        assert_eq!((closing.code, closing.reason), (1011, reason));
    }
    let again = Player::join(&served, "doomed").await;
    assert!(again.welcome.epoch > witness.welcome.epoch, "its ticks are others than before");
    for step in 1..100 {
        assert_eq!(calm.step(Wish::Grow).await, first.plus(step), "each tick, before and after");
    }
    let info = served.info().await;
    assert_eq!((&info["rooms_opened"], &info["rooms_failed"]), (&3.into(), &1.into()));
}

#[tokio::test]
async fn a_room_without_sessions_ends_and_opens_anew() {
    let mut config = ServerConfig::default();
    config.limits.empty_room_timeout = Duration::from_millis(100);
    let served = serve_with(config).await;
    let first = Player::join(&served, "a").await;
    let epoch = first.welcome.epoch;
    drop(first);
    until(|| async { served.info().await["rooms"] == serde_json::json!([]) }).await;
    let second = Player::join(&served, "a").await;
    assert!(second.welcome.epoch > epoch);
    assert_eq!(second.welcome.tick.since(Tick(0)).min(5), second.welcome.tick.since(Tick(0)), "a fresh room");
}

/// Joins race with the room's end: none may be lost between the two.
#[tokio::test]
async fn a_join_never_falls_between_two_rooms_of_a_name() {
    let mut config = ServerConfig::default();
    config.limits.empty_room_timeout = Duration::ZERO;
    let served = serve_with(config).await;
    for _ in 0..50 {
        Player::join(&served, "a").await;
    }
}

#[tokio::test]
async fn a_player_leaves_once_however_it_goes() {
    let served = serve().await;
    let mut stayer = Player::join(&served, "a").await;
    for round in 0..10 {
        let mut goer = Player::join(&served, "a").await;
        if round % 2 == 0 {
            goer.socket.close(None).await.unwrap();
        }
        drop(goer);
        stayer.step(Wish::Grow).await;
    }
    until(|| async { served.info().await["rooms"][0]["sessions"] == 1 }).await;
    assert_eq!(served.info().await["players"], 1);
}

#[tokio::test]
async fn a_storm_of_joins_lets_everyone_in() {
    let served = serve().await;
    let mut sockets = Vec::new();
    for _ in 0..60 {
        let mut socket = served.open("/play/a").await;
        let hello = ClientMessage::<Wish>::Hello(Box::new(hello()));
        socket.send(Message::binary(encode(&hello))).await.unwrap();
        sockets.push(socket);
    }
    until(|| async { served.info().await["players"] == 60 }).await;
}

#[tokio::test]
async fn a_stopping_server_tells_everyone_and_lets_go() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let mut other = Player::join(&served, "b").await;
    let mut undecided = served.open("/play/a").await;
    let address = served.address;
    let (report, first, second, third) = tokio::join!(
        served.stop(),
        Closing::of(&mut player.socket),
        Closing::of(&mut other.socket),
        Closing::of(&mut undecided),
    );
    let reason = "the server is restarting".to_owned();
    for closing in [first, second] {
        assert_eq!(closing.last, Some(("Closed", 1012, reason.clone())));
        assert_eq!((closing.code, &closing.reason), (1012, &reason));
    }
    assert_eq!(third.last, Some(("Refused", 1012, reason)));
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody is let in any more");
    assert_eq!(report.rooms_opened, 2);
}

/// A peer that neither reads nor leaves does not hold up the end.
#[tokio::test]
async fn stopping_waits_for_nobody_for_long() {
    let mut config = ServerConfig::default();
    config.limits.shutdown_timeout = Duration::from_secs(2);
    let served = serve_with(config).await;
    let _deaf = Player::join(&served, "a").await;
    let start = tokio::time::Instant::now();
    served.stop().await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
