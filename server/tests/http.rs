//! Owns the checks of what is served over plain HTTP, and of who is let through to a WebSocket.

mod common;

use common::{
    Closing, Pit, Player, Wish, hello, open_offering, raw_frame, read_all, serve, serve_with, until, within,
};
use std::time::Duration;
use tickwire_server::ServerConfig;
use tickwire_shared::limits::OFFERED_HELLO_BYTES_MAX;
use tickwire_shared::{ClientMessage, PROTOCOL_VERSION, Schema, Usage, encode, offer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const UPGRADE: &str = "host: here:9001\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                       sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn the_front_page_says_how_to_connect() {
    let served = serve().await;
    let answer = served.http("GET / HTTP/1.1\r\nhost: here:9001\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for word in [
        "Tickwire",
        "\"pit\"",
        "ws://here:9001/play/ROOM",
        "/console/ROOM",
        "http://here:9001/info",
        "/explain/ROOM",
    ] {
        assert!(answer.contains(word), "{word} in {answer}");
    }
}

#[tokio::test]
async fn info_tells_the_state_of_every_room() {
    let served = serve().await;
    assert_eq!(served.info().await["rooms"], serde_json::json!([]));
    let mut player = Player::join(&served, "b").await;
    let _other = Player::join(&served, "a").await;
    let _console = served.open("/console/a").await;
    player.step(Wish::Grow).await;
    until(|| async { served.info().await["rooms"][0]["sessions"] == 2 }).await;

    let info = served.info().await;
    assert_eq!(info["name"], "tickwire");
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["protocol"], PROTOCOL_VERSION);
    assert_eq!(info["game"], "pit");
    assert_eq!(info["schema_hash"], format!("{:016x}", Schema::of::<Pit>().hash()));
    assert_eq!(info["tick_rate_hz"], 50);
    assert_eq!(info["players"], 2);
    let room = &info["rooms"][0];
    assert_eq!((&room["name"], &room["players"]), (&"a".into(), &1.into()), "by name");
    assert_eq!(room["players_max"], 128);
    for key in ["tick", "ticks_skipped", "frames", "inputs_applied", "turn_us_total", "look_us_total"] {
        assert!(room[key].is_u64(), "{key} in {room}");
    }
    for key in ["p50", "p99", "max"] {
        assert!(room["tick_lateness_ms"][key].is_f64(), "{key} in {room}");
    }
}

#[tokio::test]
async fn it_is_explained_where_all_bytes_of_a_room_went() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let mut watcher = Player::join(&served, "a").await;
    // It is told once a second.
    for _ in 0..60 {
        player.step(Wish::Grow).await;
        watcher.step(Wish::Grow).await;
    }
    let usage: Usage = served.json("/explain/a").await;
    assert!(usage.frames > 20, "{usage:?}");
    assert_eq!(usage.bits_total(), 8 * usage.bytes, "{usage:?}");
    let [digger] = &usage.kinds[..] else { panic!("one kind: {usage:?}") };
    assert!(digger.changed > 0 && digger.fields.iter().any(|field| field.changed_bits > 0), "{digger:?}");
    assert!(served.info().await["rooms"][0].get("usage").is_none(), "it is long");

    let hits: Vec<serde_json::Value> = served.json("/hits/a").await;
    assert!(hits.is_empty(), "nobody can be hit here: {hits:?}");
    let answer = served.http("GET /hits/b HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let answer = served.http("GET /explain/b HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.ends_with("There is no such room: GET /info says which there are.\n"), "{answer}");
}

