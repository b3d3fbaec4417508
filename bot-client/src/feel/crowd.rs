//! Owns the crowd: bots without a link, who are there to be seen and shot at, and of whom one keeps the server's time.

use super::player::{open, step};
use super::server::Server;
use super::watch::Watch;
use std::sync::Arc;
use tickwire_client::net::Step;
use tickwire_shared::{Bots, Sight};
use tokio::task::{JoinError, JoinSet};

/// All bots of one measurement. They leave when it is dropped.
#[derive(Default)]
pub(super) struct Crowd(JoinSet<Result<(), String>>);

impl Crowd {
    /// So many enter a room; the first keeps its watch.
    pub fn enter<G: Bots>(&mut self, server: &Server, room: &str, count: u64, seed: u64, watch: &Arc<Watch>) {
        for number in 0..count {
            let url = format!("ws://{}/play/{room}", server.address);
            let watch = (number == 0).then(|| Arc::clone(watch));
            self.0.spawn(async move { wander::<G>(&url, seed + number, watch.as_deref()).await });
        }
    }

    /// Does some work while the crowd is there; without the crowd it would mean nothing.
    pub async fn around<T>(&mut self, work: impl Future<Output = T>) -> Result<T, String> {
        tokio::select! {
            done = work => Ok(done),
            Some(ended) = self.0.join_next() => Err(format!("one of the crowd is gone: {}", why(ended))),
        }
    }
}

fn why(ended: Result<Result<(), String>, JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "it left".to_owned(),
        Ok(Err(reason)) => reason,
        Err(panic) => panic.to_string(),
    }
}

/// Plays until it is dropped.
async fn wander<G: Bots>(url: &str, seed: u64, watch: Option<&Watch>) -> Result<(), String> {
    let character = G::PREY.unwrap_or(G::BEHAVIOURS[0]);
    let mut mind = G::bot(character, seed).expect("a character of the game's own");
    let mut connection = open::<G>(url, format!("crowd {seed}")).await?;
    let mut seen = Vec::new();
    let mut thought_at = connection.client().tick();
    loop {
        let step = step(&mut connection).await?;
        let client = connection.client();
        if let (Step::Frame { .. }, Some(watch), Some(tick)) = (&step, watch, client.held().tick()) {
            watch.heard(tick, G::TICK_RATE_HZ);
        }
        while client.poll_notice().is_some() {}
        if std::mem::replace(&mut thought_at, client.tick()) == client.tick() {
            continue;
        }
        client.newest(&mut seen);
        let sight = Sight {
            tick: client.tick().plus(1),
            settings: client.settings().expect("joined"),
            own: client.own(),
            others: &seen,
        };
        let input = G::think(&mut mind, &sight);
        client.set_input(input);
    }
}
