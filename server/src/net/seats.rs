//! Owns which connection each of a room's players sits at, and so where the room's frames go.

use super::closing::End;
use super::door::Visitor;
use super::farewell::{Dialect, Farewell};
use super::look::{Ready, look};
use super::seat::Seat;
use crate::room::{Rejection, Sinks};
use bytes::{Bytes, BytesMut};
use slotmap::SecondaryMap;
use tickwire_shared::{CloseCode, PlayerId};
use tokio_tungstenite::tungstenite::protocol::Message;

/// The connections of one room's sessions.
#[derive(Debug, Default)]
pub(super) struct Seats {
    seats: SecondaryMap<PlayerId, Seat>,
    /// Whether the kernel has not taken all of somebody's bytes.
    is_blocked: bool,
    /// Memory for what a look finds.
    found: Vec<Ready>,
    /// Memory for the frame that is being put: it is copied on at once, so one piece serves for all.
    arena: BytesMut,
}

impl Seats {
    pub(super) fn insert(&mut self, player: PlayerId, visitor: Box<Visitor>, dialect: Dialect) {
        self.seats.insert(player, Seat::new(*visitor, dialect));
    }

    /// All seats, in the order in which they lie in memory.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (PlayerId, &mut Seat)> {
        self.seats.iter_mut()
    }

    /// Ends a connection.
    pub(super) fn end(&mut self, player: PlayerId, end: End) {
        if let Some(seat) = self.seats.remove(player) {
            seat.give_back(end);
        }
    }

    /// Ends every connection.
    pub(super) fn end_all(&mut self, rejection: &Rejection) {
        for (_, seat) in self.seats.drain() {
            seat.give_back(End::Rejected(rejection.clone()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether the kernel has not taken all of somebody's bytes. Then a look is worth it soon: a great frame shall go
    /// at the speed of its link, and not by a piece per tick.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Ends a tick: sends what was put, as far as the kernel takes it at once.
    pub(super) fn end_tick(&mut self) {
        self.is_blocked = false;
        for seat in self.seats.values_mut() {
            seat.end_tick();
            seat.flush();
            self.is_blocked |= seat.is_blocked();
        }
    }

    /// Notes whose bytes have arrived, and goes on sending where the kernel takes more.
    pub(super) fn look(&mut self) {
        look(self.seats.values().filter_map(Seat::asks), &mut self.found);
        let asked = self.seats.values_mut().filter(|seat| seat.asks().is_some());
        for (seat, ready) in asked.zip(&self.found) {
            seat.found(*ready);
        }
        self.is_blocked = self.is_blocked && self.seats.values().any(Seat::is_blocked);
    }

    fn copy(&mut self, frame: &[u8]) -> Bytes {
        self.arena.extend_from_slice(frame);
        self.arena.split().freeze()
    }
}

impl Sinks for Seats {
    fn has_place(&mut self, player: PlayerId) -> bool {
        self.seats.get(player).is_some_and(Seat::has_place)
    }

    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        let message = Message::Binary(self.copy(frame));
        if let Some(seat) = self.seats.get_mut(player) {
            seat.put(message);
        }
    }

    fn line(&mut self, player: PlayerId, line: String) {
        if let Some(seat) = self.seats.get_mut(player) {
            seat.put_line(line);
        }
    }

    fn close(&mut self, player: PlayerId, code: CloseCode, reason: String, last: Vec<u8>) {
        self.end(player, End::Farewell(Box::new(Farewell { code, reason, last })));
    }
}
