//! Owns what a client can leave out, so that one sees what it is for. A game for players leaves it all on.

use crate::Client;
use tickwire_shared::{Game, Usage};

/// What a client does about the network's delay: everything, unless it is told otherwise.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Whether it predicts its player's own entity, if the game can. If not, that is drawn as all others: in the past.
    pub prediction: bool,
    /// Whether it draws between snapshots, a little in the past. If not, what is drawn is the newest snapshot, and it moves only when one
    /// comes.
    pub interpolation: bool,
    /// Whether its commands say what was drawn, so that the room can rewind the world to that. If not, they claim to have seen the
    /// present, and shots hit only what is there when they arrive.
    pub lag_compensation: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { prediction: true, interpolation: true, lag_compensation: true }
    }
}

impl<G: Game> Client<G> {
    /// Turns parts of the client on or off, from the next tick and the next snapshot on.
    pub fn set_switches(&mut self, switches: Switches) {
        self.switches = switches;
        if let Some(joined) = &mut self.joined {
            joined.set_switches(switches);
        }
        self.tell_effects();
    }

    /// What is on.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.switches
    }

    /// Whether the player's own entity is predicted: the game can, the client plays, and it is not switched off.
    #[must_use]
    pub fn is_predicting(&self) -> bool {
        self.joined.as_ref().is_some_and(|joined| joined.prediction.is_on())
    }

    /// Counts from now on where the bytes of the server's messages go: for [`Client::usage`]. It costs a little for each field that is
    /// read, so it is off until asked for.
    pub fn count_usage(&mut self) {
        self.held.count_usage(&self.layout);
    }

    /// Where the bytes went since [`Client::count_usage`], by part of a frame, kind and field.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.held.usage()
    }
}
