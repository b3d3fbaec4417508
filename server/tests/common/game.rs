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

/// What is wrong with a pit from the start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flaws {
    pub panics_when_new: bool,
    pub panics_at_join: bool,
    pub panics_at_leave: bool,
    /// Bytes that only take place.
    pub ballast: Vec<u8>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Pit {
    panics_at_join: bool,
    panics_at_leave: bool,
    diggers: SlotMap<EntityId, Digger>,
}

impl Game for Pit {
    const NAME: &'static str = "pit";
    const TICK_RATE_HZ: u32 = 50;

    type Settings = Flaws;
    type Input = Wish;
    type Entity = Digger;
    type Event = ();

    fn new(flaws: &Flaws, _seed: u64) -> Self {
        assert!(!flaws.panics_when_new, "no pit today");
        let Flaws { panics_at_join, panics_at_leave, .. } = *flaws;
        Self { panics_at_join, panics_at_leave, ..Self::default() }
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        assert!(!self.panics_at_join, "mind the edge");
        self.diggers.insert(Digger { player, depth: 0 });
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        assert!(!self.panics_at_leave, "nobody leaves");
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

    fn keep_late(late: &Wish, input: &mut Wish) {
        if *late == Wish::Grow {
            *input = Wish::Grow;
        }
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.diggers.iter().find(|(_, digger)| digger.player == player).map(|(id, _)| id)
    }
}
