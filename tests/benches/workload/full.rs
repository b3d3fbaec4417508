//! Owns a real client at work: it takes in all that it is sent, and walks about.

use crate::walker::{Input, Walker};
use crate::{Outcome, play_url};
use std::net::SocketAddr;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{Client, ClientConfig};
use tickwire_shared::{Game, Role, Tick};

/// A real client, connected.
pub struct FullClient<G: Game> {
    connection: Connection<G>,
    walker: Walker,
    /// The last tick that it had an input for.
    walked: Tick,
    snapshots: u64,
}

impl<G: Game<Input = Input>> FullClient<G> {
    /// Connects, and asks to be let in.
    pub async fn open(server: SocketAddr, room: usize, seed: u64) -> Outcome<Self> {
        let config = ClientConfig { seed, ..ClientConfig::new("", Role::Player) };
        let mut connection = Connection::<G>::open(&play_url(server, room), config).await?;
        let walked = connection.client().tick();
        Ok(Self { connection, walker: Walker::new(seed), walked, snapshots: 0 })
    }

    /// Says goodbye, so that the server keeps no seat for it.
    pub async fn leave(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }

    pub fn client(&mut self) -> &mut Client<G> {
        self.connection.client()
    }

    /// Waits for whatever comes next, and says how many bytes it had if it was an update. Dropping the future loses
    /// nothing but that.
    pub async fn step(&mut self) -> Outcome<Option<usize>> {
        let step = self.connection.step().await?;
        let client = self.connection.client();
        while client.poll_notice().is_some() {}
        if std::mem::replace(&mut self.walked, client.tick()) != client.tick() {
            client.set_input(self.walker.input(G::TICK_RATE_HZ));
        }
        let snapshots_before = std::mem::replace(&mut self.snapshots, client.stats().snapshots);
        match step {
            Step::Frame { bytes } | Step::Resumed { bytes } => {
                Ok((self.snapshots > snapshots_before).then_some(bytes))
            }
            Step::Updated => Ok(None),
            Step::Closed { code, reason } | Step::Lost { code, reason } => {
                Err(format!("closed with {code}: {reason}").into())
            }
        }
    }
}
