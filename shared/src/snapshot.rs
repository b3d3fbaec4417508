//! Owns a snapshot: the rows of all entities at one tick, by id. Knows no sessions.

use crate::limits::ENTITIES_MAX;
use crate::{EntityId, Game, Layout, Replicate, SlotTable, Tick, key_parts};

/// The rows of one tick, ordered by the index of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    tick: Tick,
    ids: Vec<EntityId>,
    kinds: Vec<u8>,
    /// Where each row ends in `columns`.
    ends: Vec<u32>,
    columns: Vec<u32>,
    /// By the index of an id: its place + 1, or 0.
    places: Vec<u32>,
}

/// One entity's quantised fields.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Which of the schema's kinds.
    pub kind: usize,
    /// Its columns, in the schema's order.
    pub columns: &'a [u32],
}

impl Snapshot {
    /// Empties the snapshot for another tick, keeping its memory.
    pub fn reset(&mut self, tick: Tick) {
        self.tick = tick;
        self.ids.clear();
        self.kinds.clear();
        self.ends.clear();
        self.columns.clear();
        self.places.clear();
    }

    /// Fills the snapshot with what a game shows at a tick: each entity is quantised here, once.
    ///
    /// # Panics
    /// If the game breaks its word: an id index twice, or more than [`ENTITIES_MAX`] entities.
    pub fn take<G: Game>(&mut self, tick: Tick, game: &G) {
        self.reset(tick);
        let mut ordered = true;
        let mut last = None;
        for (id, entity) in game.entities() {
            ordered &= last < Some(key_parts(id).0);
            last = Some(key_parts(id).0);
            self.ids.push(id);
            self.kinds.push(entity.kind() as u8);
            entity.write_row(&mut self.columns);
            self.ends.push(self.columns.len() as u32);
        }
        assert!(self.len() <= ENTITIES_MAX, "{}: more than {ENTITIES_MAX} entities", G::NAME);
        if !ordered {
            self.sort();
        }
        self.index();
    }

    /// Appends a row; `id`'s index is above that of all before it.
    pub(crate) fn push(&mut self, id: EntityId, row: Row<'_>) {
        debug_assert!(self.ids.last().is_none_or(|last| key_parts(*last).0 < key_parts(id).0));
        self.ids.push(id);
        self.kinds.push(row.kind as u8);
        self.columns.extend_from_slice(row.columns);
        self.ends.push(self.columns.len() as u32);
    }

    fn sort(&mut self) {
        let unsorted = self.clone();
        let mut order: Vec<usize> = (0..unsorted.len()).collect();
        order.sort_by_key(|&place| key_parts(unsorted.ids[place]).0);
        self.reset(unsorted.tick);
        for place in order {
            self.push(unsorted.ids[place], unsorted.row(place));
        }
    }

    /// Makes ids findable, after the last [`Snapshot::push`].
    pub(crate) fn index(&mut self) {
        self.places.clear();
        for (place, id) in self.ids.iter().enumerate() {
            let index = key_parts(*id).0 as usize;
            assert!(index <= ENTITIES_MAX, "a slot map that was never larger has no such index");
            if self.places.len() <= index {
                self.places.resize(index + 1, 0);
            }
            assert_eq!(self.places[index], 0, "one index stands for one living entity");
            self.places[index] = place as u32 + 1;
        }
    }

    /// What a client with this table is told of these rows: only what is in view, and 0 for what only others are told.
    #[must_use]
    pub fn told(&self, layout: &Layout, table: &SlotTable) -> Self {
        let mut told = Self::default();
        told.reset(self.tick);
        for (id, row) in self.iter().filter(|(id, _)| table.find(*id).is_some()) {
            let is_own = table.own() == Some(id);
            let columns = layout.kinds[row.kind].columns.iter().zip(row.columns);
            let columns: Vec<u32> = columns
                .map(|(column, value)| if column.owner_only && !is_own { 0 } else { *value })
                .collect();
            told.push(id, Row { kind: row.kind, columns: &columns });
        }
        told.index();
        told
    }

    /// The tick that these rows are of.
    #[must_use]
    pub fn tick(&self) -> Tick {
        self.tick
    }

    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id at a place.
    #[must_use]
    pub fn id(&self, place: usize) -> EntityId {
        self.ids[place]
    }

    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Row<'_> {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        Row { kind: self.kinds[place].into(), columns: &self.columns[start..self.ends[place] as usize] }
    }

    /// The place of an entity, if it is there.
    #[must_use]
    pub fn find(&self, id: EntityId) -> Option<usize> {
        let place = (*self.places.get(key_parts(id).0 as usize)?).checked_sub(1)? as usize;
        (self.ids[place] == id).then_some(place)
    }

    /// The row of an entity, if it is there.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<Row<'_>> {
        self.find(id).map(|place| self.row(place))
    }

    /// All entities, by the index of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, Row<'_>)> {
        (0..self.len()).map(|place| (self.ids[place], self.row(place)))
    }
}

/// One entity's share of the view hash: `MurmurHash3_x86_32` (A. Appleby) with seed 0 over the words index,
/// generation, kind, and the row's columns. Columns that only the owner is told are left out unless `own`.
///
/// The view hash is the wrapping sum of all shares, so it does not depend on any order.
#[must_use]
pub fn row_hash(layout: &Layout, id: EntityId, row: Row<'_>, own: bool) -> u32 {
    let (index, generation) = key_parts(id);
    let columns = &layout.kinds[row.kind].columns;
    let told = row.columns.iter().zip(columns).filter(|(_, column)| own || !column.owner_only);
    let words = [index, generation, row.kind as u32].into_iter().chain(told.map(|(value, _)| *value));
    let mut hash = 0u32;
    let mut length_bytes = 0u32;
    for word in words {
        let mixed = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ mixed).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        length_bytes += 4;
    }
    hash ^= length_bytes;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}
