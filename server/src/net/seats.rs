//! Owns which connection each of a room's players sits at: where the room's frames go.

use super::outbox::{Farewell, Outbox, Outgoing};
use crate::room::{Rejection, Sinks};
use slotmap::SecondaryMap;
use tickwire_shared::{CloseCode, PlayerId};

/// The outboxes of one room's sessions.
#[derive(Debug, Default)]
pub(super) struct Seats {
    outboxes: SecondaryMap<PlayerId, Outbox>,
}

impl Seats {
    pub(super) fn insert(&mut self, player: PlayerId, outbox: Outbox) {
        self.outboxes.insert(player, outbox);
    }

    pub(super) fn remove(&mut self, player: PlayerId) -> Option<Outbox> {
        self.outboxes.remove(player)
    }

    /// Players whose connections have ended.
    pub(super) fn gone(&self) -> Vec<PlayerId> {
        self.outboxes.iter().filter(|(_, outbox)| outbox.is_gone()).map(|(player, _)| player).collect()
    }

    /// Ends every connection.
    pub(super) fn close_all(&mut self, rejection: &Rejection) {
        for (_, outbox) in self.outboxes.drain() {
            let farewell = Farewell::closed(outbox.dialect, rejection.clone());
            outbox.close(farewell);
        }
    }
}

impl Sinks for Seats {
    fn has_place(&mut self, player: PlayerId) -> bool {
        self.outboxes.get(player).is_some_and(Outbox::has_place)
    }

    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        if let Some(outbox) = self.outboxes.get(player) {
            outbox.put(Outgoing::Frame(frame.to_vec()));
        }
    }

    fn line(&mut self, player: PlayerId, line: String) {
        if let Some(outbox) = self.outboxes.get(player) {
            outbox.put(Outgoing::Line(line));
        }
    }

    fn close(&mut self, player: PlayerId, code: CloseCode, reason: String, last: Vec<u8>) {
        if let Some(outbox) = self.remove(player) {
            outbox.close(Farewell { code, reason, last });
        }
    }
}
