//! Owns the recorder: a client that writes down all that the server sends to it, while bots play if there shall be some.

use crate::Exit;
use crate::recording::{write_end, write_frame, write_start};
use crate::swarm::{self, Outcome, decide};
use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{ClientConfig, State};
use tickwire_shared::{Bots, EntityId, Role, Tick};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a server may take to let us in, once connected.
const JOIN_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a server may take to answer a goodbye.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);

/// What a recorder does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The room's game socket.
    pub url: String,
    /// How long to record, once it is in the room.
    pub duration: Duration,
    /// The bots that play meanwhile. The recorder is the first of them: so what only owners are told is recorded too.
    /// `None`: it only watches.
    pub bots: Option<swarm::Plan>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Snapshots that came.
    pub snapshots: u64,
    /// Bytes of all frames.
    pub bytes: u64,
    /// How it ended; what came before is in the file.
    pub end: End,
}

/// How a recording ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// When it should, or by Ctrl-C.
    #[error("done")]
    Done,
    /// By Ctrl-C, before there was anything.
    #[error("interrupted before anything was recorded")]
    Interrupted,
    /// There was no connection.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// By the server.
    #[error("the server closed the connection with {code}: {reason}")]
    Closed {
        /// The close code.
        code: u16,
        /// In the server's words.
        reason: String,
    },
    /// The connection broke.
    #[error("lost the connection: {0}")]
    Lost(String),
    /// The file cannot be written.
    #[error("cannot write the recording: {0}")]
    File(String),
}

impl End {
    /// How the program ends with this.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Done => Exit::Ok,
            Self::Interrupted => Exit::Interrupted,
            Self::Unreachable(_) => Exit::NoConnection,
            Self::Closed { .. } | Self::Lost(_) => Exit::Failed,
            Self::File(_) => Exit::Usage,
        }
    }
}

/// Records into the file that `create` makes, once the server has let the recorder in, until the time is over or `interrupt`
/// completes. With it comes what became of the other bots.
pub async fn run<G: Bots, W: Write>(
    plan: &Plan,
    create: impl FnOnce() -> io::Result<W>,
    interrupt: impl Future<Output = ()>,
) -> (Recorded, Option<Outcome>) {
    let (finish, finished) = oneshot::channel::<()>();
    let recording = async {
        let recorded = record::<G, W>(plan, create, interrupt).await;
        drop(finish);
        recorded
    };
    let others = plan.bots.as_ref().and_then(others);
    let playing = async {
        match &others {
            Some(others) => Some(swarm::run::<G>(others, async { drop(finished.await) }).await),
            None => None,
        }
    };
    tokio::join!(recording, playing)
}

/// All bots but the recorder.
fn others(bots: &swarm::Plan) -> Option<swarm::Plan> {
    let others = swarm::Plan { bots: bots.bots - 1, ..bots.clone() };
    (others.bots > 0).then_some(others)
}

async fn record<G: Bots, W: Write>(
    plan: &Plan,
    create: impl FnOnce() -> io::Result<W>,
    interrupt: impl Future<Output = ()>,
) -> Recorded {
    let mut interrupt = pin!(interrupt);
    let role = if plan.bots.is_some() { Role::Player } else { Role::Spectator };
    let config = ClientConfig { resume: false, ..ClientConfig::new("recorder", role) };
    let opened = tokio::select! {
        opened = Connection::<G>::open(&plan.url, config) => opened.map_err(|error| End::Unreachable(error.to_string())),
        () = &mut interrupt => Err(End::Interrupted),
    };
    let mut connection = match opened {
        Ok(connection) => connection,
        Err(end) => return Recorded { snapshots: 0, bytes: 0, end },
    };
    connection.keep_frames();
    let mind = plan.bots.as_ref().and_then(|bots| G::bot(&bots.behaviour, bots.seed));
    let mut recorder =
        Recorder { connection, create: Some(create), file: None, mind, thought: None, others: Vec::new() };
    let end = tokio::select! {
        end = recorder.listen(plan.duration) => end,
        () = interrupt => if recorder.file.is_some() { End::Done } else { End::Interrupted },
    };
    recorder.finish(end).await
}

struct Recorder<G: Bots, W, C> {
    connection: Connection<G>,
    /// Until it is let in: a server that is not there must not cost an older recording.
    create: Option<C>,
    file: Option<W>,
    mind: Option<G::Bot>,
    /// The tick that it thought in last.
    thought: Option<Tick>,
    /// What it sees; kept to be filled again.
    others: Vec<(EntityId, G::Entity)>,
}

impl<G: Bots, W: Write, C: FnOnce() -> io::Result<W>> Recorder<G, W, C> {
    async fn listen(&mut self, duration: Duration) -> End {
        let mut until = Instant::now() + JOIN_TIME_MAX;
        let mut is_joined = false;
        loop {
            let step = tokio::select! {
                biased;
                () = sleep_until(until) => {
                    let late = || End::Unreachable("the server did not let us in in time".into());
                    return if is_joined { End::Done } else { late() };
                }
                step = self.connection.step() => step,
            };
            if !is_joined && *self.connection.client().state() == State::Joined {
                is_joined = true;
                until = Instant::now() + duration;
            }
            match step {
                // Before the Welcome comes nothing but a refusal.
                Ok(Step::Frame { .. }) if is_joined => {
                    if let Err(error) = self.keep() {
                        return End::File(error.to_string());
                    }
                }
                Ok(Step::Frame { .. } | Step::Updated) => {}
                // A recording has one beginning: what comes after a cut would not follow from what came before.
                Ok(Step::Resumed { .. }) => return End::Lost("the connection was another".into()),
                Ok(Step::Lost { reason, .. }) => return End::Lost(reason),
                Ok(Step::Closed { code, reason }) => return End::Closed { code, reason },
                Err(error) => return End::Lost(error.to_string()),
            }
            self.play();
        }
    }

    /// Writes the frame that came.
    fn keep(&mut self) -> io::Result<()> {
        if let Some(create) = self.create.take() {
            write_start(self.file.insert(create()?))?;
        }
        let file = self.file.as_mut().expect("it was created with the first frame");
        write_frame(file, self.connection.now(), self.connection.frame())
    }

    /// Does what a bot would, once per tick of its client.
    fn play(&mut self) {
        let client = self.connection.client();
        while client.poll_notice().is_some() {}
        let Some(mind) = &mut self.mind else { return };
        if self.thought.replace(client.tick()) != Some(client.tick())
            && let Some(input) = decide(client, mind, &mut self.others)
        {
            client.set_input(input);
        }
    }

    async fn finish(mut self, end: End) -> Recorded {
        let now = self.connection.now();
        let stats = self.connection.client().stats();
        let (snapshots, bytes) = (stats.snapshots, stats.bytes_down);
        let ended = self.file.as_mut().map_or(Ok(()), |file| write_end(file, now));
        let end = match ended {
            Err(error) if end == End::Done => End::File(error.to_string()),
            _ => end,
        };
        if end == End::Done {
            // All is written: a server that does not answer is left alone.
            let _ = timeout(GOODBYE_TIME_MAX, self.connection.close()).await;
        }
        Recorded { snapshots, bytes, end }
    }
}
