//! Owns who is let into a room: versions, seats, names, and what a newcomer is told first.

use super::Room;
use super::session::Session;
use super::types::{Rejection, reject};
use tickwire_shared::limits::{NAME_BYTES_MAX, SPECTATORS_PER_ROOM_MAX};
use tickwire_shared::{
    CloseCode, Game, Hello, Member, PROTOCOL_VERSION, PlayerId, Role, ServerMessage, Welcome, clean_text,
    encode,
};

impl<G: Game> Room<G> {
    pub(super) fn check_version(&self, hello: &Hello) -> Result<(), Rejection> {
        if hello.protocol != PROTOCOL_VERSION {
            let reason = format!("protocol {PROTOCOL_VERSION} here, {} there", hello.protocol);
            return Err(reject(CloseCode::Version, reason));
        }
        if hello.game != G::NAME {
            let there = clean_text(&hello.game, NAME_BYTES_MAX);
            return Err(reject(CloseCode::Version, format!("game {} here, {there} there", G::NAME)));
        }
        if hello.schema_hash == self.layout.hash() {
            return Ok(());
        }
        let hashes = format!("schema {:016x} here, {:016x} there", self.layout.hash(), hello.schema_hash);
        let difference = hello.schema.as_ref().map(|there| self.layout.schema().difference(there));
        let reason = match difference {
            Some(lines) if !lines.is_empty() => format!("{}; {hashes}", lines.join("; ")),
            _ => hashes,
        };
        Err(reject(CloseCode::Version, reason))
    }

    pub(super) fn seat(&mut self, name: &str, role: Role) -> Result<PlayerId, Rejection> {
        let players = self.players();
        let (taken, seats) = match role {
            Role::Player => (players, self.config.players_max),
            Role::Spectator | Role::Console => (self.sessions.len() - players, SPECTATORS_PER_ROOM_MAX),
        };
        if taken >= seats {
            return Err(reject(CloseCode::Refused, format!("the room is full: {taken} of {seats}")));
        }
        let name = self.free_name(&clean_text(name, NAME_BYTES_MAX));
        Ok(self.sessions.insert(Session::new(
            name,
            role,
            self.next_tick,
            G::TICK_RATE_HZ,
            self.config.player_bytes_per_second,
        )))
    }

    /// The name, with a number if somebody has it already: a line of chat must tell who said it.
    fn free_name(&self, wanted: &str) -> String {
        // Nobody shall look like two, or like the console's own notices.
        let wanted = wanted.replace(':', "");
        let wanted = wanted.trim_start_matches(['*', ' ']);
        let wanted = if wanted.is_empty() { "player" } else { wanted };
        let is_free = |name: &str| self.sessions.values().all(|session| session.name != name);
        if is_free(wanted) {
            return wanted.to_owned();
        }
        let numbered = |number: usize| {
            let suffix = format!("-{number}");
            clean_text(wanted, NAME_BYTES_MAX - suffix.len()) + &suffix
        };
        (2..).map(numbered).find(|name| is_free(name)).expect("there are fewer sessions than numbers")
    }

    /// The message that says who is here.
    pub(super) fn roster(&self) -> Vec<u8> {
        let member = |(player, session): (PlayerId, &Session<G::Input>)| Member {
            player,
            name: session.name.clone(),
            role: session.role,
        };
        encode(&ServerMessage::Roster(self.sessions.iter().map(member).collect()))
    }

    pub(super) fn greeting(&self, player: PlayerId, role: Role) -> Vec<u8> {
        let mut greeting = encode(&ServerMessage::Welcome(Box::new(Welcome {
            protocol: PROTOCOL_VERSION,
            player,
            role,
            room: self.config.name.clone(),
            tick_rate_hz: G::TICK_RATE_HZ,
            tick: self.next_tick,
            epoch: self.config.epoch,
            resume: None,
            settings: encode(&self.config.settings),
            schema: self.layout.schema().clone(),
        })));
        greeting.extend_from_slice(&self.roster());
        greeting
    }
}
