//! Owns a small game that keeps book of every input that it was given, so that a test can tell whether each was applied
//! exactly once, in order, at its tick; and in which things come and go, hidden from some and secret to others.

use crate::test_rng::TestRng;
use serde::{Deserialize, Serialize};
use slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::glam::Vec2;
use tickwire_shared::{
    Arrival, Audience, Bots, EntityId, Game, Interest, PlayerId, PredictContext, Refusal, Replicate, Sight,
    Tick, TickContext, Viewer, key_parts, replicate,
};

replicate! {
    /// A player: moves, and knows something that only its owner is told.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Clerk {
        /// Where.
        pub pos: Vec2 = range(-100.0, 100.0, 0.01).rate("vel"),
        /// How fast, per second.
        pub vel: Vec2 = range(-20.0, 20.0, 0.01).linear(),
        /// How often the world pushed it.
        pub pushes: u8 = int(0, 255),
        /// The last input's serial number: for the owner alone.
        pub secret: u16 = owner_only(int(0, 65_535)),
    }

    /// Something that lives for a few ticks.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Spark {
        /// Where.
        pub pos: Vec2 = range(-100.0, 100.0, 0.01),
        /// Whose, if anybody's.
        pub owner: Option<PlayerId> = optional(key()),
        /// Ticks to live.
        pub life: u8 = int(0, 255),
    }

    /// What players see.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum Item {
        /// A player.
        Clerk(Clerk),
        /// A thing.
        Spark(Spark),
    }
}

/// What a clerk wants.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerInput {
    /// Way to go, per axis.
    pub way: (i8, i8),
    /// Which input of its player it is.
    pub serial: u16,
}

/// The game's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    items: SlotMap<EntityId, Item>,
    books: SecondaryMap<PlayerId, Book>,
    noise: u64,
}

/// What was done for one player.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book {
    entity: EntityId,
    /// The ticks that had a command, and what it was.
    pub applied: Vec<(Tick, LedgerInput)>,
}

impl Ledger {
    /// What was done for a player that is here.
    #[must_use]
    pub fn book(&self, player: PlayerId) -> Option<&Book> {
        self.books.get(player)
    }

    fn stir(&mut self, tick: Tick) {
        let mut rng = TestRng::new(self.noise ^ tick.0);
        if rng.chance(40) {
            let owner = self.books.keys().find(|_| rng.chance(50));
            let pos = Vec2::new(rng.below(200) as f32 - 100.0, rng.below(200) as f32 - 100.0);
            self.items.insert(Item::Spark(Spark { pos, owner, life: rng.between(1, 90) as u8 }));
        }
        if rng.chance(5)
            && let Some(book) = self.books.values().next()
            && let Item::Clerk(clerk) = &mut self.items[book.entity]
        {
            clerk.pos = -clerk.pos;
            clerk.pushes = clerk.pushes.wrapping_add(1);
        }
    }
}

fn walk(clerk: &mut Clerk, input: &LedgerInput) {
    clerk.vel = Vec2::new(f32::from(input.way.0), f32::from(input.way.1)) / 10.0;
    clerk.pos += clerk.vel / Ledger::TICK_RATE_HZ as f32;
    clerk.secret = input.serial;
}

impl Game for Ledger {
    const NAME: &'static str = "ledger";
    const TICK_RATE_HZ: u32 = 30;
    const PREDICTS: bool = true;
    type Settings = u64;
    type Input = LedgerInput;
    type Entity = Item;
    type Event = (Tick, PlayerId);

