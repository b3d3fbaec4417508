//! Owns which rooms there are: by name, opened by the first who joins, and what each last said of itself.

use crate::config::ServerConfig;
use crate::net::door::Join;
use crate::net::phase::Phase;
use crate::net::tick_loop::{self, Opening, restarting, room_failed};
use crate::net::timing::Quantiles;
use crate::room::{Rejection, RoomConfig, RoomCounts};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_shared::limits::JOINS_WAITING_MAX;
use tickwire_shared::{CloseCode, Game, HitRecord, Usage};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info_span};

/// How often a join is tried again at a fresh room, if the room it was sent to ends that very moment.
const JOIN_TRIES_MAX: usize = 3;

/// The rooms of one server.
///
/// A lock is fine here: it is taken when a session joins, when a room ends and when someone asks for the list,
/// never on the way of a message, and never held over an await or a call into a game.
pub(crate) struct Directory<G: Game> {
    config: ServerConfig<G>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    rooms: Mutex<Rooms>,
    /// When the server started: the phases of all rooms count from then.
    started: Instant,
}

struct Rooms {
    by_name: BTreeMap<String, Listed>,
    opened: u64,
    failed: u64,
}

struct Listed {
    door: mpsc::Sender<Join>,
    status: watch::Receiver<RoomStatus>,
    /// Counts rooms: a name may come back as another room.
    number: u64,
    phase: Phase,
}

/// What a room last said of itself: once a second, and whenever somebody came or went.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RoomStatus {
    pub(crate) name: String,
    /// People who play.
    pub(crate) players: usize,
    pub(crate) bots: usize,
    /// People who play or watch, and consoles.
    pub(crate) sessions: usize,
    pub(crate) players_max: usize,
    pub(crate) tick: u64,
    pub(crate) ticks_skipped: u64,
    pub(crate) tick_lateness_ms: Quantiles,
    /// Of whole turns: what came last is read, a tick is made, sockets are written.
    pub(crate) tick_duration_ms: Quantiles,
    /// Of the tick alone: simulating and encoding.
    pub(crate) make_ms: Quantiles,
    /// The sum of all turns since the room was opened, in microseconds.
    pub(crate) turn_us_total: u64,
    /// Of these, what simulating and encoding took.
    pub(crate) make_us_total: u64,
    /// The sum of all looks between turns, which read what has come by then.
    pub(crate) look_us_total: u64,
    #[serde(flatten)]
    pub(crate) counts: RoomCounts,
    /// Where the bytes went. Told on its own, because it is long.
    #[serde(skip)]
    pub(crate) usage: Arc<Usage>,
    /// What was rewound for the last hits, oldest first.
    #[serde(skip)]
    pub(crate) hits: Arc<[HitRecord]>,
}

impl<G: Game> Directory<G> {
    pub(crate) fn new(config: ServerConfig<G>, tasks: TaskTracker, shutdown: CancellationToken) -> Self {
        let rooms = Rooms { by_name: BTreeMap::new(), opened: 0, failed: 0 };
        Self { config, tasks, shutdown, rooms: Mutex::new(rooms), started: Instant::now() }
    }

    /// Brings a connection to a room, which is opened if it is not there. What becomes of it is told to the join.
    pub(crate) async fn join(self: &Arc<Self>, room: &str, mut join: Join) {
        for _ in 0..JOIN_TRIES_MAX {
            let door = match self.room(room) {
                Ok(door) => door,
                Err(rejection) => return join.refuse(rejection),
            };
            match door.send(join).await {
                Ok(()) => return,
                Err(mpsc::error::SendError(back)) => join = back,
            }
        }
        join.refuse(room_failed());
    }

    /// Whether a join to this room would be refused for want of rooms.
    pub(crate) fn is_full_for(&self, room: &str) -> bool {
        let rooms = self.lock();
        !rooms.by_name.contains_key(room) && rooms.by_name.len() >= self.config.limits.rooms_max
    }

    /// What all rooms last said of themselves, by name.
    pub(crate) fn statuses(&self) -> Vec<RoomStatus> {
        self.lock().by_name.values().map(|listed| listed.status.borrow().clone()).collect()
    }

    /// What was rewound for a room's last hits, if there is such a room.
    pub(crate) fn hits(&self, room: &str) -> Option<Arc<[HitRecord]>> {
        self.lock().by_name.get(room).map(|listed| Arc::clone(&listed.status.borrow().hits))
    }

    /// Where the bytes of a room went, if there is such a room.
    pub(crate) fn usage(&self, room: &str) -> Option<Arc<Usage>> {
        self.lock().by_name.get(room).map(|listed| Arc::clone(&listed.status.borrow().usage))
    }

