//! Owns one seated connection: its socket for as long as it is the room's, read at ticks and written after them.

use super::arrival::Arrival;
use super::closing::End;
use super::connection::{Heard, Pace, Socket, poll_hear};
use super::door::{Departure, Stage, Visitor};
use super::farewell::Dialect;
use futures_util::SinkExt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message;

/// A connection's place in a room.
#[derive(Debug)]
pub(super) struct Seat {
    socket: Socket,
    pace: Pace,
    back: oneshot::Sender<Departure>,
    arrival: Arc<Arrival>,
    dialect: Dialect,
    /// Whether lines get a line end, for a peer that shows what comes as it comes.
    is_raw: bool,
    /// Something may wait in the socket's buffer.
    is_unsent: bool,
    /// The kernel did not take all of it: until it has, the peer gets nothing new.
    is_blocked: bool,
    /// How it ended in a write. The next look at it tells.
    end: Option<End>,
}

impl Seat {
    /// `start`: what times of arrival are counted from.
    pub(super) fn new(visitor: Visitor, dialect: Dialect, start: Instant) -> Self {
        let Visitor { mut socket, pace, back } = visitor;
        let arrival = Arrival::new(start);
        socket.get_mut().wake_for_reading(Some(arrival.waker()));
        Self {
            socket,
            pace,
            back,
            arrival,
            dialect,
            is_raw: false,
            is_unsent: false,
            is_blocked: false,
            end: None,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn set_raw(&mut self, is_raw: bool) {
        self.is_raw = is_raw;
    }

    /// Takes what has arrived since the last call, and says when, counted from the start. `None`: nothing.
    ///
    /// What comes in one look gets one time, that of the first of it. Commands are a tick apart and a look is at
    /// most that long, so the first is the one with the least slack; and the least is what counts.
    pub(super) fn look(&mut self) -> Option<Duration> {
        self.arrival.take()
    }

    /// A look was not enough for all of it: the next one goes on.
    pub(super) fn look_again(&mut self, arrived: Duration) {
        self.arrival.put_back(arrived);
    }

    /// The next thing that the peer said, while there is one. Nothing is waited for.
    pub(super) fn hear(&mut self, now: Instant) -> Poll<Result<Heard, End>> {
        // Who is woken by what comes next is set in the socket: whoever asks here is not.
        let mut cx = Context::from_waker(Waker::noop());
        let heard = poll_hear(&mut self.socket, &mut self.pace, now, &mut cx);
        // An answer to a ping may wait for a place in the kernel.
        self.is_unsent |= matches!(heard, Poll::Ready(Ok(Heard::Nothing)));
        heard
    }

    /// Whether something new may be put.
    pub(super) fn has_place(&self) -> bool {
        !self.is_blocked && self.end.is_none()
    }

    /// Puts a message into the socket's buffer, from where the next flush sends it.
    pub(super) fn put(&mut self, message: Message) {
        debug_assert!(self.has_place(), "asked for a place first");
        self.is_unsent = true;
        if let Err(error) = self.socket.start_send_unpin(message) {
            self.end.get_or_insert(End::of(&error));
        }
    }

    /// As [`Seat::put`], for a line of text.
    pub(super) fn put_line(&mut self, line: String) {
        self.put(Message::text(if self.is_raw { line + "\n" } else { line }));
    }

    /// Gives the kernel as much as it takes. If that is not all, the context's task is woken when it takes more.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        if !self.is_unsent || self.end.is_some() {
            return;
        }
        let flushed = self.socket.poll_flush_unpin(cx);
        self.is_blocked = flushed.is_pending();
        self.is_unsent = flushed.is_pending();
        if let Poll::Ready(Err(error)) = flushed {
            self.end = Some(End::of(&error));
        }
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// How it ended in a write, if it did.
    pub(super) fn take_end(&mut self) -> Option<End> {
        self.end.take()
    }

    /// Gives the socket back to its own task, which ends it in the way that `end` asks for.
    pub(super) fn give_back(self, end: End) {
        let Self { mut socket, back, .. } = self;
        socket.get_mut().wake_for_reading(None);
        // If the task is no more, the socket closes here.
        let _ = back.send(Departure { socket, stage: Stage::Inside, end });
    }
}
