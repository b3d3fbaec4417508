//! Owns the life of one room: its task, which empties the inbox and makes a tick at each deadline.

use super::guard::guarded;
use super::inbox::{Entrance, INBOX_MESSAGES_MAX, Inbound, Join};
use super::outbox::Farewell;
use super::schedule::Schedule;
use super::seats::Seats;
use super::timing::Timing;
use crate::directory::{Listing, RoomStatus};
use crate::room::{Rejection, Room, RoomConfig};
use std::collections::VecDeque;
use std::time::Duration;
use tickwire_shared::{ClientMessage, CloseCode, Game, PlayerId, Slack};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

/// Joins per tick. Each costs a full snapshot: a storm of them is spread, and nobody's tick is late for it.
const JOINS_PER_TICK_MAX: usize = 8;

/// What a room's task starts with.
pub(crate) struct Opening<G: Game> {
    pub(crate) config: RoomConfig<G>,
    pub(crate) inbox: mpsc::Receiver<Inbound<G>>,
    pub(crate) status: watch::Sender<RoomStatus>,
    pub(crate) listing: Listing<G>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) empty_room_timeout: Duration,
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
    let Opening { config, inbox, status, listing, shutdown, empty_room_timeout } = opening;
    debug!("opened");
    let mut desk = Desk { inbox, waiting: VecDeque::new(), seats: Seats::default() };
    let ended = match guarded(|| Room::new(config)) {
        Ok(room) => {
            let mut tick_loop = TickLoop::new(room, desk, status, empty_room_timeout);
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

/// A room's connections: those inside, those at the door, and what they sent. Survives the room.
struct Desk<G: Game> {
    inbox: mpsc::Receiver<Inbound<G>>,
    /// Beyond [`JOINS_PER_TICK_MAX`] they wait here.
    waiting: VecDeque<Box<Join>>,
    seats: Seats,
}

impl<G: Game> Desk<G> {
    /// Ends every connection, also of those whose join is still under way.
    async fn close(&mut self, rejection: &Rejection) {
        self.seats.close_all(rejection);
        self.inbox.close();
        while let Some(inbound) = self.inbox.recv().await {
            if let Inbound::Join(join) = inbound {
                self.waiting.push_back(join);
            }
        }
        for join in self.waiting.drain(..) {
            // It may have been given up meanwhile.
            let _ = join.answer.send(Err(rejection.clone()));
        }
    }
}

struct TickLoop<G: Game> {
    room: Room<G>,
    desk: Desk<G>,
    start: Instant,
    schedule: Schedule,
    timing: Timing,
    status: watch::Sender<RoomStatus>,
    /// Of this tick.
    joins_left: usize,
    /// Ticks in a row without a session, and how many of them end the room.
    empty_ticks: u64,
    empty_ticks_max: u64,
}

impl<G: Game> TickLoop<G> {
    fn new(
        room: Room<G>,
        desk: Desk<G>,
        status: watch::Sender<RoomStatus>,
        empty_room_timeout: Duration,
    ) -> Self {
        Self {
            room,
            desk,
            start: Instant::now(),
            schedule: Schedule::new(G::TICK_RATE_HZ),
            timing: Timing::new(),
            status,
            joins_left: 0,
            empty_ticks: 0,
            empty_ticks_max: (empty_room_timeout.as_secs_f64() * f64::from(G::TICK_RATE_HZ)).ceil() as u64,
        }
    }

    async fn run(&mut self, listing: &Listing<G>, shutdown: &CancellationToken) -> Ended {
        loop {
            let deadline = self.start + self.schedule.deadline();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return self.stop(),
                () = sleep_until(deadline) => {}
            }
            if let Err(panic) = self.turn() {
                return Ended::Failed(panic);
            }
            let is_empty = self.empty_ticks >= self.empty_ticks_max;
            if is_empty && listing.strike_if_unused(&self.desk.inbox) {
                return Ended::Empty;
            }
            // When catching up there is nothing to wait for: let connections send what was just made.
            tokio::task::yield_now().await;
        }
    }

    /// What is done at each deadline, with the clock read around it.
    fn turn(&mut self) -> Result<(), String> {
        let begun = self.start.elapsed();
        let late = self.schedule.begin(begun);
        let sessions_before = self.room.sessions();
        guarded(|| {
            self.take_in();
            self.room.tick(&mut self.desk.seats);
        })?;
        self.schedule.end();
        self.timing.record(late, self.start.elapsed() - begun);
        self.empty_ticks = if self.room.sessions() == 0 { self.empty_ticks + 1 } else { 0 };
        let is_second = self.room.next_tick().0.is_multiple_of(u64::from(G::TICK_RATE_HZ));
        if is_second || self.room.sessions() != sessions_before {
            self.publish();
        }
        Ok(())
    }

    /// Takes in all that came since the last tick, in the order in which it came.
    fn take_in(&mut self) {
        // Looked up before the inbox is emptied: what they sent before they went is in it, and still counts.
        let gone = self.desk.seats.gone();
        self.joins_left = JOINS_PER_TICK_MAX;
        while self.joins_left > 0
            && let Some(join) = self.desk.waiting.pop_front()
        {
            self.join(*join);
        }
        for _ in 0..INBOX_MESSAGES_MAX {
            let Ok(inbound) = self.desk.inbox.try_recv() else { break };
            self.hand_in(inbound);
        }
        for player in gone {
            self.desk.seats.remove(player);
            self.room.leave(player);
        }
    }

    fn hand_in(&mut self, inbound: Inbound<G>) {
        match inbound {
            Inbound::Join(join) if self.joins_left == 0 => self.desk.waiting.push_back(join),
            Inbound::Join(join) => self.join(*join),
            Inbound::Line { player, text } => self.room.say(player, &text),
            Inbound::Message { player, message, arrived } => {
                let slack = self.slack(&message, arrived);
                if let Err(rejection) = self.room.receive(player, message, slack) {
                    self.expel(player, rejection);
                }
            }
        }
    }

    fn join(&mut self, join: Join) {
        let Join { entrance, outbox, answer } = join;
        if outbox.is_gone() {
            return;
        }
        self.joins_left -= 1;
        let joined = match &entrance {
            Entrance::Hello(hello) => self.room.join(hello),
            Entrance::Console(name) => self.room.join_console(name),
        };
        if let Ok(player) = joined {
            self.desk.seats.insert(player, outbox);
        }
        // If the connection has gone meanwhile, the next tick sees that by its outbox.
        let _ = answer.send(joined);
    }

    fn expel(&mut self, player: PlayerId, rejection: Rejection) {
        self.room.leave(player);
        if let Some(outbox) = self.desk.seats.remove(player) {
            let farewell = Farewell::closed(outbox.dialect, rejection);
            outbox.close(farewell);
        }
    }

    fn slack(&self, message: &ClientMessage<G::Input>, arrived: Instant) -> Slack {
        let ClientMessage::Command(command) = message else { return Slack::NONE };
        let next = self.room.next_tick();
        let ahead = command.tick.near(next).since(next);
        let arrived = arrived.saturating_duration_since(self.start);
        Slack::of_ticks(self.schedule.slack_ticks(arrived, ahead))
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
            status.sessions = self.room.sessions();
            status.tick = self.room.next_tick().0;
            status.ticks_skipped = self.schedule.skipped();
            status.tick_lateness_ms = self.timing.late_ms();
            status.tick_duration_ms = self.timing.took_ms();
            status.counts = self.room.counts();
        });
    }
}
