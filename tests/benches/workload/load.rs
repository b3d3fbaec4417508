//! Owns the load process: many clients on one thread, which join one after the other, measure together, and end together.

use crate::checks::Checks;
use crate::client::play;
use crate::control::{Orders, say};
use crate::options::Options;
use crate::phase::Phase;
use crate::recorder::{Quantiles, Record, Recorder, Sample};
use crate::script::{Echo, Player};
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

/// What the load tells the conductor when it is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadFigures {
    /// How long was measured, in seconds.
    pub window_seconds: f64,
    pub updates: u64,
    /// Of the room that got the fewest.
    pub room_updates_min: u64,
    pub bytes: u64,
    pub gap_ms: Quantiles,
    /// While latecomers joined, after the window.
    pub join_gap_ms_max: f64,
    #[serde(flatten)]
    pub checks: Checks,
    pub sizes: Vec<usize>,
}

/// A client's part in the load.
pub struct Part {
    phases: watch::Receiver<Phase>,
    /// Says once that this client has joined.
    joined: Option<mpsc::UnboundedSender<()>>,
    answer_delay: Duration,
    recorder: Recorder,
}

impl Part {
    /// An update came.
    pub fn heard(&mut self, bytes: usize) {
        self.recorder.heard(bytes, Instant::now());
        if let Some(joined) = self.joined.take() {
            // If the load has been given up meanwhile, this client will be told.
            let _ = joined.send(());
        }
    }

    /// How long after a frame this client answers it.
    pub fn answer_delay(&self) -> Duration {
        self.answer_delay
    }

    /// Waits for the next phase. Dropping the future loses nothing.
    pub async fn next_phase(&mut self) -> Phase {
        match self.phases.changed().await {
            Ok(()) => *self.phases.borrow_and_update(),
            Err(_) => Phase::Over,
        }
    }

    pub fn enter(&mut self, phase: Phase) {
        self.recorder.enter(phase, Instant::now());
    }

    pub fn end(self) -> Record {
        self.recorder.end(Instant::now())
    }
}

/// The real server's clients; the first of them are real ones.
pub async fn real<G: Game<Input = Input>>(options: &Options) -> Outcome<()> {
    let server = options.server()?;
    let (schema_hash, watchers) = (Schema::of::<G>().hash(), options.watchers());
    run(options, |number, room, part| async move {
        let seed = number as u64;
        match number {
            number if number < watchers => watch::<G>(server, room, seed, part).await,
            _ => play(server, room, Player::new(schema_hash, G::TICK_RATE_HZ, seed), part).await,
        }
    })
    .await
}

/// The bare server's clients.
pub async fn floor(options: &Options) -> Outcome<()> {
    let (server, hz) = (options.server()?, options.hz.hz());
    run(options, |number, room, part| play(server, room, Echo::new(hz, number as u64), part)).await
}

/// Runs all clients, each made from its number and its room's.
async fn run<F>(options: &Options, client: impl Fn(usize, usize, Part) -> F) -> Outcome<()>
where
    F: Future<Output = Outcome<Record>> + Send + 'static,
{
    let (phase, phases) = watch::channel(Phase::Settling);
    let (joined, joins) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    let count = options.clients();
    let updates = options.seconds * u64::from(options.hz.hz());
    for number in 0..count {
        let recorder = Recorder::new(Sample::of(number, count, updates));
        let (phases, joined) = (phases.clone(), Some(joined.clone()));
        let answer_delay = match options.lockstep {
            true => Duration::ZERO,
            false => answer_delay(number, options.hz.hz()),
        };
        let part = Part { phases, joined, answer_delay, recorder };
        // In turns: rooms open one after the other, so their ticks are spread as those of real rooms are.
        let room = number % options.rooms;
        let life = client(number, room, part);
        clients.spawn(async move {
            sleep(JOIN_INTERVAL * number as u32).await;
            Ok((room, life.await?))
        });
    }
    let window_seconds = tokio::select! {
        Some(early) = clients.join_next() => return Err(too_early(early)),
        directed = direct(&phase, joins, count) => directed?,
    };
    let (mut total, mut room_updates) = (Record::default(), vec![0; options.rooms]);
    while let Some(ended) = clients.join_next().await {
        let (room, record) = ended??;
        room_updates[room] += record.updates;
        total.add(&record);
    }
    let room_updates_min = room_updates.into_iter().min().unwrap_or_default();
    Ok(say(&serde_json::to_string(&LoadFigures::of(total, room_updates_min, window_seconds))?)?)
}

/// A client's own part of a tick: the players of a real room each have a clock of their own, so that their commands come
/// at all times and not together.
fn answer_delay(number: usize, hz: u32) -> Duration {
    // The multiples of this, without what is whole, lie evenly spread, however many there are and whoever share a room.
    const GOLDEN_PART: f64 = 0.618_033_988_749_895;
    Duration::from_secs_f64((number as f64 * GOLDEN_PART).fract() / f64::from(hz))
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
    let (mut begun, mut window) = (Instant::now(), Duration::ZERO);
    loop {
        let order = orders.next().await.ok_or("the conductor is gone")?;
        let next: Phase = serde_json::from_str(&order)?;
        match next {
            Phase::Measuring => begun = Instant::now(),
            Phase::Measured => window = begun.elapsed(),
            _ => {}
        }
        phase.send_replace(next);
        if next == Phase::Over {
            return Ok(window.as_secs_f64());
        }
    }
}

/// Why a client ended while it was still needed.
fn too_early(ended: Result<Outcome<(usize, Record)>, JoinError>) -> Error {
    match ended {
        Ok(Ok(_)) => "a client ended too early".into(),
        Ok(Err(error)) => format!("a client ended too early: {error}").into(),
        Err(panic) => panic.into(),
    }
}

impl LoadFigures {
    fn of(record: Record, room_updates_min: u64, window_seconds: f64) -> Self {
        Self {
            window_seconds,
            updates: record.updates,
            room_updates_min,
            bytes: record.bytes,
            gap_ms: record.gaps.ms(),
            join_gap_ms_max: record.join_gap_max.as_secs_f64() * 1000.0,
            checks: record.checks,
            sizes: record.sizes,
        }
    }
}
