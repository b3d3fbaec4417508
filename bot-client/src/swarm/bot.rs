//! Owns one bot: a real client that joins a room, thinks once per tick of its own clock, and keeps a record.

use super::board::{Board, Phase, Standing};
use super::window::{Measured, Recorder};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{Client, ClientConfig, State};
use tickwire_shared::{Bots, EntityId, Game, Role, Sight, Tick};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long a server may take to answer a goodbye.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);

/// A bot that is about to join.
pub struct Bot<G: Bots> {
    pub way_in: WayIn,
    pub mind: G::Bot,
    pub board: Arc<Board>,
    /// Subscribed before it starts, so that it misses no phase.
    pub phases: watch::Receiver<Phase>,
}

/// How a bot gets into its room.
#[derive(Clone, Debug)]
pub struct WayIn {
    pub name: String,
    pub url: String,
    /// Until it sets out: a swarm's bots come one after the other.
    pub delay: Duration,
}

/// What a bot tells when all is over.
#[derive(Debug)]
pub struct Life {
    pub fate: Fate,
    /// Its share of the measured window, if it was there when that began.
    pub measured: Option<Measured>,
}

/// How it ended for a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was there until it was told to leave.
    Stayed,
    /// It never got in, for this reason.
    Failed(String),
    /// It was in and was thrown out, for this reason.
    Dropped(String),
}

impl<G: Bots> Bot<G> {
    /// Its whole life. Ends when the phase does, or with the connection.
    pub async fn live(self) -> Life {
        let mut phases = self.phases.clone();
        let joined = tokio::select! {
            biased;
            _ = phases.wait_for(|phase| *phase != Phase::Joining) => Err("it took too long".into()),
            joined = self.way_in.join() => joined,
        };
        match joined {
            Ok(connection) => {
                self.board.moved(Standing::Joining, Standing::Settling);
                Player::new(self, connection).play().await
            }
            Err(reason) => {
                self.board.moved(Standing::Joining, Standing::Failed);
                Life { fate: Fate::Failed(reason), measured: None }
            }
        }
    }
}

impl WayIn {
    async fn join<G: Game>(&self) -> Result<Connection<G>, String> {
        sleep(self.delay).await;
        let config = ClientConfig::new(self.name.clone(), Role::Player);
        let mut connection = Connection::open(&self.url, config).await.map_err(|error| error.to_string())?;
        while *connection.client().state() != State::Joined {
            match connection.step().await {
                Ok(Step::Closed { code, reason }) => return Err(closed(code, &reason)),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(connection)
    }
}

/// A bot in its room.
struct Player<G: Bots> {
    connection: Connection<G>,
    mind: G::Bot,
    board: Arc<Board>,
    phases: watch::Receiver<Phase>,
    standing: Standing,
    recorder: Recorder,
    /// The tick that it thought in last.
    thought: Option<Tick>,
    /// What it sees; kept to be filled again.
    others: Vec<(EntityId, G::Entity)>,
}

impl<G: Bots> Player<G> {
    fn new(bot: Bot<G>, connection: Connection<G>) -> Self {
        Self {
            connection,
            mind: bot.mind,
            phases: bot.phases,
            board: bot.board,
            standing: Standing::Settling,
            recorder: Recorder::default(),
            thought: None,
            others: Vec::new(),
        }
    }

    async fn play(mut self) -> Life {
        let fate = match self.until_over().await {
            Ok(()) => Fate::Stayed,
            Err(reason) => {
                self.stands(Standing::Dropped);
                Fate::Dropped(reason)
            }
        };
        let now = self.connection.now();
        let measured = self.recorder.end(now, self.connection.client().stats());
        if fate == Fate::Stayed {
            // Nothing is measured any more: a server that does not answer is left alone.
            let _ = timeout(GOODBYE_TIME_MAX, self.connection.close()).await;
        }
        Life { fate, measured }
    }

    /// Plays until the phase says that it is over; `Err` says why the connection ended before that.
    async fn until_over(&mut self) -> Result<(), String> {
        loop {
            let due = self.connection.client().next_update();
            tokio::select! {
                biased;
                Ok(()) = self.phases.changed() => {
                    if self.turn() == Phase::Over {
                        return self.is_there();
                    }
                }
                step = self.connection.step() => match step {
                    Ok(Step::Frame { .. } | Step::Resumed { .. }) => {
                        self.heard();
                        self.think(due);
                    }
                    Ok(Step::Updated) => self.think(due),
                    // It comes back; how often is among its client's counts.
                    Ok(Step::Lost { .. }) => {}
                    Ok(Step::Closed { code, reason }) => return Err(closed(code, &reason)),
                    Err(error) => return Err(error.to_string()),
                },
            }
        }
    }

    /// `Err` says why it is still without its seat.
    fn is_there(&mut self) -> Result<(), String> {
        match self.connection.client().state() {
            State::Reconnecting { reason, .. } => Err(reason.clone()),
            State::Resuming => Err("the server did not answer on the new connection".to_owned()),
            _ => Ok(()),
        }
    }

    fn turn(&mut self) -> Phase {
        let phase = *self.phases.borrow_and_update();
        if phase == Phase::Measuring {
            self.recorder.begin(self.connection.client().stats());
        }
        phase
    }

    fn heard(&mut self) {
        let now = self.connection.now();
        let client = self.connection.client();
        while client.poll_notice().is_some() {}
        if self.recorder.heard(now, client.stats()) {
            self.board.count_snapshot();
        }
        if self.standing == Standing::Settling && client.stats().inputs.applied > 0 {
            self.stands(Standing::Playing);
        }
    }

    /// Once per tick of its client, and only once that was made: `due` is when it should have been.
    fn think(&mut self, due: Option<Duration>) {
        let now = self.connection.now();
        let client = self.connection.client();
        if self.thought.replace(client.tick()) == Some(client.tick()) {
            return;
        }
        self.recorder.woke(due.map(|due| now.saturating_sub(due)));
        if let Some(input) = decide(client, &mut self.mind, &mut self.others) {
            client.set_input(input);
        }
    }

    fn stands(&mut self, standing: Standing) {
        self.board.moved(self.standing, standing);
        self.standing = standing;
    }
}

/// What the bot wants in its client's next tick.
pub fn decide<G: Bots>(
    client: &Client<G>,
    mind: &mut G::Bot,
    others: &mut Vec<(EntityId, G::Entity)>,
) -> Option<G::Input> {
    let settings = client.settings()?;
    client.newest(others);
    let sight = Sight { tick: client.tick().plus(1), settings, own: client.own(), others };
    Some(G::think(mind, &sight))
}

fn closed(code: u16, reason: &dyn Display) -> String {
    format!("the server closed the connection with {code}: {reason}")
}
