//! Owns what is counted over all connections, for `/info` and for one line of log a minute: single offences are
//! not worth a line, or an attacker would fill the disk.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tickwire_shared::CloseCode;

/// Counts since the start. A lock is fine here: it is taken twice in the life of a connection.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// What a [`Tally`] counts. All counts only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Connections accepted.
    pub(crate) connections: u64,
    /// Of these, turned away at a connection limit.
    pub(crate) turned_away: u64,
    /// Requests for a WebSocket that were refused over HTTP.
    pub(crate) upgrades_refused: u64,
    /// WebSockets ended by this side, by close code.
    pub(crate) closed: BTreeMap<u16, u64>,
    /// WebSockets ended by their peer, with or without a word.
    pub(crate) left: u64,
}

impl Tally {
    pub(crate) fn connection(&self) {
        self.lock().connections += 1;
    }

    pub(crate) fn turned_away(&self) {
        self.lock().turned_away += 1;
    }

    pub(crate) fn upgrade_refused(&self) {
        self.lock().upgrades_refused += 1;
    }

    pub(crate) fn closed(&self, code: CloseCode) {
        *self.lock().closed.entry(code as u16).or_default() += 1;
    }

    pub(crate) fn left(&self) {
        self.lock().left += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Counting cannot leave anything half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
