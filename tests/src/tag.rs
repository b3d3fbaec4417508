//! Tag: who is "it" passes it on by touch. A whole game, as docs/your-own-game.md shows it.

use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

replicate! {
    /// What everyone sees of a player.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Runner {
        /// Where, in metres. Moved by `vel`: as long as that is true, it costs nothing to send.
        pub pos: Vec2 = range(0.0, 40.0, 0.01).rate("vel"),
        /// How fast, in metres per second.
        pub vel: Vec2 = range(-8.0, 8.0, 0.01),
        /// Whether it has to catch somebody.
        pub is_it: bool = flag(),
        /// Ticks before it can be caught again; nobody else needs to know.
        pub rest: u8 = owner_only(int(0, 60)),
    }
}

/// Way to go, per axis: -127..=127. `Default` is to stand still.
pub type Way = (i8, i8);

/// The rules and all they need to know.
#[derive(Serialize, Deserialize)]
pub struct Tag {
    runners: SlotMap<EntityId, Runner>,
    players: SecondaryMap<PlayerId, EntityId>,
}

/// The step of one runner: the server's and, ahead of it, its own client's.
fn step(runner: &mut Runner, way: Way) {
    let way = Vec2::new(f32::from(way.0), f32::from(way.1)) / 127.0;
    runner.vel = way.clamp_length_max(1.0) * 6.0;
    runner.pos = (runner.pos + runner.vel / Tag::TICK_RATE_HZ as f32).clamp(Vec2::ZERO, Vec2::splat(40.0));
    runner.rest = runner.rest.saturating_sub(1);
}

impl Game for Tag {
    const NAME: &'static str = "tag";
    const TICK_RATE_HZ: u32 = 30;
    const PREDICTS: bool = true;
    type Settings = ();
    type Input = Way;
    type Entity = Runner;
    /// Who was caught, by whom.
    type Event = (PlayerId, PlayerId);

    fn new(_: &(), _seed: u64) -> Self {
        Self { runners: SlotMap::with_key(), players: SecondaryMap::new() }
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let (pos, is_it) = (Vec2::splat(20.0), self.runners.is_empty());
        let entity = self.runners.insert(Runner { pos, vel: Vec2::ZERO, is_it, rest: 60 });
        self.players.insert(player, entity);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        let gone = self.players.remove(player).and_then(|entity| self.runners.remove(entity));
        if gone.is_some_and(|runner| runner.is_it)
            && let Some(next) = self.runners.values_mut().next()
        {
            next.is_it = true;
        }
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            step(&mut self.runners[self.players[entry.player]], entry.input);
        }
        let it = self.players.iter().find(|(_, entity)| self.runners[**entity].is_it);
        if let Some((catcher, &it)) = it {
            let caught = self.players.iter().find(|(_, entity)| {
                let runner = &self.runners[**entity];
                !runner.is_it && runner.rest == 0 && runner.pos.distance(self.runners[it].pos) < 1.0
            });
            if let Some((caught, &next)) = caught {
                self.runners[it].is_it = false;
                self.runners[it].rest = 60;
                self.runners[next].is_it = true;
                cx.emit(Audience::Everyone, (caught, catcher));
            }
        }
        self.runners.values_mut().for_each(Replicate::snap);
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Runner)> {
        self.runners.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    fn predict(cx: &mut PredictContext<'_, Self>) {
        step(cx.own, *cx.input);
    }
    fn disturbances(runner: &Runner) -> u32 {
        u32::from(runner.is_it)
    }
}
