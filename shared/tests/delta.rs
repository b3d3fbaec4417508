//! Owns the proof that a client holds, integer for integer, what the server wrote to it: any sequence of worlds,
//! values at the edges of their ranges, ticks around every wrap, skipped ticks, hidden entities, changing owners.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;
use tickwire_shared::limits::{BASELINE_AGE_TICKS_MAX, HISTORY_TICKS};
use tickwire_shared::*;

replicate! {
    #[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Mood { Calm, Wary, Angry }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Walker {
        pos: Vec2 = range(-500.0, 500.0, 0.01).rate("vel"),
        vel: Vec2 = range(-20.0, 20.0, 0.01).linear(),
        height: f32 = range(0.0, 1.0, 0.5),
        aim: f32 = angle(16).linear(),
        heading: f32 = angle(1),
        hp: u8 = int(0, 255),
        debt: i32 = int(i32::MIN as i64, i32::MAX as i64),
        alive: bool = flag(),
        mood: Mood = choice(),
        prey: EntityId = key(),
        bonus: Option<Vec2> = optional(range(0.0, 1.0, 0.125).linear()),
        ammo: u16 = owner_only(int(0, 999)),
        hand: Option<PlayerId> = owner_only(optional(key())),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Rock { size: u8 = int(1, 4) }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Secret { code: u32 = owner_only(int(0, u32::MAX as i64)) }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Thing { Walker(Walker), Rock(Rock), Secret(Secret) }
}

/// A world that is whatever the test says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct World {
    things: slotmap::SlotMap<EntityId, Thing>,
    hidden: Vec<EntityId>,
    own: Option<EntityId>,
}

impl Game for World {
    const NAME: &'static str = "delta test";
    const TICK_RATE_HZ: u32 = 30;
    type Settings = ();
    type Input = ();
    type Entity = Thing;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        Self::default()
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Thing)> {
        // Backwards, because a game may list them in any order.
        self.things.iter().collect::<Vec<_>>().into_iter().rev()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        self.own
    }
    fn sees(&self, _: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        Some(|id| !self.hidden.contains(&id))
    }
}

/// What happens to the world in one tick; numbers pick among what is there.
#[derive(Clone, Debug)]
enum Act {
    Spawn(usize, Vec<u32>),
    Remove(usize),
    Change(usize, Vec<u32>),
    /// Steps on every column, small as in smooth motion.
    Drift(usize, Vec<i8>),
    Become(usize, usize, Vec<u32>),
    Hide(usize),
    Own(Option<usize>),
}

#[derive(Clone, Debug)]
struct Step {
    acts: Vec<Act>,
    /// Ticks since the last step.
    ticks: u64,
    is_sent: bool,
    is_full: bool,
    /// What waits, as far as the bits go round and round.
    waits: u64,
    /// Whether the one who watches sees everything.
    sees_all: bool,
}

/// A part of a column's range: often an edge of it.
fn share() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(u32::MAX - 1), Just(u32::MAX / 2), any::<u32>()]
}

