//! Owns the writing of snapshots' bodies: first a draft of what there is to tell, from which the caller may hold something
//! back, then the bits.

use crate::bodies::{Bodies, Body, Rows};
use crate::delta::write_ascending;
use crate::limits::BASELINE_AGE_TICKS_MAX;
use crate::rows::write_owner;
use crate::updates::Slots;
use crate::{BitWriter, EntityId, History, Layout, PartBits, SlotTable, Snapshot, Tick, Usage, key_parts};

/// What all snapshots of a tick are made from.
#[derive(Copy, Clone, Debug)]
pub struct Source<'a> {
    /// The game's layout.
    pub layout: &'a Layout,
    /// The rows of the tick.
    pub now: &'a Snapshot,
    /// The rows of all ticks that a client may hold, that one included.
    pub history: &'a History<Snapshot>,
}

/// Whom a snapshot is for.
#[derive(Debug)]
pub struct Receiver<'a> {
    /// The slots of what it sees; moved on by the writer.
    pub table: &'a mut SlotTable,
    /// The tick of the last snapshot that was written to it; `None` for a full snapshot.
    pub baseline: Option<Tick>,
    /// The tick of the one before, unless the baseline was a full snapshot.
    pub previous: Option<Tick>,
    /// Its own entity, if there is one: then it is among what it sees.
    pub own: Option<EntityId>,
    /// What it sees.
    pub visible: Visible<'a>,
}

/// What somebody sees.
#[derive(Copy, Clone, Debug)]
pub enum Visible<'a> {
    /// Everything. Costs by what changes, not by what there is.
    All,
    /// The entities at these places of the tick's snapshot, ascending.
    These(&'a [u32]),
}

/// An entity that is to enter a view.
#[derive(Copy, Clone, Debug)]
pub struct Entering {
    /// Its place in the tick's snapshot.
    pub place: u32,
    /// What it costs.
    pub bits: u32,
    /// Whether it shall enter later: set by the caller.
    pub waits: bool,
    body: Body,
}

/// Changes of an entity in view.
#[derive(Copy, Clone, Debug)]
pub struct Update {
    /// Its place in the tick's snapshot.
    pub place: u32,
    /// What they cost.
    pub bits: u32,
    /// How old the row is that the client holds.
    pub age_ticks: u32,
    /// Whether the client shall hear of it later: set by the caller. Not for long: what is held longer than a baseline may be leaves
    /// the view and enters it again.
    pub waits: bool,
    pub(crate) slot: u32,
    pub(crate) is_active: bool,
    pub(crate) body: Body,
}

/// Writes the snapshots of a tick, one receiver after the other.
#[derive(Debug, Default)]
pub struct DeltaWriter {
    pub(crate) bodies: Bodies,
    left: Vec<u32>,
    held_back: Vec<u32>,
    /// What the tick's owners were told: kind, column and bits, each time that a column was written.
    owner_costs: Vec<(u8, u8, u8)>,
    /// A bit for each active slot of the receiver at hand: whether it changed.
    pub(crate) marks: BitWriter,
    /// A bit for each place, while woken rows are looked for: whether there is an update of it.
    pub(crate) drafted: Vec<u64>,
    /// Of the receiver at hand, by place: what is to enter.
    pub entering: Vec<Entering>,
    /// Of the receiver at hand, by slot: what changed.
    pub updates: Vec<Update>,
}

impl DeltaWriter {
    /// Begins a tick with this many entities.
    pub fn begin(&mut self, entities: usize) {
        self.bodies.begin(entities);
        self.owner_costs.clear();
    }

    /// Ends a tick: adds what its rows cost.
    pub fn account(&self, usage: &mut Usage) {
        self.bodies.account(usage);
        for &(kind, place, bits) in &self.owner_costs {
            usage.kinds[usize::from(kind)].fields[usize::from(place)].changed_bits += u64::from(bits);
        }
    }

    /// Finds out what there is to tell: see [`DeltaWriter::entering`] and [`DeltaWriter::updates`]. What is drafted must be written.
    pub fn draft(&mut self, source: Source<'_>, receiver: &mut Receiver<'_>) {
        self.left.clear();
        self.entering.clear();
        self.updates.clear();
        self.marks.clear();
        let table = &mut *receiver.table;
        if receiver.baseline.is_none() {
            table.clear();
        }
        table.fresh.clear();
        match (receiver.visible, receiver.baseline) {
            (Visible::These(places), _) => {
                self.compare(source, table, places.iter().map(|place| *place as usize));
            }
            (Visible::All, Some(baseline)) if table.is_whole => {
                let base = source.history.get(baseline).expect("a baseline is in the history");
                self.follow(source, table, base);
            }
            (Visible::All, _) => self.compare(source, table, 0..source.now.len()),
        }
        if !self.left.is_empty() {
            self.left.iter().for_each(|slot| table.leave(*slot));
            table.forget_left();
        }
        if let Some(baseline) = receiver.baseline {
            self.draft_updates(source, receiver, baseline);
        }
    }

