//! Owns what the client tells its user besides the state of the world, and the bounded queue in which that waits.

use crate::EffectId;
use std::collections::VecDeque;
use tickwire_shared::limits::CLIENT_NOTICES_QUEUED_MAX;
use tickwire_shared::{Chat, Game, PlayerId, Role, Welcome};

/// Something that happened. Events come no earlier than the snapshot that they speak of.
pub enum Notice<G: Game> {
    /// The server took this client.
    Welcome(Box<Welcome>),
    /// Someone is in the room.
    Joined {
        /// Who.
        player: PlayerId,
        /// What to call it.
        name: String,
        /// What it does here.
        role: Role,
    },
    /// Someone is gone.
    Left {
        /// Who.
        player: PlayerId,
        /// What it was called.
        name: String,
    },
    /// A one-off fact of the game.
    Event(G::Event),
    /// An event that this client expects the server to tell: to be shown at once. [`Notice::Confirmed`] or
    /// [`Notice::Withdrawn`] follows.
    Predicted {
        /// What those will name.
        id: EffectId,
        /// As it will be, as far as this client knows.
        event: G::Event,
    },
    /// The server told a predicted event, which has been shown: this comes in place of [`Notice::Event`].
    Confirmed {
        /// Which one.
        id: EffectId,
        /// As it really was.
        event: G::Event,
    },
    /// A predicted event did not happen.
    Withdrawn {
        /// Which one.
        id: EffectId,
    },
    /// Someone said something.
    Chat(Chat),
    /// This client was too slow: the server dropped some of what it should have been told.
    Missed {
        /// Events dropped.
        events: u32,
        /// Chat, join and leave messages dropped.
        notices: u32,
    },
    /// The connection is lost; the client tries to come back.
    Lost {
        /// The close code; 1006 if there was none.
        code: u16,
        /// In words.
        reason: String,
    },
    /// The client is back in its seat, on a new connection. Events and chat that were under way at the cut are lost.
    Resumed,
    /// The server does not take this client.
    Refused {
        /// The close code.
        code: u16,
        /// In words.
        reason: String,
    },
    /// The session is over.
    Closed {
        /// The close code.
        code: u16,
        /// In words.
        reason: String,
    },
}

/// Notices, oldest first.
pub(crate) struct NoticeQueue<G: Game> {
    notices: VecDeque<Notice<G>>,
}

impl<G: Game> NoticeQueue<G> {
    pub fn new() -> Self {
        Self { notices: VecDeque::new() }
    }

    /// Appends a notice. Says how many had to be dropped for it.
    pub fn push(&mut self, notice: Notice<G>) -> u64 {
        let is_full = self.notices.len() == CLIENT_NOTICES_QUEUED_MAX;
        if is_full {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
        u64::from(is_full)
    }

    pub fn pop(&mut self) -> Option<Notice<G>> {
        self.notices.pop_front()
    }
}
