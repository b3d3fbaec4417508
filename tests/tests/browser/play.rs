//! Owns the proof that the page plays: what a person does in it happens on the server, and everybody sees the same.

use crate::page::Page;
use crate::stage::{Stage, config};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tickwire_arena::{Arena, Entity};
use tickwire_server::{BotFill, ServerConfig};
use tickwire_shared::{Game, Role};
use tickwire_tests::real::{PATIENCE, step_until};
use tokio::time::{Instant, sleep};

/// Where a page's own player is, in metres.
async fn own(page: &Page) -> (f64, f64) {
    let own = page.eval("tickwire.own()").await;
    (own["x"].as_f64().expect("a number"), own["y"].as_f64().expect("a number"))
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// Holds keys down, one after the other, until the player has gone a metre: where it starts a wall may be in the way.
pub async fn walk(page: &Page) {
    let start = own(page).await;
    for code in ["KeyD", "KeyS", "KeyA", "KeyW"] {
        page.key(code, true).await;
        let tick = page.eval("tickwire.stats().commands").await.as_f64().expect("a number");
        page.until(&format!(
            "tickwire.stats().commands > {tick} + 60 || Math.hypot(tickwire.own().x - {}, tickwire.own().y - {}) > 1",
            start.0, start.1
        ))
        .await;
        page.key(code, false).await;
        if distance(own(page).await, start) > 1.0 {
            return;
        }
    }
    panic!("no key moves the player away from {start:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_joins_and_moves_and_a_native_client_sees_it_there() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    let mut watcher = stage.server.join::<Arena>("lobby", "Watcher", Role::Spectator).await;
    walk(&page).await;
    // It slides to a halt; then both know the same place.
    let mut others = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let here = own(&page).await;
        let snapshots = watcher.client().stats().snapshots + 1;
        step_until(&mut watcher, |client| client.stats().snapshots >= snapshots).await;
        watcher.client().newest(&mut others);
        let there = others.iter().find_map(|(_, entity)| match entity {
            Entity::Player(player) => Some((f64::from(player.pos.x), f64::from(player.pos.y))),
            _ => None,
        });
        if distance(there.expect("the page's player"), here) < 0.02 {
            break;
        }
        assert!(Instant::now() < deadline, "the server has it at {there:?}, the page at {here:?}");
    }
    assert_eq!(page.eval("tickwire.stats().hash_mismatches").await, 0);
    assert_eq!(page.complaints(), [""; 0], "nothing is refused and nothing fails");
}

/// Names and scores as a page shows them.
async fn scores(page: &Page) -> BTreeMap<String, i64> {
    let scores = page.eval("tickwire.scores()").await;
    let score = |entry: &Value| {
        let name = entry["name"].as_str().expect("a name").to_owned();
        (name, entry["score"].as_i64().expect("a score"))
    };
    scores.as_array().expect("a list").iter().map(score).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_see_each_other_and_the_same_score() {
    let bots = Some(BotFill::new(8));
    let stage = Stage::of(ServerConfig { bots, ..config::<Arena>() }).await;
    let (ann, ben) = tokio::join!(stage.join("Ann"), stage.join("Ben"));
    let sees = |name: &str| format!("tickwire.scores().some(entry => entry.name == '{name}')");
    tokio::join!(async { ann.until(&sees("Ben")).await }, async { ben.until(&sees("Ann")).await });
    // The bots fight, with each other and with these two.
    ann.until("tickwire.scores().some(entry => entry.score != 0)").await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (seen_by_ann, seen_by_ben) = tokio::join!(scores(&ann), scores(&ben));
        if seen_by_ann == seen_by_ben && seen_by_ann.values().any(|score| *score != 0) {
            assert!(["Ann", "Ben"].iter().all(|name| seen_by_ann.contains_key(*name)), "{seen_by_ann:?}");
            break;
        }
        assert!(Instant::now() < deadline, "{seen_by_ann:?} and {seen_by_ben:?}");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!([ann.complaints(), ben.complaints()].concat(), [""; 0]);
}

/// Only when it is asked for: `TICKWIRE_PICTURE=docs/page.png`.
#[tokio::test(flavor = "multi_thread")]
async fn the_picture_of_the_readme_is_of_the_page() {
    let Some(path) = std::env::var_os("TICKWIRE_PICTURE") else { return };
    let bots = Some(BotFill::new(16));
    let stage = Stage::of(ServerConfig { bots, ..config::<Arena>() }).await;
    let page = stage.join("Ann").await;
    page.resize(1400, 900).await;
    page.key("KeyN", true).await;
    page.key("KeyN", false).await;
    // When there is something to be seen: the graph has filled up, and a fight is on.
    page.until("tickwire.frames > 500 && tickwire.scores().some(entry => entry.score > 1)").await;
    walk_into_a_fight(&page).await;
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::write(root.join(path), page.screenshot().await).expect("the picture can be written");
}

/// Walks towards the middle of the map, until there is company.
async fn walk_into_a_fight(page: &Page) {
    let middle = <Arena as Game>::Settings::default().map.size / 2.0;
    let (x, y) = (f64::from(middle.x), f64::from(middle.y));
    let near = "tickwire.entities().filter(other => other.kind == 'Player' && other.alive && Math.abs(other.pos_y - own.y) < 6 \
                && Math.abs(other.pos_x - own.x + 2) < 6)";
    let is_in_it = format!(
        "(own => own.alive && Math.hypot(own.x - {x}, own.y - {y}) < 18 && {near}.length > 2)(tickwire.own())"
    );
    let deadline = Instant::now() + 4 * PATIENCE;
    while page.eval(&is_in_it).await != true {
        assert!(Instant::now() < deadline, "there is no fight");
        let here = own(page).await;
        let keys = [if here.0 < x { "KeyD" } else { "KeyA" }, if here.1 < y { "KeyS" } else { "KeyW" }];
        let frames = page.eval("tickwire.frames").await;
        for key in keys {
            page.key(key, true).await;
        }
        page.until(&format!("tickwire.frames > {frames} + 15")).await;
        for key in keys {
            page.key(key, false).await;
        }
    }
}
