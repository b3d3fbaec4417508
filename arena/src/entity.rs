//! Owns what players see: the field table that turns players, shots and pick-ups into rows.

use crate::rules::{
    HP_MAX, MAP_METRES_MAX, POSITION_STEP_METRES, PUSHED_METRES_PER_SECOND_MAX, RAIL_COOLDOWN_TICKS,
    ROCKET_METRES_PER_SECOND, ROCKETS_MAX, SHIELD_TICKS, SLUGS_MAX, VELOCITY_STEP_METRES_PER_SECOND,
};
use serde::{Deserialize, Serialize};
use tickwire_shared::{PlayerId, glam::Vec2, replicate};

replicate! {
    /// What a player can fire.
    #[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Weapon {
        /// Rockets: visible, slow, and their blast reaches around corners of aim.
        Launcher,
        /// A beam that hits at once, and then needs its time.
        Rail,
    }

    /// What lies about.
    #[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Item {
        /// Restores some health.
        Health,
        /// Rockets and slugs.
        Ammo,
    }

    /// Somebody's body, dead or alive. [`step`](crate::step) and nothing else moves it on from tick to tick;
    /// whatever else changes it also changes `disturbances`.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Player {
        /// Its centre; after death, where it fell.
        pub pos: Vec2 = range(0.0, MAP_METRES_MAX, POSITION_STEP_METRES).rate("vel"),
        /// Metres per second.
        pub vel: Vec2 = range(
            -PUSHED_METRES_PER_SECOND_MAX,
            PUSHED_METRES_PER_SECOND_MAX,
            VELOCITY_STEP_METRES_PER_SECOND,
        )
        .linear(),
        /// Where it looks, in radians.
        pub aim: f32 = angle(12).linear(),
        /// Whose body it is. Never changes.
        pub player: PlayerId = key(),
        /// Whether it takes part. The dead wait for their respawn.
        pub alive: bool = flag(),
        /// Health; 0 while dead.
        pub hp: u8 = int(0, HP_MAX as i64),
        /// Whether nothing can harm it, shortly after a respawn.
        pub shielded: bool = flag(),
        /// What it fired last, and so holds in its hands.
        pub weapon: Weapon = choice(),
        /// Kills minus suicides.
        pub score: i16 = int(-9_999, 9_999),
        /// How often it died.
        pub deaths: u16 = int(0, 9_999),
        /// Raised by what its own input did not cause: harm, a kill, a pick-up, death, respawn. Wraps.
        pub disturbances: u8 = int(0, 255),
        /// Rockets left.
        pub rockets: u8 = owner_only(int(0, ROCKETS_MAX as i64)),
        /// Slugs left, for the rail.
        pub slugs: u8 = owner_only(int(0, SLUGS_MAX as i64)),
        /// Until it can fire again.
        pub cooldown_ticks: u8 = owner_only(int(0, RAIL_COOLDOWN_TICKS as i64)),
        /// Until it can be harmed again. Not the same as `shielded`: counting down costs the others nothing.
        pub shield_ticks: u8 = owner_only(int(0, SHIELD_TICKS as i64)),
    }

    /// A rocket in the air. Flies straight until it hits something.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Shot {
        /// Its tip.
        pub pos: Vec2 = range(0.0, MAP_METRES_MAX, POSITION_STEP_METRES).rate("vel"),
        /// Metres per second.
        pub vel: Vec2 = range(
            -ROCKET_METRES_PER_SECOND,
            ROCKET_METRES_PER_SECOND,
            VELOCITY_STEP_METRES_PER_SECOND,
        ),
        /// Who fired it; may have left since.
        pub shooter: PlayerId = key(),
    }

    /// Something to take. Gone while it is taken; comes back as another entity.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Pickup {
        /// Where it lies.
        pub pos: Vec2 = range(0.0, MAP_METRES_MAX, POSITION_STEP_METRES),
        /// What it is.
        pub item: Item = choice(),
    }

    /// Everything there is.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum Entity {
        /// A player's body.
        Player(Player),
        /// A rocket.
        Shot(Shot),
        /// A pick-up.
        Pickup(Pickup),
    }
}

impl Entity {
    /// The player, if it is one.
    #[must_use]
    pub fn player(&self) -> Option<&Player> {
        if let Self::Player(player) = self { Some(player) } else { None }
    }
}

/// The nearest place on the wire's grid.
#[must_use]
pub(crate) fn on_position_grid(pos: Vec2) -> Vec2 {
    let step = POSITION_STEP_METRES as f32;
    (pos / step).round() * step
}

/// The velocity on the wire's grid, rounded towards zero: rounding must never make anybody faster.
#[must_use]
pub(crate) fn on_velocity_grid(vel: Vec2) -> Vec2 {
    let step = VELOCITY_STEP_METRES_PER_SECOND as f32;
    (vel / step).trunc() * step
}
