//! Owns who is in the room, and what to call them.

use tickwire_shared::limits::{CLIENT_NAMES_MAX, NAME_BYTES_MAX};
use tickwire_shared::{Member, PlayerId, Role, clean_text, key_parts};

/// Who is in the room, by id. A list, as it is short: a tree would be a fiftieth of a page's WebAssembly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    members: Vec<Member>,
}

impl Roster {
    /// Puts someone onto the list. A name is cut as the server would have: nobody fills the memory with names.
    pub fn join(&mut self, player: PlayerId, name: &str, role: Role) {
        let member = Member { player, name: clean_text(name, NAME_BYTES_MAX), role };
        match self.place(player) {
            Ok(place) => self.members[place] = member,
            Err(place) if self.members.len() < CLIENT_NAMES_MAX => self.members.insert(place, member),
            Err(_) => {}
        }
    }

    /// Takes this list for all that was told before; returns who is no longer here, and who is new.
    pub fn replace(&mut self, members: Vec<Member>) -> (Vec<(PlayerId, String)>, Vec<Member>) {
        let before = std::mem::take(self);
        members.into_iter().for_each(|member| self.join(member.player, &member.name, member.role));
        let gone = before.members.iter().filter(|member| self.place(member.player).is_err());
        let new = self.members.iter().filter(|member| before.place(member.player).is_err());
        (gone.map(|member| (member.player, member.name.clone())).collect(), new.cloned().collect())
    }

    /// Takes someone off the list; returns the name.
    pub fn leave(&mut self, player: PlayerId) -> String {
        match self.place(player) {
            Ok(place) => self.members.remove(place).name,
            Err(_) => self.name(player),
        }
    }

    /// What to call someone, listed or not.
    pub fn name(&self, player: PlayerId) -> String {
        match self.place(player) {
            Ok(place) => self.members[place].name.clone(),
            Err(_) => format!("player {}", key_parts(player).0),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (PlayerId, &str, Role)> {
        self.members.iter().map(|member| (member.player, member.name.as_str(), member.role))
    }

    /// Where someone is on the list, or would be.
    fn place(&self, player: PlayerId) -> Result<usize, usize> {
        self.members.binary_search_by_key(&player, |member| member.player)
    }
}
