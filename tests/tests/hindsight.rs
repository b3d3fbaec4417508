//! Owns the proof of what each entity is rewound to for a player: to where its client drew it, or not at all.

use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::*;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sheep {
        pos: Vec2 = range(0.0, 100.0, 0.01).rate("vel"),
        vel: Vec2 = range(-20.0, 20.0, 0.01),
        leaps: u8 = int(0, 255),
    }

    /// In a sheep's clothing until it shows itself: the same entity, of another kind.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wolf {
        pos: Vec2 = range(0.0, 100.0, 0.01),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Animal { Sheep(Sheep), Wolf(Wolf) }
}

impl Animal {
    fn pos(&self) -> Vec2 {
        match self {
            Self::Sheep(sheep) => sheep.pos,
            Self::Wolf(wolf) => wolf.pos,
        }
    }
}

/// Sheep that run round and round, so that nobody can expect where they go.
#[derive(Default, Serialize, Deserialize)]
struct Farm {
    animals: SlotMap<EntityId, Animal>,
}

impl Game for Farm {
    const NAME: &'static str = "farm";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = ();
    type Input = ();
    type Entity = Animal;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        let mut farm = Self::default();
        for number in 1..7 {
            let pos = Vec2::splat(10.0 * number as f32);
            farm.animals.insert(Animal::Sheep(Sheep { pos, vel: Vec2::ZERO, leaps: 0 }));
        }
        farm
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for animal in self.animals.values_mut() {
            if let Animal::Sheep(sheep) = animal {
                sheep.vel = Vec2::from_angle(cx.tick.0 as f32 * 0.6) * 15.0;
                sheep.pos += sheep.vel / 60.0;
            }
            animal.snap();
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Animal)> {
        self.animals.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
    fn teleported(from: &Animal, to: &Animal) -> bool {
        matches!((from, to), (Animal::Sheep(from), Animal::Sheep(to)) if from.leaps != to.leaps)
    }
}

/// What a room knows of one player, and what that player's client got.
struct Stage {
    farm: Farm,
    /// All that there were at first.
    ids: Vec<EntityId>,
    layout: Layout,
    history: History<Snapshot>,
    next: Tick,
    writer: DeltaWriter,
    table: SlotTable,
    baseline: [Option<Tick>; 2],
    held: Held,
    /// By tick: the rows that the client held, and the ticks of those that had waited.
    had: Vec<(Snapshot, SlotTable)>,
}

impl Stage {
    fn new() -> Self {
        let farm = Farm::new(&(), 0);
        Self {
            ids: farm.animals.keys().collect(),
            farm,
            layout: Layout::of::<Farm>(),
            history: History::new(64),
            next: Tick(0),
            writer: DeltaWriter::default(),
            table: SlotTable::default(),
            baseline: [None; 2],
            held: Held::default(),
            had: Vec::new(),
        }
    }

    /// The game goes on by a tick.
    fn tick(&mut self) {
        let tick = self.next;
        self.farm.tick(&mut TickContext::new(tick, &(), &[], &mut Vec::new()));
        let mut now = Snapshot::default();
        now.take(tick, &self.farm);
        self.history.push(tick, now);
        self.next = tick.plus(1);
    }

    /// And the client gets a frame, in which there is no place for `waits`, and nothing of `hidden`.
    fn tick_and_tell(&mut self, waits: Option<EntityId>, hidden: Option<EntityId>) {
        self.tick();
        let (tick, now) = self.history.newest().expect("just made");
        let places: Vec<u32> =
            (0..now.len() as u32).filter(|place| Some(now.id(*place as usize)) != hidden).collect();
        let [baseline, previous] = self.baseline;
        let visible = Visible::These(&places);
        let mut receiver = Receiver { table: &mut self.table, baseline, previous, own: None, visible };
        let source = Source { layout: &self.layout, now, history: &self.history };
        self.writer.begin(now.len());
        self.writer.draft(source, &mut receiver);
        for update in &mut self.writer.updates {
            update.waits = Some(now.id(update.place as usize)) == waits;
        }
        let mut bits = BitWriter::default();
        self.writer.write(&mut bits, source, receiver, &mut PartBits::default());
        let age = baseline.map_or(0, |baseline| tick.since(baseline) as u8);
        read_delta(bits.align(), &self.layout, &mut self.held, tick, age).expect("what was written");
        self.baseline = [Some(tick), baseline];
        let mut rows = Snapshot::default();
        self.held.copy_to(&mut rows);
        self.had.push((rows, self.held.table().clone()));
    }