    fn new(_: &u64, seed: u64) -> Self {
        Self { items: SlotMap::with_key(), books: SecondaryMap::new(), noise: seed }
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let clerk = Clerk { pos: Vec2::ZERO, vel: Vec2::ZERO, pushes: 0, secret: 0 };
        let entity = self.items.insert(Item::Clerk(clerk));
        self.books.insert(player, Book { entity, applied: vec![] });
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        let book = self.books.remove(player).expect("joined before");
        self.items.remove(book.entity);
    }

    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            let book = &mut self.books[entry.player];
            if entry.arrival == Arrival::OnTime {
                book.applied.push((cx.tick, entry.input));
            }
            if let Item::Clerk(clerk) = &mut self.items[book.entity] {
                walk(clerk, &entry.input);
            }
            cx.emit(Audience::Only(entry.player), (cx.tick, entry.player));
        }
        self.items.retain(|_, item| match item {
            Item::Spark(spark) => {
                spark.life -= 1;
                spark.life > 0
            }
            Item::Clerk(_) => true,
        });
        self.stir(cx.tick);
        self.items.values_mut().for_each(Replicate::snap);
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Item)> {
        self.items.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.books.get(player).map(|book| book.entity)
    }

    fn sees(&self, viewer: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        let number = match viewer {
            Viewer::Player(player) => self.books[player].entity,
            Viewer::Spectator => EntityId::default(),
        };
        Some(move |id| match &self.items[id] {
            // Everybody is blind to a third of the sparks, and to others' clerks every few seconds.
            Item::Spark(_) => {
                !(u64::from(key_parts(id).0) + u64::from(key_parts(number).0)).is_multiple_of(3)
            }
            Item::Clerk(clerk) => clerk.pos.x > -50.0,
        })
    }

    fn place(entity: &Item) -> Option<Vec2> {
        match entity {
            Item::Clerk(clerk) => Some(clerk.pos),
            // One in eight is a rumour that is heard everywhere.
            Item::Spark(spark) => (!spark.life.is_multiple_of(8)).then_some(spark.pos),
        }
    }

    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let Viewer::Player(player) = viewer else { return None };
        let Some(Item::Clerk(clerk)) = self.own(player).map(|own| &self.items[own]) else { return None };
        Some(Interest { center: clerk.pos, enter_radius: 60.0, leave_radius: 75.0 })
    }

    fn predict(cx: &mut PredictContext<'_, Self>) {
        if let Item::Clerk(clerk) = &mut *cx.own {
            walk(clerk, cx.input);
            cx.emit((cx.tick, cx.player));
        }
    }

    fn disturbances(entity: &Item) -> u32 {
        match entity {
            Item::Clerk(clerk) => clerk.pushes.into(),
            Item::Spark(_) => 0,
        }
    }
}

impl Bots for Ledger {
    const BEHAVIOURS: &'static [&'static str] = &["auditor"];
    type Bot = TestRng;

    fn bot(behaviour: &str, seed: u64) -> Option<TestRng> {
        (behaviour == Self::BEHAVIOURS[0]).then(|| TestRng::new(seed))
    }

    /// Goes anywhere, and wants its secret to be a number that is its own alone.
    ///
    /// # Panics
    /// If it knows what no client could.
    fn think(bot: &mut TestRng, sight: &Sight<'_, Self>) -> LedgerInput {
        let (own, clerk) = match sight.own {
            Some((own, Item::Clerk(clerk))) => (own, clerk),
            other => panic!("a clerk from its first tick on, and not {other:?}"),
        };
        for (id, item) in sight.others {
            assert_ne!(*id, own, "it is not among the others");
            match item {
                Item::Clerk(other) => {
                    assert_eq!(other.secret, 0, "for the owner alone");
                    assert!(other.pos.x > -50.0, "beyond that nobody sees any");
                }
                Item::Spark(_) => {
                    let sum = u64::from(key_parts(*id).0) + u64::from(key_parts(own).0);
                    assert!(!sum.is_multiple_of(3), "it is blind to this one");
                }
            }
            let place = Self::place(item);
            assert!(place.is_none_or(|place| place.distance(clerk.pos) <= 75.01), "too far away: {item:?}");
        }
        let way = bot.bytes(2);
        LedgerInput { way: (way[0] as i8, way[1] as i8), serial: clerk.secret.wrapping_add(1) }
    }
}
