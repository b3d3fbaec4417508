//! Owns the Alley: a game whose bots tell what they know, because it keeps what they want.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Lamp {
        pub place: Vec2 = range(-1000.0, 1000.0, 1.0),
        pub is_dark: bool = flag(),
        pub oil: u8 = owner_only(int(0, 255)),
    }
}

/// Each player has a lamp, ten further right than the one before; every fifth is dark. It sees 15 far, 25 far what it saw already, and
/// what is dark only if it is its own.
#[derive(Debug, Serialize, Deserialize)]
pub struct Alley {
    pub lamps: SlotMap<EntityId, Lamp>,
    pub players: SecondaryMap<PlayerId, EntityId>,
    /// What each player last wanted.
    pub wishes: SecondaryMap<PlayerId, Whim>,
    pub places: Places,
    pub joins: u32,
    pub joins_refused: u32,
}

/// Whom the alley does not take.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    pub lamps_max: usize,
    /// The one who comes as this one in the row.
    pub unwelcome: Option<u32>,
    /// By day everybody sees everything.
    pub is_day: bool,
}

/// What a bot has seen and what came to its mind, so that a test sees it, too.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Whim {
    pub tick: u64,
    pub others: u8,
    pub others_oil: u8,
    pub own_oil: u8,
    pub whim: u8,
    pub walk: i8,
}

impl Game for Alley {
    const NAME: &'static str = "alley";
    const TICK_RATE_HZ: u32 = 20;
    type Settings = Places;
    type Input = Whim;
    type Entity = Lamp;
    type Event = ();

    fn new(places: &Places, _: u64) -> Self {
        Self {
            lamps: SlotMap::with_key(),
            players: SecondaryMap::new(),
            wishes: SecondaryMap::new(),
            places: places.clone(),
            joins: 0,
            joins_refused: 0,
        }
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        self.joins += 1;
        if self.players.len() == self.places.lamps_max || self.places.unwelcome == Some(self.joins) {
            self.joins_refused += 1;
            return Err(Refusal("the alley is too short".to_owned()));
        }
        let place = Vec2::new(self.players.len() as f32 * 10.0, 0.0);
        let is_dark = self.players.len() % 5 == 4;
        let lamp = self.lamps.insert(Lamp { place, is_dark, oil: 200 });
        self.players.insert(player, lamp);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        let lamp = self.players.remove(player).expect("only who joined leaves");
        self.lamps.remove(lamp);
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        assert!(cx.players().is_sorted_by_key(|entry| key_parts(entry.player).0), "in the order of ids");
        assert_eq!(cx.players().len(), self.players.len(), "one input for each player");
        for entry in cx.players() {
            let lamp = &mut self.lamps[self.players[entry.player]];
            lamp.place.x += f32::from(entry.input.walk);
            self.wishes.insert(entry.player, entry.input);
        }
        self.lamps.values_mut().for_each(Replicate::snap);
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Lamp)> {
        self.lamps.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    fn place(lamp: &Lamp) -> Option<Vec2> {
        Some(lamp.place)
    }
    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let Viewer::Player(player) = viewer else { return None };
        if self.places.is_day {
            return None;
        }
        let center = self.lamps[self.players[player]].place;
        Some(Interest { center, enter_radius: 15.0, leave_radius: 25.0 })
    }
    fn sees(&self, _: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        // Indexed, not looked up: the room asks about what there is.
        (!self.places.is_day).then_some(|id| !self.lamps[id].is_dark)
    }
}

impl Bots for Alley {
    const BEHAVIOURS: &'static [&'static str] = &["marksman", "idler", "walker"];
    const SNIPER: Option<&'static str> = Some("marksman");
    /// How far it walks per tick, and its chance.
    type Bot = (i8, u64);

    fn bot(behaviour: &str, seed: u64) -> Option<Self::Bot> {
        assert_ne!(behaviour, "marksman", "nobody would like to meet it");
        Some((i8::from(behaviour == "walker"), seed))
    }
    fn think((walk, chance): &mut Self::Bot, sight: &Sight<'_, Self>) -> Whim {
        *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (own, lamp) = sight.own.expect("it has a lamp");
        let seen: BTreeSet<EntityId> = sight.others.iter().map(|(id, _)| *id).collect();
        assert!(seen.len() == sight.others.len() && !seen.contains(&own), "it is not among the others");
        Whim {
            tick: sight.tick.0,
            others: sight.others.len() as u8,
            others_oil: sight.others.iter().map(|(_, lamp)| lamp.oil).max().unwrap_or_default(),
            own_oil: lamp.oil,
            whim: (*chance >> 56) as u8,
            walk: *walk,
        }
    }
}
