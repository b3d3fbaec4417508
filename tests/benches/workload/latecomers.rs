//! Owns the process of the latecomers: real clients that join a running room, again and again, and say how long
//! that took. A process of its own, so that what they have to decode does not keep the other clients from reading.

use crate::checks::Checks;
use crate::control::{Orders, say};
use crate::full::FullClient;
use crate::join_figures::Arrival;
use crate::options::Options;
use crate::walker::Input;
use crate::{Error, Outcome};
use std::net::SocketAddr;
use tickwire_shared::Game;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// The room that they join. All are alike.
const ROOM: usize = 0;

/// What one of those who come together has to know of the others.
struct Visit {
    /// Says once that it is there.
    arrived: mpsc::Sender<Arrival>,
    /// When that is over, all leave.
    until: watch::Receiver<()>,
}

/// They join and leave at the conductor's word.
pub async fn serve<G: Game<Input = Input>>(options: &Options) -> Outcome<()> {
    let (server, at_once) = (options.server()?, options.latecomers());
    // Their own entities are in view as well.
    let entities = options.settings().entities_seen(options.players + at_once);
    let mut orders = Orders::listen();
    say("ready")?;
    let mut seed = u64::MAX;
    while orders.next().await.is_some() {
        let (arrived, arrivals) = mpsc::channel(at_once);
        let (stay, until) = watch::channel(());
        let mut visits = JoinSet::new();
        for _ in 0..at_once {
            seed -= 1;
            let visit = Visit { arrived: arrived.clone(), until: until.clone() };
            visits.spawn(join::<G>(server, seed, entities, visit));
        }
        say(&serde_json::to_string(&all_arrive(arrivals, &mut visits, at_once).await?)?)?;
        orders.next().await.ok_or("the conductor is gone")?;
        drop(stay);
        let mut checks = Checks::default();
        while let Some(left) = visits.join_next().await {
            checks.add(left??);
        }
        say(&serde_json::to_string(&checks)?)?;
    }
    Ok(())
}

/// Waits until all are there.
async fn all_arrive(
    mut arrivals: mpsc::Receiver<Arrival>,
    visits: &mut JoinSet<Outcome<Checks>>,
    count: usize,
) -> Outcome<Vec<Arrival>> {
    let mut all = Vec::new();
    while all.len() < count {
        tokio::select! {
            biased;
            Some(early) = visits.join_next() => return Err(too_early(early)),
            Some(arrival) = arrivals.recv() => all.push(arrival),
        }
    }
    Ok(all)
}

/// Why one ended while it was still to stay.
fn too_early(ended: Result<Outcome<Checks>, JoinError>) -> Error {
    match ended {
        Ok(Ok(_)) => "a latecomer left too early".into(),
        Ok(Err(error)) => format!("a latecomer could not stay: {error}").into(),
        Err(panic) => panic.into(),
    }
}

/// One's visit, from opening its connection until it has left.
async fn join<G: Game<Input = Input>>(
    server: SocketAddr,
    seed: u64,
    entities: Option<usize>,
    mut visit: Visit,
) -> Outcome<Checks> {
    let begun = Instant::now();
    let mut client = FullClient::<G>::open(server, ROOM, seed).await?;
    let arrival = arrive(&mut client, begun, entities).await?;
    visit.arrived.send(arrival).await?;
    loop {
        tokio::select! {
            // Nothing is ever said.
            _ = visit.until.changed() => break,
            step = client.step() => drop(step?),
        }
    }
    let checks = Checks::of(client.client().stats());
    client.leave().await?;
    Ok(checks)
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
