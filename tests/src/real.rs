//! Owns real servers and real clients for tests: loopback, a port that the system picks, and waiting for states with a deadline.

use std::net::SocketAddr;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{Client, ClientConfig};
use tickwire_server::{Report, ServerConfig, run};
use tickwire_shared::{Bots, Game, Role, Sight, Tick};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// How long anything may take before a test gives up waiting for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server in this process.
pub struct RealServer {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Report>,
}

impl RealServer {
    /// Starts a server of a game.
    pub async fn start<G: Game>(config: ServerConfig<G>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task =
            tokio::spawn(async { run(listener, config, shutdown).await.expect("a sound configuration") });
        Self { address, stop, task }
    }

    /// The game socket of a room.
    #[must_use]
    pub fn url(&self, room: &str) -> String {
        format!("ws://{}/play/{room}", self.address)
    }

    /// Stops the server, and says what it did.
    pub async fn stop(self) -> Report {
        let _ = self.stop.send(());
        timeout(PATIENCE, self.task).await.expect("it stops in time").expect("it does not panic")
    }

    /// A client in a room.
    pub async fn join<G: Game>(&self, room: &str, name: &str, role: Role) -> Connection<G> {
        let config = ClientConfig::new(name, role);
        let mut connection = Connection::open(&self.url(room), config).await.expect("the server listens");
        step_until(&mut connection, |client| client.held().tick().is_some()).await;
        connection
    }
}

/// Steps a connection until its client is as wanted.
///
/// # Panics
/// If that does not come within [`PATIENCE`], or the connection ends first.
pub async fn step_until<G: Game>(
    connection: &mut Connection<G>,
    mut is_wanted: impl FnMut(&mut Client<G>) -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    while !is_wanted(connection.client()) {
        let step = timeout_at(deadline, connection.step()).await.expect("the state comes in time");
        if let Step::Closed { code, reason } = step.expect("the connection lives") {
            panic!("closed with {code}: {reason}");
        }
    }
}

/// Lets a bot play until its client has taken in `snapshots` more snapshots; gives the connection back.
pub async fn play<G: Bots>(mut connection: Connection<G>, seed: u64, snapshots: u64) -> Connection<G> {
    let behaviour = G::BEHAVIOURS[seed as usize % G::BEHAVIOURS.len()];
    let mut bot = G::bot(behaviour, seed).expect("one of its own");
    let mut others = Vec::new();
    let mut thought: Option<Tick> = None;
    let end = connection.client().stats().snapshots + snapshots;
    step_until(&mut connection, |client| {
        if thought.replace(client.tick()) != Some(client.tick()) {
            client.newest(&mut others);
            let settings = client.settings().expect("it has joined");
            let sight = Sight { tick: client.tick(), settings, own: client.own(), others: &others };
            let input = G::think(&mut bot, &sight);
            client.set_input(input);
        }
        client.stats().snapshots >= end
    })
    .await;
    connection
}
