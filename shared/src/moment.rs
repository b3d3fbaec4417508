//! Owns a place in time between two ticks, and the three bytes of it that travel.

use crate::{Tick, WireTick};
use serde::{Deserialize, Serialize};

/// Parts of a tick that can be told apart.
const PARTS: i64 = 256;

/// A place in a room's time: a tick, and how much of the way to the next one is done.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// The tick before it.
    pub tick: Tick,
    /// In 256ths of a tick.
    pub part: u8,
}

impl Moment {
    /// Just at a tick.
    #[must_use]
    pub fn at(tick: Tick) -> Self {
        Self { tick, part: 0 }
    }

    /// The moment so many ticks (fractions too; negative: before) after a tick. None lies before tick 0.
    #[must_use]
    pub fn after(tick: Tick, ticks: f64) -> Self {
        Self::at(tick).moved((ticks * PARTS as f64).round() as i64)
    }

    /// This moment, so many ticks (fractions too) earlier.
    #[must_use]
    pub fn back(self, ticks: f64) -> Self {
        self.moved(-(ticks * PARTS as f64).round() as i64)
    }

    fn moved(self, parts: i64) -> Self {
        let parts = i64::from(self.part).saturating_add(parts);
        Self {
            tick: Tick(self.tick.0.saturating_add_signed(parts.div_euclid(PARTS))),
            part: parts.rem_euclid(PARTS) as u8,
        }
    }

    /// How many ticks this moment lies after another one; negative if it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> f64 {
        self.tick.since(earlier.tick) as f64 + (f64::from(self.part) - f64::from(earlier.part)) / PARTS as f64
    }

    /// What goes over the wire.
    #[must_use]
    pub fn wire(self) -> WireMoment {
        WireMoment { tick: self.tick.wire(), part: self.part }
    }
}

/// A moment whose tick has 16 bits: always three bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireMoment {
    tick: WireTick,
    part: u8,
}

impl WireMoment {
    /// The moment whose tick lies nearest to `reference`: see [`WireTick::near`].
    #[must_use]
    pub fn near(self, reference: Tick) -> Moment {
        Moment { tick: self.tick.near(reference), part: self.part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_across_ticks_and_wraps() {
        let base = Tick(65_535);
        for ticks in [-3.75, -0.25, 0.0, 0.5, 1.0, 7.625] {
            let moment = Moment::after(base, ticks);
            assert_eq!(moment.since(Moment::at(base)), ticks);
            assert_eq!(moment.wire().near(Tick(65_540)), moment);
            assert_eq!(moment.back(ticks), Moment::at(base));
        }
        assert!(Moment::after(base, 0.5) > Moment::at(base));
        assert_eq!(Moment::at(Tick(1)).back(5.0).tick, Tick(0));
    }
}
