//! Owns what became of one client's predicted events: each is told of once, and then either confirmed or withdrawn.

use std::collections::BTreeSet;
use tickwire_client::{EffectId, Notice};
use tickwire_shared::Game;

/// The fates of predicted events.
#[derive(Debug, Default)]
pub struct Fates {
    /// Nothing more was said of these yet.
    open: BTreeSet<EffectId>,
    /// How many were withdrawn.
    pub withdrawn: u64,
}

impl Fates {
    /// Takes note of what a client tells its user.
    ///
    /// # Errors
    /// A sentence, if an event was predicted twice, or has two fates.
    pub fn note<G: Game>(&mut self, notice: &Notice<G>) -> Result<(), String> {
        let (id, is_news) = match notice {
            Notice::Predicted { id, .. } => (*id, self.open.insert(*id)),
            Notice::Confirmed { id, .. } | Notice::Withdrawn { id } => (*id, self.open.remove(id)),
            _ => return Ok(()),
        };
        self.withdrawn += u64::from(matches!(notice, Notice::Withdrawn { .. }));
        if is_news { Ok(()) } else { Err(format!("{id:?} was told of twice, or never")) }
    }
}
