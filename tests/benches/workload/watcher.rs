//! Owns a real client among the cheap ones: it checks every view hash.

use crate::Outcome;
use crate::checks::Checks;
use crate::full::FullClient;
use crate::load::Part;
use crate::phase::Phase;
use crate::recorder::Record;
use crate::walker::Input;
use std::net::SocketAddr;
use tickwire_shared::Game;

/// Plays until the load is over; an error if the connection ends before.
pub async fn watch<G: Game<Input = Input>>(
    server: SocketAddr,
    room: usize,
    seed: u64,
    mut part: Part,
) -> Outcome<Record> {
    let mut full = FullClient::<G>::open(server, room, seed).await?;
    loop {
        tokio::select! {
            biased;
            update = full.step() => {
                if let Some(bytes) = update? {
                    part.heard(bytes);
                }
            }
            phase = part.next_phase() => match phase {
                Phase::Over => break,
                phase => part.enter(phase),
            },
        }
    }
    let checks = Checks::of(full.client().stats());
    Ok(Record { checks, ..part.end() })
}
