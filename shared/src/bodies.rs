//! Owns the cache of encoded rows of one tick: each is encoded once, and its bits are copied into every frame.

use crate::layout::Ages;
use crate::limits::PREVIOUS_AGE_TICKS_MAX;
use crate::rows::{Known, Residuals, write_full};
use crate::{BitWriter, EntityId, Layout, Snapshot, Tick, Usage, key_parts};

/// Encoded rows. The bits depend on (entity, baseline, row before it) only, and nearly all players hold the same two.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    bits: BitWriter,
    encoded: Vec<Encoded>,
    /// Bits of each encoded row by column; the columns of one row side by side.
    costs: Vec<u8>,
    /// By place in the new snapshot.
    full: Vec<Body>,
    /// One per pair of ticks that some player holds, in the order of first use.
    groups: Pool<Group>,
    /// One per baseline of a player that sees everything.
    populations: Pool<Population>,
}

/// One row's bits, by number. Small, because there is one per entity and group.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body(u32);

const UNKNOWN: Body = Body(u32::MAX);
/// Of a row that is as expected.
const NOTHING: Body = Body(u32::MAX - 1);

#[derive(Copy, Clone, Debug)]
struct Encoded {
    /// The first 64 bits: mostly all.
    word: u64,
    start: u32,
    bits: u32,
    kind: u8,
    is_full: bool,
    costs: u32,
    copies: u32,
}

#[derive(Debug, Default)]
struct Group {
    baseline: Tick,
    previous: Option<Tick>,
    /// By place in the new snapshot.
    bodies: Vec<Body>,
    /// The places of all that changed, ascending, once somebody has asked.
    changed: Vec<u32>,
    is_complete: bool,
}

/// What came and went between a baseline and now.
#[derive(Debug, Default)]
pub(crate) struct Population {
    baseline: Tick,
    /// Ascending places of those that came, or became another kind.
    pub born: Vec<u32>,
    /// Those that went, or became another kind.
    pub gone: Vec<EntityId>,
}

/// Values that are used again from tick to tick, for their memory.
#[derive(Debug, Default)]
struct Pool<T> {
    values: Vec<T>,
    used: usize,
}

impl<T: Default> Pool<T> {
    fn find(&self, is_it: impl FnMut(&T) -> bool) -> Option<usize> {
        self.values[..self.used].iter().position(is_it)
    }

    fn add(&mut self) -> (usize, &mut T) {
        if self.used == self.values.len() {
            self.values.push(T::default());
        }
        self.used += 1;
        (self.used - 1, &mut self.values[self.used - 1])
    }
}

impl Body {
    pub fn is_unknown(self) -> bool {
        self == UNKNOWN
    }

    pub fn is_nothing(self) -> bool {
        self == NOTHING
    }
}

impl Bodies {
    /// Forgets everything, for a new tick with this many entities; keeps the memory.
    pub fn begin(&mut self, entities: usize) {
        self.bits.clear();
        self.encoded.clear();
        self.costs.clear();
        self.full.clear();
        self.full.resize(entities, UNKNOWN);
        self.groups.used = 0;
        self.populations.used = 0;
    }

    /// How many bits a body has.
    #[inline]
    pub fn bits(&self, body: Body) -> u32 {
        if body.is_nothing() { 0 } else { self.encoded[body.0 as usize].bits }
    }

    /// Copies a body's bits into a frame.
    #[inline]
    pub fn copy(&mut self, body: Body, out: &mut BitWriter) {
        let encoded = &mut self.encoded[body.0 as usize];
        encoded.copies += 1;
        match encoded.bits {
            0..=32 => out.write(encoded.word as u32, encoded.bits),
            33..=64 => {
                out.write(encoded.word as u32, 32);
                out.write((encoded.word >> 32) as u32, encoded.bits - 32);
            }
            _ => out.write_bits(&self.bits.bytes()[encoded.start as usize..], encoded.bits),
        }
    }

