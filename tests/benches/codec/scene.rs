//! Owns the use of the codec: snapshots, writers and readers, brought to where the tick that is measured begins.
//! When the codec's functions change, this is the file to change with them.

use crate::world::{Settings, World};
use tickwire_shared::{
    Baseline, BitWriter, Bodies, EntityId, Game, Held, Layout, Receiver, SlotTable, Snapshot, Tick,
    read_delta, write_delta,
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
    /// The last three ticks, the oldest first.
    rows: [Snapshot; 3],
    bodies: Bodies,
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
    world: World,
    rows: Snapshot,
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
            rows: Default::default(),
            bodies: Bodies::default(),
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
        self.rows.rotate_left(1);
        self.rows[2].take(Tick(tick), &self.world);
        for client in &mut self.receivers {
            client.visible = match sight_radius {
                None => (0..self.rows[2].len() as u32).collect(),
                Some(radius) => self.world.around(client.own, radius),
            };
        }
    }

    /// Writes the tick for all receivers, and returns the last one's frame.
    pub fn write(&mut self) -> &[u8] {
        let Self { layout, rows: [previous, base, now], bodies, receivers, out, .. } = self;
        let (base, previous) = (some(base), some(previous));
        bodies.begin(now.len());
        for client in receivers {
            let baseline = base.map(|rows| Baseline { rows, previous });
            let Client { table, own, visible } = client;
            out.clear();
            write_delta(out, layout, now, bodies, Receiver { table, baseline, own: Some(*own), visible });
            out.align();
        }
        out.bytes()
    }
}

/// A snapshot, unless it is from before the first tick.
fn some(rows: &Snapshot) -> Option<&Snapshot> {
    (rows.tick() > Tick(0)).then_some(rows)
}

impl Reading {
    pub fn read(&mut self) {
        read_delta(&self.body, &self.layout, &mut self.held, self.tick, age(self.tick.0))
            .expect("it was just written");
    }
}

impl Taking {
    /// Of a world with so many bodies, into memory that has been used before.
    pub fn new(bodies: u32) -> Box<Self> {
        let world = world(bodies, bodies / 100);
        let mut rows = Snapshot::default();
        rows.take(Tick(1), &world);
        Box::new(Self { world, rows })
    }

    pub fn take(&mut self) {
        self.rows.take(Tick(2), &self.world);
    }
}
