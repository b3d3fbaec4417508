//! Owns the messages that wait to be sent, and their bounded queue.

use std::collections::VecDeque;
use tickwire_shared::encode;
use tickwire_shared::{ClientMessage, Game};

/// Messages waiting for [`Client::poll_transmit`](crate::Client::poll_transmit). At the limit the oldest is dropped
/// and counted: a command that has waited for so long is late, and a lost `Resync` is asked again.
const MESSAGES_MAX: usize = 64;

/// Encoded messages, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    messages: VecDeque<Vec<u8>>,
}

impl Outbox {
    /// Appends a message. Says how many had to be dropped for it.
    pub fn push<G: Game>(&mut self, message: &ClientMessage<G::Input>) -> u64 {
        let is_full = self.messages.len() == MESSAGES_MAX;
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