    /// How many rooms were opened so far, and how many of them failed.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let rooms = self.lock();
        (rooms.opened, rooms.failed)
    }

    fn room(self: &Arc<Self>, name: &str) -> Result<mpsc::Sender<Join>, Rejection> {
        if self.shutdown.is_cancelled() {
            return Err(restarting());
        }
        let mut rooms = self.lock();
        if let Some(listed) = rooms.by_name.get(name) {
            return Ok(listed.door.clone());
        }
        if rooms.by_name.len() >= self.config.limits.rooms_max {
            let reason = "this server has no room left for one more room".to_owned();
            return Err(Rejection { code: CloseCode::Refused, reason });
        }
        rooms.opened += 1;
        let number = rooms.opened;
        let phase = Phase::free(rooms.by_name.values().map(|listed| listed.phase));
        let listed = self.open(name, number, phase);
        let door = listed.door.clone();
        rooms.by_name.insert(name.to_owned(), listed);
        Ok(door)
    }

    /// Starts a room's task. Its game is made there: that may take long, or panic.
    fn open(self: &Arc<Self>, name: &str, number: u64, phase: Phase) -> Listed {
        let (door, joins) = mpsc::channel(JOINS_WAITING_MAX);
        let (status, watched) = watch::channel(self.first_status(name));
        let opening = Opening {
            config: self.room_config(name, number),
            door: joins,
            status,
            listing: Listing { directory: Arc::clone(self), name: name.to_owned(), number },
            shutdown: self.shutdown.clone(),
            empty_room_timeout: self.config.limits.empty_room_timeout,
            start: self.started + phase.offset(Duration::from_secs(1) / G::TICK_RATE_HZ),
        };
        self.tasks.spawn(tick_loop::run(opening).instrument(info_span!("room", name)));
        Listed { door, status: watched, number, phase }
    }

    fn room_config(&self, name: &str, number: u64) -> RoomConfig<G> {
        RoomConfig {
            name: name.to_owned(),
            settings: self.config.settings.clone(),
            seed: self.config.seed,
            start_tick: self.config.start_tick,
            players_max: self.config.room_players_max,
            player_bytes_per_second: self.config.player_bytes_per_second,
            rewind_ms_max: self.config.rewind_ms_max,
            resume_grace_ticks: (self.config.limits.resume_grace.as_secs_f64() * f64::from(G::TICK_RATE_HZ))
                .ceil() as u64,
            bots: self.config.bots,
            // A room that comes back starts from the first tick again, so it needs an epoch of its own.
            epoch: self.config.epoch + number,
        }
    }

    fn first_status(&self, name: &str) -> RoomStatus {
        RoomStatus {
            name: name.to_owned(),
            players: 0,
            bots: 0,
            sessions: 0,
            players_max: self.config.room_players_max,
            tick: self.config.start_tick.0,
            ticks_skipped: 0,
            tick_lateness_ms: Quantiles::default(),
            tick_duration_ms: Quantiles::default(),
            make_ms: Quantiles::default(),
            turn_us_total: 0,
            make_us_total: 0,
            look_us_total: 0,
            counts: RoomCounts::default(),
            usage: Arc::default(),
            hits: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // No code of a game runs under it: a panic could only be ours, and the map is whole between two calls.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room's own entry in the directory, which is gone when this is dropped: whoever still comes then finds a fresh room.
pub(crate) struct Listing<G: Game> {
    directory: Arc<Directory<G>>,
    name: String,
    number: u64,
}

impl<G: Game> Listing<G> {
    /// Takes the room out of the directory, unless somebody is on the way in. Says whether it is out.
    pub(crate) fn strike_if_unused(&self, door: &mpsc::Receiver<Join>) -> bool {
        let mut rooms = self.directory.lock();
        // Connections get their senders under this lock: if only the directory's is left, nobody can appear.
        let is_unused = door.sender_strong_count() == 1 && door.is_empty();
        if is_unused {
            self.strike(&mut rooms);
        }
        is_unused
    }

    /// Counts the room among those whose game panicked.
    pub(crate) fn count_failure(&self) {
        self.directory.lock().failed += 1;
    }

    fn strike(&self, rooms: &mut Rooms) {
        if rooms.by_name.get(&self.name).is_some_and(|listed| listed.number == self.number) {
            rooms.by_name.remove(&self.name);
        }
    }
}

impl<G: Game> Drop for Listing<G> {
    fn drop(&mut self) {
        self.strike(&mut self.directory.lock());
    }
}

#[cfg(test)]
mod tests {
    use tickwire_shared::is_room_name;

    #[test]
    fn room_names_are_short_and_plain() {
        for good in ["lobby", "a", "0_-z", &"x".repeat(32)] {
            assert!(is_room_name(good), "{good}");
        }
        for bad in ["", "Lobby", "a b", "ä", "a/b", "a.b", "\n", &"x".repeat(33)] {
            assert!(!is_room_name(bad), "{bad:?}");
        }
    }
}
