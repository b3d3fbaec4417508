//! Owns the checks of seats that outlive their sockets: who gets one back, who does not, and who is put out for it.

mod common;

use common::{Closing, Player, Served, Wish, forgetful, present, serve, serve_with, until};
use futures_util::SinkExt;
use std::time::Duration;
use tickwire_server::ServerConfig;
use tickwire_shared::ResumeToken;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const REFUSED: &str = "this resume token gives no seat in this room";

/// A server that keeps seats for so long.
async fn serve_keeping(grace: Duration) -> Served {
    let mut config = ServerConfig::default();
    config.limits.resume_grace = grace;
    serve_with(config).await
}

/// A count of the first room, as of its last full second, or of when somebody last came or went.
async fn count(served: &Served, name: &str) -> u64 {
    served.info().await["rooms"][0][name].as_u64().unwrap_or_else(|| panic!("{name}"))
}

/// The end of whoever presents this.
async fn refusal(served: &Served, room: &str, token: ResumeToken) -> Closing {
    Closing::of(&mut present(served, room, token).await).await
}

async fn assert_refused(served: &Served, room: &str, token: ResumeToken) {
    let closing = refusal(served, room, token).await;
    let reason = REFUSED.to_owned();
    assert_eq!((closing.code, &closing.reason), (4401, &reason));
    assert_eq!(closing.last, Some(("Refused", 4401, reason)));
}

/// Whether the server has noticed the cut by then or not.
#[tokio::test]
async fn who_is_cut_comes_back_as_the_same_player_every_time() {
    const CUTS: u64 = 30;
    let served = serve().await;
    let mut witness = Player::join(&served, "a").await;
    let mut player = Player::join(&served, "a").await;
    let who = player.welcome.player;
    for round in 0..CUTS {
        for _ in 0..3 {
            player.step(Wish::Grow).await;
        }
        let token = player.token();
        player.cut();
        sleep(Duration::from_millis(round)).await;
        let start = Instant::now();
        player = Player::resume(&served, "a", token).await;
        assert_eq!(player.welcome.player, who);
        assert_ne!(player.token(), token, "each is used once");
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        witness.step(Wish::Grow).await;
    }
    until(|| async { count(&served, "resumed").await == CUTS }).await;
    assert_eq!((count(&served, "sessions").await, count(&served, "expired").await), (2, 0));
    assert_eq!(count(&served, "resumes_refused").await, 0);
}

/// The Welcome with the next token is lost, or arrives and is all that does.
#[tokio::test]
async fn a_cut_at_any_moment_of_coming_back_leaves_a_good_token() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    player.step(Wish::Grow).await;
    let (who, first) = (player.welcome.player, player.token());
    player.cut();
    for round in 0..5 {
        let lost = present(&served, "a", first).await;
        sleep(Duration::from_millis(10 * round)).await;
        drop(lost);
    }
    let second = Player::resume(&served, "a", first).await;
    let token = second.token();
    second.cut();
    let mut third = Player::resume(&served, "a", token).await;
    assert_eq!(third.welcome.player, who);
    assert_refused(&served, "a", first).await;
    third.step(Wish::Grow).await;
}

#[tokio::test]
async fn a_second_connection_replaces_the_first_and_nothing_of_that_counts_any_more() {
    let served = serve().await;
    let mut first = Player::join(&served, "a").await;
    first.step(Wish::Grow).await;
    let mut second = Player::resume(&served, "a", first.token()).await;
    let closing = Closing::of(&mut first.socket).await;
    let reason = "another connection has taken this seat".to_owned();
    assert_eq!((closing.code, &closing.reason), (4409, &reason));
    assert_eq!(closing.last, Some(("Closed", 4409, reason)));
    first.cut();
    let tick = second.step(Wish::Grow).await;
    for step in 1..20 {
        assert_eq!(second.step(Wish::Grow).await, tick.plus(step));
    }
    let info = served.info().await;
    assert_eq!((&info["closed"]["4409"], &info["rooms"][0]["sessions"]), (&1.into(), &1.into()));
    assert_eq!(count(&served, "detached").await, 0, "the seat was never without a connection");
}

