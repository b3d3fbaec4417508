//! Owns one measured client: it shoots exactly at what it sees, and notes what that was like.

use super::figures::{Record, Sample};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{ClientConfig, Notice, State};
use tickwire_shared::{Bots, EntityId, PlayerId, Role, Shot, Sight, Tick};
use tokio::time::{Instant, timeout};

/// A game that cannot be joined within this is not there.
const JOIN_TIME_MAX: Duration = Duration::from_secs(15);

/// What all clients of one measurement share: one clock, the server's time as far as it is known, and when the network came back.
#[derive(Debug)]
pub(super) struct Watch {
    start: Instant,
    /// Seconds from the start to the server's tick 0, by the quickest snapshot to a client without a link.
    tick_0_s: Mutex<f64>,
    cuts: Mutex<Vec<Duration>>,
}

impl Watch {
    pub fn new(start: Instant) -> Self {
        Self { start, tick_0_s: Mutex::new(f64::INFINITY), cuts: Mutex::default() }
    }

    fn heard(&self, tick: Tick, tick_rate_hz: u32) {
        let tick_0_s = self.start.elapsed().as_secs_f64() - tick.0 as f64 / f64::from(tick_rate_hz);
        let mut least = self.tick_0_s.lock().unwrap_or_else(PoisonError::into_inner);
        *least = least.min(tick_0_s);
    }

    /// How old a moment of the server's time is now.
    fn age(&self, (tick, part): (Tick, f32), tick_rate_hz: u32) -> Option<f64> {
        let tick_0_s = *self.tick_0_s.lock().unwrap_or_else(PoisonError::into_inner);
        let place_s = (tick.0 as f64 + f64::from(part)) / f64::from(tick_rate_hz);
        tick_0_s.is_finite().then(|| self.start.elapsed().as_secs_f64() - tick_0_s - place_s)
    }

    pub fn note_cut(&self) {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).push(self.start.elapsed());
    }

    fn since_cut(&self) -> Option<Duration> {
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.last().map(|cut| self.start.elapsed() - *cut)
    }
}

/// Plays as one of the crowd that is shot at, until it is dropped; tells the server's time to `observer`.
pub(super) async fn wander<G: Bots>(url: &str, seed: u64, observer: Option<&Watch>) -> Result<(), String> {
    let mut mind = G::bot(G::BEHAVIOURS[0], seed).expect("the usual character");
    let mut connection = open::<G>(url, format!("crowd {seed}")).await?;
    let mut seen = Vec::new();
    loop {
        let step = step(&mut connection).await?;
        let client = connection.client();
        if let (Step::Frame { .. }, Some(watch), Some(tick)) = (&step, observer, client.held().tick()) {
            watch.heard(tick, G::TICK_RATE_HZ);
        }
        while client.poll_notice().is_some() {}
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

async fn open<G: Bots>(url: &str, name: String) -> Result<Connection<G>, String> {
    let mut connection = Connection::open(url, ClientConfig::new(name, Role::Player))
        .await
        .map_err(|error| error.to_string())?;
    let joined = async {
        while *connection.client().state() != State::Joined {
            step(&mut connection).await?;
        }
        Ok::<_, String>(())
    };
    timeout(JOIN_TIME_MAX, joined).await.map_err(|_| "it could not join in time".to_owned())??;
    Ok(connection)
}

/// One step; an end is an error here.
async fn step<G: Bots>(connection: &mut Connection<G>) -> Result<Step, String> {
    match connection.step().await {
        Ok(Step::Closed { code, reason }) => Err(format!("closed with {code}: {reason}")),
        Ok(step) => Ok(step),
        Err(error) => Err(error.to_string()),
    }
}

/// A client that shoots at what it sees.
pub(super) struct Player<G: Bots> {
    connection: Connection<G>,
    mind: Option<G::Bot>,
    watch: Arc<Watch>,
    seen: Vec<(EntityId, G::Entity)>,
    record: Record,
    measures: bool,
    measured_from: Duration,
}

impl<G: Bots> Player<G> {
    pub async fn join(url: &str, seed: u64, watch: Arc<Watch>) -> Result<Self, String> {
        let connection = open(url, format!("sniper {seed}")).await?;
        let mind = G::SNIPER.and_then(|sniper| G::bot(sniper, seed));
        Ok(Self {
            connection,
            mind,
            watch,
            seen: Vec::new(),
            record: Record::default(),
            measures: false,
            measured_from: Duration::ZERO,
        })
    }

    /// Plays, and nothing counts yet.
    pub async fn settle(&mut self, time: Duration) -> Result<(), String> {
        self.play(time).await
    }

    /// Plays, and all counts.
    pub async fn measure(&mut self, time: Duration) -> Result<(), String> {
        self.record.before = self.connection.client().stats().clone();
        (self.measures, self.measured_from) = (true, self.connection.now());
        self.play(time).await?;
        self.measures = false;
        self.record.after = self.connection.client().stats().clone();
        Ok(())
    }

    /// Plays while the network is cut so often, and tells all that was measured.
    pub async fn survive(mut self, cuts: u32, interval: Duration) -> Result<Record, String> {
        if cuts > 0 {
            self.play(interval * (cuts + 2)).await?;
        }
        self.record.cuts = cuts;
        Ok(self.record)
    }

    async fn play(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if let Step::Resumed { .. } = step(&mut self.connection).await? {
                self.record.resumes.extend(self.watch.since_cut());
            }
            if let Some(player) = self.connection.client().player() {
                self.note(player);
                self.think();
            }
        }
        Ok(())
    }

    fn note(&mut self, player: PlayerId) {
        let now = self.connection.now();
        let client = self.connection.client();
        while let Some(notice) = client.poll_notice() {
            let (Notice::Event(event) | Notice::Confirmed { event, .. }) = notice else { continue };
            match G::shot(&event, player).filter(|_| self.measures) {
                Some(Shot::Fired) => self.record.shots += 1,
                Some(Shot::Hit) => self.record.hits += 1,
                None => {}
            }
        }
        if self.measures {
            let age = client.drawn(now).and_then(|place| self.watch.age(place, G::TICK_RATE_HZ));
            let (stats, at) = (client.stats(), now - self.measured_from);
            let Some(age_s) = age else { return };
            self.record.samples.push(Sample {
                at_s: at.as_secs_f64(),
                age_ms: age_s * 1000.0,
                ack_ms: stats.last_input_ack.map_or(f64::NAN, |ack| ack.as_secs_f64() * 1000.0),
                late: stats.inputs.late,
                corrections: stats.mispredictions,
            });
        }
    }

    /// Decides for the client's next tick, by what will be drawn then.
    fn think(&mut self) {
        let client = self.connection.client();
        let (Some(mind), Some(due)) = (&mut self.mind, client.next_update()) else { return };
        client.view(due, &mut self.seen);
        let sight = Sight {
            tick: client.tick().plus(1),
            settings: client.settings().expect("it is joined"),
            own: client.own(),
            others: &self.seen,
        };
        let input = G::think(mind, &sight);
        client.set_input(input);
    }
}
