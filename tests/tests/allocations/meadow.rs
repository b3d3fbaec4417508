//! Owns the game whose room and server are asked for their allocations: sheep on a meadow, some of them players'.

use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

replicate! {
    /// What walks about.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Sheep {
        pos: Vec2 = range(0.0, 200.0, 0.01).rate("vel"),
        vel: Vec2 = range(-10.0, 10.0, 0.01),
        wool: u8 = owner_only(int(0, 255)),
    }
}

/// How large the meadow is, and how far one sees on it.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    pub wild: u32,
    /// 0: everything.
    pub sight_metres: f32,
    /// Whether somebody asks for each single sheep.
    pub is_foggy: bool,
    /// Whether the sheep are listed in another order each tick, instead of that of their ids.
    pub is_shuffled: bool,
    pub events_per_tick: u32,
}

/// Everyone who sees all of what a meadow of usual size has.
pub const ALL: Plan =
    Plan { wild: 100, sight_metres: 0.0, is_foggy: false, is_shuffled: false, events_per_tick: 0 };

#[derive(Serialize, Deserialize)]
pub struct Meadow {
    plan: Plan,
    sheep: SlotMap<EntityId, Sheep>,
    /// All sheep, in the order in which the room gets them.
    listed: Vec<EntityId>,
    players: SecondaryMap<PlayerId, EntityId>,
    dice: u32,
}

impl Meadow {
    /// A number below 256.
    fn roll(&mut self) -> u8 {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 24) as u8
    }

    fn add(&mut self) -> EntityId {
        let pos = Vec2::new(f32::from(self.roll()), f32::from(self.roll())) * (200.0 / 255.0);
        let sheep = self.sheep.insert(Sheep { pos, vel: Vec2::ZERO, wool: 0 });
        self.listed.insert(if self.plan.is_shuffled { 0 } else { self.listed.len() }, sheep);
        sheep
    }
}

fn heading(way: u8) -> Vec2 {
    Vec2::from_angle(f32::from(way) / 256.0 * std::f32::consts::TAU) * 5.0
}

/// Walks, rests, walks back, rests.
fn to_and_fro(tick: Tick) -> Vec2 {
    [Vec2::X, Vec2::ZERO, Vec2::NEG_X, Vec2::ZERO][tick.0 as usize / 64 % 4] * 5.0
}

impl Game for Meadow {
    const NAME: &'static str = "meadow";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = Plan;
    /// Where to.
    type Input = u8;
    type Entity = Sheep;
    type Event = u64;

    fn new(plan: &Plan, seed: u64) -> Self {
        let (sheep, players) = (SlotMap::with_key(), SecondaryMap::new());
        let mut meadow = Self { plan: *plan, sheep, listed: Vec::new(), players, dice: seed as u32 };
        for _ in 0..plan.wild {
            meadow.add();
        }
        meadow
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let sheep = self.add();
        self.players.insert(player, sheep);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        unreachable!("{player:?} has no reason to");
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for (number, sheep) in self.sheep.values_mut().enumerate() {
            sheep.vel = match number % 4 {
                0 => Vec2::ZERO,
                1 => to_and_fro(cx.tick),
                _ => heading((cx.tick.0 + number as u64) as u8),
            };
        }
        for entry in cx.players() {
            let sheep = &mut self.sheep[self.players[entry.player]];
            (sheep.vel, sheep.wool) = (heading(entry.input), sheep.wool.wrapping_add(1));
        }
        for sheep in self.sheep.values_mut() {
            sheep.pos = (sheep.pos + sheep.vel / 60.0).clamp(Vec2::ZERO, Vec2::splat(200.0));
            sheep.snap();
        }
        if self.plan.is_shuffled {
            self.listed.rotate_left(7);
        }
        for number in 0..self.plan.events_per_tick as usize {
            let player = cx.players()[number % cx.players().len()].player;
            let seen = self.listed[number];
            let audiences = [Audience::Everyone, Audience::SeersOf(seen), Audience::Only(player)];
            cx.emit(audiences[number % 3], cx.tick.0);
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Sheep)> {
        self.listed.iter().map(|id| (*id, &self.sheep[*id]))
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    fn place(sheep: &Sheep) -> Option<Vec2> {
        Some(sheep.pos)
    }
    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let (Viewer::Player(player), radius) = (viewer, self.plan.sight_metres) else { return None };
        let center = self.sheep[self.own(player)?].pos;
        let leave_radius = radius + 5.0;
        (radius > 0.0).then_some(Interest { center, enter_radius: radius, leave_radius })
    }
    fn sees(&self, _: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        self.plan.is_foggy.then_some(|id| key_parts(id).0 % 7 > 0)
    }
}

impl Bots for Meadow {
    const BEHAVIOURS: &'static [&'static str] = &["strays"];
    type Bot = u8;

    fn bot(_: &str, seed: u64) -> Option<u8> {
        Some(seed as u8)
    }
    fn think(bot: &mut u8, sight: &Sight<'_, Self>) -> u8 {
        (sight.tick.0 / 2 * 2) as u8 ^ *bot
    }
}
