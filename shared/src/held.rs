//! Owns what one client holds: the rows of its view, kept up to date by [`read_delta`](crate::read_delta).

use crate::layout::Ages;
use crate::limits::PREVIOUS_AGE_TICKS_MAX;
use crate::rows::Known;
use crate::slots::SlotTable;
use crate::{EntityId, Layout, Row, Snapshot, Tick, Usage, row_hash};

/// A client's view of the world, row for row what the server wrote to it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub(crate) table: SlotTable,
    /// By slot.
    pub(crate) rows: Vec<HeldRow>,
    /// The tick of the rows, and of the rows before them.
    pub(crate) ticks: Option<(Tick, Option<Tick>)>,
    /// How much is in view and has not come yet.
    pub(crate) waiting: u32,
    /// For the snapshot at hand: the slots that changed and that were held back, ascending, and a row.
    pub(crate) changed: Vec<u32>,
    pub(crate) held_back: Vec<u32>,
    pub(crate) row: Vec<u32>,
    /// Where the bits of bodies went, if that is counted.
    pub(crate) usage: Option<Box<Usage>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct HeldRow {
    pub kind: usize,
    pub columns: Vec<u32>,
    /// The row before this one. Stale if there is none since the entity entered.
    pub previous: Vec<u32>,
}

impl HeldRow {
    /// What a row of `tick` is told against: this one, which is of the tick `base`, and the one before it, of the tick `previous`.
    #[inline]
    pub fn known(&self, tick: Tick, base: Tick, previous: Option<Tick>) -> Known<'_> {
        let previous = previous.filter(|previous| tick.since(*previous) <= PREVIOUS_AGE_TICKS_MAX as i64);
        Known {
            base: &self.columns,
            previous: previous.is_some().then_some(&self.previous[..]),
            ages: Ages::new(tick, base, previous),
        }
    }
}

impl Held {
    /// The tick of the last snapshot, if there was one.
    #[must_use]
    pub fn tick(&self) -> Option<Tick> {
        self.ticks.map(|(tick, _)| tick)
    }

    /// Counts from now on where the bits of bodies go. `layout` is that of the bodies to be read.
    pub fn count_usage(&mut self, layout: &Layout) {
        self.usage.get_or_insert_with(|| Box::new(Usage::new(layout)));
    }

    /// Where the bits of bodies went, if that is counted: part by part, kind by kind. What travels around the bodies is for the
    /// caller to add.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_deref()
    }

    /// The same, to be added to.
    pub fn usage_mut(&mut self) -> Option<&mut Usage> {
        self.usage.as_deref_mut()
    }

    /// Nothing is held any more; the counts go on.
    pub fn forget(&mut self) {
        *self = Self { usage: self.usage.take(), ..Self::default() };
    }

    /// How many entities are in view that the server has not yet told of, because all at once would have been too much.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting as usize
    }

    /// The slots of what is in view.
    #[must_use]
    pub fn table(&self) -> &SlotTable {
        &self.table
    }

    /// The client's own entity, if it has one.
    #[must_use]
    pub fn own(&self) -> Option<EntityId> {
        self.table.own()
    }

    /// The row of an entity, if it is in view. Columns that are not told are 0.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<Row<'_>> {
        self.table.find(id).map(|slot| self.row(slot))
    }

    /// What the row of `tick` is told against, in a slot that is in use and goes on.
    pub(crate) fn known(&self, slot: u32, tick: Tick) -> Known<'_> {
        let (base, previous) = self.ticks.expect("there was a snapshot");
        let (base, previous) = self.table.row_ticks(slot, base, previous);
        self.rows[slot as usize].known(tick, base, previous)
    }

    pub(crate) fn row(&self, slot: u32) -> Row<'_> {
        let row = &self.rows[slot as usize];
        Row { kind: row.kind, columns: &row.columns }
    }

    /// The view hash, as the server computes it over what this client should hold.
    #[must_use]
    pub fn hash(&self, layout: &Layout) -> u32 {
        let own = self.own();
        self.table
            .by_index()
            .map(|slot| {
                let id = self.table.slots[slot as usize].id;
                row_hash(layout, id, self.row(slot), own == Some(id))
            })
            .fold(0, u32::wrapping_add)
    }

    /// Copies the view into a snapshot, for drawing and comparing.
    pub fn copy_to(&self, snapshot: &mut Snapshot) {
        snapshot.reset(self.tick().unwrap_or_default());
        for slot in self.table.by_index() {
            snapshot.push(self.table.slots[slot as usize].id, self.row(slot));
        }
        snapshot.index();
    }
}
