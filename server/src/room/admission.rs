//! Owns who comes into a room and goes: versions, seats, names, what a newcomer is told first, and what the others are told.

use super::Room;
use super::session::{Message, Session};
use super::types::{Rejection, reject, with_inputs};
use tickwire_shared::limits::{
    GREAT_WORLD_ENTITIES, GREAT_WORLD_NEWCOMERS_MAX, JOINS_PER_TICK_MAX, NAME_BYTES_MAX,
    SPECTATORS_PER_ROOM_MAX,
};
use tickwire_shared::{
    BOT_NAME_PREFIX, CloseCode, Game, Hello, Member, PROTOCOL_VERSION, PlayerId, ResumeToken, Role,
    ServerMessage, Welcome, clean_text, encode,
};

impl<G: Game> Room<G> {
    /// Lets a client in, or gives it back the seat that its Hello has a token of: then the same player comes out, and a connection
    /// that the seat still has is replaced. Its first frame, made by the next tick that has a place for it, starts with the Welcome, and
    /// in that is `token`: 128 bits of chance, drawn for this call.
    ///
    /// # Errors
    /// [`CloseCode::Version`] with both sides' versions or the schemas' difference, [`CloseCode::Refused`] if the
    /// room is full or the game says no, [`CloseCode::Unauthorized`] if there is no seat for the Hello's token.
    pub fn join(&mut self, hello: &Hello, token: &ResumeToken) -> Result<PlayerId, Rejection> {
        self.check_version(hello)?;
        if let Some(presented) = &hello.resume {
            return self.resume(presented, token);
        }
        let role = match hello.role {
            Role::Console => return Err(reject(CloseCode::Malformed, "a console says no hello")),
            role => role,
        };
        let player = self.seat(&hello.name, role)?;
        if role == Role::Player
            && let Err(refusal) = self.game.join(player)
        {
            self.sessions.remove(player);
            self.ids.remove(player);
            // A bot has made way in vain.
            self.note_missing();
            return Err(reject(CloseCode::Refused, refusal.0));
        }
        self.greet(player, token);
        self.announce(player);
        Ok(player)
    }

    /// How many may join before the next tick; for the others it is better to wait, and for those who are here that they do.
    #[must_use]
    pub fn joins_max(&self) -> usize {
        let entities = self.history.newest().map_or(0, |(_, snapshot)| snapshot.len());
        if entities <= GREAT_WORLD_ENTITIES {
            return JOINS_PER_TICK_MAX;
        }
        let newcomers = self.sessions.values().filter(|session| session.is_newcomer(self.next_tick)).count();
        GREAT_WORLD_NEWCOMERS_MAX.saturating_sub(newcomers)
    }

    /// Lets a console in: it reads and writes lines of chat, and nothing else.
    ///
    /// # Errors
    /// [`CloseCode::Refused`] if the room is full.
    pub fn join_console(&mut self, name: &str) -> Result<PlayerId, Rejection> {
        let player = self.seat(name, Role::Console)?;
        self.announce(player);
        Ok(player)
    }

    /// Takes a client out, for good. Twice is as good as once.
    pub fn leave(&mut self, player: PlayerId) {
        let Some(session) = self.sessions.remove(player) else { return };
        self.ids.remove(player);
        self.counts = with_inputs(self.counts, session.queue.counts());
        if session.role == Role::Player {
            self.game.leave(player);
            self.note_missing();
        }
        self.tell_others(player, &ServerMessage::Left { player });
    }

    fn announce(&mut self, player: PlayerId) {
        let Session { name, role, .. } = &self.sessions[player];
        let joined = ServerMessage::Joined { player, name: name.clone(), role: *role };
        self.tell_others(player, &joined);
    }

    /// Who has no connection needs not be told: who comes back is told who is here.
    pub(super) fn tell_others(&mut self, player: PlayerId, message: &ServerMessage<'_>) {
        let message = Message::presence(encode(message));
        for (other, session) in &mut self.sessions {
            if other != player && session.role != Role::Console && session.detached.is_none() {
                session.pending.push(message.clone());
            }
        }
    }

