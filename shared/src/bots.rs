//! Owns the plug for players without people: how a game lends its bots to swarms and servers.

use crate::{EntityId, Game, Tick};

/// What a bot knows when it decides: what its player would see.
pub struct Sight<'a, G: Game> {
    /// The tick that the decision is for.
    pub tick: Tick,
    /// The room's settings.
    pub settings: &'a G::Settings,
    /// The bot's own entity as its player sees it (predicted), if it has one now.
    pub own: Option<(EntityId, &'a G::Entity)>,
    /// Everything else in view.
    pub others: &'a [(EntityId, G::Entity)],
}

/// A game that can play itself.
pub trait Bots: Game {
    /// The characters that [`Bots::bot`] knows; the first is the usual one.
    const BEHAVIOURS: &'static [&'static str];

    /// One bot's mind.
    type Bot: Send;

    /// A bot of this character, or `None` if there is no such character. Same seed, same bot.
    fn bot(behaviour: &str, seed: u64) -> Option<Self::Bot>;

    /// What the bot wants in this tick.
    fn think(bot: &mut Self::Bot, sight: &Sight<'_, Self>) -> Self::Input;
}
