//! Owns the load process: many clients on one thread, which join one after the other, measure together, and end together.

use crate::client::{Echo, Player, play};
use crate::control::{Orders, say};
use crate::options::Options;
use crate::recorder::{Quantiles, Record, Recorder};
use crate::walker::Input;
use crate::watcher::watch;
use crate::{Error, Outcome};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tickwire_shared::{Game, Schema};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

/// Between two joins. The server lets in eight per tick, so none of them waits for another.
pub const JOIN_INTERVAL: Duration = Duration::from_millis(5);
/// Sizes of frames that are kept, over all clients.
const SIZES_MAX: usize = 10_000;

/// How far the load is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Settling,
    Measuring,
    Over,
}

/// What the load tells the conductor when it is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadFigures {
    /// How long was measured, in seconds.
    pub window_seconds: f64,
    pub updates: u64,
    pub bytes: u64,
    pub gap_ms: Quantiles,
    pub hash_checks: u64,
    pub hash_mismatches: u64,
    pub sizes: Vec<usize>,
}

/// A client's part in the load.
pub struct Part {
    phases: watch::Receiver<Phase>,
    /// Says once that this client has joined.
    joined: Option<mpsc::UnboundedSender<()>>,
    recorder: Recorder,
}

impl Part {
    /// An update came.
    pub fn heard(&mut self, bytes: usize) {
        self.recorder.heard(bytes);
        if let Some(joined) = self.joined.take() {
            // If the load has been given up meanwhile, this client will be told.
            let _ = joined.send(());
        }
    }

    /// Waits for the next phase. Dropping the future loses nothing.
    pub async fn next_phase(&mut self) -> Phase {
        match self.phases.changed().await {
            Ok(()) => *self.phases.borrow_and_update(),
            Err(_) => Phase::Over,
        }
    }

    pub fn begin(&mut self) {
        self.recorder.begin();
    }

    pub fn end(self) -> Record {
        self.recorder.end()
    }
}

/// The real server's clients; the first of them are real ones.
pub async fn real<G: Game<Input = Input>>(options: &Options) -> Outcome<()> {
    let server = options.server()?;
    let (schema_hash, watchers) = (Schema::of::<G>().hash(), options.watchers);
    run(options.players, |number, part| async move {
        let seed = number as u64;
        match number {
            number if number < watchers => watch::<G>(server, seed, part).await,
            _ => play(server, Player::new(schema_hash, G::TICK_RATE_HZ, seed), part).await,
        }
    })
    .await
}

/// The bare server's clients.
pub async fn floor(options: &Options) -> Outcome<()> {
    let server = options.server()?;
    run(options.players, |_, part| play(server, Echo, part)).await
}

async fn run<F>(count: usize, client: impl Fn(usize, Part) -> F) -> Outcome<()>
where
    F: Future<Output = Outcome<Record>> + Send + 'static,
{
    let (phase, phases) = watch::channel(Phase::Settling);
    let (joined, joins) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for number in 0..count {
        let recorder = Recorder::new(SIZES_MAX / count);
        let life = client(number, Part { phases: phases.clone(), joined: Some(joined.clone()), recorder });
        clients.spawn(async move {
            sleep(JOIN_INTERVAL * number as u32).await;
            life.await
        });
    }
    let window_seconds = tokio::select! {
        Some(early) = clients.join_next() => return Err(too_early(early)),
        directed = direct(&phase, joins, count) => directed?,
    };
    let mut total = Record::default();
    while let Some(record) = clients.join_next().await {
        total.add(&record??);
    }
    Ok(say(&serde_json::to_string(&LoadFigures::of(total, window_seconds))?)?)
}

/// Leads the clients through the phases at the conductor's word, and says how many seconds were measured.
async fn direct(
    phase: &watch::Sender<Phase>,
    mut joins: mpsc::UnboundedReceiver<()>,
    count: usize,
) -> Outcome<f64> {
    let mut orders = Orders::listen();
    for _ in 0..count {
        joins.recv().await.ok_or("a client did not join")?;
    }
    say("joined")?;
    orders.next().await.ok_or("the conductor is gone")?;
    let begun = Instant::now();
    phase.send_replace(Phase::Measuring);
    orders.next().await.ok_or("the conductor is gone")?;
    phase.send_replace(Phase::Over);
    Ok(begun.elapsed().as_secs_f64())
}

/// Why a client ended while it was still needed.
fn too_early(ended: Result<Outcome<Record>, JoinError>) -> Error {
    match ended {
        Ok(Ok(_)) => "a client ended too early".into(),
        Ok(Err(error)) => format!("a client ended too early: {error}").into(),
        Err(panic) => panic.into(),
    }
}

impl LoadFigures {
    fn of(record: Record, window_seconds: f64) -> Self {
        Self {
            window_seconds,
            updates: record.updates,
            bytes: record.bytes,
            gap_ms: record.gap_ms(),
            hash_checks: record.hash_checks,
            hash_mismatches: record.hash_mismatches,
            sizes: record.sizes,
        }
    }
}
