//! Owns the simulation's time: a 64-bit tick, and the 16 bits of it that travel.

use serde::{Deserialize, Serialize};

/// A step of the simulation, counted from the room's first one. Never wraps in practice.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u64);

impl Tick {
    /// The tick `ticks` steps later.
    #[must_use]
    pub fn plus(self, ticks: u64) -> Self {
        Self(self.0 + ticks)
    }

    /// How many steps this tick lies after `earlier`; negative if it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0) as i64
    }

    /// The 16 bits of this tick that go over the wire.
    #[must_use]
    pub fn wire(self) -> WireTick {
        WireTick([self.0 as u8, (self.0 >> 8) as u8])
    }
}

impl std::fmt::Display for Tick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The low 16 bits of a tick, little endian: always two bytes, never a varint.
///
/// Wrapping order is not transitive, so there is deliberately no `Ord`: only [`WireTick::near`] gives it a place in time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireTick([u8; 2]);

impl WireTick {
    /// The tick with these low 16 bits that lies nearest to `reference` (at most 32,768 away).
    ///
    /// A result before tick 0 becomes tick 0.
    #[must_use]
    pub fn near(self, reference: Tick) -> Tick {
        let low = u16::from_le_bytes(self.0);
        let step = low.wrapping_sub(reference.0 as u16) as i16;
        Tick(reference.0.saturating_add_signed(i64::from(step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_tick_finds_its_place_across_every_wrap() {
        for edge in [1u64 << 15, 1 << 16, 1 << 17, 1 << 31, 1 << 32, 1 << 48] {
            for reference in edge - 300..edge + 300 {
                for step in [-32_000i64, -1, 0, 1, 32_000] {
                    let Some(real) = reference.checked_add_signed(step) else { continue };
                    assert_eq!(Tick(real).wire().near(Tick(reference)), Tick(real));
                }
            }
        }
    }

    #[test]
    fn a_tick_before_the_first_becomes_the_first() {
        assert_eq!(Tick(u64::MAX).wire().near(Tick(3)), Tick(0));
    }
}
