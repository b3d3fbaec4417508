//! Owns a network between real sockets that can fail: it passes bytes on, until they are cut or held up.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the network does now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It passes on what comes.
    Fine,
    /// It lets nothing through, and tells nobody.
    Dark,
}

/// A relay in front of one server.
pub struct Relay {
    /// Where clients connect to.
    pub address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
    /// Counts the cuts: a connection of an earlier count is dead.
    cuts: Arc<watch::Sender<u64>>,
    _accepting: JoinSet<()>,
}

impl Relay {
    /// A relay to this server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let weather = Arc::new(watch::Sender::new(Weather::Fine));
        let cuts = Arc::new(watch::Sender::new(0));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, server, Arc::clone(&weather), Arc::clone(&cuts)));
        Self { address, weather, cuts, _accepting: accepting }
    }

    /// The game socket of a room.
    #[must_use]
    pub fn url(&self, room: &str) -> String {
        format!("ws://{}/play/{room}", self.address)
    }

    /// Resets all connections, at both ends.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What it does from now on, also to the connections that there are.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
    cuts: Arc<watch::Sender<u64>>,
) {
    let mut running = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let (weather, mut cuts) = (weather.subscribe(), cuts.subscribe());
        cuts.mark_unchanged();
        running.spawn(async move {
            reset_at_the_end(&client);
            let Ok(mut server) = TcpStream::connect(server).await else { return };
            reset_at_the_end(&server);
            let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
            let both = async {
                let up = pass(from_client, to_server, weather.clone());
                let _ = tokio::try_join!(up, pass(from_server, to_client, weather));
            };
            tokio::select! {
                _ = cuts.changed() => {}
                () = both => {}
            }
        });
    }
}

/// Whoever drops it resets it: a network that fails says no goodbye.
fn reset_at_the_end(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// Passes bytes on until there are no more. The end is passed on as well.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        // However long it stays dark: what was sent meanwhile waits in kernels.
        let _ = weather.wait_for(|weather| *weather == Weather::Fine).await;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..count]).await?;
    }
}
