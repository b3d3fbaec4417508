//! Owns a second book of resume tokens, kept by other means than the room's: which were issued to a client, and which of them are good.

use tickwire_shared::ResumeToken;

/// The tokens of one client.
#[derive(Clone, Debug, Default)]
pub struct Passes {
    /// Oldest first.
    issued: Vec<ResumeToken>,
    /// The place of the newest that the client is known to have.
    known: usize,
}

impl Passes {
    /// A Welcome with this token was made.
    pub fn issue(&mut self, token: ResumeToken) {
        self.issued.push(token);
    }

    /// The client has the last one.
    pub fn confirm(&mut self) {
        self.known = self.issued.len() - 1;
    }

    /// The client presented this one, and got its seat.
    pub fn present(&mut self, token: &ResumeToken) {
        self.known = self.issued.iter().position(|issued| issued == token).expect("it was issued");
    }

    /// Those that must not give a seat any more: older than what is known to have arrived, or lost before the last one.
    pub fn dead(&self) -> impl Iterator<Item = &ResumeToken> {
        let last = self.issued.len().saturating_sub(1);
        self.issued
            .iter()
            .enumerate()
            .filter(move |(place, _)| *place != self.known && *place != last)
            .map(|(_, token)| token)
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&ResumeToken> {
        self.issued.last()
    }
}
