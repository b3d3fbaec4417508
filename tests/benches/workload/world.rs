//! Owns the workload's world: a square of 1000 units on which every client walks one body about, as a game of Tickwire.

use crate::dice::Dice;
use crate::options::Case;
use crate::walker::{Input, Walker};
use serde::{Deserialize, Serialize};
use std::f32::consts::{PI, TAU};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::{
    EntityId, Game, Interest, PlayerId, Refusal, Replicate as _, TickContext, Viewer, replicate,
};

/// The same at every tick rate.
pub const NAME: &str = "workload";
const SIDE_UNITS: f32 = 1000.0;
const SPEED_UNITS_PER_SECOND: f32 = 10.0;
/// A body's hp changes once in so many ticks, on average.
const HP_CHANGE_TICKS: u32 = 30;
/// Bodies in view, on average and away from the borders, in the case with interest.
const VISIBLE_MEAN: f32 = 32.0;
/// How much further than the radius a body leaves the view, and how much closer it enters.
const EDGE: f32 = 0.025;
/// Nothing of an idle body changes, not even its hp.
const IDLE_BODIES: u32 = 10_000;
const MOVERS: u32 = 100;

replicate! {
    /// What is seen of a client, an idle thing or a mover.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Body {
        pub pos: Vec2 = range(0.0, 1000.0, 0.01).rate("vel"),
        pub vel: Vec2 = range(-20.0, 20.0, 0.01),
        pub yaw: f32 = angle(16).linear(),
        pub hp: u8 = int(0, 255),
    }
}

/// What tells the cases apart.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    /// How far a client sees, in units; `None`: everything.
    sight_radius: Option<f32>,
    idle_bodies: u32,
    /// How many idle bodies walk about at any time.
    movers: u32,
}

impl Settings {
    pub fn of(case: Case, players: usize) -> Self {
        // A circle that holds the share of the square that so many of all bodies are.
        let sight_radius = SIDE_UNITS * (VISIBLE_MEAN / (PI * players as f32)).sqrt();
        match case {
            Case::W1 => Self::default(),
            Case::W2 => Self { sight_radius: Some(sight_radius), ..Self::default() },
            Case::W3 => Self { idle_bodies: IDLE_BODIES, movers: MOVERS, ..Self::default() },
        }
    }

    /// How many bodies each of so many players sees, if that is all of them.
    pub fn entities_seen(&self, players: usize) -> Option<usize> {
        // Movers are idle bodies that walk about.
        self.sight_radius.is_none().then_some(self.idle_bodies as usize + players)
    }
}

/// The world, at a number of ticks per second.
#[derive(Serialize, Deserialize)]
pub struct World<const HZ: u32> {
    dice: Dice,
    sight_radius: Option<f32>,
    bodies: SlotMap<EntityId, Body>,
    players: SecondaryMap<PlayerId, EntityId>,
    idle: Vec<EntityId>,
    movers: Vec<Mover>,
}

/// Moves one of the idle bodies for a while.
#[derive(Serialize, Deserialize)]
struct Mover {
    body: EntityId,
    walker: Walker,
    ticks_left: u32,
}

impl Body {
    fn somewhere(dice: &mut Dice) -> Self {
        let pos = Vec2::new(dice.unit(), dice.unit()) * SIDE_UNITS;
        let mut body = Self { pos, vel: Vec2::ZERO, yaw: dice.unit() * TAU, hp: 100 };
        body.snap();
        body
    }

    /// One tick.
    fn step(&mut self, input: &Input, hz: u32, dice: &mut Dice) {
        let dir = Vec2::new(f32::from(input.dir.0), f32::from(input.dir.1)) / 127.0;
        // On the wire's grid before it moves anything, so that who knows the velocity knows the way.
        self.vel = (dir * SPEED_UNITS_PER_SECOND * 100.0).round() / 100.0;
        self.pos = reflected(self.pos + self.vel / hz as f32);
        self.yaw = f32::from(input.yaw) * (TAU / 65_536.0);
        if dice.once_in(HP_CHANGE_TICKS) {
            self.hp = dice.below(256) as u8;
        }
        self.snap();
    }
}

/// The place inside the borders that a way over them leads to. The velocity stays: it is what the client wants.
fn reflected(pos: Vec2) -> Vec2 {
    let pos = pos.abs();
    pos.min(Vec2::splat(2.0 * SIDE_UNITS) - pos)
}

impl<const HZ: u32> World<HZ> {
    fn add_movers(&mut self, count: u32) {
        for _ in 0..count {
            let place = self.dice.below(self.idle.len() as u32) as usize;
            let body = self.idle.swap_remove(place);
            let walker = Walker::new(self.dice.below(u32::MAX).into());
            // Not all of them in step.
            let ticks_left = 1 + self.dice.below(3 * HZ);
            self.movers.push(Mover { body, walker, ticks_left });
        }
    }

    fn step_movers(&mut self) {
        for mover in &mut self.movers {
            if mover.ticks_left == 0 {
                self.bodies[mover.body].vel = Vec2::ZERO;
                let next = self.dice.below(self.idle.len() as u32) as usize;
                std::mem::swap(&mut mover.body, &mut self.idle[next]);
                mover.ticks_left = 2 * HZ + self.dice.below(HZ);
            }
            mover.ticks_left -= 1;
            self.bodies[mover.body].step(&mover.walker.input(HZ), HZ, &mut self.dice);
        }
    }
}

impl<const HZ: u32> Game for World<HZ> {
    const NAME: &'static str = NAME;
    const TICK_RATE_HZ: u32 = HZ;
    type Settings = Settings;
    type Input = Input;
    type Entity = Body;
    type Event = ();

    fn new(settings: &Settings, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut bodies = SlotMap::with_key();
        let idle = (0..settings.idle_bodies).map(|_| bodies.insert(Body::somewhere(&mut dice))).collect();
        let (players, movers) = (SecondaryMap::new(), Vec::new());
        let mut world = Self { dice, sight_radius: settings.sight_radius, bodies, players, idle, movers };
        world.add_movers(settings.movers);
        world
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let body = self.bodies.insert(Body::somewhere(&mut self.dice));
        self.players.insert(player, body);
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        if let Some(body) = self.players.remove(player) {
            self.bodies.remove(body);
        }
    }

    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            self.bodies[self.players[entry.player]].step(&entry.input, HZ, &mut self.dice);
        }
        self.step_movers();
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Body)> {
        self.bodies.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }

    fn place(body: &Body) -> Option<Vec2> {
        Some(body.pos)
    }

    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let Viewer::Player(player) = viewer else { return None };
        let radius = self.sight_radius?;
        let center = self.bodies[*self.players.get(player)?].pos;
        let (enter_radius, leave_radius) = (radius * (1.0 - EDGE), radius * (1.0 + EDGE));
        Some(Interest { center, enter_radius, leave_radius })
    }
}
