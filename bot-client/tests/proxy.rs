//! Owns the proxy over real sockets: bytes arrive whole, in order, no earlier than the link says, and both ends hear of an end.

mod support;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;
use support::{Program, Server, bot_client};
use tickwire_bot_client::proxy::Proxy;
use tickwire_client::link::LinkProfile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// Far above what anything here takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

/// A proxy and what is behind it.
struct Through {
    proxy: Proxy,
    behind: TcpListener,
}

impl Through {
    async fn new(profile: LinkProfile) -> Self {
        let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let proxy = Proxy::bind(anywhere, behind.local_addr().unwrap(), profile, 1).await.unwrap();
        Self { proxy, behind }
    }

    /// Both ends of a connection.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(self.proxy.address).await.unwrap();
        let (far, _) = timeout(PATIENCE, self.behind.accept()).await.expect("the proxy connects").unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        (near, far)
    }
}

/// From writing a byte until it has come back.
async fn round_trip(near: &mut TcpStream, far: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut byte = [7];
    timeout(PATIENCE, async {
        near.write_all(&byte).await.unwrap();
        far.read_exact(&mut byte).await.unwrap();
        far.write_all(&byte).await.unwrap();
        near.read_exact(&mut byte).await.unwrap();
    })
    .await
    .expect("it comes back");
    began.elapsed()
}

fn numbers(count: u32, salt: u32) -> Vec<u8> {
    (0..count).flat_map(|number| (number ^ salt).to_le_bytes()).collect()
}

/// Writes all in pieces of many lengths, and closes that direction, while it reads what comes until the end.
async fn exchange(stream: TcpStream, sent: Vec<u8>) -> Vec<u8> {
    let (mut reads, mut writes) = stream.into_split();
    let writing = async move {
        let (mut rest, mut length) = (&sent[..], 1);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(length.min(rest.len()));
            writes.write_all(piece).await.unwrap();
            (rest, length) = (after, length * 7 % 5003);
        }
        writes.shutdown().await.unwrap();
    };
    let mut received = Vec::new();
    let (_, read) = tokio::join!(writing, reads.read_to_end(&mut received));
    read.unwrap();
    received
}

async fn check_both_ways(profile: LinkProfile) {
    let through = Through::new(profile).await;
    let (near, far) = through.connect().await;
    let (up, down) = (numbers(12_000, 1), numbers(15_000, 2));
    let exchanged = async { tokio::join!(exchange(near, up.clone()), exchange(far, down.clone())) };
    let (near_got, far_got) = timeout(PATIENCE, exchanged).await.expect("all arrives");
    assert!(near_got == down && far_got == up, "{}", profile.name);
}

#[tokio::test]
async fn bytes_arrive_whole_and_in_order_both_ways_under_every_profile() {
    let mut checks: JoinSet<()> = LinkProfile::ALL.into_iter().map(check_both_ways).collect();
    while let Some(checked) = checks.join_next().await {
        checked.unwrap();
    }
}

#[tokio::test]
async fn a_round_trip_takes_at_least_the_delay_of_both_ways() {
    let through = Through::new(LinkProfile::TRANSATLANTIC).await;
    let (mut near, mut far) = through.connect().await;
    for _ in 0..3 {
        let time = round_trip(&mut near, &mut far).await;
        assert!(time >= 2 * LinkProfile::TRANSATLANTIC.delay, "{time:?}");
    }
}

#[tokio::test]
async fn another_profile_holds_at_once_for_connections_that_are_there() {
    let through = Through::new(LinkProfile::LAN).await;
    let (mut near, mut far) = through.connect().await;
    round_trip(&mut near, &mut far).await;
    through.proxy.handle().set_profile(LinkProfile::TRANSATLANTIC);
    // The connection's task learns of it before it reads, because it is asked first.
    let time = round_trip(&mut near, &mut far).await;
    assert!(time >= 2 * LinkProfile::TRANSATLANTIC.delay, "{time:?}");
}

