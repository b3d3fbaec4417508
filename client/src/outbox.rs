//! Owns the messages that wait to be sent, and their bounded queue.

use std::collections::VecDeque;
use tickwire_shared::encode;
use tickwire_shared::limits::CLIENT_MESSAGES_QUEUED_MAX;
use tickwire_shared::{ClientMessage, Game};

/// Encoded messages, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    messages: VecDeque<Vec<u8>>,
}

impl Outbox {
    /// Appends a message. Says how many had to be dropped for it.
    pub fn push<G: Game>(&mut self, message: &ClientMessage<G::Input>) -> u64 {
        let is_full = self.messages.len() == CLIENT_MESSAGES_QUEUED_MAX;
        if is_full {
            self.messages.pop_front();
        }
        self.messages.push_back(encode(message));
        u64::from(is_full)
    }

    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.messages.pop_front()
    }

    pub fn clear(&mut self) {
        self.messages.clear();
    }
}
