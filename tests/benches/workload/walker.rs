//! Owns how the workload's clients and movers steer: always moving, in a new direction about once a second.

use crate::dice::Dice;
use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;
use tickwire_shared::glam::Vec2;

/// Fastest turn, either way.
const TURN_RADIANS_PER_SECOND_MAX: f32 = 2.0;

/// What a client sends each tick.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Counts the client's inputs.
    pub seq: u32,
    /// Where to, of length 127.
    pub dir: (i8, i8),
    /// Where it looks: one turn over 65,536 steps.
    pub yaw: u16,
    pub buttons: u8,
}

/// Steers one client or mover. The same seed walks the same way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Walker {
    dice: Dice,
    last: Input,
    yaw_radians: f32,
    turn_radians_per_second: f32,
}

impl Walker {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let yaw_radians = dice.unit() * TAU;
        let mut walker = Self { dice, last: Input::default(), yaw_radians, turn_radians_per_second: 0.0 };
        walker.set_out();
        walker
    }

    /// The next tick's input.
    pub fn input(&mut self, hz: u32) -> Input {
        if self.dice.once_in(hz) {
            self.set_out();
        }
        // In radians, as a game would: the steps that are sent then differ by one now and then, and no codec can
        // foretell them all.
        self.yaw_radians = (self.yaw_radians + self.turn_radians_per_second / hz as f32).rem_euclid(TAU);
        self.last.seq += 1;
        self.last.yaw = (self.yaw_radians / TAU * 65_536.0) as u16;
        self.last
    }

    fn set_out(&mut self) {
        let dir = Vec2::from_angle(self.dice.unit() * TAU) * 127.0;
        self.last.dir = (dir.x.round() as i8, dir.y.round() as i8);
        self.last.buttons = self.dice.below(256) as u8;
        self.turn_radians_per_second = (self.dice.unit() * 2.0 - 1.0) * TURN_RADIANS_PER_SECOND_MAX;
    }
}
