//! Owns who is in the room, and what to call them.

use std::collections::BTreeMap;
use tickwire_shared::limits::{CLIENT_NAMES_MAX, NAME_BYTES_MAX};
use tickwire_shared::{Member, PlayerId, Role, clean_text, key_parts};

/// Who is in the room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    names: BTreeMap<PlayerId, (String, Role)>,
}

impl Roster {
    /// Puts someone onto the list. A name is cut as the server would have: nobody fills the memory with names.
    pub fn join(&mut self, player: PlayerId, name: &str, role: Role) {
        if self.names.len() < CLIENT_NAMES_MAX || self.names.contains_key(&player) {
            self.names.insert(player, (clean_text(name, NAME_BYTES_MAX), role));
        }
    }

    /// Takes this list for all that was told before; returns who is no longer here, and who is new.
    pub fn replace(&mut self, members: Vec<Member>) -> (Vec<(PlayerId, String)>, Vec<Member>) {
        let before = std::mem::take(&mut self.names);
        members.into_iter().for_each(|member| self.join(member.player, &member.name, member.role));
        let gone = before.iter().filter(|(player, _)| !self.names.contains_key(player));
        let new = self.iter().filter(|(player, ..)| !before.contains_key(player));
        (
            gone.map(|(player, (name, _))| (*player, name.clone())).collect(),
            new.map(|(player, name, role)| Member { player, name: name.to_owned(), role }).collect(),
        )
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
