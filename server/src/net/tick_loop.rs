//! Owns the life of one room: its task, which reads its sockets at looks, and at each deadline makes a tick and writes to them.

use super::alarm::Alarm;
use super::desk::{Desk, Now};
use super::door::Join;
use super::guard::guarded;
use super::look::LOOKS_PER_TICK;
use super::schedule::Schedule;
use super::timing::Timing;
use crate::directory::{Listing, RoomStatus};
use crate::room::{Rejection, Room, RoomConfig};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::{CloseCode, Game};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

/// How soon sockets are looked at again while one of them cannot take all that is sent.
const BLOCKED_LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// The part of a tick's period by which it must be late for the room to do without looks until the next.
const LATE_PART: u32 = 8;

/// What a room's task starts with.
pub(crate) struct Opening<G: Game> {
    pub(crate) config: RoomConfig<G>,
    pub(crate) door: mpsc::Receiver<Join>,
    pub(crate) status: watch::Sender<RoomStatus>,
    pub(crate) listing: Listing<G>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) empty_room_timeout: Duration,
    /// When the first period begins, which gives the phase of all.
    pub(crate) start: Instant,
}

/// Why a room ended.
#[derive(Debug)]
enum Ended {
    /// Nobody was in it for a while.
    Empty,
    /// The server stops.
    Stopped,
    /// Its game panicked, with these words.
    Failed(String),
}

/// Runs a room from its first tick to its last, whatever its game does.
pub(crate) async fn run<G: Game>(opening: Opening<G>) {
    let Opening { config, door, status, listing, shutdown, empty_room_timeout, start } = opening;
    debug!("opened");
    let mut desk = Desk::new(door);
    let ended = match guarded(|| Room::new(config)) {
        Ok(room) => {
            let mut tick_loop = TickLoop::new(room, desk, status, empty_room_timeout, start);
            let ended = tick_loop.run(&listing, &shutdown).await;
            desk = tick_loop.desk;
            ended
        }
        Err(panic) => Ended::Failed(panic),
    };
    if let Ended::Failed(_) = ended {
        listing.count_failure();
    }
    // First out of the directory: a join that is refused here is tried again at a fresh room.
    drop(listing);
    desk.close(&ended.farewell()).await;
    match ended {
        Ended::Failed(panic) => error!(panic, "the room's game failed"),
        ended => debug!(?ended, "ended"),
    }
}

impl Ended {
    fn farewell(&self) -> Rejection {
        match self {
            Self::Empty | Self::Stopped => restarting(),
            Self::Failed(_) => room_failed(),
        }
    }
}

/// What everyone is told when the server stops.
pub(crate) fn restarting() -> Rejection {
    Rejection { code: CloseCode::Restarting, reason: "the server is restarting".to_owned() }
}

/// What everyone in a room is told when its game has panicked.
pub(crate) fn room_failed() -> Rejection {
    Rejection { code: CloseCode::RoomFailed, reason: "the room's game failed".to_owned() }
}

struct TickLoop<G: Game> {
    room: Room<G>,
    desk: Desk,
    start: Instant,
    schedule: Schedule,
    timing: Timing,
    status: watch::Sender<RoomStatus>,
    /// When the sockets were looked at last.
    looked: Duration,
    /// How late the last tick was.
    late: Duration,
    /// Ticks in a row without a session, and how many of them end the room.
    empty_ticks: u64,
    empty_ticks_max: u64,
}

impl<G: Game> TickLoop<G> {
    fn new(
        room: Room<G>,
        desk: Desk,
        status: watch::Sender<RoomStatus>,
        empty_room_timeout: Duration,
        start: Instant,
    ) -> Self {
        let now = start.elapsed();
        let empty_ticks = (empty_room_timeout.as_secs_f64() * f64::from(G::TICK_RATE_HZ)).ceil() as u64;
        Self {
            room,
            desk,
            start,
            schedule: Schedule::new(G::TICK_RATE_HZ, now),
            timing: Timing::new(G::TICK_RATE_HZ),
            status,
            looked: now,
            late: Duration::ZERO,
            empty_ticks: 0,
            empty_ticks_max: empty_ticks.max(1),
        }
    }

