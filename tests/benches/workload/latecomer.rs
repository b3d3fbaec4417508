//! Owns the process of the latecomer: a real client that joins a running room, again and again, and says how long
//! that took. A process of its own, so that what it has to decode does not keep the other clients from reading.

use crate::control::{Orders, say};
use crate::full::FullClient;
use crate::options::Options;
use crate::walker::Input;
use crate::{Error, Outcome};
use serde::{Deserialize, Serialize};
use tickwire_shared::Game;
use tokio::time::Instant;

/// The room that it joins. All are alike.
const ROOM: usize = 0;

/// How long a join took, from before the connection was opened.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Until the first snapshot was taken in.
    pub first_frame_ms: f64,
    /// Until all that there is was in view. `None` if nobody ever sees all.
    pub complete_ms: Option<f64>,
}

/// Joins and leaves at the conductor's word.
pub async fn serve<G: Game<Input = Input>>(options: &Options) -> Outcome<()> {
    let server = options.server()?;
    // Its own entity is one more.
    let entities = options.settings().entities_seen(options.players + 1);
    let mut orders = Orders::listen();
    say("ready")?;
    let mut seed = u64::MAX;
    while orders.next().await.is_some() {
        seed -= 1;
        let begun = Instant::now();
        let mut client = FullClient::<G>::open(server, ROOM, seed).await?;
        let arrival = arrive(&mut client, begun, entities).await?;
        say(&serde_json::to_string(&arrival)?)?;
        stay(&mut client, &mut orders).await?;
        client.leave().await?;
        say("left")?;
    }
    Ok(())
}

async fn arrive<G: Game<Input = Input>>(
    client: &mut FullClient<G>,
    begun: Instant,
    entities: Option<usize>,
) -> Outcome<Arrival> {
    let mut first_frame_ms = None;
    loop {
        let update = client.step().await?;
        // What the client makes of an update is part of the wait for it.
        let ms = begun.elapsed().as_secs_f64() * 1000.0;
        if update.is_none() {
            continue;
        }
        let first_frame_ms = *first_frame_ms.get_or_insert(ms);
        // The first snapshot need not be the whole view.
        match entities {
            None => return Ok(Arrival { first_frame_ms, complete_ms: None }),
            Some(entities) if client.client().held().table().len() >= entities => {
                return Ok(Arrival { first_frame_ms, complete_ms: Some(ms) });
            }
            Some(_) => {}
        }
    }
}

/// Plays until the next order.
async fn stay<G: Game<Input = Input>>(client: &mut FullClient<G>, orders: &mut Orders) -> Result<(), Error> {
    loop {
        tokio::select! {
            order = orders.next() => return order.map(drop).ok_or_else(|| "the conductor is gone".into()),
            step = client.step() => drop(step?),
        }
    }
}
