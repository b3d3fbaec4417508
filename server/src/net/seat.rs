//! Owns one seated connection: its socket for as long as it is the room's, read when a look finds something and written after ticks.

use super::closing::End;
use super::connection::{Heard, Pace, Socket, poll_hear};
use super::door::{Departure, Stage, Visitor};
use super::farewell::Dialect;
use super::look::{Lookout, Ready};
use futures_util::SinkExt;
use std::task::{Context, Poll, Waker};
use tickwire_shared::limits::HEARD_FRAMES_PER_TICK_MAX;
use tickwire_shared::{CloseCode, PlayerId};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Message;

/// A connection's place in a room.
#[derive(Debug)]
pub(super) struct Seat {
    socket: Socket,
    pace: Pace,
    back: oneshot::Sender<Departure>,
    /// Something may be there that was not read yet, in the kernel or in the socket's buffer.
    may_hear: bool,
    /// WebSocket frames read in the tick `heard_in`.
    heard: usize,
    heard_in: u64,
    dialect: Dialect,
    /// Whether lines get a line end, for a peer that shows what comes as it comes.
    is_raw: bool,
    /// Something may wait in the socket's buffer.
    is_unsent: bool,
    /// The kernel did not take all of it: until it has, the peer gets nothing new.
    is_blocked: bool,
    /// How it ended without being heard to end. It is told when all is heard.
    end: Option<End>,
    /// It will be heard at the next look, whatever that finds.
    pub(super) is_restless: bool,
}

impl Seat {
    pub(super) fn new(visitor: Visitor, dialect: Dialect) -> Self {
        let Visitor { mut socket, pace, back } = visitor;
        socket.get_mut().unmetered().unwatch();
        Self {
            socket,
            pace,
            back,
            // Something may have been sent behind the Hello.
            may_hear: true,
            heard: 0,
            heard_in: 0,
            dialect,
            is_raw: false,
            is_unsent: false,
            is_blocked: false,
            end: None,
            is_restless: false,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn set_raw(&mut self, is_raw: bool) {
        self.is_raw = is_raw;
    }

    /// Has its socket looked at from now on. If that cannot be, it ends.
    pub(super) fn register(&mut self, player: PlayerId, lookout: &mut Lookout) {
        let stream = self.socket.get_mut().unmetered().unwatched();
        if let Some(Err(error)) = stream.map(|stream| lookout.add(player, stream)) {
            let reason = format!("the server cannot watch another socket: {error}");
            self.end = Some(End::rejected(CloseCode::Refused, reason));
        }
    }

    /// What was found at its socket.
    pub(super) fn found(&mut self, ready: Ready) {
        if ready.to_read {
            self.may_hear = true;
            self.socket.get_mut().unmetered().set_may_read(ready.is_over);
        }
        if ready.to_write && self.is_blocked {
            self.flush();
        }
    }

    /// Whether there is something to be heard that no look will tell of.
    pub(super) fn has_more(&self) -> bool {
        self.may_hear || self.end.is_some()
    }

    /// The next thing that the peer said. Nothing is waited for; pending, too, is what goes beyond the limit.
    ///
    /// An end comes last: what was said before it still counts.
    pub(super) fn hear(&mut self, now: Instant, tick: u64) -> Poll<Result<Message, End>> {
        if self.heard_in != tick {
            (self.heard_in, self.heard) = (tick, 0);
        }
        while self.may_hear {
            if self.heard == HEARD_FRAMES_PER_TICK_MAX {
                return Poll::Pending;
            }
            let mut cx = Context::from_waker(Waker::noop());
            match poll_hear(&mut self.socket, &mut self.pace, now, &mut cx) {
                Poll::Ready(Ok(Heard::Message(message))) => {
                    self.heard += 1;
                    return Poll::Ready(Ok(message));
                }
                // An answer to a ping may wait for a place in the kernel.
                Poll::Ready(Ok(Heard::Nothing)) => (self.heard, self.is_unsent) = (self.heard + 1, true),
                Poll::Ready(Err(end)) => return Poll::Ready(Err(end)),
                Poll::Pending => self.may_hear = false,
            }
        }
        self.end.take().map_or(Poll::Pending, |end| Poll::Ready(Err(end)))
    }

    /// Whether something new may be put.
    pub(super) fn has_place(&self) -> bool {
        !self.is_blocked && self.end.is_none()
    }

    /// Whether something may wait to be flushed.
    pub(super) fn is_unsent(&self) -> bool {
        self.is_unsent
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

    /// Gives the socket back to its own task, which ends it in the way that `end` asks for.
    pub(super) fn give_back(self, lookout: &mut Lookout, end: End) {
        let Self { mut socket, back, .. } = self;
        let wire = socket.get_mut().unmetered();
        if let Some(stream) = wire.unwatched() {
            lookout.remove(stream);
        }
        wire.watch();
        // If the task is no more, the socket closes here.
        let _ = back.send(Departure { socket, stage: Stage::Inside, end });
    }
}