    fn enter(&mut self, source: Source<'_>, place: usize) {
        let body = self.bodies.full(source.layout, source.now, place);
        let bits = self.bodies.bits(body);
        self.entering.push(Entering { place: place as u32, bits, waits: false, body });
    }

    /// What enters and leaves, where somebody sees just these: one walk over what is in view and what is to be, by index.
    fn compare(&mut self, source: Source<'_>, table: &mut SlotTable, places: impl Iterator<Item = usize>) {
        let now = source.now;
        let mut held = 0;
        for place in places {
            let id = now.id(place);
            let index = key_parts(id).0;
            while let Some(&(_, slot)) = table.order.get(held).filter(|(other, _)| *other < index) {
                self.left.push(slot);
                held += 1;
            }
            let Some(&(_, slot)) = table.order.get(held).filter(|(other, _)| *other == index) else {
                self.enter(source, place);
                continue;
            };
            held += 1;
            if table.slots[slot as usize].id == id && is_going_on(now, table, slot, place) {
                table.slots[slot as usize].place = place as u32;
            } else {
                self.left.push(slot);
                self.enter(source, place);
            }
        }
        self.left.extend(table.order[held..].iter().map(|(_, slot)| *slot));
        self.left.sort_unstable();
    }

    /// What enters and leaves, where somebody sees everything and already saw everything at the baseline.
    fn follow(&mut self, source: Source<'_>, table: &SlotTable, base: &Snapshot) {
        let population = self.bodies.population(base, source.now);
        self.left.extend(population.gone.iter().filter_map(|id| table.find(*id)));
        self.left.sort_unstable();
        let gone = self.left.len();
        let born = population.born.len();
        for number in 0..born {
            let place = self.bodies.population(base, source.now).born[number];
            self.enter(source, place as usize);
        }
        for lagging in &table.lagging {
            let id = table.slots[lagging.slot as usize].id;
            // Who became another kind has gone, and was born again.
            if let Some(place) = source.now.find(id)
                && !is_going_on(source.now, table, lagging.slot, place)
                && self.left[..gone].binary_search(&lagging.slot).is_err()
            {
                self.left.push(lagging.slot);
                self.enter(source, place);
            }
        }
        self.left.sort_unstable();
        self.entering.sort_unstable_by_key(|entering| entering.place);
    }

    fn draft_updates(&mut self, source: Source<'_>, receiver: &mut Receiver<'_>, baseline: Tick) {
        let Receiver { table, visible, previous, .. } = receiver;
        let at = |tick: Tick| source.history.get(tick).expect("rows that clients hold are kept");
        // A row before the baseline that the history has forgotten is too old to count, for the reader too.
        let previous = previous.and_then(|previous| source.history.get(previous));
        let rows = Rows::new(source.now, at(baseline), previous);
        let young = rows.without_previous();
        let groups = [self.bodies.group(rows), self.bodies.group(young)];
        let age_ticks = source.now.tick().since(baseline) as u32;
        let rows = [rows, young];
        // Without a previous snapshot the two groups are the same one.
        let old_until = rows[0].previous.map_or(Tick(0), Snapshot::tick);
        let mut slots = Slots { writer: self, source, table, rows, groups, old_until, age_ticks, shared: 0 };
        match visible {
            Visible::These(_) if slots.are_few() => slots.draft_each(),
            _ => slots.draft_all(),
        }
    }

    /// Writes the draft; what was set to wait is held back.
    pub fn write(
        &mut self,
        out: &mut BitWriter,
        source: Source<'_>,
        receiver: Receiver<'_>,
        bits: &mut PartBits,
    ) {
        let Receiver { table, baseline, previous, own, visible } = receiver;
        let before = table.own;
        let mut meter = Meter { last: out.bit_len() };
        write_ascending(out, self.left.iter().copied());
        bits.left += meter.step(out);
        let rows = self.write_entered(out, source, table);
        bits.entered += meter.step(out) - rows;
        table.is_whole =
            matches!(visible, Visible::All) && self.entering.iter().all(|entering| !entering.waits);
        write_own(out, table, own);
        bits.own += meter.step(out);
        self.held_back.clear();
        if baseline.is_some() {
            self.write_marks(out, table, &mut meter, bits);
            for update in self.updates.iter().filter(|update| !update.waits) {
                self.bodies.copy(update.body, out);
            }
            meter.step(out);
        }
        let changed = self.updates.iter().filter(|update| !update.waits).map(|update| update.slot);
        table.settle(source.now.tick(), baseline.map(|base| (base, previous)), changed, &self.held_back);
        if let Some(own) = own {
            // Another own entity starts from nothing: whatever this client held of it did not have these columns.
            let base = baseline.filter(|_| before == table.own).and_then(|base| source.history.get(base));
            let told = self.write_owner(out, source, base, own);
            bits.owner += meter.step(out) - told;
        }
    }

