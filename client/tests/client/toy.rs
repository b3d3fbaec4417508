//! Owns the toy game of these tests: dots that their players push around, and one that walks by itself.

use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::{
    Audience, EntityId, Game, PlayerId, PredictContext, Refusal, Replicate, TickContext, replicate,
};

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Dot {
        pub pos: Vec2 = range(-50.0, 50.0, 0.01).rate("vel"),
        pub vel: Vec2 = range(-20.0, 20.0, 0.01),
        pub pushes: u8 = int(0, 255),
        pub teleports: u8 = int(0, 255),
        pub steps: u16 = owner_only(int(0, 65535)),
    }
}

#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Push {
    pub x: i8,
    pub y: i8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Toy {
    pub dots: SlotMap<EntityId, Dot>,
    own: SecondaryMap<PlayerId, EntityId>,
    pub walker: EntityId,
    /// Nobody hears any shouting.
    pub is_mute: bool,
}

/// A push that also makes the dot shout, if it has been pushed an even number of times.
pub const SHOUT: Push = Push { x: 77, y: 77 };

/// What both ends run for a player's dot. Says whether it shouts.
fn step(dot: &mut Dot, push: Push) -> bool {
    dot.vel = (dot.vel + Vec2::new(push.x.into(), push.y.into()) * 0.01) * 0.95;
    dot.pos += dot.vel / Toy::TICK_RATE_HZ as f32;
    dot.steps = dot.steps.wrapping_add(1 + u16::from(push.x > 0));
    push == SHOUT && dot.pushes.is_multiple_of(2)
}

fn dot_at(pos: Vec2) -> Dot {
    Dot { pos, vel: Vec2::ZERO, pushes: 0, teleports: 0, steps: 0 }
}

impl Game for Toy {
    const NAME: &'static str = "toy";
    const TICK_RATE_HZ: u32 = 30;
    const PREDICTS: bool = true;

    type Settings = u32;
    type Input = Push;
    type Entity = Dot;
    type Event = u32;

    fn new(_settings: &u32, _seed: u64) -> Self {
        let mut dots = SlotMap::with_key();
        let walker = dots.insert(Dot { vel: Vec2::new(3.0, 0.0), ..dot_at(Vec2::new(-40.0, 5.0)) });
        Self { dots, own: SecondaryMap::new(), walker, is_mute: false }
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        self.own.insert(player, self.dots.insert(dot_at(Vec2::ZERO)));
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        self.own.remove(player).map(|id| self.dots.remove(id));
    }

    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            let shouts = step(&mut self.dots[self.own[entry.player]], entry.input);
            if shouts && !self.is_mute {
                cx.emit(Audience::Everyone, cx.tick.0 as u32);
            }
        }
        let walker = &mut self.dots[self.walker];
        walker.pos.x += walker.vel.x / Self::TICK_RATE_HZ as f32;
        self.dots.values_mut().for_each(Replicate::snap);
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Dot)> {
        self.dots.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.own.get(player).copied()
    }

    fn predict(cx: &mut PredictContext<'_, Self>) {
        if step(cx.own, *cx.input) {
            cx.emit(cx.tick.0 as u32);
        }
    }

    fn disturbances(dot: &Dot) -> u32 {
        dot.pushes.into()
    }

    fn teleported(from: &Dot, to: &Dot) -> bool {
        from.teleports != to.teleports
    }
}
