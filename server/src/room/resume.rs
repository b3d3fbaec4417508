//! Owns seats that outlive their connections: the tokens that give them back, how long they are kept, and who has them again.

use super::Room;
use super::types::{Rejection, reject};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tickwire_shared::{CloseCode, Game, PlayerId, ResumeToken, Role};

/// What is kept of a token: who reads the server's memory cannot take a seat with it.
type TokenHash = [u8; 32];

/// No token that anybody could find has this hash.
const NO_TOKEN: TokenHash = [0; 32];

/// The tokens that one session accepts.
///
/// They are two, so that a cut at any moment finds the client with a good one: the Welcome with the next may be lost, or may be all
/// that came. A token dies as soon as its successor is known to have arrived.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// What the client is known to have.
    current: TokenHash,
    /// What the latest Welcome brings.
    next: TokenHash,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { current: NO_TOKEN, next: NO_TOKEN }
    }
}

impl Tokens {
    /// A Welcome with this token is made.
    pub fn issue(&mut self, token: &ResumeToken) {
        self.next = hash(token);
    }

    /// The client has the latest Welcome.
    pub fn confirm(&mut self) {
        if self.next != NO_TOKEN {
            self.current = std::mem::replace(&mut self.next, NO_TOKEN);
        }
    }

    /// Whether the client is known to have one.
    fn are_known(&self) -> bool {
        self.current != NO_TOKEN
    }

    /// Whether a token with this hash is one of them. Takes the same time for whatever hash.
    fn accepts(&self, presented: &TokenHash) -> Choice {
        self.current.ct_eq(presented) | self.next.ct_eq(presented)
    }

    /// A token that is accepted was presented: if it is the latest, it has arrived.
    fn presented(&mut self, presented: &TokenHash) {
        if self.next.ct_eq(presented).into() {
            self.confirm();
        }
    }
}

fn hash(token: &ResumeToken) -> TokenHash {
    Sha256::digest(token).into()
}

impl<G: Game> Room<G> {
    /// The connection of a client is gone, and the client did not say goodbye: its seat is kept for a while, for it to come back to. Its
    /// player stays in the game and gets the inputs that missing commands make. Consoles leave.
    pub fn detach(&mut self, player: PlayerId) {
        let now = self.next_tick;
        let Some(session) = self.sessions.get_mut(player) else { return };
        // Who was never sent a Welcome has nothing to come back with.
        let has_token = session.greeting.is_none() || session.tokens.are_known();
        if self.config.resume_grace_ticks == 0 || session.role == Role::Console || !has_token {
            return self.leave(player);
        }
        if session.detached.is_none() {
            session.detach(now);
            self.counts.detached += 1;
        }
    }

    /// Gives a seat to who presents one of its tokens.
    pub(super) fn resume(&mut self, token: &ResumeToken, next: &ResumeToken) -> Result<PlayerId, Rejection> {
        let presented = hash(token);
        let mut found = None;
        // All of them, always: how long it takes tells nothing about any token.
        for (player, session) in &self.sessions {
            if session.tokens.accepts(&presented).into() {
                found = Some(player);
            }
        }
        let Some(player) = found else {
            self.counts.resumes_refused += 1;
            // The same words for whatever is wrong: it is nobody's business which tokens there ever were.
            return Err(reject(CloseCode::Unauthorized, "this resume token gives no seat in this room"));
        };
        let session = &mut self.sessions[player];
        session.tokens.presented(&presented);
        session.attach(self.next_tick, G::TICK_RATE_HZ, self.config.player_bytes_per_second);
        self.counts.resumed += 1;
        self.greet(player, next);
        Ok(player)
    }

    /// Lets those leave who did not come back in time.
    pub(super) fn expire_seats(&mut self) {
        let (now, grace_ticks) = (self.next_tick, self.config.resume_grace_ticks as i64);
        let is_over = |since| now.since(since) >= grace_ticks;
        // One at a time: there is hardly ever one, and looking asks for no memory.
        while let Some(player) = self
            .sessions
            .iter()
            .find_map(|(player, session)| session.detached.is_some_and(is_over).then_some(player))
        {
            // Whoever has come back in time may be waiting at the door of a great world.
            if self.joins_max() == 0 {
                return;
            }
            self.counts.expired += 1;
            self.leave(player);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(tokens: &Tokens, token: u8) -> bool {
        tokens.accepts(&hash(&[token; 16])).into()
    }

    #[test]
    fn a_token_dies_when_its_successor_has_arrived_and_no_sooner() {
        let mut tokens = Tokens::default();
        assert!(!accepts(&tokens, 1));
        tokens.issue(&[1; 16]);
        assert!(accepts(&tokens, 1), "the Welcome may have been all that came");
        tokens.confirm();
        tokens.confirm();
        assert!(accepts(&tokens, 1), "there is no other");
        tokens.issue(&[2; 16]);
        tokens.issue(&[3; 16]);
        assert!(
            accepts(&tokens, 1) && !accepts(&tokens, 2) && accepts(&tokens, 3),
            "2 was lost with its Welcome"
        );
        tokens.presented(&hash(&[1; 16]));
        assert!(accepts(&tokens, 1) && accepts(&tokens, 3), "nothing new is known");
        tokens.presented(&hash(&[3; 16]));
        tokens.issue(&[4; 16]);
        assert!(!accepts(&tokens, 1) && accepts(&tokens, 3) && accepts(&tokens, 4));
        tokens.confirm();
        assert!(!accepts(&tokens, 3) && accepts(&tokens, 4));
    }
}