    /// Returns the bits of the columns.
    fn write_owner(
        &mut self,
        out: &mut BitWriter,
        source: Source<'_>,
        base: Option<&Snapshot>,
        own: EntityId,
    ) -> u64 {
        let row = source.now.get(own).expect("it is among what is seen");
        let held = base.and_then(|base| base.get(own)).map(|row| row.columns);
        let mut told = 0;
        write_owner(out, &source.layout.kinds[row.kind], held, row.columns, |place, bits| {
            told += u64::from(bits);
            self.owner_costs.push((row.kind as u8, place as u8, bits as u8));
        });
        told
    }

    /// Drafts and writes for one receiver, with nothing held back.
    pub fn write_all(&mut self, out: &mut BitWriter, source: Source<'_>, mut receiver: Receiver<'_>) {
        self.begin(source.now.len());
        self.draft(source, &mut receiver);
        self.write(out, source, receiver, &mut PartBits::default());
    }

    /// Returns the bits of the rows.
    fn write_entered(&mut self, out: &mut BitWriter, source: Source<'_>, table: &mut SlotTable) -> u64 {
        let waiting = self.entering.iter().filter(|entering| entering.waits).count();
        out.write_gamma((self.entering.len() - waiting) as u32);
        let (mut next, mut rows) = (0, 0);
        for entering in self.entering.iter().filter(|entering| !entering.waits) {
            let place = entering.place as usize;
            let id = source.now.id(place);
            let (index, generation) = key_parts(id);
            out.write_gamma(index - next);
            out.write_gamma(generation >> 1);
            self.bodies.copy(entering.body, out);
            rows += u64::from(entering.bits);
            next = index + 1;
            table.enter(id, source.now.row(place).kind, source.now.tick(), place as u32);
        }
        table.note_entered();
        out.write_gamma(waiting as u32);
        rows
    }

    fn write_marks(
        &mut self,
        out: &mut BitWriter,
        table: &SlotTable,
        meter: &mut Meter,
        bits: &mut PartBits,
    ) {
        self.held_back.extend(self.updates.iter().filter(|update| update.waits).map(|update| update.slot));
        write_ascending(out, self.held_back.iter().copied());
        bits.held_back += meter.step(out);
        if self.held_back.is_empty() {
            let count = self.marks.bit_len();
            out.write_bits(self.marks.align(), count);
        } else {
            self.write_marks_of_told(out, table);
        }
        bits.active += meter.step(out);
        let woken = self.updates.iter().filter(|update| !update.waits && !update.is_active);
        write_ascending(out, woken.map(|update| update.slot));
        bits.woken += meter.step(out);
    }
}

impl DeltaWriter {
    /// The marks of those that were not held back.
    fn write_marks_of_told(&self, out: &mut BitWriter, table: &SlotTable) {
        let mut updates = self.updates.iter().peekable();
        for &slot in &table.active {
            while updates.next_if(|update| update.slot < slot).is_some() {}
            match updates.peek().filter(|update| update.slot == slot) {
                Some(update) if update.waits => {}
                update => out.write_bit(update.is_some()),
            }
        }
    }
}

/// Whether a slot can go on with the entity at a place: the same kind, and not held back for so long that its row is forgotten.
fn is_going_on(now: &Snapshot, table: &SlotTable, slot: u32, place: usize) -> bool {
    let is_old = |base: Tick| now.tick().since(base) > BASELINE_AGE_TICKS_MAX as i64;
    usize::from(table.slots[slot as usize].kind) == now.row(place).kind
        && !(table.is_lagging() && table.lagging(slot).is_some_and(|lagging| is_old(lagging.base)))
}

fn write_own(out: &mut BitWriter, table: &mut SlotTable, own: Option<EntityId>) {
    let slot = own.map(|own| table.find(own).expect("it is among what is seen, and does not wait"));
    out.write_bit(slot != table.own);
    if slot != table.own {
        out.write_gamma(slot.map_or(0, |slot| slot + 1));
        table.own = slot;
    }
}

/// Measures a bit string, part by part.
struct Meter {
    last: u32,
}

impl Meter {
    fn step(&mut self, out: &BitWriter) -> u64 {
        let before = std::mem::replace(&mut self.last, out.bit_len());
        u64::from(self.last - before)
    }
}
