//! Owns the proof that the game in docs/your-own-game.md is a game: it is what the page shows, and it can be played.

use tickwire_client::Notice;
use tickwire_client::net::Connection;
use tickwire_server::ServerConfig;
use tickwire_shared::Role;
use tickwire_tests::real::{RealServer, step_until};
use tickwire_tests::tag::{Runner, Tag, Way};

#[test]
fn the_page_shows_the_game_as_it_is_in_under_100_lines() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let page = std::fs::read_to_string(format!("{root}/docs/your-own-game.md")).expect("the page");
    let game = std::fs::read_to_string(format!("{root}/tests/src/tag.rs")).expect("the game");
    assert!(page.contains(&game), "docs/your-own-game.md shows another game than tests/src/tag.rs");
    assert!(game.lines().count() < 100);
}

/// Runs after the other one: towards it, or away from it.
fn way(own: &Runner, other: &Runner) -> Way {
    let way = (other.pos - own.pos).normalize_or_zero() * if own.is_it { 127.0 } else { -60.0 };
    (way.x as i8, way.y as i8)
}

/// Lets a runner run until it hears that somebody was caught.
async fn run_until_caught(mut runner: Connection<Tag>) -> Connection<Tag> {
    let mut others = Vec::new();
    step_until(&mut runner, |client| {
        client.newest(&mut others);
        if let (Some((_, own)), Some((_, other))) = (client.own(), others.first()) {
            let way = way(own, other);
            client.set_input(way);
        }
        std::iter::from_fn(|| client.poll_notice()).any(|notice| matches!(notice, Notice::Event(_)))
    })
    .await;
    runner
}

#[tokio::test(flavor = "multi_thread")]
async fn two_players_play_it_until_one_is_caught() {
    let server = RealServer::start(ServerConfig::<Tag>::default()).await;
    let first = server.join::<Tag>("lobby", "ann", Role::Player).await;
    let second = server.join::<Tag>("lobby", "bob", Role::Player).await;
    let (mut first, mut second) = tokio::join!(run_until_caught(first), run_until_caught(second));
    for runner in [&mut first, &mut second] {
        let stats = runner.client().stats();
        assert_eq!((stats.hash_mismatches, stats.resyncs), (0, 0), "{stats:?}");
    }
    assert_eq!(server.stop().await.rooms_failed, 0);
}