    /// The whole row at a place.
    pub fn full(&mut self, layout: &Layout, now: &Snapshot, place: usize) -> Body {
        if self.full[place] == UNKNOWN {
            let row = now.row(place);
            let costs = self.costs.len() as u32;
            for (column, value) in layout.kinds[row.kind].columns.iter().zip(row.columns) {
                self.costs.push(column.full_bits(*value) as u8);
            }
            let start = self.bits.bytes().len() as u32;
            write_full(&mut self.bits, layout, row);
            self.full[place] = self.finish(start, row.kind, costs, true);
        }
        self.full[place]
    }

    /// The changes of the row at a place against these rows alone: not kept for others.
    pub fn alone(&mut self, layout: &Layout, rows: &Rows<'_>, place: usize) -> Body {
        let row = rows.now.row(place);
        let kind = &layout.kinds[row.kind];
        let known = rows.known(place).expect("it was in view then");
        let residuals = Residuals::of(kind, known, row.columns);
        if !residuals.is_changed() {
            return NOTHING;
        }
        let costs = self.costs.len();
        self.costs.resize(costs + kind.columns.len(), 0);
        for place in residuals.written(kind) {
            self.costs[costs + place] = kind.columns[place].code.bits(residuals.columns[place]) as u8;
        }
        let start = self.bits.bytes().len() as u32;
        residuals.write(&mut self.bits, kind);
        self.finish(start, row.kind, costs as u32, false)
    }

    fn finish(&mut self, start: u32, kind: usize, costs: u32, is_full: bool) -> Body {
        let bits = self.bits.bit_len() - start * 8;
        let bytes = &self.bits.align()[start as usize..];
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(byte, from)| *byte = *from);
        let word = u64::from_le_bytes(word);
        self.encoded.push(Encoded { word, start, bits, kind: kind as u8, is_full, costs, copies: 0 });
        Body(self.encoded.len() as u32 - 1)
    }

    /// The group for players that hold these two ticks.
    pub fn group(&mut self, rows: Rows<'_>) -> usize {
        let (baseline, previous) = (rows.base.tick(), rows.previous.map(Snapshot::tick));
        let same = |group: &Group| group.baseline == baseline && group.previous == previous;
        if let Some(found) = self.groups.find(same) {
            return found;
        }
        let (number, group) = self.groups.add();
        (group.baseline, group.previous) = (baseline, previous);
        group.bodies.clear();
        group.bodies.resize(rows.now.len(), UNKNOWN);
        group.changed.clear();
        group.is_complete = false;
        number
    }

    /// What is known so far of the changes of a group, by place.
    pub fn known(&self, group: usize) -> &[Body] {
        &self.groups.values[group].bodies
    }

    /// The changes of the row at a place that was there at both ticks of a group.
    #[inline]
    pub fn changes(&mut self, layout: &Layout, group: usize, rows: &Rows<'_>, place: usize) -> Body {
        let known = self.groups.values[group].bodies[place];
        if known != UNKNOWN { known } else { self.first_changes(layout, group, rows, place) }
    }

    #[cold]
    fn first_changes(&mut self, layout: &Layout, group: usize, rows: &Rows<'_>, place: usize) -> Body {
        let body = match rows.now.is_at_rest_since(place, rows.oldest()) {
            true => NOTHING,
            false => self.alone(layout, rows, place),
        };
        self.groups.values[group].bodies[place] = body;
        body
    }

    /// The places of all rows that were there at both ticks of a group and have changed, ascending. What rests costs a
    /// glance, once per tick and not per player.
    pub fn changed(&mut self, layout: &Layout, group: usize, rows: &Rows<'_>) -> &mut Vec<u32> {
        if !self.groups.values[group].is_complete {
            let mut changed = std::mem::take(&mut self.groups.values[group].changed);
            let oldest = rows.oldest();
            for place in (0..rows.now.len()).filter(|place| !rows.now.is_at_rest_since(*place, oldest)) {
                if rows.known(place).is_some() && !self.changes(layout, group, rows, place).is_nothing() {
                    changed.push(place as u32);
                }
            }
            let group = &mut self.groups.values[group];
            (group.changed, group.is_complete) = (changed, true);
        }
        &mut self.groups.values[group].changed
    }

    /// Gives back what was taken out of [`Bodies::changed`].
    pub fn put_back(&mut self, group: usize, changed: Vec<u32>) {
        self.groups.values[group].changed = changed;
    }

    /// What came and went since a baseline.
    pub fn population(&mut self, base: &Snapshot, now: &Snapshot) -> &Population {
        let known = self.populations.find(|population| population.baseline == base.tick());
        let number = known.unwrap_or_else(|| {
            let (number, population) = self.populations.add();
            population.baseline = base.tick();
            population.compare(base, now);
            number
        });
        &self.populations.values[number]
    }

    /// Adds what the tick's rows cost, copy for copy.
    pub fn account(&self, usage: &mut Usage) {
        for encoded in self.encoded.iter().filter(|encoded| encoded.copies > 0) {
            let kind = &mut usage.kinds[usize::from(encoded.kind)];
            let copies = u64::from(encoded.copies);
            *(if encoded.is_full { &mut kind.entered } else { &mut kind.changed }) += copies;
            let mut bits_left = u64::from(encoded.bits);
            for (field, cost) in kind.fields.iter_mut().zip(&self.costs[encoded.costs as usize..]) {
                let bits = if encoded.is_full { &mut field.entered_bits } else { &mut field.changed_bits };
                *bits += copies * u64::from(*cost);
                bits_left -= u64::from(*cost);
            }
            kind.group_bits += copies * bits_left;
        }
    }
}

