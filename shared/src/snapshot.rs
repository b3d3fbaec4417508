//! Owns a snapshot: the rows of all entities at one tick, by id. Knows no sessions.

use crate::limits::ENTITIES_MAX;
use crate::{EntityId, Game, History, Layout, Replicate, SlotTable, Tick, key_parts};
use std::ops::Range;

/// The rows of one tick, ordered by the index of their ids.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    tick: Tick,
    ids: Vec<EntityId>,
    kinds: Vec<u8>,
    /// For how many ticks each row has been as it is, with nothing that moves it; at most 255, and 0 if nobody counts.
    rests: Vec<u8>,
    /// Where each row ends in `columns`.
    ends: Vec<u32>,
    columns: Vec<u32>,
    /// By the index of an id: its place + 1, or 0.
    places: Vec<u32>,
}

/// Memory for bringing the rows of a snapshot into order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorter {
    unsorted: Snapshot,
    /// Indexes of ids, and the places of their rows.
    order: Vec<(u32, u32)>,
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
        self.rests.clear();
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
        for (id, entity) in game.entities() {
            self.quantise(id, entity);
        }
        self.complete::<G>(None, &mut Sorter::default());
    }

    pub(crate) fn quantise(&mut self, id: EntityId, entity: &impl Replicate) {
        self.ids.push(id);
        self.kinds.push(entity.kind() as u8);
        self.rests.push(0);
        entity.write_row(&mut self.columns);
        self.ends.push(self.columns.len() as u32);
    }

    /// Appends a run of rows of another snapshot, which have been as they are for one tick more.
    pub(crate) fn append_rested(
        &mut self,
        before: &Self,
        run: Range<usize>,
        is_at_rest: impl Fn(Row<'_>) -> bool,
    ) {
        let start = before.start(run.start);
        let end = before.ends[run.end - 1];
        let moved = self.columns.len() as u32;
        self.columns.extend_from_slice(&before.columns[start as usize..end as usize]);
        self.ends.extend(before.ends[run.clone()].iter().map(|end| end - start + moved));
        self.ids.extend_from_slice(&before.ids[run.clone()]);
        self.kinds.extend_from_slice(&before.kinds[run.clone()]);
        self.rests.extend(run.map(|place| match before.rests[place] {
            0 => u8::from(is_at_rest(before.row(place))),
            ticks => ticks.saturating_add(1),
        }));
    }

    /// After the last row: checks the game's word, and makes ids findable. `like` may be of the same entities.
    pub(crate) fn complete<G: Game>(&mut self, like: Option<&Self>, sorter: &mut Sorter) {
        if let Some(like) = like.filter(|like| like.ids == self.ids) {
            self.places.clone_from(&like.places);
            return;
        }
        assert!(self.len() <= ENTITIES_MAX, "{}: more than {ENTITIES_MAX} entities", G::NAME);
        if !self.ids.is_sorted_by_key(|id| key_parts(*id).0) {
            self.sort(sorter);
        }
        self.index();
    }

    /// Appends a row; `id`'s index is above that of all before it.
    pub(crate) fn push(&mut self, id: EntityId, row: Row<'_>) {
        debug_assert!(self.ids.last().is_none_or(|last| key_parts(*last).0 < key_parts(id).0));
        self.append(id, row, 0);
    }

    /// Appends a row, in whatever order.
    pub(crate) fn append(&mut self, id: EntityId, row: Row<'_>, rested: u8) {
        self.ids.push(id);
        self.kinds.push(row.kind as u8);
        self.rests.push(rested);
        self.columns.extend_from_slice(row.columns);
        self.ends.push(self.columns.len() as u32);
    }

    fn sort(&mut self, sorter: &mut Sorter) {
        let Sorter { unsorted, order } = sorter;
        std::mem::swap(self, unsorted);
        order.clear();
        order.extend(unsorted.ids.iter().zip(0..).map(|(id, place)| (key_parts(*id).0, place)));
        // Not the kind that merges: that one takes memory.
        order.sort_unstable();
        self.reset(unsorted.tick);
        for &(_, place) in order.iter() {
            let place = place as usize;
            self.append(unsorted.ids[place], unsorted.row(place), unsorted.rests[place]);
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

    /// What a client with this table holds after the snapshot of `tick`: only what is in view, each row of the tick that it was
    /// last told, and 0 for what only others are told.
    ///
    /// # Panics
    /// If one of these ticks is not in the history.
    #[must_use]
    pub fn told(history: &History<Self>, tick: Tick, layout: &Layout, table: &SlotTable) -> Self {
        let mut told = Self::default();
        told.reset(tick);
        for slot in table.by_index() {
            let id = table.slots[slot as usize].id;
            let rows = history.get(table.row_tick(id, tick)).expect("rows that clients hold are kept");
            let row = rows.get(id).expect("it was in view then");
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
        let (start, end) = (self.start(place) as usize, self.ends[place] as usize);
        Row { kind: self.kinds[place].into(), columns: &self.columns[start..end] }
    }

    /// Where the row at a place starts in `columns`.
    fn start(&self, place: usize) -> u32 {
        if place == 0 { 0 } else { self.ends[place - 1] }
    }

    /// Whether another snapshot has the same entities, of the same kinds.
    pub(crate) fn is_of_same(&self, other: &Self) -> bool {
        self.ids == other.ids && self.kinds == other.kinds
    }

    /// The place of an entity, if it is there.
    #[must_use]
    pub fn find(&self, id: EntityId) -> Option<usize> {
        let place = (*self.places.get(key_parts(id).0 as usize)?).checked_sub(1)? as usize;
        (self.ids[place] == id).then_some(place)
    }

    /// Whether this entity is at this place.
    #[inline]
    pub(crate) fn is_at(&self, place: u32, id: EntityId) -> bool {
        self.ids.get(place as usize) == Some(&id)
    }

    /// The place of an entity, found at once if it is `place`, as in another snapshot of the same entities.
    pub(crate) fn find_near(&self, place: usize, id: EntityId) -> Option<usize> {
        if self.ids.get(place) == Some(&id) { Some(place) } else { self.find(id) }
    }

    /// Whether the row at a place is as it was at `tick` and at all ticks since, and expected to be.
    pub(crate) fn is_at_rest_since(&self, place: usize, tick: Tick) -> bool {
        i64::from(self.rests[place]) >= self.tick.since(tick)
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

impl PartialEq for Snapshot {
    /// Whether tick, ids, kinds and rows are the same.
    fn eq(&self, other: &Self) -> bool {
        self.tick == other.tick
            && self.ids == other.ids
            && self.kinds == other.kinds
            && self.ends == other.ends
            && self.columns == other.columns
    }
}

impl Eq for Snapshot {}

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
