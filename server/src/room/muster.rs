//! Owns when bots come into a room and when they go: there are as many as people are missing, and never any without people.

use super::Room;
use tickwire_shared::limits::{BOT_RETURN_SECONDS, JOINS_PER_TICK_MAX};
use tickwire_shared::{Game, PlayerId, Role, ServerMessage};

impl<G: Game> Room<G> {
    /// Before a tick: bots come for whom is missing, and leave when the last of those has left who play or watch.
    pub(super) fn muster(&mut self) {
        if !self.crew.is_on() {
            return;
        }
        let now = self.next_tick;
        if !self.has_company() {
            self.keep_bots(0);
            // Whoever comes next shall not wait.
            return self.crew.settle();
        }
        let wanted = self.crew.wanted(self.players(), self.config.players_max);
        self.keep_bots(wanted);
        let missing = wanted - self.crew.len();
        if missing == 0 {
            return self.crew.settle();
        }
        if self.crew.is_due(now) && !(0..missing.min(JOINS_PER_TICK_MAX)).all(|_| self.hire()) {
            // The game says no. It is asked again, but not in every tick.
            self.crew.settle();
            self.note_missing();
        }
    }

    /// Before somebody joins with whom there will be so many people: a place that a bot has is free for them.
    pub(super) fn make_way(&mut self, people: usize) {
        let wanted = self.crew.wanted(people, self.config.players_max);
        self.keep_bots(wanted);
    }

    /// There may be less than there should be: bots come in a while.
    pub(super) fn note_missing(&mut self) {
        self.crew.wait(self.next_tick.plus(u64::from(BOT_RETURN_SECONDS * G::TICK_RATE_HZ)));
    }

    /// Whether there is somebody for whom it is worth it, with or without a connection: a console sees nothing of the game.
    fn has_company(&self) -> bool {
        self.sessions.values().any(|session| session.role != Role::Console)
    }

    /// Says whether the game takes one more.
    fn hire(&mut self) -> bool {
        let player = self.ids.insert(());
        if self.game.join(player).is_err() {
            self.ids.remove(player);
            return false;
        }
        let name = self.crew.hire(player).to_owned();
        self.tell_others(player, &ServerMessage::Joined { player, name, role: Role::Player });
        true
    }

    fn keep_bots(&mut self, bots_max: usize) {
        while self.crew.len() > bots_max
            && let Some(player) = self.crew.dismiss()
        {
            self.dismissed(player);
        }
    }

    fn dismissed(&mut self, player: PlayerId) {
        self.ids.remove(player);
        self.game.leave(player);
        self.tell_others(player, &ServerMessage::Left { player });
    }
}
