//! Owns the matches over real sockets: many bots, comings and goings, and bad neighbours beside good ones.

use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{Notice, Stats};
use tickwire_server::ServerConfig;
use tickwire_shared::limits::UNACKED_SNAPSHOTS_MAX;
use tickwire_shared::{Bots, CloseCode, Role};
use tickwire_tests::real::{PATIENCE, RealServer, play, step_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

async fn players(server: &RealServer, room: &str, count: u64) -> Vec<Connection<Arena>> {
    let mut players = Vec::new();
    for number in 0..count {
        players.push(server.join(room, &format!("p{number}"), Role::Player).await);
    }
    players
}

/// Lets bots play at the same time, each for so many snapshots.
async fn match_of(players: Vec<Connection<Arena>>, snapshots: u64) -> Vec<Connection<Arena>> {
    let mut running = JoinSet::new();
    for (seed, player) in players.into_iter().enumerate() {
        running.spawn(play(player, seed as u64, snapshots));
    }
    running.join_all().await
}

fn assert_exact(stats: &Stats) {
    assert!(stats.hash_checks > 0, "{stats:?}");
    assert_eq!((stats.hash_mismatches, stats.resyncs, stats.full_snapshots), (0, 0, 1), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_bots_share_one_world_exactly() {
    let server = RealServer::start(ServerConfig::<Arena>::default()).await;
    let joined = players(&server, "lobby", 32).await;
    let mut played = match_of(joined, 300).await;
    let mut updates = 0;
    for player in &mut played {
        assert_exact(player.client().stats());
        updates += player.client().stats().entity_updates;
        assert_eq!(player.client().names().count(), 32);
    }
    assert!(updates > 32 * 300 * 32, "everybody sees everybody, and more: {updates}");
    drop(played);
    let report = server.stop().await;
    assert_eq!((report.connections, report.rooms_opened, report.rooms_failed), (32, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn comings_and_goings_are_seen_and_told() {
    let server = RealServer::start(ServerConfig::<Arena>::default()).await;
    let mut stays = server.join::<Arena>("lobby", "stays", Role::Player).await;
    let entities = |client: &mut tickwire_client::Client<Arena>| {
        let mut others = Vec::new();
        client.newest(&mut others);
        others.iter().filter(|(_, entity)| matches!(entity, tickwire_arena::Entity::Player(_))).count()
    };
    let mut told = Vec::new();
    for round in 0..3 {
        let comes = server.join::<Arena>("lobby", "comes", Role::Player).await;
        step_until(&mut stays, |client| entities(client) == 1).await;
        comes.close().await.expect("a proper goodbye");
        step_until(&mut stays, |client| entities(client) == 0).await;
        step_until(&mut stays, |client| {
            told.extend(std::iter::from_fn(|| client.poll_notice()).filter_map(|notice| match notice {
                Notice::Joined { name, .. } if name == "comes" => Some("joined"),
                Notice::Left { .. } => Some("left"),
                _ => None,
            }));
            told.len() == 2 * (round + 1)
        })
        .await;
    }
    assert_eq!(told, ["joined", "left"].repeat(3));
    assert_eq!(stays.client().stats().hash_mismatches, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stalls_is_skipped_and_then_closed_while_others_miss_nothing() {
    let server = RealServer::start(ServerConfig::<Arena>::default()).await;
    let mut stalled = server.join::<Arena>("lobby", "stalled", Role::Player).await;
    let before = stalled.client().stats().snapshots;
    // Nothing reads or writes for the stalled one, for longer than a silent client is kept.
    let ticks = 60 * 11;
    let mut healthy = match_of(players(&server, "lobby", 8).await, ticks).await;
    for player in &mut healthy {
        assert_exact(player.client().stats());
    }
    let end = timeout(PATIENCE, async {
        loop {
            if let Step::Lost { code, .. } = stalled.step().await.expect("it is closed well") {
                return code;
            }
        }
    });
    assert_eq!(end.await.expect("in time"), CloseCode::Idle as u16);
    // What was under way when it stalled; nothing was queued for it.
    let late = stalled.client().stats().snapshots - before;
    assert!(late <= UNACKED_SNAPSHOTS_MAX as u64, "{late} stale snapshots");
    // Its seat is kept, and it reads again.
    step_until(&mut stalled, |client| client.stats().reconnects == 1).await;
}

/// A raw client: a WebSocket handshake, then whatever bytes a test wants. The mask is zero, so that payloads travel as they are.
/// The body of an answer.
async fn get(server: &RealServer, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("it answers");
    answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
}

/// A sniper and those that it shoots at.
#[tokio::test(flavor = "multi_thread")]
async fn hits_leave_a_record_that_can_be_read_while_the_match_goes_on() {
    let server = RealServer::start(ServerConfig::<Arena>::default()).await;
    let seed_of = |name| Arena::BEHAVIOURS.iter().position(|behaviour| *behaviour == name).expect("its own");
    let mut playing = JoinSet::new();
    let characters = [Arena::SNIPER.expect("one of its own"), "jogger", "jogger", "jogger"];
    for (player, name) in players(&server, "lobby", 4).await.into_iter().zip(characters) {
        playing.spawn(play(player, seed_of(name) as u64, u64::MAX / 2));
    }
    let hit = timeout(PATIENCE, async {
        loop {
            let hits: Vec<serde_json::Value> =
                serde_json::from_str(&get(&server, "/hits/lobby").await).expect("a list");
            if let Some(hit) = hits.into_iter().next() {
                return hit;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let hit = hit.await.expect("somebody is hit in time");
    let (claimed, rewound) = (&hit["claimed_ticks"], &hit["rewound_ticks"]);
    assert!(claimed.as_f64() > Some(0.0), "others are seen in the past: {hit}");
    assert!(rewound.as_f64() <= claimed.as_f64(), "nobody is believed more than it says: {hit}");
    assert!(hit["tick"].is_u64() && !hit["shooter"].is_null() && !hit["target"].is_null(), "{hit}");
    drop(playing);
    server.stop().await;
}

struct Raw(TcpStream);

impl Raw {
    async fn open(server: &RealServer) -> Self {
        let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
        let request = format!(
            "GET /play/lobby HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            server.address
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    async fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).await.expect("sent");
    }

    /// The code of the close frame with which the server ends the connection.
    async fn close_code(mut self) -> Option<u16> {
        let mut bytes = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the server closes").ok()?;
        let mut rest = &bytes[..];
        while let [first, length, payload @ ..] = rest {
            let (length, payload) = match length {
                126 => (usize::from(u16::from_be_bytes([payload[0], payload[1]])), &payload[2..]),
                length => (usize::from(*length), payload),
            };
            if first & 0x0f == 8 {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
            rest = &payload[length..];
        }
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_of_garbage_are_closed_with_their_code_while_others_miss_nothing() {
    const BINARY: u8 = 0x82;
    const TEXT: u8 = 0x81;
    const RESERVED: u8 = 0x83;
    let server = RealServer::start(ServerConfig::<Arena>::default()).await;
    let joined = players(&server, "lobby", 8).await;
    let good = tokio::spawn(match_of(joined, 400));
    for round in 0..10u8 {
        let cases: [(u8, &[u8], CloseCode); 6] = [
            (BINARY, &[round, 255, 255, 255], CloseCode::Malformed),
            (BINARY, &[], CloseCode::Malformed),
            (BINARY, &[0, 1], CloseCode::Malformed),
            (BINARY, &[3], CloseCode::Malformed),
            (TEXT, b"hello", CloseCode::Text),
            (RESERVED, &[1], CloseCode::Protocol),
        ];
        for (first, payload, code) in cases {
            let mut raw = Raw::open(&server).await;
            raw.send(first, payload).await;
            assert_eq!(raw.close_code().await, Some(code as u16), "{first:#x} {payload:?}");
        }
        let mut raw = Raw::open(&server).await;
        // A header that promises 2^63 - 1 bytes.
        raw.0
            .write_all(&[BINARY, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])
            .await
            .expect("sent");
        assert_eq!(raw.close_code().await, Some(CloseCode::TooBig as u16));
    }
    for player in &mut good.await.expect("they play on") {
        assert_exact(player.client().stats());
    }
    assert_eq!(server.stop().await.rooms_failed, 0);
}
