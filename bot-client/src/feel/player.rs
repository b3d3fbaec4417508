//! Owns one measured client: it shoots exactly at what it sees, and notes what that was like.

use super::figures::{Record, Sample};
use super::watch::Watch;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{ClientConfig, Notice, State};
use tickwire_shared::{Bots, EntityId, Role, Shot, Sight, Tick};
use tokio::time::{Instant, Interval, interval, sleep_until, timeout};

/// A game that cannot be joined within this is not there.
const JOIN_TIME_MAX: Duration = Duration::from_secs(15);
/// Between two looks at what is drawn: a frame of a fast screen.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(5);
/// So long before a tick is due, what it wants is decided: by then all has come that will be seen.
const DECIDED_BEFORE: Duration = Duration::from_millis(1);

/// Joins a room.
pub(super) async fn open<G: Bots>(url: &str, name: String) -> Result<Connection<G>, String> {
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
pub(super) async fn step<G: Bots>(connection: &mut Connection<G>) -> Result<Step, String> {
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
    /// The tick that the mind was last asked for.
    thought_for: Tick,
    watch: Arc<Watch>,
    seen: Vec<(EntityId, G::Entity)>,
    record: Record,
    samples: Interval,
    measures: bool,
    measured_from: Duration,
    reconnects: u64,
    /// Whether the ages of rows are noted.
    notes_rows: bool,
    /// How many inputs were made.
    commands: u64,
    /// Inputs without a snapshot of their tick, and when each was made.
    unanswered: VecDeque<(Tick, Duration)>,
}

impl<G: Bots> Player<G> {
    pub async fn join(url: &str, seed: u64, watch: Arc<Watch>) -> Result<Self, String> {
        let connection = open(url, format!("sniper {seed}")).await?;
        let mind = G::SNIPER.and_then(|sniper| G::bot(sniper, seed));
        Ok(Self {
            connection,
            mind,
            thought_for: Tick(0),
            watch,
            seen: Vec::new(),
            record: Record::default(),
            samples: interval(SAMPLE_INTERVAL),
            measures: false,
            measured_from: Duration::ZERO,
            reconnects: 0,
            notes_rows: false,
            commands: 0,
            unanswered: VecDeque::new(),
        })
    }

    /// From here on the ages of all rows are noted, too: there are many.
    pub fn note_rows(&mut self) {
        self.notes_rows = true;
    }

    /// Stands by until its clock has settled: what is shot before anything counts would be missing when it does.
    pub async fn settle(&mut self, time: Duration) -> Result<(), String> {
        let mind = self.mind.take();
        self.connection.client().set_input(G::Input::default());
        self.play(time).await?;
        self.mind = mind;
        Ok(())
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
            self.play(interval * (cuts + 1)).await?;
        }
        self.record.cuts = cuts;
        Ok(self.record)
    }

    /// What was noted so far; from here on, notes begin anew.
    pub fn take_record(&mut self) -> Record {
        std::mem::take(&mut self.record)
    }

    async fn play(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        loop {
            let decides_at = self.decides_at();
            tokio::select! {
                biased;
                () = sleep_until(end) => return Ok(()),
                _ = self.samples.tick() => self.sample(),
                () = sleep_until(decides_at.unwrap_or(end)), if decides_at.is_some() => self.think(),
                step = step(&mut self.connection) => self.note(&step?),
            }
            self.note_inputs();
            // Not by the step, which may have been dropped after it was made.
            let reconnects = self.connection.client().stats().reconnects;
            if std::mem::replace(&mut self.reconnects, reconnects) < reconnects {
                self.record.resumes.extend(self.watch.since_restored());
            }
        }
    }

    fn note(&mut self, step: &Step) {
        let client = self.connection.client();
        let Some(player) = client.player() else { return };
        while let Some(notice) = client.poll_notice() {
            let (Notice::Event(event) | Notice::Confirmed { event, .. }) = notice else { continue };
            match G::shot(&event, player).filter(|_| self.measures) {
                Some(Shot::Fired) => self.record.shots += 1,
                Some(Shot::Hit) => self.record.hits += 1,
                None => {}
            }
        }
        if let (Step::Frame { .. }, Some(tick)) = (step, client.held().tick()) {
            self.note_frame(tick);
        }
    }

    fn note_frame(&mut self, tick: Tick) {
        let now = self.connection.now();
        while let Some((_, made)) = self.unanswered.front().copied().filter(|(made, _)| *made <= tick) {
            self.unanswered.pop_front();
            if self.measures {
                self.record.acks_ms.push((now - made).as_secs_f64() * 1000.0);
            }
        }
        let age_ms = |tick| self.watch.age_ms((tick, 0.0), G::TICK_RATE_HZ);
        if !self.measures {
            return;
        }
        self.record.arrival_ages_ms.extend(age_ms(tick));
        if self.notes_rows {
            let table = self.connection.client().held().table();
            let ages_ms = table.ids().filter_map(|id| age_ms(table.row_tick(id, tick)));
            self.record.row_ages_ms.extend(ages_ms);
        }
    }

    /// Notes when the newest inputs were made: on a busy machine several at once.
    fn note_inputs(&mut self) {
        let now = self.connection.now();
        let client = self.connection.client();
        let (tick, commands) = (client.tick(), client.stats().commands);
        let count = commands - std::mem::replace(&mut self.commands, commands);
        self.unanswered.extend((0..count).rev().map(|age| (Tick(tick.0.saturating_sub(age)), now)));
    }

    /// What is drawn now.
    fn sample(&mut self) {
        let now = self.connection.now();
        let client = self.connection.client();
        let age_ms = client.drawn(now).and_then(|place| self.watch.age_ms(place, G::TICK_RATE_HZ));
        let (Some(age_ms), true) = (age_ms, self.measures) else { return };
        let (stats, at) = (client.stats(), now - self.measured_from);
        self.record.samples.push(Sample {
            at_s: at.as_secs_f64(),
            age_ms,
            ack_ms: stats.last_input_ack.map_or(f64::NAN, |ack| ack.as_secs_f64() * 1000.0),
            late: stats.inputs.late,
            corrections: stats.mispredictions,
        });
    }

    /// When the input of the next tick is to be decided; `None` if it was.
    fn decides_at(&mut self) -> Option<Instant> {
        let now = self.connection.now();
        let client = self.connection.client();
        let due = client.next_update().filter(|_| *client.state() == State::Joined)?;
        let is_open = self.mind.is_some() && client.tick().plus(1) != self.thought_for;
        is_open.then(|| Instant::now() + due.saturating_sub(now + DECIDED_BEFORE))
    }

    /// Decides for the client's next tick, by what will be drawn then.
    fn think(&mut self) {
        let client = self.connection.client();
        let (Some(mind), Some(due)) = (&mut self.mind, client.next_update()) else { return };
        let tick = client.tick().plus(1);
        client.view(due, &mut self.seen);
        let settings = client.settings().expect("it is joined");
        let sight = Sight { tick, settings, own: client.own(), others: &self.seen };
        let input = G::think(mind, &sight);
        client.set_input(input);
        self.thought_for = tick;
    }
}
