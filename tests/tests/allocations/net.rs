//! Owns the proof that a server takes no memory per frame, read or written: what it asks for beside its rooms' ticks it asks for
//! once in a second, however many play.

use super::meadow::{ALL, Meadow};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tickwire_client::net::Connection;
use tickwire_client::{Client, ClientConfig};
use tickwire_server::{ServerConfig, run};
use tickwire_shared::{Game, Role};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// In about a second, for what a room publishes then. One for each frame of a single player, in either direction, would be more.
const ASKED_MAX: u64 = 32;
/// Frames of each player in either direction for which the server is watched: about a second's.
const WATCHED_FRAMES: u64 = Meadow::TICK_RATE_HZ as u64;
/// Until all memory has grown, on however busy a machine.
const WARM_UP_MAX: Duration = Duration::from_secs(60);

/// What all clients have read and written so far, and whether it is enough.
#[derive(Debug, Default)]
struct Traffic {
    snapshots: AtomicU64,
    commands: AtomicU64,
    is_over: AtomicBool,
}

impl Traffic {
    /// Of that of which there was less.
    fn frames(&self) -> u64 {
        self.snapshots.load(Relaxed).min(self.commands.load(Relaxed))
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Snapshots and commands.
fn counts(client: &Client<Meadow>) -> (u64, u64) {
    (client.stats().snapshots, client.stats().commands)
}

/// Plays until it is over.
async fn play(server: SocketAddr, number: usize, traffic: Arc<Traffic>) {
    let url = format!("ws://{server}/play/x");
    let config = ClientConfig::new("shepherd", Role::Player);
    let mut connection = Connection::<Meadow>::open(&url, config).await.unwrap();
    while !traffic.is_over.load(Relaxed) {
        let before = counts(connection.client());
        connection.step().await.unwrap();
        let client = connection.client();
        while client.poll_notice().is_some() {}
        client.set_input((client.tick().0 / 2) as u8 ^ number as u8);
        let after = counts(client);
        traffic.snapshots.fetch_add(after.0 - before.0, Relaxed);
        traffic.commands.fetch_add(after.1 - before.1, Relaxed);
    }
}

/// Watches a server, all of which is in this thread, until it has asked for so little while it had so much to do.
fn settles_to(asked_max: u64, players: usize) {
    let (runtime, traffic) = (runtime(), Arc::new(Traffic::default()));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let (server, load) = (listener.local_addr().unwrap(), Arc::clone(&traffic));
    let clients = std::thread::spawn(move || {
        self::runtime().block_on(async {
            let clients: JoinSet<()> =
                (0..players).map(|number| play(server, number, Arc::clone(&load))).collect();
            clients.join_all().await;
        });
    });
    let config = ServerConfig::<Meadow> { settings: ALL, ..ServerConfig::default() };
    runtime.spawn(run(listener, config, std::future::pending()));
    let begun = Instant::now();
    loop {
        let before = traffic.frames();
        let asked = allocation_counter::measure(|| {
            runtime.block_on(async {
                while traffic.frames() - before < WATCHED_FRAMES * players as u64 {
                    assert!(!clients.is_finished(), "a client has failed");
                    sleep(Duration::from_millis(10)).await;
                }
            });
        });
        if asked.count_total <= asked_max {
            break;
        }
        assert!(
            begun.elapsed() < WARM_UP_MAX,
            "{players} players: still {} in a second, of {} bytes",
            asked.count_total,
            asked.bytes_total
        );
    }
    traffic.is_over.store(true, Relaxed);
    // The clients need a server until they have looked.
    runtime.block_on(async {
        while !clients.is_finished() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    clients.join().unwrap();
}

#[test]
fn frames_cost_no_allocation_however_many_play() {
    for players in [1, 32] {
        settles_to(ASKED_MAX, players);
    }
}
