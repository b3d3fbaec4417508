//! Owns one seated connection: its socket for as long as it is the room's, read at ticks and written after them.

use super::closing::End;
use super::connection::{Heard, Pace, Socket, poll_hear};
use super::door::{Departure, Stage, Visitor};
use super::farewell::Dialect;
use super::look::{Descriptor, Ready};
use futures_util::SinkExt;
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
    /// When a look first found something to read that was not read yet, counted from the room's start.
    arrived: Option<Duration>,
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
    /// `now`: what may have been sent behind the Hello counts as arrived then.
    pub(super) fn new(visitor: Visitor, dialect: Dialect, now: Duration) -> Self {
        let Visitor { mut socket, pace, back } = visitor;
        socket.get_mut().unmetered().unwatch();
        Self {
            socket,
            pace,
            back,
            arrived: Some(now),
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

    /// What is to be looked for at its socket, if anything.
    pub(super) fn asks(&self) -> Option<(Descriptor<'_>, Ready)> {
        let ask = Ready { to_read: self.arrived.is_none(), to_write: self.is_blocked };
        let descriptor = self.socket.get_ref().unmetered_ref().descriptor()?;
        (ask.to_read || ask.to_write).then_some((descriptor, ask))
    }

    /// What was found there at `now`.
    pub(super) fn found(&mut self, ready: Ready, now: Duration) {
        if ready.to_read && self.arrived.is_none() {
            self.arrived = Some(now);
            self.socket.get_mut().unmetered().set_may_read();
        }
        if ready.to_write {
            self.flush();
        }
    }

    /// When what is there to be read now began to arrive, counted from the room's start. `None`: nothing is there.
    ///
    /// What is read at one tick gets one time, that of the first of it. Commands are a tick apart and ticks are too,
    /// so the first is the one with the least slack; and the least is what counts.
    pub(super) fn take_arrived(&mut self) -> Option<Duration> {
        self.arrived.take()
    }

    /// Not all of it was read.
    pub(super) fn put_back(&mut self, arrived: Duration) {
        self.arrived = Some(arrived);
    }

    /// The next thing that the peer said. Nothing is waited for.
    pub(super) fn hear(&mut self, now: Instant) -> Poll<Result<Heard, End>> {
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

    /// Gives the kernel as much as it takes. If that is not all, a look tells when it takes more.
    pub(super) fn flush(&mut self) {
        if !self.is_unsent || self.end.is_some() {
            return;
        }
        let flushed = self.socket.poll_flush_unpin(&mut Context::from_waker(Waker::noop()));
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
        socket.get_mut().unmetered().watch();
        // If the task is no more, the socket closes here.
        let _ = back.send(Departure { socket, stage: Stage::Inside, end });
    }
}