    /// What the client drew of an entity halfway from the snapshot of a tick to the next.
    fn drawn(&self, id: EntityId, from: u64) -> Animal {
        let row = |tick: u64| {
            let (rows, table) = &self.had[tick as usize];
            (table.row_tick(id, Tick(tick)), rows.get(id).expect("it was in view"))
        };
        let to = Some(row(from + 1)).filter(|(tick, _)| *tick > row(from).0);
        between::<Farm>(&self.layout, row(from), to, (Tick(from), 0.5))
    }

    /// What the room takes an entity for, if the player saw that.
    fn rewound(&self, id: EntityId, from: u64) -> Option<Animal> {
        let moment = Moment { tick: Tick(from), part: 128 };
        let Self { layout, history, table, .. } = self;
        let to = Some(Tick(from + 1));
        let past = Past(Seen { layout, history, table, moment, claimed: moment, from: Tick(from), to });
        let (mut hits, mut events) = (Vec::new(), Vec::new());
        let cx = TickContext::<Farm>::new(self.next, &(), &[], &mut events).with_hindsight(&past, &mut hits);
        cx.rewound(PlayerId::default()).get(id)
    }

    fn are_rewound(&self, from: u64) -> Vec<bool> {
        self.ids.iter().map(|id| self.rewound(*id, from).is_some()).collect()
    }
}

struct Past<'a>(Seen<'a>);

impl Hindsight for Past<'_> {
    fn seen(&self, _: PlayerId) -> Option<Seen<'_>> {
        Some(self.0)
    }
}

#[test]
fn what_waits_for_a_place_in_a_frame_is_rewound_to_where_its_client_drew_it() {
    let mut stage = Stage::new();
    let (waiting, other) = (stage.ids[1], stage.ids[2]);
    (0..3).for_each(|_| stage.tick_and_tell(None, None));
    (3..9).for_each(|_| stage.tick_and_tell(Some(waiting), None));
    for from in 1..8 {
        for id in [waiting, other] {
            assert_eq!(stage.rewound(id, from), Some(stage.drawn(id, from)), "{id:?} from tick {from}");
        }
    }
    // Or this would be no test: it was somewhere else by then.
    let there = stage.history.get(Tick(7)).and_then(|rows| rows.get(waiting)).expect("it lives");
    let there = Animal::from_row(there.kind, there.columns).pos();
    let off = stage.drawn(waiting, 7).pos().distance(there);
    assert!(off > 0.3, "{off} m");
}

#[test]
fn what_its_client_never_had_is_taken_as_it_is() {
    let mut stage = Stage::new();
    let hidden = stage.ids[0];
    (0..5).for_each(|_| stage.tick_and_tell(None, Some(hidden)));
    assert_eq!(stage.are_rewound(3), [false, true, true, true, true, true]);
    // It comes into view: that does not tell its client where it was before.
    (5..8).for_each(|_| stage.tick_and_tell(None, None));
    assert_eq!(stage.are_rewound(4), [false, true, true, true, true, true]);
    assert_eq!(stage.are_rewound(5), [true; 6]);
}

#[test]
fn what_has_gone_leapt_or_become_another_since_is_taken_as_it_is() {
    let mut stage = Stage::new();
    let [gone, leaper, wolf] = [1, 2, 3].map(|place| stage.ids[place]);
    (0..6).for_each(|_| stage.tick_and_tell(None, None));
    assert_eq!(stage.are_rewound(4), [true; 6]);
    stage.farm.animals.remove(gone);
    if let Animal::Sheep(sheep) = &mut stage.farm.animals[leaper] {
        (sheep.pos, sheep.leaps) = (Vec2::splat(90.0), 1);
    }
    let pos = stage.farm.animals[wolf].pos();
    stage.farm.animals[wolf] = Animal::Wolf(Wolf { pos });
    // Its client has not heard of it yet, and then it has.
    stage.tick();
    assert_eq!(stage.are_rewound(4), [true, false, false, false, true, true]);
    stage.tick_and_tell(None, None);
    assert_eq!(stage.are_rewound(4), [true, false, false, false, true, true]);
}