fn act() -> impl Strategy<Value = Act> {
    let columns = || prop::collection::vec(share(), 24);
    prop_oneof![
        3 => (0..3usize, columns()).prop_map(|(kind, columns)| Act::Spawn(kind, columns)),
        1 => any::<usize>().prop_map(Act::Remove),
        2 => (any::<usize>(), columns()).prop_map(|(which, columns)| Act::Change(which, columns)),
        6 => (any::<usize>(), prop::collection::vec(any::<i8>(), 24)).prop_map(|(which, by)| Act::Drift(which, by)),
        1 => (any::<usize>(), 0..3usize, columns()).prop_map(|(which, kind, columns)| Act::Become(which, kind, columns)),
        1 => any::<usize>().prop_map(Act::Hide),
        1 => prop::option::of(any::<usize>()).prop_map(Act::Own),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ticks = prop_oneof![12 => Just(1u64), 3 => 2..5u64, 1 => 55..70u64];
    let waits = prop_oneof![3 => Just(0), 1 => any::<u64>(), 1 => Just(u64::MAX)];
    let (sent, full) = (prop::bool::weighted(0.85), prop::bool::weighted(0.03));
    (prop::collection::vec(act(), 0..6), ticks, sent, full, waits, prop::bool::weighted(0.9)).prop_map(
        |(acts, ticks, is_sent, is_full, waits, sees_all)| Step {
            acts,
            ticks,
            is_sent,
            is_full,
            waits,
            sees_all,
        },
    )
}

fn thing(layout: &Layout, kind: usize, shares: &[u32]) -> Thing {
    let fields = &layout.schema().kinds[kind].fields;
    let columns: Vec<u32> = fields
        .iter()
        .zip(shares)
        .map(|(field, share)| {
            let max = field.kind.max();
            // Nearby edges of the full range become nearby edges of this one.
            if *share > u32::MAX - 2 {
                max - (u32::MAX - share)
            } else {
                (u64::from(*share) % (u64::from(max) + 1)) as u32
            }
        })
        .collect();
    let mut thing = Thing::from_row(kind, &columns);
    thing.snap();
    thing
}

fn drifted(layout: &Layout, thing: &Thing, by: &[i8]) -> Thing {
    let mut row = Vec::new();
    thing.write_row(&mut row);
    let fields = &layout.schema().kinds[thing.kind()].fields;
    for ((value, field), by) in row.iter_mut().zip(fields).zip(by) {
        *value = (i64::from(*value) + i64::from(*by)).clamp(0, field.kind.max().into()) as u32;
    }
    let mut thing = Thing::from_row(thing.kind(), &row);
    thing.snap();
    thing
}

impl World {
    fn pick(&self, which: usize) -> Option<EntityId> {
        let count = self.things.len();
        (count > 0).then(|| self.things.keys().nth(which % count).expect("in range"))
    }

    fn act(&mut self, layout: &Layout, act: &Act) {
        let picked = |which: &usize| self.pick(*which);
        match act {
            Act::Spawn(kind, columns) => {
                self.things.insert(thing(layout, *kind, columns));
            }
            Act::Own(which) => self.own = which.and_then(|which| self.pick(which)),
            Act::Remove(which) => {
                picked(which).map(|id| self.things.remove(id));
            }
            Act::Hide(which) => {
                let Some(id) = picked(which) else { return };
                let known = self.hidden.len();
                self.hidden.retain(|hidden| *hidden != id);
                if self.hidden.len() == known {
                    self.hidden.push(id);
                }
            }
            Act::Change(which, columns) => {
                let Some(id) = picked(which) else { return };
                self.things[id] = thing(layout, self.things[id].kind(), columns);
            }
            Act::Become(which, kind, columns) => {
                let Some(id) = picked(which) else { return };
                self.things[id] = thing(layout, *kind, columns);
            }
            Act::Drift(which, by) => {
                let Some(id) = picked(which) else { return };
                self.things[id] = drifted(layout, &self.things[id], by);
            }
        }
    }
}

/// The server's side of one connection.
struct Server {
    layout: Layout,
    history: History<Snapshot>,
    quantiser: Quantiser<Thing>,
    writer: DeltaWriter,
    usage: Usage,
    table: SlotTable,
    baseline: Option<Tick>,
    previous: Option<Tick>,
}

impl Server {
    fn new() -> Self {
        let layout = Layout::of::<World>();
        let history = History::new(HISTORY_TICKS);
        let usage = Usage::new(&layout);
        Self {
            layout,
            history,
            quantiser: Quantiser::default(),
            writer: DeltaWriter::default(),
            usage,
            table: SlotTable::default(),
            baseline: None,
            previous: None,
        }
    }

    /// A room keeps every tick, whether it sends it or not.
    fn take(&mut self, world: &World, tick: Tick) {
        let mut now = Snapshot::default();
        let before = self.history.newest().map(|(_, before)| before);
        self.quantiser.take(&mut now, before, tick, &self.layout, world);
        let mut same = Snapshot::default();
        same.take(tick, world);
        assert_eq!(now, same, "what is copied is what would have been quantised");
        self.history.push(tick, now);
    }

    /// The body and baseline age of this tick's snapshot.
    fn write(&mut self, world: &World, tick: Tick, step: &Step) -> (Vec<u8>, u8) {
        let now = self.history.get(tick).expect("just pushed");
        let is_young = |baseline: &Tick| tick.since(*baseline) <= BASELINE_AGE_TICKS_MAX as i64;
        let baseline = self.baseline.filter(|baseline| !step.is_full && is_young(baseline));
        let own = world.own.filter(|own| now.find(*own).is_some());
        let hides = world.sees(Viewer::Spectator).expect("it always says");
        let sees = |id| own == Some(id) || hides(id);
        let these: Vec<u32> = (0..now.len() as u32).filter(|place| sees(now.id(*place as usize))).collect();
        let sees_all = step.sees_all && these.len() == now.len();
        let visible = if sees_all { Visible::All } else { Visible::These(&these) };
        let source = Source { layout: &self.layout, now, history: &self.history };
        let previous = self.previous;
        let mut receiver = Receiver { table: &mut self.table, baseline, previous, own, visible };
        self.writer.begin(now.len());
        self.writer.draft(source, &mut receiver);
        let mut waits = step.waits;
        let mut waits = |place: u32| {
            waits = waits.rotate_left(1);
            waits & 1 == 1 && Some(now.id(place as usize)) != own
        };
        self.writer.entering.iter_mut().for_each(|entering| entering.waits = waits(entering.place));
        self.writer.updates.iter_mut().for_each(|update| update.waits = waits(update.place));
        let mut out = BitWriter::default();
        self.writer.write(&mut out, source, receiver, &mut self.usage.bits);
        self.writer.account(&mut self.usage);
        self.previous = baseline;
        self.baseline = Some(tick);
        self.usage.bytes += u64::from(out.bit_len().div_ceil(8));
        self.usage.bits.padding += u64::from(out.bit_len().next_multiple_of(8) - out.bit_len());
        (out.align().to_vec(), baseline.map_or(0, |baseline| tick.since(baseline) as u8))
    }

    fn told(&self, tick: Tick) -> Snapshot {
        Snapshot::told(&self.history, tick, &self.layout, &self.table)
    }

    fn told_hash(&self, tick: Tick) -> u32 {
        let own = self.table.own();
        let held = self.table.ids().map(|id| {
            let rows = self.history.get(self.table.row_tick(id, tick)).expect("kept");
            row_hash(&self.layout, id, rows.get(id).expect("it was there"), own == Some(id))
        });
        held.fold(0, u32::wrapping_add)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_client_holds_what_the_server_wrote(
        start in prop_oneof![Just(0u64), 65_400..65_600u64, ((1u64 << 32) - 200)..(1 << 32)],
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut server = Server::new();
        let mut world = World::default();
        let mut held = Held::default();
        let mut view = Snapshot::default();
        let mut tick = Tick(start);
        for step in steps {
            for _ in 1..step.ticks {
                tick = tick.plus(1);
                server.take(&world, tick);
            }
            tick = tick.plus(1);
            step.acts.iter().for_each(|act| world.act(&server.layout, act));
            server.take(&world, tick);
            if !step.is_sent {
                continue;
            }
            let (body, age) = server.write(&world, tick, &step);
            read_delta(&body, &server.layout, &mut held, tick, age).expect("what we write can be read");
            held.copy_to(&mut view);
            prop_assert_eq!(&view, &server.told(tick));
            prop_assert_eq!(held.hash(&server.layout), server.told_hash(tick));
            prop_assert_eq!(server.usage.bits_total(), 8 * server.usage.bytes);
            if step.waits == 0 {
                let hides = world.sees(Viewer::Spectator).expect("it always says");
                let sees = |id| hides(id) || world.own == Some(id);
                prop_assert_eq!(view.len(), world.things.keys().filter(|id| sees(*id)).count());
                prop_assert_eq!(held.waiting(), 0);
            }
            prop_assert_eq!(held.own(), world.own.filter(|own| world.things.contains_key(*own)));
        }
    }

    #[test]
    fn any_body_is_read_or_refused(
        steps in prop::collection::vec(step(), 1..12),
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 0..4),
    ) {
        let mut server = Server::new();
        let mut world = World::default();
        let mut held = Held::default();
        for (number, step) in steps.iter().enumerate() {
            let tick = Tick(number as u64);
            step.acts.iter().for_each(|act| world.act(&server.layout, act));
            server.take(&world, tick);
            let (mut body, age) = server.write(&world, tick, step);
            let layout = &server.layout;
            // None of these may panic, loop or take memory beyond the entities' limit.
            let _ = read_delta(&garbage, layout, &mut held.clone(), tick, age);
            let _ = read_delta(&body[..body.len() / 2], layout, &mut held.clone(), tick, age);
            if let (Ok(_), Some(_)) = (read_delta(&body, layout, &mut held, tick, age), body.first()) {
                for (place, bit) in &flips {
                    let place = place.index(body.len());
                    body[place] ^= 1 << bit;
                }
                let _ = read_delta(&body, layout, &mut held.clone(), tick.plus(1), 1);
                let _ = read_delta(&body, layout, &mut Held::default(), tick, 0);
            }
        }
    }
}

#[test]
fn what_does_as_expected_costs_a_bit_and_what_idles_less() {
    let mut server = Server::new();
    let mut world = World::default();
    let mut walker = thing(&server.layout, 0, &[0; 24]);
    for _ in 0..100 {
        world.things.insert(thing(&server.layout, 1, &[0]));
    }
    let Thing::Walker(walker_state) = &mut walker else { panic!("kind 0") };
    walker_state.vel = Vec2::new(3.0, -1.5);
    walker_state.pos = Vec2::ZERO;
    walker.snap();
    let id = world.things.insert(walker);
    let mut bits = Vec::new();
    let step = Step { acts: vec![], ticks: 1, is_sent: true, is_full: false, waits: 0, sees_all: true };
    for tick in 0..24 {
        if let Thing::Walker(walker) = &mut world.things[id] {
            walker.pos += walker.vel / 30.0;
        }
        world.things[id].snap();
        server.take(&world, Tick(tick));
        bits.push(server.write(&world, Tick(tick), &step).0.len());
    }
    // Nothing left, entered or waits, same own entity, nothing held back; then 101 bits of those that just entered, and none woken.
    assert_eq!(bits[1..3], [14; 2], "{bits:?}");
    assert_eq!(bits[3..], [1; 21], "{bits:?}");
}
