//! Owns a room's connections, those inside and those at the door, and takes in what they say. Survives the room.

use super::closing::End;
use super::door::{Join, Stage, Visitor};
use super::farewell::Dialect;
use super::schedule::Schedule;
use super::seat::Seat;
use super::seats::Seats;
use super::{console, play};
use crate::room::{Rejection, Room};
use std::task::Poll;
use std::time::Duration;
use tickwire_shared::{ClientMessage, Game, PlayerId, ResumeToken, Slack, Tick};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::debug;

/// A room's connections.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) door: mpsc::Receiver<Join>,
    /// What the game is being asked about: should it panic over it, there is still someone to be told.
    asking: Option<Join>,
    /// Consoles that are in the room already, and whose sockets are on their way.
    coming: Vec<(PlayerId, oneshot::Receiver<Box<Visitor>>)>,
    pub(super) seats: Seats,
    /// Memory for who has ended, and how.
    ended: Vec<(PlayerId, End)>,
}

impl Desk {
    pub(super) fn new(door: mpsc::Receiver<Join>) -> Self {
        Self { door, asking: None, coming: Vec::new(), seats: Seats::new(), ended: Vec::new() }
    }

    /// Ends every connection, also of those whose join is still under way.
    pub(super) async fn close(mut self, rejection: &Rejection) {
        self.seats.end_all(rejection);
        self.door.close();
        if let Some(join) = self.asking {
            join.refuse(rejection.clone());
        }
        for (_, mut visitor) in self.coming {
            // Who comes after this finds nobody there, and knows what that means.
            visitor.close();
            if let Ok(visitor) = visitor.try_recv() {
                visitor.send_back(Stage::Inside, End::Rejected(rejection.clone()));
            }
        }
        while let Some(join) = self.door.recv().await {
            join.refuse(rejection.clone());
        }
    }

    /// Lets in who is at the door.
    pub(super) fn let_in<G: Game>(&mut self, room: &mut Room<G>) {
        self.seat_consoles(room);
        let mut joins = 0;
        let joins_max = room.joins_max();
        while joins < joins_max
            && let Ok(join) = self.door.try_recv()
        {
            if !join.is_given_up() {
                self.join(join, room);
                joins += 1;
            }
        }
    }

    fn join<G: Game>(&mut self, join: Join, room: &mut Room<G>) {
        let joined = match &*self.asking.insert(join) {
            Join::Game { hello, .. } => room.join(hello, &draw_token()),
            Join::Console { name, .. } => room.join_console(name),
        };
        let join = self.asking.take().expect("just put there");
        let player = match joined {
            Ok(player) => player,
            Err(rejection) => return join.refuse(rejection),
        };
        debug!(?player, "joined");
        match join {
            Join::Game { visitor, .. } => self.seats.insert(player, visitor, Dialect::Game),
            Join::Console { answer, visitor, .. } => {
                // If it was given up meanwhile, its socket never comes: the next tick sees that.
                let _ = answer.send(Ok(()));
                self.coming.push((player, visitor));
            }
        }
    }

    fn seat_consoles<G: Game>(&mut self, room: &mut Room<G>) {
        let Self { coming, seats, .. } = self;
        coming.retain_mut(|(player, visitor)| match visitor.try_recv() {
            Ok(visitor) => {
                seats.insert(*player, visitor, Dialect::Console);
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Closed) => {
                room.leave(*player);
                false
            }
        });
    }

    /// Looks at all sockets, and takes in what was said. Who has gone leaves after that, or loses the connection alone: what was said
    /// before still counts.
    pub(super) fn listen<G: Game>(&mut self, room: &mut Room<G>, now: &Now<'_>) {
        self.seats.look(|player, seat, tick| {
            if let Err(end) = listen(player, seat, tick, room, now) {
                self.ended.push((player, end));
            }
        });
        for (player, end) in self.ended.drain(..) {
            let keeps_seat = end.keeps_seat();
            self.seats.end(player, end);
            if keeps_seat { room.detach(player) } else { room.leave(player) }
        }
    }
}

/// # Panics
/// If the system has no chance to give. Then this room ends like one whose game fails: a token that can be guessed would be worse.
fn draw_token() -> ResumeToken {
    let mut token = ResumeToken::default();
    getrandom::fill(&mut token).expect("the system's source of chance");
    token
}

/// When a look is.
#[derive(Debug)]
pub(super) struct Now<'s> {
    pub(super) instant: Instant,
    /// Since the room's start.
    pub(super) elapsed: Duration,
    /// The ticks that it is between.
    pub(super) schedule: &'s Schedule,
}

/// Takes in what one seat's peer said, up to the limit for a tick. An error is the end of the seat.
fn listen<G: Game>(
    player: PlayerId,
    seat: &mut Seat,
    tick: u64,
    room: &mut Room<G>,
    now: &Now<'_>,
) -> Result<(), End> {
    while let Poll::Ready(message) = seat.hear(now.instant, tick) {
        let message = message?;
        match seat.dialect() {
            Dialect::Game => {
                let message = play::interpret::<G>(&message)?;
                let slack = slack::<G>(&message, room.next_tick(), now);
                room.receive(player, message, slack).map_err(End::Rejected)?;
            }
            Dialect::Console => {
                let (lines, is_raw) = console::interpret(&message)?;
                seat.set_raw(is_raw);
                lines.for_each(|line| room.say(player, &line));
            }
        }
    }
    Ok(())
}

/// How early a command came. It counts as come when it was found.
fn slack<G: Game>(message: &ClientMessage<G::Input>, next: Tick, now: &Now<'_>) -> Slack {
    let ClientMessage::Command(command) = message else { return Slack::NONE };
    let ahead = command.tick.near(next).since(next);
    Slack::of_ticks(now.schedule.slack_ticks(now.elapsed, ahead))
}
