//! Owns the look at all of a room's sockets at once: which can be read, and which can be written to again.

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use slotmap::Key as _;
use std::io;
use std::time::Duration;
use tickwire_shared::{PlayerId, key_parts};

/// Looks per tick at what can be read: it is read then, so that little is left to read when the tick is due. Times of
/// arrival are known to such a part of a tick, and told later rather than earlier, so that nobody comes to count on
/// time that is not there.
pub(super) const LOOKS_PER_TICK: u32 = 4;

/// Sockets that one question to the system tells of; it is asked until it has told of all.
const TOLD_MAX: usize = 256;

/// What is found at a socket.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) to_read: bool,
    pub(super) to_write: bool,
    /// The peer writes no more, or the socket has failed: there is an end to be read behind what it has said.
    pub(super) is_over: bool,
}

/// Tells of a room's sockets what is new since it was asked last. It costs by what is new, not by how many sockets there are.
#[derive(Debug)]
pub(super) struct Lookout {
    /// Made with the first socket.
    poll: Option<Poll>,
    events: Events,
    /// Whose socket it is, by the index of its player's id.
    players: Vec<PlayerId>,
}

impl Lookout {
    pub(super) fn new() -> Self {
        Self { poll: None, events: Events::with_capacity(TOLD_MAX), players: Vec::new() }
    }

    /// From now on it tells of this socket too, first of what is there already.
    ///
    /// # Errors
    /// If the system has no place for another watch.
    pub(super) fn add(&mut self, player: PlayerId, stream: &mut TcpStream) -> io::Result<()> {
        let poll = match self.poll.take() {
            Some(poll) => poll,
            None => Poll::new()?,
        };
        let poll = self.poll.insert(poll);
        let (index, _) = key_parts(player);
        poll.registry().register(stream, Token(index as usize), Interest::READABLE | Interest::WRITABLE)?;
        if self.players.len() <= index as usize {
            self.players.resize(index as usize + 1, PlayerId::null());
        }
        self.players[index as usize] = player;
        Ok(())
    }

    /// It tells of this socket no more.
    pub(super) fn remove(&mut self, stream: &mut TcpStream) {
        if let Some(poll) = &self.poll {
            // What was never added need not be removed.
            let _ = poll.registry().deregister(stream);
        }
    }

    /// Tells what is new, and waits for nothing.
    pub(super) fn look(&mut self, mut found: impl FnMut(PlayerId, Ready)) {
        let Some(poll) = &mut self.poll else { return };
        loop {
            // If it fails nothing was found: the next look is soon.
            if poll.poll(&mut self.events, Some(Duration::ZERO)).is_err() {
                return;
            }
            for event in &self.events {
                found(self.players[event.token().0], ready(event));
            }
            if self.events.iter().count() < TOLD_MAX {
                return;
            }
        }
    }
}

fn ready(event: &Event) -> Ready {
    let is_over = event.is_read_closed() || event.is_error();
    Ready { to_read: event.is_readable() || is_over, to_write: event.is_writable() || is_over, is_over }
}
