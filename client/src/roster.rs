//! Owns who is in the room, and what to call them.

use std::collections::BTreeMap;
use tickwire_shared::{PlayerId, Role, key_parts};

/// Names kept. At the limit a newcomer goes by its number.
const NAMES_MAX: usize = 4096;

/// Who is in the room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    names: BTreeMap<PlayerId, (String, Role)>,
}

impl Roster {
    pub fn join(&mut self, player: PlayerId, name: String, role: Role) {
        if self.names.len() < NAMES_MAX || self.names.contains_key(&player) {
            self.names.insert(player, (name, role));
        }
    }

    /// Takes someone off the list; returns the name.
    pub fn leave(&mut self, player: PlayerId) -> String {
        let name = self.name(player);
        self.names.remove(&player);
        name
    }

    /// What to call someone, listed or not.
    pub fn name(&self, player: PlayerId) -> String {
        match self.names.get(&player) {
            Some((name, _)) => name.clone(),
            None => format!("player {}", key_parts(player).0),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (PlayerId, &str, Role)> {
        self.names.iter().map(|(player, (name, role))| (*player, name.as_str(), *role))
    }
}
