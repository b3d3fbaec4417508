//! Owns the checks of rooms as tasks: one that fails or is left harms no other, and all stop when told.

mod common;

use common::{Closing, Flaws, Pit, Player, Socket, Wish, forgetful, hello, say, serve, serve_with, until};
use futures_util::SinkExt;
use std::time::Duration;
use tickwire_server::{ServerConfig, run};
use tickwire_shared::limits::SETTINGS_BYTES_MAX;
use tickwire_shared::{ClientMessage, Tick, encode};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// The others' snapshots are of every single tick, and the failed room is there again at once.
#[tokio::test]
async fn a_game_that_panics_ends_its_own_room_only() {
    let served = serve().await;
    let mut calm = Player::join(&served, "calm").await;
    let mut witness = Player::join(&served, "doomed").await;
    let mut culprit = Player::join(&served, "doomed").await;
    let calm = tokio::spawn(async move {
        let first = calm.step(Wish::Grow).await;
        for step in 1..100 {
            assert_eq!(calm.step(Wish::Grow).await, first.plus(step), "each tick, before and after");
        }
    });
    culprit.step(Wish::Panic).await;
    for player in [&mut culprit, &mut witness] {
        let closing = Closing::of(&mut player.socket).await;
        let reason = "the room's game failed".to_owned();
        assert_eq!(closing.last, Some(("Closed", 1011, reason.clone())));
        assert_eq!((closing.code, closing.reason), (1011, reason));
    }
    let again = Player::join(&served, "doomed").await;
    assert!(again.welcome.epoch > witness.welcome.epoch, "its ticks are others than before");
    calm.await.unwrap();
    let info = served.info().await;
    assert_eq!((&info["rooms_opened"], &info["rooms_failed"]), (&3.into(), &1.into()));
}

/// Wherever it panics, who wants in is told, and the next to come finds a fresh room to fail.
#[tokio::test]
async fn a_game_that_panics_before_the_first_tick_refuses_everyone() {
    for flaws in [
        Flaws { panics_when_new: true, ..Flaws::default() },
        Flaws { panics_at_join: true, ..Flaws::default() },
    ] {
        let served = serve_with(ServerConfig { settings: flaws, ..ServerConfig::default() }).await;
        for _ in 0..2 {
            let mut socket = served.open("/play/a").await;
            let hello = ClientMessage::<Wish>::Hello(Box::new(hello()));
            say(&mut socket, Message::binary(encode(&hello))).await;
            let closing = Closing::of(&mut socket).await;
            assert_eq!(closing.last, Some(("Refused", 1011, "the room's game failed".to_owned())));
        }
        let report = served.stop().await;
        assert_eq!((report.rooms_opened, report.rooms_failed, report.is_clean), (2, 2, true));
    }
}

/// Sockets are read, and so ends are found, also while no tick is made.
#[tokio::test]
async fn a_game_that_panics_when_somebody_leaves_fails_alone() {
    let settings = Flaws { panics_at_leave: true, ..Flaws::default() };
    let served = serve_with(ServerConfig { settings, ..forgetful() }).await;
    for round in 1..=10 {
        let mut witness = Player::join(&served, "a").await;
        let leaver = Player::join(&served, "a").await;
        tokio::time::sleep(Duration::from_millis(round)).await;
        drop(leaver);
        assert_eq!(Closing::of(&mut witness.socket).await.code, 1011);
        assert_eq!(served.info().await["rooms_failed"], round);
    }
}

#[tokio::test]
async fn settings_that_no_client_could_be_sent_do_not_start() {
    let settings = Flaws { ballast: vec![0; SETTINGS_BYTES_MAX], ..Flaws::default() };
    let config = ServerConfig::<Pit> { settings, ..ServerConfig::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = run(listener, config, std::future::pending()).await.unwrap_err();
    assert!(error.to_string().contains("settings"), "{error}");
}

#[tokio::test]
async fn a_room_without_sessions_ends_and_opens_anew() {
    let mut config = forgetful();
    config.limits.empty_room_timeout = Duration::from_millis(100);
    let served = serve_with(config).await;
    let first = Player::join(&served, "a").await;
    let epoch = first.welcome.epoch;
    drop(first);
    until(|| async { served.info().await["rooms"] == serde_json::json!([]) }).await;
    let second = Player::join(&served, "a").await;
    assert!(second.welcome.epoch > epoch);
    assert_eq!(second.welcome.tick, Tick(0));
}

/// Joins race with the room's end: none may be lost between the two.
#[tokio::test]
async fn a_join_never_falls_between_two_rooms_of_a_name() {
    let mut config = forgetful();
    config.limits.empty_room_timeout = Duration::ZERO;
    let served = serve_with(config).await;
    for _ in 0..50 {
        Player::join(&served, "a").await;
    }
}

/// The ways in which a peer can go.
#[derive(Copy, Clone, Debug)]
enum Exit {
    Goodbye,
    Vanish,
    Reset,
    HalfClose,
    Garbage,
    GoodbyeAndReset,
}

async fn go(mut socket: Socket, exit: Exit) {
    match exit {
        Exit::Goodbye => socket.close(None).await.unwrap(),
        Exit::Vanish => {}
        Exit::Reset => reset(&socket),
        Exit::HalfClose => socket.get_mut().shutdown().await.unwrap(),
        Exit::Garbage => socket.get_mut().write_all(&[0xff; 64]).await.unwrap(),
        Exit::GoodbyeAndReset => {
            socket.close(None).await.unwrap();
            reset(&socket);
        }
    }
}

/// Makes the end of a socket a reset.
fn reset(socket: &Socket) {
    socket2::SockRef::from(socket.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Before the Hello or after the Welcome, nothing is left of who has gone.
#[tokio::test]
async fn a_player_leaves_once_however_it_goes() {
    let served = serve_with(forgetful()).await;
    let mut stayer = Player::join(&served, "a").await;
    for exit in
        [Exit::Goodbye, Exit::Vanish, Exit::Reset, Exit::HalfClose, Exit::Garbage, Exit::GoodbyeAndReset]
    {
        go(served.open("/play/a").await, exit).await;
        go(Player::join(&served, "a").await.socket, exit).await;
        stayer.step(Wish::Grow).await;
    }
    until(|| async { served.info().await["rooms"][0]["sessions"] == 1 }).await;
    drop(stayer);
    until(|| async { served.info().await["rooms"][0]["sessions"] == 0 }).await;
    let start = Instant::now();
    assert!(served.stop().await.is_clean);
    assert!(start.elapsed() < Duration::from_millis(500), "no task was still busy with anyone");
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
    assert_eq!((report.rooms_opened, report.is_clean), (2, true));
}

/// A peer that neither reads nor leaves does not hold up the end.
#[tokio::test]
async fn stopping_waits_for_nobody_for_long() {
    let mut config = ServerConfig::default();
    config.limits.shutdown_timeout = Duration::from_secs(2);
    let served = serve_with(config).await;
    let _deaf = Player::join(&served, "a").await;
    let start = Instant::now();
    assert!(served.stop().await.is_clean);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