#[tokio::test]
async fn a_link_with_a_rate_holds_the_sender_back() {
    let rate = NonZeroU64::new(100_000);
    let profile = LinkProfile { bytes_per_second: rate, buffer_bytes: 16 * 1024, ..LinkProfile::LAN };
    let through = Through::new(profile).await;
    let (mut near, mut far) = through.connect().await;
    let began = Instant::now();
    // At this rate that would take minutes, and no kernel has a buffer for it.
    let sending = tokio::spawn(async move { near.write_all(&vec![1; 16 << 20]).await });
    let mut received = vec![0; 50_000];
    timeout(PATIENCE, far.read_exact(&mut received)).await.expect("it arrives").unwrap();
    let time = began.elapsed();
    assert!(time >= 500 * MS, "50 kB at 100 kB/s came within {time:?}");
    assert!(!sending.is_finished(), "the sender waits");
    sending.abort();
}

#[tokio::test]
async fn a_receiver_that_does_not_read_holds_the_sender_back() {
    let through = Through::new(LinkProfile::LAN).await;
    let (mut near, _far) = through.connect().await;
    let sent = timeout(500 * MS, near.write_all(&vec![1; 64 << 20])).await;
    assert!(sent.is_err(), "64 MB fit nowhere between the two");
}

async fn assert_reset(stream: &mut TcpStream) {
    let read = timeout(PATIENCE, stream.read(&mut [0; 16])).await.expect("it ends");
    assert_eq!(read.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_cut_resets_both_ends_and_nobody_gets_in_until_it_is_restored() {
    let through = Through::new(LinkProfile::WIFI).await;
    let handle = through.proxy.handle();
    let (mut near, mut far) = through.connect().await;
    round_trip(&mut near, &mut far).await;
    handle.cut();
    assert_reset(&mut near).await;
    assert_reset(&mut far).await;
    // The kernel may accept it before the proxy resets it, or not.
    if let Ok(mut refused) = TcpStream::connect(through.proxy.address).await {
        assert_reset(&mut refused).await;
    }
    handle.restore();
    let (mut near, mut far) = through.connect().await;
    round_trip(&mut near, &mut far).await;
    handle.cut();
    handle.restore();
    assert_reset(&mut near).await;
    assert_reset(&mut far).await;
}

#[tokio::test]
async fn where_nobody_listens_a_connection_is_reset() {
    let Through { proxy, behind } = Through::new(LinkProfile::LAN).await;
    drop(behind);
    let mut near = TcpStream::connect(proxy.address).await.unwrap();
    assert_reset(&mut near).await;
}

#[tokio::test]
async fn a_dropped_proxy_ends_its_connections() {
    let through = Through::new(LinkProfile::LAN).await;
    let (mut near, mut far) = through.connect().await;
    round_trip(&mut near, &mut far).await;
    drop(through);
    for stream in [&mut near, &mut far] {
        assert!(matches!(timeout(PATIENCE, stream.read(&mut [0; 16])).await, Ok(Ok(0) | Err(_))));
    }
}

#[tokio::test]
async fn last_words_arrive_although_their_sender_takes_no_more() {
    let through = Through::new(LinkProfile::clean(200 * MS)).await;
    let (mut near, mut far) = through.connect().await;
    near.write_all(b"one").await.unwrap();
    sleep(10 * MS).await;
    near.write_all(b"two").await.unwrap();
    sleep(140 * MS).await;
    far.write_all(b"goodbye").await.unwrap();
    // What is under way to it will be answered with a reset, while its own words still are.
    drop(far);
    let mut words = [0; 7];
    timeout(PATIENCE, near.read_exact(&mut words)).await.expect("they arrive").unwrap();
    assert_eq!(&words, b"goodbye");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_clients_play_on_a_real_server_through_the_process() {
    let server = Server::start().await;
    let to = server.url.strip_prefix("ws://").unwrap();
    let mut proxy =
        Program::start(&["proxy", "--listen", "127.0.0.1:0", "--to", to, "--profile", "wifi", "--seed", "3"]);
    let address = proxy.hear_after("listening on ").await;
    let url = format!("ws://{address}");
    let ended = bot_client(&["swarm", "--url", &url, "--bots", "4", "--seconds", "2", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report: serde_json::Value = serde_json::from_str(ended.stdout.trim_end()).unwrap();
    assert_eq!((&report["joined"], &report["hash_mismatches"]), (&4.into(), &0.into()), "{report}");
    assert!(report["hash_checks"].as_u64() > Some(0), "{report}");
    assert!(report["input_ack_ms"]["p50"].as_f64() >= Some(8.0), "two ways of 4 ms: {report}");
    proxy.interrupt().await;
    let ended = proxy.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    server.stop().await;
}
