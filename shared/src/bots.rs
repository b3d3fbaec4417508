//! Owns the plug for players without people: how a game lends its bots to swarms and servers.

use crate::{EntityId, Game, PlayerId, Tick};

/// What a bot knows when it decides: what its player would see.
pub struct Sight<'a, G: Game> {
    /// The tick that the decision is for.
    pub tick: Tick,
    /// The room's settings.
    pub settings: &'a G::Settings,
    /// The bot's own entity as its player sees it, if it has one now: predicted by a client, and inside a room as the last tick left it.
    pub own: Option<(EntityId, &'a G::Entity)>,
    /// Everything else in view.
    pub others: &'a [(EntityId, G::Entity)],
}

/// What an event says of a player's shots that hit at once.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Shot {
    /// One went off.
    Fired,
    /// The last one hit.
    Hit,
}

/// A game that can play itself.
pub trait Bots: Game {
    /// The characters that [`Bots::bot`] knows; the first is the usual one.
    const BEHAVIOURS: &'static [&'static str];

    /// One bot's mind.
    type Bot: Send;

    /// A bot of this character, or `None` if there is no such character. Same seed, same bot.
    fn bot(behaviour: &str, seed: u64) -> Option<Self::Bot>;

    /// What the bot wants in this tick. Asked once in each, by the client of a swarm as by a room that is filled with bots.
    fn think(bot: &mut Self::Bot, sight: &Sight<'_, Self>) -> Self::Input;

    /// The character, among [`Bots::BEHAVIOURS`], that shoots exactly at what it sees, with what hits at once. `None`: there is nothing of
    /// the kind here.
    const SNIPER: Option<&'static str> = None;

    /// The character, among [`Bots::BEHAVIOURS`], that goes about as usual and harms nobody, so that whoever shoots at it is not disturbed.
    /// `None`: there is nothing of the kind here.
    const PREY: Option<&'static str> = None;

    /// What an event that a player was told says of its own shots of that kind.
    fn shot(_event: &Self::Event, _player: PlayerId) -> Option<Shot> {
        None
    }
}
