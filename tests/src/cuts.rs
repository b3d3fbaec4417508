//! Owns cuts in the simulated world: connections that die, noticed or not, clients that come back, and tokens that give no seat.

use crate::sim::Sim;
use crate::test_rng::TestRng;
use tickwire_client::State;
use tickwire_shared::{CloseCode, Game, Hello, PROTOCOL_VERSION, PlayerId, ResumeToken, Role};

/// What a client says if its connection is gone without a word.
const ABNORMAL: u16 = 1006;

impl<G: Game> Sim<G> {
    /// Cuts a client's connection: what is under way is lost, and so is what is sent on it before its ends notice.
    pub fn cut(&mut self, number: usize, server_notices: bool, client_notices: bool) {
        let now = self.now();
        let Some(seat) = self.seats.get_mut(&number) else { return };
        let player = seat.cut();
        // A client that was never welcome would wait for ever: its shell has to tell it.
        if client_notices || *seat.client.state() == State::Joining {
            seat.client.connection_lost(now, ABNORMAL, "cut");
            seat.is_connected = false;
        }
        self.ghosts.extend(player);
        if server_notices {
            self.notice();
        }
    }

    /// The server notices which connections are dead.
    pub fn notice(&mut self) {
        while let Some(player) = self.ghosts.pop_first() {
            self.room.detach(player);
        }
    }

    /// If a client has given its connection up, that is dead; if it is time for another one, there is one.
    pub(crate) fn reconnect(&mut self, number: usize) {
        let now = self.now();
        let seat = self.seats.get_mut(&number).expect("the caller knows it");
        let State::Reconnecting { at, .. } = *seat.client.state() else { return };
        if seat.is_connected {
            seat.is_connected = false;
            self.ghosts.extend(seat.cut());
        }
        if at <= now {
            seat.connect();
            seat.client.reconnect(now);
        }
    }

    /// A client was let in, as this player.
    pub(crate) fn seated(
        &mut self,
        number: usize,
        player: PlayerId,
        presented: Option<ResumeToken>,
        issued: ResumeToken,
    ) -> Result<(), String> {
        let seat = self.seats.get_mut(&number).expect("the caller knows it");
        if let Some(token) = presented {
            if seat.session != Some(player) {
                return Err(format!("seat {number} came back as {player:?}, and was {:?}", seat.session));
            }
            seat.passes.present(&token);
            self.resumes += 1;
        }
        self.ghosts.remove(&player);
        seat.session = Some(player);
        seat.player = Some(player);
        seat.passes.issue(issued);
        Ok(())
    }

    /// Presents tokens that must give no seat: those that a client has used, one that is nearly right, and a random one.
    ///
    /// # Errors
    /// A sentence, if one does, or if it is refused in another way.
    pub fn try_bad_tokens(&mut self, number: usize, rng: &mut TestRng) -> Result<u64, String> {
        let Some(seat) = self.seats.get(&number) else { return Ok(0) };
        let mut tokens: Vec<ResumeToken> = seat.passes.dead().copied().collect();
        if let Some(last) = seat.passes.last() {
            let mut flipped = *last;
            flipped[rng.below(16) as usize] ^= 1 << rng.below(8);
            tokens.push(flipped);
        }
        tokens.push(rng.bytes(16).try_into().expect("16 bytes"));
        for token in &tokens {
            let hello = self.hello(*token);
            match self.room.join(&hello, &[0; 16]) {
                Err(rejection) if rejection.code == CloseCode::Unauthorized => {}
                other => return Err(format!("seat {number}: a bad token led to {other:?}")),
            }
        }
        Ok(tokens.len() as u64)
    }

    fn hello(&self, token: ResumeToken) -> Hello {
        Hello {
            protocol: PROTOCOL_VERSION,
            game: G::NAME.to_owned(),
            schema_hash: self.room.layout().hash(),
            schema: None,
            name: "thief".to_owned(),
            role: Role::Player,
            ticket: None,
            resume: Some(token),
        }
    }
}
