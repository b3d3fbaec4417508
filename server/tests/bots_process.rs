//! Owns the check of `--bots` as who plays sees it: the real program, and real clients over loopback.

mod common;

use common::{DEADLINE, Process, http, until};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_arena::{Arena, Entity};
use tickwire_client::net::{Connection, Step};
use tickwire_client::{Client, ClientConfig};
use tickwire_shared::glam::Vec2;
use tickwire_shared::{PlayerId, Role, is_bot_name};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

async fn join(server: SocketAddr, name: &str) -> Connection<Arena> {
    let config = ClientConfig::new(name, Role::Player);
    Connection::open(&format!("ws://{server}/play/lobby"), config).await.expect("the server listens")
}

/// Steps a connection until its client is as wanted.
async fn step_until(
    connection: &mut Connection<Arena>,
    mut is_wanted: impl FnMut(&mut Client<Arena>) -> bool,
) {
    let deadline = Instant::now() + 3 * DEADLINE;
    while !is_wanted(connection.client()) {
        let step = timeout_at(deadline, connection.step()).await.expect("the state comes in time");
        if let Step::Closed { code, reason } = step.expect("the connection lives") {
            panic!("closed with {code}: {reason}");
        }
    }
}

/// Goes on stepping it, until this is aborted: then the connection is cut.
fn step_on(mut connection: Connection<Arena>) -> JoinHandle<()> {
    tokio::spawn(async move { while connection.step().await.is_ok() {} })
}

/// Players and bots, in all and in the room.
async fn counted(server: SocketAddr) -> [u64; 4] {
    let answer = http(server, "GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let info: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let room = &info["rooms"][0];
    [&info["players"], &info["bots"], &room["players"], &room["bots"]]
        .map(|count| count.as_u64().expect("a count"))
}

fn bots(client: &Client<Arena>) -> Vec<PlayerId> {
    client.names().filter(|(_, name, _)| is_bot_name(name)).map(|(player, ..)| player).collect()
}

/// What a player sees of the others: how far each has walked, and whose shots it saw.
#[derive(Default)]
struct Watch {
    walked: BTreeMap<PlayerId, f32>,
    places: BTreeMap<PlayerId, Vec2>,
    shots: BTreeMap<PlayerId, u32>,
    others: Vec<(tickwire_shared::EntityId, Entity)>,
}

impl Watch {
    fn look(&mut self, client: &mut Client<Arena>) {
        while client.poll_notice().is_some() {}
        client.newest(&mut self.others);
        for (_, entity) in &self.others {
            match entity {
                Entity::Player(player) => {
                    let before = self.places.insert(player.player, player.pos).unwrap_or(player.pos);
                    // A respawn is no walk.
                    let way = before.distance(player.pos);
                    *self.walked.entry(player.player).or_default() += if way < 2.0 { way } else { 0.0 };
                }
                Entity::Shot(shot) => *self.shots.entry(shot.shooter).or_default() += 1,
                Entity::Pickup(_) => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_visitor_meets_seven_bots_that_walk_and_shoot_and_each_further_one_takes_a_place() {
    let server = Process::start(&["--bots", "8", "--seed", "7", "--resume-grace-seconds", "0"]);
    let mut first = join(server.address, "Bot first").await;
    step_until(&mut first, |client| bots(client).len() == 7).await;
    assert_eq!(first.client().names().count(), 8);
    assert!(first.client().names().any(|(_, name, _)| name == "first"), "people are not called like bots");
    until(|| async { counted(server.address).await == [1, 7, 1, 7] }).await;

    let mut watch = Watch::default();
    step_until(&mut first, |client| {
        watch.look(client);
        let bots = bots(client);
        bots.iter().all(|bot| watch.walked.get(bot).is_some_and(|metres| *metres > 2.0))
            && bots.iter().filter(|bot| watch.shots.contains_key(bot)).count() >= 2
    })
    .await;

    let mut second = join(server.address, "second").await;
    step_until(&mut second, |client| client.names().count() == 8).await;
    assert_eq!(bots(second.client()).len(), 6);
    let second = step_on(second);
    step_until(&mut first, |client| bots(client).len() == 6 && client.names().count() == 8).await;
    until(|| async { counted(server.address).await == [2, 6, 2, 6] }).await;

    second.abort();
    step_until(&mut first, |client| bots(client).len() == 6 && client.names().count() == 7).await;
    step_until(&mut first, |client| bots(client).len() == 7 && client.names().count() == 8).await;
    until(|| async { counted(server.address).await == [1, 7, 1, 7] }).await;
    let stats = first.client().stats();
    assert!(stats.hash_checks > 0 && stats.hash_mismatches + stats.resyncs == 0, "{stats:?}");

    first.close().await.expect("a goodbye");
    until(|| async { counted(server.address).await == [0; 4] }).await;
}

/// Two hundred of them are no burden that anybody feels: every tick is made.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_bots_and_a_visitor() {
    let server = Process::start(&["--bots", "200", "--room-players-max", "200"]);
    let mut visitor = join(server.address, "visitor").await;
    let mut others = Vec::new();
    step_until(&mut visitor, |client| {
        while client.poll_notice().is_some() {}
        client.newest(&mut others);
        others.iter().filter(|(_, entity)| entity.player().is_some_and(|player| player.alive)).count() > 150
    })
    .await;
    until(|| async { counted(server.address).await == [1, 199, 1, 199] }).await;
    let stats = visitor.client().stats();
    assert_eq!((stats.hash_mismatches, stats.resyncs), (0, 0), "{stats:?}");
    tokio::time::timeout(Duration::from_secs(5), visitor.close()).await.expect("in time").expect("a goodbye");
}
