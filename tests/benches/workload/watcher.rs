//! Owns a real client among the cheap ones: it takes in all that it is sent, and checks every view hash.

use crate::Outcome;
use crate::load::{Part, Phase};
use crate::recorder::Record;
use crate::walker::{Input, Walker};
use std::net::SocketAddr;
use tickwire_client::ClientConfig;
use tickwire_client::net::{Connection, Step};
use tickwire_shared::{Game, Role};

/// Plays until the load is over; an error if the connection ends before.
pub async fn watch<G: Game<Input = Input>>(server: SocketAddr, seed: u64, mut part: Part) -> Outcome<Record> {
    let url = format!("ws://{server}/play/{}", crate::ROOM);
    let config = ClientConfig { name: String::new(), role: Role::Player };
    let mut connection = Connection::<G>::open(&url, config).await?;
    let (mut walker, mut walked, mut snapshots) = (Walker::new(seed), connection.client().tick(), 0);
    loop {
        tokio::select! {
            biased;
            step = connection.step() => match step? {
                Step::Frame { bytes } if connection.client().stats().snapshots > snapshots => {
                    snapshots = connection.client().stats().snapshots;
                    part.heard(bytes);
                }
                Step::Frame { .. } | Step::Updated => {}
                Step::Closed { code, reason } => return Err(format!("closed with {code}: {reason}").into()),
            },
            phase = part.next_phase() => match phase {
                Phase::Over => break,
                _ => part.begin(),
            },
        }
        let client = connection.client();
        while client.poll_notice().is_some() {}
        if std::mem::replace(&mut walked, client.tick()) != client.tick() {
            client.set_input(walker.input(G::TICK_RATE_HZ));
        }
    }
    let stats = connection.client().stats();
    let mut record = part.end();
    (record.hash_checks, record.hash_mismatches) = (stats.hash_checks, stats.hash_mismatches);
    Ok(record)
}