impl Population {
    /// One walk over both, by index.
    fn compare(&mut self, base: &Snapshot, now: &Snapshot) {
        self.born.clear();
        self.gone.clear();
        if base.is_of_same(now) {
            return;
        }
        let (mut before, mut after) = (0, 0);
        while before < base.len() || after < now.len() {
            let old = (before < base.len()).then(|| base.id(before));
            let new = (after < now.len()).then(|| now.id(after));
            let index = |id: Option<EntityId>| id.map_or(u32::MAX, |id| key_parts(id).0);
            let order = index(old).cmp(&index(new));
            let is_same = old == new && base.row(before).kind == now.row(after).kind;
            if order.is_le() {
                self.gone.extend(old.filter(|_| !is_same));
                before += 1;
            }
            if order.is_ge() {
                self.born.extend((!is_same).then_some(after as u32));
                after += 1;
            }
        }
    }
}

/// The rows that changes are made from.
#[derive(Copy, Clone)]
pub(crate) struct Rows<'a> {
    pub now: &'a Snapshot,
    pub base: &'a Snapshot,
    pub previous: Option<&'a Snapshot>,
    pub ages: Ages,
}

impl<'a> Rows<'a> {
    pub fn new(now: &'a Snapshot, base: &'a Snapshot, previous: Option<&'a Snapshot>) -> Self {
        let (tick, base_tick) = (now.tick(), base.tick());
        let is_young = |previous: &&Snapshot| tick.since(previous.tick()) <= PREVIOUS_AGE_TICKS_MAX as i64;
        let previous = previous.filter(is_young);
        let ages = Ages::new(tick, base_tick, previous.map(Snapshot::tick));
        Self { now, base, previous, ages }
    }

    /// For entities that were not there at the previous tick.
    pub fn without_previous(self) -> Self {
        Self::new(self.now, self.base, None)
    }

    fn oldest(&self) -> Tick {
        self.previous.unwrap_or(self.base).tick()
    }

    /// What a client holds of the entity at a place, if it was there at both ticks.
    fn known(&self, place: usize) -> Option<Known<'a>> {
        let id = self.now.id(place);
        let base = self.base.row(self.base.find_near(place, id)?);
        if base.kind != self.now.row(place).kind {
            return None;
        }
        let previous = match self.previous {
            None => None,
            Some(previous) => {
                let row = previous.row(previous.find_near(place, id)?);
                Some((row.kind == base.kind).then_some(row.columns)?)
            }
        };
        Some(Known { base: base.columns, previous, ages: self.ages })
    }
}
