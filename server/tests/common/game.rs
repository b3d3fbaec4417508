//! Owns the Pit: a game of one number per player, which fails whenever a player wishes so.

use serde::{Deserialize, Serialize};
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::{EntityId, Game, PlayerId, Refusal, TickContext, replicate};

/// What a player can ask of it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Wish {
    #[default]
    Nothing,
    Grow,
    Panic,
}

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Digger {
        pub player: PlayerId = key(),
        pub depth: u8 = int(0, 255),
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Pit {
    diggers: SlotMap<EntityId, Digger>,
}

impl Game for Pit {
    const NAME: &'static str = "pit";
    const TICK_RATE_HZ: u32 = 50;

    type Settings = ();
    type Input = Wish;
    type Entity = Digger;
    type Event = ();

    fn new((): &(), _seed: u64) -> Self {
        Self::default()
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        self.diggers.insert(Digger { player, depth: 0 });
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        self.diggers.retain(|_, digger| digger.player != player);
    }

    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for digger in self.diggers.values_mut() {
            match cx.input(digger.player).map(|input| input.input) {
                Some(Wish::Grow) => digger.depth = digger.depth.wrapping_add(1),
                Some(Wish::Panic) => panic!("as you wish"),
                _ => {}
            }
        }
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Digger)> {
        self.diggers.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.diggers.iter().find(|(_, digger)| digger.player == player).map(|(id, _)| id)
    }
}