#[tokio::test]
async fn used_forged_and_foreign_tokens_give_no_seat_and_take_none() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let mut other = Player::join(&served, "b").await;
    player.step(Wish::Grow).await;
    let used = player.token();
    player.cut();
    let mut player = Player::resume(&served, "a", used).await;
    player.step(Wish::Grow).await;
    until(|| async { count(&served, "inputs_applied").await > 0 }).await;
    // The first command on a connection is what makes its token the only one.
    for _ in 0..5 {
        player.step(Wish::Grow).await;
    }
    assert_refused(&served, "a", used).await;
    let mut flipped = player.token();
    flipped[7] ^= 0x10;
    for forged in [flipped, [0; 16], [0xff; 16]] {
        assert_refused(&served, "a", forged).await;
    }
    assert_refused(&served, "a", other.token()).await;
    assert_refused(&served, "b", player.token()).await;
    let tick = player.step(Wish::Grow).await;
    assert_eq!(player.step(Wish::Grow).await, tick.plus(1), "nobody was disturbed");
    other.step(Wish::Grow).await;
    assert_eq!(served.info().await["closed"]["4401"], 6);
}

#[tokio::test]
async fn a_seat_is_given_up_after_its_time() {
    let served = serve_keeping(Duration::from_millis(1500)).await;
    let mut witness = Player::join(&served, "a").await;
    let mut player = Player::join(&served, "a").await;
    assert_eq!(player.welcome.resume_grace_seconds, 2, "rounded up");
    player.step(Wish::Grow).await;
    let token = player.token();
    player.cut();
    until(|| async { count(&served, "detached").await == 1 }).await;
    assert_eq!((count(&served, "sessions").await, count(&served, "players").await), (2, 2));
    until(|| async { count(&served, "sessions").await == 1 }).await;
    assert_eq!(count(&served, "expired").await, 1);
    assert_refused(&served, "a", token).await;
    witness.step(Wish::Grow).await;
}

#[tokio::test]
async fn a_goodbye_and_an_offence_give_the_seat_up_at_once() {
    let served = serve().await;
    let _stays = Player::join(&served, "a").await;
    let mut polite = Player::join(&served, "a").await;
    polite.step(Wish::Grow).await;
    let token = polite.token();
    let normal = CloseFrame { code: 1000.into(), reason: "".into() };
    polite.socket.close(Some(normal)).await.unwrap();
    until(|| async { count(&served, "sessions").await == 1 }).await;
    assert_refused(&served, "a", token).await;

    let mut rude = Player::join(&served, "a").await;
    rude.step(Wish::Grow).await;
    rude.socket.send(vec![255, 1, 2].into()).await.unwrap();
    assert_eq!(Closing::of(&mut rude.socket).await.code, 4400);
    assert_refused(&served, "a", rude.token()).await;

    // As a browser does when its page is loaded again.
    let mut reloads = Player::join(&served, "a").await;
    reloads.step(Wish::Grow).await;
    let going_away = CloseFrame { code: 1001.into(), reason: "".into() };
    reloads.socket.close(Some(going_away)).await.unwrap();
    let again = Player::resume(&served, "a", reloads.token()).await;
    assert_eq!(again.welcome.player, reloads.welcome.player);
    assert_eq!(count(&served, "expired").await, 0);
}

#[tokio::test]
async fn a_server_that_keeps_no_seats_sends_no_tokens_and_takes_none() {
    let served = serve_with(forgetful()).await;
    let stays = Player::join(&served, "a").await;
    assert_eq!((stays.welcome.resume, stays.welcome.resume_grace_seconds), (None, 0));
    Player::join(&served, "a").await.cut();
    until(|| async { count(&served, "sessions").await == 1 }).await;
    assert_refused(&served, "a", [0; 16]).await;
}

/// The seat is a place in the room, whoever wants in meanwhile.
#[tokio::test]
async fn a_full_room_keeps_the_place_of_who_is_cut() {
    let served = serve_with(ServerConfig { room_players_max: 1, ..ServerConfig::default() }).await;
    let player = Player::join(&served, "a").await;
    let (who, token) = (player.welcome.player, player.token());
    player.cut();
    let mut late = served.open("/play/a").await;
    common::greet::<common::Pit>(&mut late).await;
    assert_eq!(Closing::of(&mut late).await.code, 4403);
    assert_eq!(Player::resume(&served, "a", token).await.welcome.player, who);
}

/// A room in which only kept seats are left is no empty room, and stops when told.
#[tokio::test]
async fn a_stopping_server_does_not_wait_for_who_is_cut() {
    let mut config = ServerConfig::default();
    config.limits.empty_room_timeout = Duration::from_millis(50);
    let served = serve_with(config).await;
    let player = Player::join(&served, "a").await;
    player.cut();
    until(|| async { count(&served, "detached").await == 1 }).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(count(&served, "sessions").await, 1);
    let start = Instant::now();
    assert!(served.stop().await.is_clean);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
