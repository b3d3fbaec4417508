//! Owns which connection each of a room's players sits at, and so where the room's frames go.

use super::closing::End;
use super::door::Visitor;
use super::farewell::{Dialect, Farewell};
use super::look::Lookout;
use super::seat::Seat;
use crate::room::{Rejection, Sinks};
use bytes::{Bytes, BytesMut};
use slotmap::SecondaryMap;
use std::mem;
use std::time::Duration;
use tickwire_shared::{CloseCode, PlayerId};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Frames that are put before they are sent. By then the first of them shall still be in the cache; and the clock is
/// read once for all of them.
const BATCH_FRAMES: usize = 32;

/// The connections of one room's sessions.
#[derive(Debug)]
pub(super) struct Seats {
    seats: SecondaryMap<PlayerId, Seat>,
    lookout: Lookout,
    /// Whom to hear at the next look, whatever that finds. Some may have left meanwhile.
    restless: Vec<PlayerId>,
    /// Whose frames wait to be sent.
    unsent: Vec<PlayerId>,
    /// Of whose bytes the kernel has not taken all. Some may have left meanwhile.
    blocked: Vec<PlayerId>,
    /// Counts ticks: what one seat may say is limited for each.
    tick: u64,
    /// How long sending took, in all.
    sending: Duration,
    /// Memory for the frame that is being put: it is copied on at once, so one piece serves for all.
    arena: BytesMut,
}

impl Seats {
    pub(super) fn new() -> Self {
        Self {
            seats: SecondaryMap::new(),
            lookout: Lookout::new(),
            restless: Vec::new(),
            unsent: Vec::with_capacity(BATCH_FRAMES),
            blocked: Vec::new(),
            tick: 0,
            sending: Duration::ZERO,
            arena: BytesMut::new(),
        }
    }

    /// Seats a connection. One that the player still had is over: nothing that it said or says counts any more.
    pub(super) fn insert(&mut self, player: PlayerId, visitor: Box<Visitor>, dialect: Dialect) {
        if self.seats.contains_key(player) {
            self.end(player, End::rejected(CloseCode::Replaced, "another connection has taken this seat"));
            // What was noted of it must not be taken for the new one's.
            [&mut self.restless, &mut self.unsent, &mut self.blocked]
                .into_iter()
                .for_each(|noted| noted.retain(|noted| *noted != player));
        }
        let mut seat = Seat::new(*visitor, dialect);
        seat.register(player, &mut self.lookout);
        note_restless(&mut self.restless, player, &mut seat);
        self.seats.insert(player, seat);
    }

    /// Ends a connection.
    pub(super) fn end(&mut self, player: PlayerId, end: End) {
        if let Some(seat) = self.seats.remove(player) {
            seat.give_back(&mut self.lookout, end);
        }
    }

    /// Ends every connection.
    pub(super) fn end_all(&mut self, rejection: &Rejection) {
        for (_, seat) in self.seats.drain() {
            seat.give_back(&mut self.lookout, End::Rejected(rejection.clone()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether the kernel has not taken all of somebody's bytes. Then a look is worth it soon: a great frame shall go
    /// at the speed of its link, and not by a piece per tick.
    pub(super) fn is_blocked(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// Looks at all sockets, and hands over the seats at which something may be heard; goes on sending where the kernel
    /// takes more. Seats that cannot be looked at cost nothing.
    pub(super) fn look(&mut self, mut hear: impl FnMut(PlayerId, &mut Seat, u64)) {
        let Self { seats, lookout, restless, blocked, tick, .. } = self;
        lookout.look(|player, ready| {
            if let Some(seat) = seats.get_mut(player) {
                seat.found(ready);
                note_restless(restless, player, seat);
            }
        });
        restless.retain(|player| {
            let Some(seat) = seats.get_mut(*player) else { return false };
            hear(*player, seat, *tick);
            // A ping's answer.
            flush(seat, *player, blocked);
            seat.is_restless = seat.has_more();
            seat.is_restless
        });
        blocked.retain(|player| seats.get(*player).is_some_and(Seat::is_blocked));
    }

    /// Ends a tick: sends what was put, as far as the kernel takes it at once. Who is blocked is tried again, because a
    /// try is what finds out that a peer has taken nothing for too long.
    pub(super) fn end_tick(&mut self) {
        self.unsent.extend_from_slice(&self.blocked);
        self.send();
        self.tick += 1;
    }

    /// How long sending took since this was asked last.
    pub(super) fn take_sending(&mut self) -> Duration {
        mem::take(&mut self.sending)
    }

    fn put(&mut self, player: PlayerId, put: impl FnOnce(&mut Seat)) {
        let Some(seat) = self.seats.get_mut(player) else { return };
        if !seat.is_unsent() {
            self.unsent.push(player);
        }
        put(seat);
        if self.unsent.len() == BATCH_FRAMES {
            self.send();
        }
    }

    fn send(&mut self) {
        let begun = Instant::now();
        for player in self.unsent.drain(..) {
            let Some(seat) = self.seats.get_mut(player) else { continue };
            flush(seat, player, &mut self.blocked);
            if seat.has_more() {
                note_restless(&mut self.restless, player, seat);
            }
        }
        self.sending += begun.elapsed();
    }

    fn copy(&mut self, frame: &[u8]) -> Bytes {
        self.arena.extend_from_slice(frame);
        self.arena.split().freeze()
    }
}

fn note_restless(restless: &mut Vec<PlayerId>, player: PlayerId, seat: &mut Seat) {
    if !mem::replace(&mut seat.is_restless, true) {
        restless.push(player);
    }
}

fn flush(seat: &mut Seat, player: PlayerId, blocked: &mut Vec<PlayerId>) {
    let was_blocked = seat.is_blocked();
    seat.flush();
    if seat.is_blocked() && !was_blocked {
        blocked.push(player);
    }
}

impl Sinks for Seats {
    fn has_place(&mut self, player: PlayerId) -> bool {
        self.seats.get(player).is_some_and(Seat::has_place)
    }

    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        let message = Message::Binary(self.copy(frame));
        self.put(player, |seat| seat.put(message));
    }

    fn line(&mut self, player: PlayerId, line: String) {
        self.put(player, |seat| seat.put_line(line));
    }

    fn flush(&mut self) {
        self.send();
    }

    fn close(&mut self, player: PlayerId, code: CloseCode, reason: String, last: Vec<u8>) {
        self.end(player, End::Farewell(Box::new(Farewell { code, reason, last })));
    }
}
