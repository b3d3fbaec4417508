//! Owns when a link stands still: one stall after the other, the same ones whatever is sent.

use super::profile::Stalls;
use super::{Chance, share};
use std::ops::Range;
use std::time::Duration;

/// The stalls of one link, as far as time has come.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    stalls: Option<Stalls>,
    chance: Chance,
    /// The current stall, or the next.
    stall: Range<Duration>,
}

impl Schedule {
    /// The first one comes at any moment of the first interval after `now`.
    pub(super) fn new(stalls: Option<Stalls>, mut chance: Chance, now: Duration) -> Self {
        let stall = stalls.map_or(now..now, |stalls| {
            let start = now + stalls.every.mul_f64(share(&mut chance));
            start..start + length(stalls, &mut chance)
        });
        Self { stalls, chance, stall }
    }

    /// Other stalls from `now` on; one that is under way ends at once.
    pub(super) fn replace(&mut self, stalls: Option<Stalls>, now: Duration) {
        if self.stalls != stalls {
            *self = Self::new(stalls, self.chance.clone(), now);
        }
    }

    /// When something that should come at `time` does. Calls go forward in time.
    pub(super) fn after(&mut self, time: Duration) -> Duration {
        let Some(stalls) = self.stalls else { return time };
        while self.stall.end <= time {
            let start = self.stall.end + stalls.every.mul_f64(0.5 + share(&mut self.chance));
            self.stall = start..start + length(stalls, &mut self.chance);
        }
        if self.stall.start <= time { self.stall.end } else { time }
    }
}

fn length(stalls: Stalls, chance: &mut Chance) -> Duration {
    stalls.shortest + stalls.longest.saturating_sub(stalls.shortest).mul_f64(share(chance))
}