    fn check_version(&self, hello: &Hello) -> Result<(), Rejection> {
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

    fn seat(&mut self, name: &str, role: Role) -> Result<PlayerId, Rejection> {
        let players = self.players();
        let (taken, seats) = match role {
            Role::Player => (players, self.config.players_max),
            Role::Spectator | Role::Console => (self.sessions.len() - players, SPECTATORS_PER_ROOM_MAX),
        };
        if taken >= seats {
            return Err(reject(CloseCode::Refused, format!("the room is full: {taken} of {seats}")));
        }
        if role == Role::Player {
            self.make_way(taken + 1);
        }
        let name = free_name(name, self.sessions.values().map(|session| &session.name[..]));
        let (now, rate_hz, bytes_per_second) =
            (self.next_tick, G::TICK_RATE_HZ, self.config.player_bytes_per_second);
        let player = self.ids.insert(());
        self.sessions.insert(player, Session::new(name, role, now, rate_hz, bytes_per_second));
        Ok(player)
    }

    /// The message that says who is here.
    pub(super) fn roster(&self) -> Vec<u8> {
        let member = |(player, session): (PlayerId, &Session<G::Input>)| Member {
            player,
            name: session.name.clone(),
            role: session.role,
        };
        let bot =
            |(player, name): (PlayerId, &str)| Member { player, name: name.to_owned(), role: Role::Player };
        let everyone = self.sessions.iter().map(member).chain(self.bots().map(bot));
        encode(&ServerMessage::Roster(everyone.collect()))
    }

    /// What its next frame shall start with.
    pub(super) fn greet(&mut self, player: PlayerId, token: &ResumeToken) {
        let greeting = self.greeting(player, token);
        let session = &mut self.sessions[player];
        session.greeting = Some(greeting);
        if self.config.resume_grace_ticks > 0 {
            session.tokens.issue(token);
        }
    }

    fn greeting(&self, player: PlayerId, token: &ResumeToken) -> Vec<u8> {
        let grace_ticks = self.config.resume_grace_ticks;
        let grace_seconds = grace_ticks.div_ceil(G::TICK_RATE_HZ.into());
        let mut greeting = encode(&ServerMessage::Welcome(Box::new(Welcome {
            protocol: PROTOCOL_VERSION,
            player,
            role: self.sessions[player].role,
            room: self.config.name.clone(),
            tick_rate_hz: G::TICK_RATE_HZ,
            tick: self.next_tick,
            epoch: self.config.epoch,
            resume: (grace_ticks > 0).then_some(*token),
            resume_grace_seconds: u32::try_from(grace_seconds).unwrap_or(u32::MAX),
            settings: encode(&self.config.settings),
            schema: self.layout.schema().clone(),
        })));
        greeting.extend_from_slice(&self.roster());
        greeting
    }
}

/// The name, cleaned, and with a number if somebody has it already: a line of chat must tell who said it.
///
/// Looks at each name that is taken once.
fn free_name<'n>(wanted: &str, taken: impl Iterator<Item = &'n str>) -> String {
    // Nobody shall look like two, like the console's own notices, or like a bot.
    let wanted = clean_text(&clean_text(wanted, NAME_BYTES_MAX).replace(':', ""), NAME_BYTES_MAX);
    let mut wanted = wanted.trim_start_matches(['*', ' ']);
    while let Some(rest) = wanted.strip_prefix(BOT_NAME_PREFIX) {
        wanted = rest.trim_start_matches(['*', ' ']);
    }
    let wanted = if wanted.is_empty() { "player" } else { wanted };
    let mut is_taken = false;
    let mut numbers = Vec::new();
    for name in taken {
        is_taken |= name == wanted;
        numbers.extend(number_of(name, wanted));
    }
    if !is_taken {
        return wanted.to_owned();
    }
    numbers.sort_unstable();
    let free = numbers.iter().fold(2, |free, number| if *number == free { free + 1 } else { free });
    let suffix = format!("-{free}");
    format!("{}{suffix}", cut(wanted, NAME_BYTES_MAX - suffix.len()))
}

/// The number that makes this name of the one that was wanted.
fn number_of(name: &str, wanted: &str) -> Option<usize> {
    let (stem, digits) = name.rsplit_once('-')?;
    let is_ours = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    let stem_bytes_max = NAME_BYTES_MAX.checked_sub(1 + digits.len())?;
    (is_ours && stem == cut(wanted, stem_bytes_max)).then(|| digits.parse().ok())?
}

/// The front of a clean text, in at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut ends = (0..=bytes_max.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end)).expect("0 is one");
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets so many in who want this name, and returns what they are called. Each of the others is looked at once.
    fn called(wanted: &str, count: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..count {
            let mut looked_at = 0;
            let taken = names.iter().map(String::as_str).inspect(|_| looked_at += 1);
            let name = free_name(wanted, taken);
            assert_eq!(looked_at, names.len(), "one look at each");
            assert!(!names.contains(&name) && name.len() <= NAME_BYTES_MAX, "{name}");
            names.push(name);
        }
        names
    }

    #[test]
    fn three_hundred_without_a_name_are_told_apart() {
        let mut names = called(" *: ", 300);
        assert_eq!(names[..3], ["player", "player-2", "player-3"]);
        assert_eq!(names[299], "player-300");
        for gone in ["player-7", "player-40", "player"] {
            names.retain(|name| name != gone);
        }
        let mut next = || {
            let name = free_name("", names.iter().map(String::as_str));
            names.push(name.clone());
            name
        };
        assert_eq!([next(), next(), next(), next()], ["player", "player-7", "player-40", "player-301"]);
    }

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let names = called(&"\u{e4}".repeat(20), 120);
        assert_eq!(names[0], "\u{e4}".repeat(16));
        assert_eq!(names[1], "\u{e4}".repeat(15) + "-2");
        assert_eq!(names[9], "\u{e4}".repeat(14) + "-10");
        assert_eq!(names[119], "\u{e4}".repeat(14) + "-120");
        let names = called("somebody with a blank at place   30", 3);
        assert_eq!(names[1..], ["somebody with a blank at place-2", "somebody with a blank at place-3"]);
    }

    #[test]
    fn a_number_of_somebody_elses_is_no_number() {
        let taken = ["ann", "ann-02", "ann-+2", "ann-", "bob-2", "ann-3", "ann-99999999999999999999"];
        assert_eq!(free_name("ann", taken.into_iter()), "ann-2");
        assert_eq!(free_name("ann-3", taken.into_iter()), "ann-3-2");
        assert_eq!(free_name("*ann:2", taken.into_iter()), "ann2");
        assert_eq!(free_name("*Bot  *Bot Bot ann", taken.into_iter()), "ann-2", "people are no bots");
        assert_eq!(free_name(" Bot ", taken.into_iter()), "Bot", "not with a blank");
        assert_eq!(free_name("bob", taken.into_iter()), "bob", "nobody has it");
    }
}
