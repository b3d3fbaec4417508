//! Owns the events that the prediction told of before the server did, until that confirms them or they are withdrawn.

use crate::Notice;
use std::collections::VecDeque;
use tickwire_shared::limits::PREDICTED_EVENTS_MAX;
use tickwire_shared::{Game, Tick};

/// Which predicted event: a confirmation or a withdrawal names it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// A predicted event without the server's word.
struct Effect<G: Game> {
    tick: Tick,
    event: G::Event,
    /// The id by which the user knows of it, once told.
    told: Option<EffectId>,
    /// No longer predicted: it will be withdrawn, unless it shows up at another tick.
    is_gone: bool,
}

/// Predicted events, oldest first. The user is told at the end of each frame and update, when it is clear what became of each.
pub(crate) struct Effects<G: Game> {
    waiting: VecDeque<Effect<G>>,
    next_id: u64,
    /// The snapshot of this tick has been taken in: what it should have told and did not will not come.
    heard: Option<Tick>,
}

impl<G: Game> Effects<G> {
    pub fn new() -> Self {
        Self { waiting: VecDeque::new(), next_id: 0, heard: None }
    }

    /// A tick was predicted, for the first time or again, with these events; takes them out.
    pub fn predicted(&mut self, tick: Tick, events: &mut Vec<G::Event>) {
        if self.waiting.is_empty() && events.is_empty() {
            return;
        }
        for effect in self.waiting.iter_mut().filter(|effect| effect.tick == tick) {
            let again = events.iter().position(|event| G::is_same_event(&effect.event, event));
            effect.is_gone = again.is_none();
            if let Some(again) = again {
                effect.event = events.remove(again);
            }
        }
        let room = PREDICTED_EVENTS_MAX.saturating_sub(self.waiting.len());
        let new = events.drain(..).take(room);
        self.waiting.extend(new.map(|event| Effect { tick, event, told: None, is_gone: false }));
    }

    /// A snapshot was taken in. What it should have told may still follow it, in the same frame.
    pub fn hear(&mut self, tick: Tick) {
        self.heard = Some(tick);
    }

    /// There is nobody any more who could do what was predicted.
    pub fn abandon(&mut self) {
        self.waiting.iter_mut().for_each(|effect| effect.is_gone = true);
    }

    /// The same on a new connection, which will tell nothing of what was predicted before.
    pub fn cut(&mut self) -> Self {
        let mut cut = std::mem::replace(self, Self::new());
        cut.abandon();
        cut.heard = None;
        cut
    }

    /// What to make of an event that the server told: what was predicted is confirmed, the oldest first.
    pub fn confirm(&mut self, told: G::Event) -> Notice<G> {
        let is_it = |effect: &Effect<G>| {
            effect.told.is_some()
                && self.heard.is_some_and(|heard| effect.tick <= heard)
                && G::is_same_event(&effect.event, &told)
        };
        let place = self.waiting.iter().position(is_it);
        match place.and_then(|place| self.waiting.remove(place)).and_then(|effect| effect.told) {
            Some(id) => Notice::Confirmed { id, event: told },
            None => Notice::Event(told),
        }
    }

    /// The next thing to tell: first what is withdrawn, then what is new. Nothing more follows once it is `None`.
    pub fn poll(&mut self) -> Option<Notice<G>> {
        let heard = self.heard;
        let is_over = |effect: &Effect<G>| effect.is_gone || heard.is_some_and(|heard| effect.tick <= heard);
        while let Some(place) = self.waiting.iter().position(is_over) {
            let over = self.waiting.remove(place).expect("it was found there");
            let Some(id) = over.told else { continue };
            // A correction may have moved it by a tick or two: then it is still the same, and nothing to speak of.
            let moved = self.waiting.iter_mut().find(|effect| {
                effect.told.is_none() && !is_over(effect) && G::is_same_event(&over.event, &effect.event)
            });
            match moved {
                Some(effect) => effect.told = Some(id),
                None => return Some(Notice::Withdrawn { id }),
            }
        }
        let new = self.waiting.iter_mut().find(|effect| effect.told.is_none())?;
        let id = EffectId(self.next_id);
        self.next_id += 1;
        new.told = Some(id);
        Some(Notice::Predicted { id, event: new.event.clone() })
    }
}

#[cfg(test)]
mod tests;