    async fn run(&mut self, listing: &Listing<G>, shutdown: &CancellationToken) -> Ended {
        let mut alarm = Alarm::new();
        loop {
            let (deadline, look) = (self.schedule.deadline(), self.next_look());
            let (until, nap) = (self.start + deadline, look.map(|look| self.start + look));
            let is_exact = self.desk.seats.is_blocked();
            let wait = async {
                match nap {
                    Some(look) if !is_exact => alarm.wait_until_or_nap(until, look).await,
                    look => alarm.wait_until(look.map_or(until, |look| look.min(until))).await,
                }
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return self.stop(),
                () = wait => {}
            }
            let is_due = look.is_none_or(|look| deadline <= look) || deadline <= self.start.elapsed();
            let done = if is_due { self.turn() } else { self.look() };
            if let Err(panic) = done {
                return Ended::Failed(panic);
            }
            if is_due && self.empty_ticks >= self.empty_ticks_max && listing.strike_if_unused(&self.desk.door)
            {
                return Ended::Empty;
            }
        }
    }

    /// When the sockets are to be looked at next before the deadline; `None` if they are not.
    fn next_look(&self) -> Option<Duration> {
        let (seats, period) = (&self.desk.seats, Duration::from_secs(1) / G::TICK_RATE_HZ);
        let interval = match seats.is_blocked() {
            true => BLOCKED_LOOK_INTERVAL,
            // Where others need the time, looks are what can be left out.
            false if self.late > period / LATE_PART => return None,
            false => period / LOOKS_PER_TICK,
        };
        self.schedule.look(self.looked, interval).filter(|_| !seats.is_empty())
    }

    /// What is done between deadlines, with the clock read around it.
    fn look(&mut self) -> Result<(), String> {
        let begun = self.start.elapsed();
        guarded(|| self.listen(begun))?;
        self.timing.record_look(self.start.elapsed() - begun);
        Ok(())
    }

    /// Takes in what has arrived by `now`, so that there is little left to read when the tick is due.
    fn listen(&mut self, now: Duration) {
        self.looked = now;
        let now = Now { instant: self.start + now, elapsed: now, schedule: &self.schedule };
        self.desk.listen(&mut self.room, &now);
    }

    /// What is done at each deadline, with the clock read around it.
    fn turn(&mut self) -> Result<(), String> {
        let begun = self.start.elapsed();
        self.late = self.schedule.begin(begun);
        let make = guarded(|| {
            self.desk.let_in(&mut self.room);
            self.listen(begun);
            self.desk.seats.take_sending();
            let before = self.start.elapsed();
            self.room.tick(&mut self.desk.seats);
            let tick = self.start.elapsed() - before;
            let make = tick.saturating_sub(self.desk.seats.take_sending());
            self.desk.seats.end_tick();
            make
        })?;
        self.schedule.end();
        self.timing.record(self.late, self.start.elapsed() - begun, make);
        let sessions = self.room.sessions();
        self.empty_ticks = if sessions == 0 { self.empty_ticks + 1 } else { 0 };
        let is_second = self.room.next_tick().0.is_multiple_of(u64::from(G::TICK_RATE_HZ));
        let is_changed = {
            let told = self.status.borrow();
            (told.sessions, told.bots) != (sessions, self.room.bots().len())
        };
        if is_second || is_changed {
            self.publish();
        }
        Ok(())
    }

    fn stop(&mut self) -> Ended {
        let Rejection { code, reason } = restarting();
        match guarded(|| self.room.close(code, &reason, &mut self.desk.seats)) {
            Ok(()) => Ended::Stopped,
            Err(panic) => Ended::Failed(panic),
        }
    }

    fn publish(&self) {
        self.status.send_modify(|status| {
            status.players = self.room.players();
            status.bots = self.room.bots().len();
            status.sessions = self.room.sessions();
            status.tick = self.room.next_tick().0;
            status.ticks_skipped = self.schedule.skipped();
            status.tick_lateness_ms = self.timing.late_ms();
            status.tick_duration_ms = self.timing.turn_ms();
            status.make_ms = self.timing.make_ms();
            status.turn_us_total = self.timing.turn_us_total();
            status.make_us_total = self.timing.make_us_total();
            status.look_us_total = self.timing.look_us_total();
            status.counts = self.room.counts();
            status.usage = Arc::new(self.room.usage().clone());
            status.hits = self.room.hits().copied().collect();
        });
    }
}