#[tokio::test]
async fn requests_that_lead_nowhere_are_told_so() {
    let served = serve().await;
    for (request, status) in [
        ("GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", "404"),
        ("POST /info HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "405"),
        ("POST /play/lobby HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "405"),
        ("GET /play/lobby HTTP/1.1\r\nhost: x\r\n\r\n", "426"),
        ("GET /console/lobby HTTP/1.1\r\nhost: x\r\n\r\n", "426"),
        ("GET /play/Big%20Room HTTP/1.1\r\nhost: x\r\n\r\n", "400"),
        ("GET /play/%ff HTTP/1.1\r\nhost: x\r\n\r\n", "400"),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let answer = served.http(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
    }
    let answer = served.http("GET /play/lobby HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.contains("sec-websocket-version: 13\r\n"), "{answer}");
    assert!(answer.contains("upgrade: websocket\r\n"), "{answer}");
    let answer = served.http("GET /play/Lobby HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("A room's name is 1 to 32 of a-z, 0-9, _ and -.\n"), "{answer}");
}

/// The status line of the answer to a request for a WebSocket, with more headers.
async fn upgrade(served: &common::Served, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    within(stream.read_exact(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn handshakes_are_checked() {
    let served = serve().await;
    assert_eq!(upgrade(&served, "/play/a", UPGRADE).await, "HTTP/1.1 101");
    assert_eq!(upgrade(&served, "/", UPGRADE).await, "HTTP/1.1 101");
    for (from, to, status) in [
        ("version: 13", "version: 12", "426"),
        ("connection: Upgrade\r\n", "", "426"),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400"),
    ] {
        let headers = UPGRADE.replace(from, to);
        assert_eq!(upgrade(&served, "/play/a", &headers).await, format!("HTTP/1.1 {status}"), "{headers}");
    }
}

/// What comes in one piece with the handshake is not lost on the way from HTTP to WebSocket.
#[tokio::test]
async fn a_hello_may_follow_the_handshake_at_once() {
    let served = serve().await;
    let hello = encode(&ClientMessage::<Wish>::Hello(Box::new(hello())));
    let mut bytes = format!("GET /play/a HTTP/1.1\r\n{UPGRADE}\r\n").into_bytes();
    bytes.extend_from_slice(&raw_frame(0x82, hello.len() as u64, &hello));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        answer.push(within(stream.read_u8()).await.unwrap());
    }
    assert_eq!(within(stream.read_u8()).await.unwrap(), 0x82, "a binary message: the welcome");
    assert_eq!(served.info().await["players"], 1);
}

/// All that an answer says before its body.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A join takes one round trip so.
#[tokio::test]
async fn a_hello_may_come_with_the_request() {
    let served = serve().await;
    let hello = encode(&ClientMessage::<Wish>::Hello(Box::new(hello())));
    let request =
        format!("GET /play/a HTTP/1.1\r\n{UPGRADE}sec-websocket-protocol: {}\r\n\r\n", offer(&hello));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = head(&mut stream).await;
    assert!(head.contains("sec-websocket-protocol: tickwire\r\n"), "browsers insist on it: {head}");
    assert_eq!(within(stream.read_u8()).await.unwrap(), 0x82, "a binary message: the welcome");
    assert_eq!(served.info().await["players"], 1);
}

#[tokio::test]
async fn offers_of_a_hello_are_checked() {
    let served = serve().await;
    let too_long = format!("hello.{}", "A".repeat(OFFERED_HELLO_BYTES_MAX * 4 / 3 + 8));
    for (offer, status) in [
        ("mqtt", "101"),
        ("tickwire", "101"),
        // Not a hello, but that is not for HTTP to say: it ends in 4400.
        ("tickwire, hello.AAAA", "101"),
        ("tickwire, hello.A", "400"),
        ("tickwire, hello.+/==", "400"),
        (&too_long, "400"),
    ] {
        let headers = format!("{UPGRADE}sec-websocket-protocol: {offer}\r\n");
        assert_eq!(upgrade(&served, "/play/a", &headers).await, format!("HTTP/1.1 {status}"), "{offer}");
    }
    let mut socket = open_offering(served.address, "/play/a", "tickwire, hello.AAAA").await;
    assert_eq!(Closing::of(&mut socket).await.code, 4400);
}

/// Browsers let any page open a WebSocket to anywhere, but say which page it is.
#[tokio::test]
async fn pages_of_other_sites_get_403() {
    let served = serve().await;
    let with_origin = |origin: &str| format!("{UPGRADE}origin: {origin}\r\n");
    assert_eq!(upgrade(&served, "/play/a", &with_origin("http://here:9001")).await, "HTTP/1.1 101");
    for origin in ["http://evil.example", "null", "http://here:9002", "http://here:9001.evil.example"] {
        let status = upgrade(&served, "/play/a", &with_origin(origin)).await;
        assert_eq!(status, "HTTP/1.1 403", "{origin}");
    }
}

fn impatient() -> ServerConfig<Pit> {
    let mut config = ServerConfig::default();
    config.limits.handshake_timeout = Duration::from_millis(200);
    config
}

/// A head that never ends frees its place in time, and nobody else waits meanwhile.
#[tokio::test]
async fn slow_heads_are_cut_off() {
    let served = serve_with(impatient()).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        silent.push(stream);
    }
    assert!(served.http("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    for stream in &mut silent {
        read_all(stream).await;
    }
    let mut trickling = TcpStream::connect(served.address).await.unwrap();
    trickling.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    within(async {
        while trickling.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await
        }
    })
    .await;
}

#[tokio::test]
async fn long_heads_are_refused() {
    let served = serve().await;
    let answer = served.http(&format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024))).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_and_a_place_comes_free_again() {
    let mut config = ServerConfig::default();
    config.limits.connections_max = 2;
    let served = serve_with(config).await;
    let first = Player::join(&served, "a").await;
    let _second = Player::join(&served, "a").await;
    let answer = served.http("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    drop(first);
    until(|| async { served.http("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 200") })
        .await;
}

#[tokio::test]
async fn one_room_too_many_is_refused() {
    let mut config = ServerConfig::default();
    config.limits.rooms_max = 1;
    let served = serve_with(config).await;
    let _player = Player::join(&served, "a").await;
    assert_eq!(upgrade(&served, "/play/b", UPGRADE).await, "HTTP/1.1 503");
    assert_eq!(upgrade(&served, "/play/a", UPGRADE).await, "HTTP/1.1 101");
}
