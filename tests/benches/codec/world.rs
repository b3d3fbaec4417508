//! Owns the world that the codec is measured on: bodies on a square, some of which walk about. It is alike to the
//! workload's, but its own, so that figures of one do not move with changes of the other.

use crate::dice::Dice;
use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::{EntityId, Game, PlayerId, Refusal, Replicate as _, TickContext, replicate};

const HZ: u32 = 30;
const SIDE_UNITS: f32 = 1000.0;
const SPEED_UNITS_PER_SECOND: f32 = 10.0;
const TURN_RADIANS_PER_SECOND_MAX: f32 = 2.0;

replicate! {
    /// What is seen of anything.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Body {
        pub pos: Vec2 = range(0.0, 1000.0, 0.01).rate("vel"),
        pub vel: Vec2 = range(-20.0, 20.0, 0.01),
        pub yaw: f32 = angle(16).linear(),
        pub hp: u8 = int(0, 255),
    }
}

/// How many bodies there are beside the players', and how many of them walk.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    pub bodies: u32,
    pub walkers: u32,
}

/// The world.
#[derive(Serialize, Deserialize)]
pub struct World {
    dice: Dice,
    bodies: SlotMap<EntityId, Body>,
    walkers: Vec<Walker>,
    players: SecondaryMap<PlayerId, Walker>,
}

/// Keeps one body in motion.
#[derive(Copy, Clone, Serialize, Deserialize)]
struct Walker {
    body: EntityId,
    turn_radians_per_second: f32,
}

impl Walker {
    /// One tick; `heading` is where to, one turn over 256, if that shall change.
    fn step(&mut self, body: &mut Body, heading: Option<u8>, dice: &mut Dice) {
        if let Some(heading) = heading {
            let vel = Vec2::from_angle(f32::from(heading) / 256.0 * TAU) * SPEED_UNITS_PER_SECOND;
            body.vel = (vel * 100.0).round() / 100.0;
            self.turn_radians_per_second = (dice.unit() * 2.0 - 1.0) * TURN_RADIANS_PER_SECOND_MAX;
        }
        let pos = (body.pos + body.vel / HZ as f32).abs();
        body.pos = pos.min(Vec2::splat(2.0 * SIDE_UNITS) - pos);
        body.yaw = (body.yaw + self.turn_radians_per_second / HZ as f32).rem_euclid(TAU);
        if dice.once_in(HZ) {
            body.hp = dice.below(256) as u8;
        }
        body.snap();
    }
}

impl World {
    /// One tick without players.
    pub fn walk(&mut self) {
        let Self { dice, bodies, walkers, .. } = self;
        for walker in walkers {
            let heading = dice.once_in(HZ).then(|| dice.below(256) as u8);
            walker.step(&mut bodies[walker.body], heading, dice);
        }
    }

    /// The places, among all entities, of those that are at most so far from a body.
    pub fn around(&self, center: EntityId, radius: f32) -> Vec<u32> {
        let center = self.bodies[center].pos;
        let is_near = |body: &Body| body.pos.distance_squared(center) <= radius * radius;
        (0..).zip(self.bodies.values()).filter(|(_, body)| is_near(body)).map(|(place, _)| place).collect()
    }

    fn add(&mut self) -> Walker {
        let pos = Vec2::new(self.dice.unit(), self.dice.unit()) * SIDE_UNITS;
        let mut body = Body { pos, vel: Vec2::ZERO, yaw: self.dice.unit() * TAU, hp: 100 };
        body.snap();
        let mut walker = Walker { body: self.bodies.insert(body), turn_radians_per_second: 0.0 };
        let heading = self.dice.below(256) as u8;
        walker.turn_radians_per_second = f32::from(heading) / 256.0;
        walker
    }
}

impl Game for World {
    const NAME: &'static str = "codec";
    const TICK_RATE_HZ: u32 = HZ;
    type Settings = Settings;
    /// Where to, one turn over 256.
    type Input = u8;
    type Entity = Body;
    type Event = ();

    fn new(settings: &Settings, seed: u64) -> Self {
        let (bodies, players) = (SlotMap::with_key(), SecondaryMap::new());
        let mut world = Self { dice: Dice::new(seed), bodies, walkers: Vec::new(), players };
        let walkers: Vec<Walker> = (0..settings.bodies).map(|_| world.add()).collect();
        // Spread over all slots, as they are in a world that has been running for a while.
        let step = settings.bodies.checked_div(settings.walkers).unwrap_or(1).max(1);
        world.walkers = walkers.into_iter().step_by(step as usize).take(settings.walkers as usize).collect();
        world
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let walker = self.add();
        self.players.insert(player, walker);
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        if let Some(walker) = self.players.remove(player) {
            self.bodies.remove(walker.body);
        }
    }

    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        let Self { dice, bodies, players, .. } = self;
        for entry in cx.players() {
            let walker = &mut players[entry.player];
            let heading = dice.once_in(HZ).then_some(entry.input);
            walker.step(&mut bodies[walker.body], heading, dice);
        }
        self.walk();
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Body)> {
        self.bodies.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).map(|walker| walker.body)
    }
}
