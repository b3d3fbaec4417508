//! Owns the use of the codec: snapshots, writers and readers, brought to where the tick that is measured begins.
//! When the codec's functions change, this is the file to change with them.

use crate::world::{Body, Settings, World};
use tickwire_shared::limits::HISTORY_TICKS;
use tickwire_shared::{
    BitWriter, DeltaWriter, EntityId, Game, Held, History, Layout, PartBits, Quantiser, Receiver, SlotTable,
    Snapshot, Source, Tick, Visible, read_delta,
};

const SEED: u64 = 1;
/// Ticks before the one that is measured: enough for what idles to be known as idle, and for all memory to have
/// grown.
const WARM_UP_TICKS: u64 = 8;

/// A room as the codec sees it.
#[derive(Copy, Clone, Debug)]
pub struct Plan {
    pub bodies: u32,
    pub walkers: u32,
    pub receivers: usize,
    /// `None`: all of them see everything.
    pub sight_radius: Option<f32>,
}

/// All that writing one tick takes.
pub struct Writing {
    layout: Layout,
    world: World,
    quantiser: Quantiser<Body>,
    history: History<Snapshot>,
    writer: DeltaWriter,
    sees_all: bool,
    receivers: Vec<Client>,
    out: BitWriter,
}

/// One receiver.
struct Client {
    table: SlotTable,
    own: EntityId,
    visible: Vec<u32>,
}

/// All that reading one frame takes.
pub struct Reading {
    layout: Layout,
    held: Held,
    body: Vec<u8>,
    tick: Tick,
}

/// All that taking a snapshot takes.
pub struct Taking {
    layout: Layout,
    quantiser: Quantiser<Body>,
    before: Snapshot,
    rows: Snapshot,
    world: World,
}

fn world(bodies: u32, walkers: u32) -> World {
    World::new(&Settings { bodies, walkers }, SEED)
}

impl Plan {
    /// A room whose next tick is to be written for all receivers.
    pub fn writing(self) -> Box<Writing> {
        let mut writing = self.room();
        // Nobody holds anything before the first tick.
        for tick in 1..=WARM_UP_TICKS {
            writing.step(tick, self.sight_radius);
            writing.write();
        }
        writing.step(WARM_UP_TICKS + 1, self.sight_radius);
        Box::new(writing)
    }

    /// A client that is to read the frame of the next tick. It is the only receiver.
    pub fn reading(self) -> Box<Reading> {
        let (mut writing, layout) = (self.room(), Layout::of::<World>());
        let mut held = Held::default();
        for tick in 1..=WARM_UP_TICKS {
            writing.step(tick, self.sight_radius);
            read_delta(writing.write(), &layout, &mut held, Tick(tick), age(tick))
                .expect("it was just written");
        }
        let tick = WARM_UP_TICKS + 1;
        writing.step(tick, self.sight_radius);
        let body = writing.write().to_vec();
        Box::new(Reading { layout, held, body, tick: Tick(tick) })
    }

    fn room(self) -> Writing {
        let world = world(self.bodies, self.walkers);
        let client = |(own, _)| Client { table: SlotTable::default(), own, visible: Vec::new() };
        Writing {
            layout: Layout::of::<World>(),
            receivers: world.entities().take(self.receivers).map(client).collect(),
            world,
            quantiser: Quantiser::default(),
            history: History::new(HISTORY_TICKS),
            writer: DeltaWriter::default(),
            sees_all: self.sight_radius.is_none(),
            out: BitWriter::default(),
        }
    }
}

/// Of the baseline, in a frame of this tick.
fn age(tick: u64) -> u8 {
    u8::from(tick > 1)
}

impl Writing {
    /// Makes a tick, and finds what everybody sees of it.
    fn step(&mut self, tick: u64, sight_radius: Option<f32>) {
        self.world.walk();
        let mut now = Snapshot::default();
        let before = self.history.newest().map(|(_, before)| before);
        self.quantiser.take(&mut now, before, Tick(tick), &self.layout, &self.world);
        self.history.push(Tick(tick), now);
        for client in &mut self.receivers {
            client.visible =
                sight_radius.map_or_else(Vec::new, |radius| self.world.around(client.own, radius));
        }
    }

    /// Writes the newest tick for all receivers, and returns the last one's frame.
    pub fn write(&mut self) -> &[u8] {
        let Self { layout, history, writer, receivers, out, sees_all, .. } = self;
        let (tick, now) = history.newest().expect("a tick was made");
        let source = Source { layout, now, history };
        let before = |ticks: u64| tick.0.checked_sub(ticks).filter(|tick| *tick > 0).map(Tick);
        writer.begin(now.len());
        for client in receivers {
            let Client { table, own, visible } = client;
            let (baseline, previous, own) = (before(1), before(2), Some(*own));
            let visible = if *sees_all { Visible::All } else { Visible::These(visible) };
            let mut receiver = Receiver { table, baseline, previous, own, visible };
            out.clear();
            writer.draft(source, &mut receiver);
            writer.write(out, source, receiver, &mut PartBits::default());
            out.align();
        }
        out.bytes()
    }
}

impl Reading {
    pub fn read(&mut self) {
        read_delta(&self.body, &self.layout, &mut self.held, self.tick, age(self.tick.0))
            .expect("it was just written");
    }
}

impl Taking {
    /// Of a world with so many bodies, one in a hundred of which moves, into memory that has been used before.
    pub fn new(bodies: u32) -> Box<Self> {
        let mut world = world(bodies, bodies / 100);
        let (layout, mut quantiser) = (Layout::of::<World>(), Quantiser::default());
        let [mut before, mut rows] = [Snapshot::default(), Snapshot::default()];
        quantiser.take(&mut before, None, Tick(1), &layout, &world);
        rows.take(Tick(1), &world);
        world.walk();
        Box::new(Self { layout, quantiser, before, rows, world })
    }

    pub fn take(&mut self) {
        let Self { layout, quantiser, before, rows, world } = self;
        quantiser.take(rows, Some(before), Tick(2), layout, world);
    }
}
