//! Owns what a player wants in one tick, and what of it counts.

use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;
use tickwire_shared::glam::Vec2;

/// What a player wants in one tick. Every value is a legal one; `Default` is hands off.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Walk: -127 is left, 127 is right (-128 counts as -127).
    pub move_x: i8,
    /// Walk: -127 is up, 127 is down (-128 counts as -127).
    pub move_y: i8,
    /// Look: one turn is 65536.
    pub aim: u16,
    /// What is held down: [`Input::FIRE`], [`Input::ALT`]. Other bits mean nothing.
    pub buttons: u8,
}

impl Input {
    /// The button for the launcher.
    pub const FIRE: u8 = 1;
    /// The button for the rail. When both are held, the rail fires if it can.
    pub const ALT: u8 = 2;

    /// The input that walks along `push` (at most of length 1 counts), looks along `aim` and holds `buttons`.
    #[must_use]
    pub fn new(push: Vec2, aim: u16, buttons: u8) -> Self {
        let walk = push.clamp_length_max(1.0) * 127.0;
        Self { move_x: walk.x.round() as i8, move_y: walk.y.round() as i8, aim, buttons }
    }

    /// How hard the player wants to go where: at most of length 1, so that diagonals are not faster.
    #[must_use]
    pub fn push(&self) -> Vec2 {
        let walk = Vec2::new(f32::from(self.move_x.max(-127)), f32::from(self.move_y.max(-127)));
        (walk / 127.0).clamp_length_max(1.0)
    }

    /// Whether a button is down.
    #[must_use]
    pub fn holds(&self, button: u8) -> bool {
        self.buttons & button != 0
    }
}

/// Radians as 65536ths of a turn.
#[must_use]
pub(crate) fn turns_of(radians: f32) -> u16 {
    // By way of a wide integer, which wraps around where a direct cast would saturate.
    (radians / TAU * 65536.0).round() as i64 as u16
}

/// 65536ths of a turn as radians.
#[must_use]
pub(crate) fn radians_of(turns: u16) -> f32 {
    f32::from(turns) * (TAU / 65536.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_direction_is_faster_than_another() {
        for (move_x, move_y) in (i8::MIN..=i8::MAX).flat_map(|x| (i8::MIN..=i8::MAX).map(move |y| (x, y))) {
            let push = Input { move_x, move_y, ..Input::default() }.push();
            assert!(push.length() <= 1.000_001, "{move_x}, {move_y} push by {}", push.length());
        }
        let hostile = Input { move_x: i8::MIN, ..Input::default() };
        assert_eq!(hostile.push(), Vec2::new(-1.0, 0.0));
    }

    #[test]
    fn an_angle_survives_its_way_to_radians_and_back() {
        for turns in 0..=u16::MAX {
            assert_eq!(turns_of(radians_of(turns)), turns);
        }
        assert_eq!(turns_of(-TAU / 4.0), 49_152);
        assert_eq!(turns_of(TAU), 0);
    }
}
