//! Owns which connection each of a room's players sits at, and so where the room's frames go.

use super::closing::End;
use super::door::Visitor;
use super::farewell::{Dialect, Farewell};
use super::seat::Seat;
use crate::room::{Rejection, Sinks};
use bytes::{Bytes, BytesMut};
use slotmap::SecondaryMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use tickwire_shared::{CloseCode, PlayerId};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message;

/// The connections of one room's sessions.
#[derive(Debug)]
pub(super) struct Seats {
    start: Instant,
    seats: SecondaryMap<PlayerId, Seat>,
    /// Whose bytes the kernel did not all take.
    blocked: Vec<PlayerId>,
    /// Memory for the frame that is being put: it is copied on at once, so one piece serves for all.
    arena: BytesMut,
}

impl Seats {
    /// `start`: what times of arrival are counted from.
    pub(super) fn new(start: Instant) -> Self {
        Self { start, seats: SecondaryMap::new(), blocked: Vec::new(), arena: BytesMut::new() }
    }

    pub(super) fn insert(&mut self, player: PlayerId, visitor: Box<Visitor>, dialect: Dialect) {
        self.seats.insert(player, Seat::new(*visitor, dialect, self.start));
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

    /// Sends what was put since the last flush, as far as the kernel takes it at once.
    pub(super) fn flush(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        self.blocked.clear();
        for (player, seat) in &mut self.seats {
            seat.flush(&mut cx);
            if seat.is_blocked() {
                self.blocked.push(player);
            }
        }
    }

    /// Goes on sending wherever the kernel did not take all at once, as soon as it takes more, without end.
    ///
    /// So a great frame goes at the speed of its link, and not by a piece per tick.
    pub(super) async fn flush_blocked(&mut self) -> Infallible {
        poll_fn(|cx| {
            let Self { seats, blocked, .. } = self;
            blocked.retain(|player| {
                let Some(seat) = seats.get_mut(*player) else { return false };
                seat.flush(cx);
                seat.is_blocked()
            });
            Poll::Pending
        })
        .await
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
