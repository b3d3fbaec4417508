//! Owns the table of slots: small numbers for what one client sees. Both ends run this same table in step.

use crate::limits::{ENTITIES_MAX, FRESH_SNAPSHOTS, QUIET_SNAPSHOTS_MAX};
use crate::{EntityId, Tick, key_parts};
use slotmap::Key as _;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Slot -> entity for one client's view. A new entity takes the lowest free slot.
#[derive(Clone, Debug, Default)]
pub struct SlotTable {
    pub(crate) slots: Vec<Slot>,
    free: BinaryHeap<Reverse<u32>>,
    /// The used slots behind the indexes of their ids, by index.
    pub(crate) order: Vec<(u32, u32)>,
    /// The slot of the client's own entity.
    pub(crate) own: Option<u32>,
    /// Ascending: the slots that have a bit of their own in the next snapshot.
    pub(crate) active: Vec<u32>,
    /// Slots that entered with the snapshot at hand.
    pub(crate) fresh: Vec<u32>,
    /// Ascending: the slots whose last two rows are not those of the last two snapshots.
    pub(crate) lagging: Vec<Lagging>,
    lagging_before: Vec<Lagging>,
    /// For the writer: whether all that there was at the last snapshot is in the table.
    pub(crate) is_whole: bool,
}

/// In place of a count of quiet snapshots: it changed in the snapshot at hand.
const LIVELY: u8 = u8::MAX;

#[derive(Copy, Clone, Debug)]
pub(crate) struct Slot {
    /// Null while the slot is free.
    pub id: EntityId,
    pub kind: u8,
    /// Snapshots in a row in which it did not change, if it is active.
    quiet: u8,
    pub is_active: bool,
    /// The tick of the snapshot that it entered with.
    pub since: Tick,
    /// For the writer: where its row was last found. A guess at where it is now.
    pub place: u32,
}

/// What a client holds in a slot that was held back in one of the last two snapshots.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lagging {
    pub slot: u32,
    /// The tick of the row.
    pub base: Tick,
    /// The tick of the row before it, if there was one.
    pub previous: Option<Tick>,
}

impl Slot {
    pub fn is_used(&self) -> bool {
        !self.id.is_null()
    }

    /// The tick of a snapshot, if the client held a row of this entity then.
    #[inline]
    pub fn held_at(&self, tick: Option<Tick>) -> Option<Tick> {
        tick.filter(|tick| self.since <= *tick)
    }
}

impl SlotTable {
    /// Frees all slots.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.order.clear();
        self.own = None;
        self.active.clear();
        self.fresh.clear();
        self.lagging.clear();
        self.is_whole = false;
    }

    /// How many entities the client sees.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether it sees none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of an entity, if the client sees it.
    #[must_use]
    pub fn find(&self, id: EntityId) -> Option<u32> {
        let slot = self.find_index(key_parts(id).0)?;
        (self.slots[slot as usize].id == id).then_some(slot)
    }

    /// The tick of the snapshot with which an entity entered the view, if it is in view.
    #[must_use]
    pub fn since(&self, id: EntityId) -> Option<Tick> {
        self.find(id).map(|slot| self.slots[slot as usize].since)
    }

    /// The slot of the entity with this index (of any generation).
    pub(crate) fn find_index(&self, index: u32) -> Option<u32> {
        let place = self.order.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        Some(self.order[place].1)
    }

    /// The client's own entity, if it has one.
    #[must_use]
    pub fn own(&self) -> Option<EntityId> {
        self.own.map(|slot| self.slots[slot as usize].id)
    }

    /// All entities that the client sees, by slot.
    pub fn ids(&self) -> impl Iterator<Item = EntityId> {
        self.slots.iter().filter(|slot| slot.is_used()).map(|slot| slot.id)
    }

    /// The same, by their index.
    pub fn ids_by_index(&self) -> impl Iterator<Item = EntityId> {
        self.by_index().map(|slot| self.slots[slot as usize].id)
    }

    /// All used slots, by the index of their entity's id.
    pub(crate) fn by_index(&self) -> impl Iterator<Item = u32> {
        self.order.iter().map(|(_, slot)| *slot)
    }

    /// Whether the client holds rows of other ticks than those of its last two snapshots.
    #[must_use]
    pub fn is_lagging(&self) -> bool {
        !self.lagging.is_empty()
    }

    /// The tick of the row that the client holds of an entity in view, after the snapshot of `tick`.
    #[must_use]
    pub fn row_tick(&self, id: EntityId, tick: Tick) -> Tick {
        let lagging = self.find(id).and_then(|slot| self.lagging(slot));
        lagging.map_or(tick, |lagging| lagging.base)
    }

    /// The ticks of the row that the client holds in a slot and of the row before it, where `base` and `previous` are those of its last
    /// two snapshots.
    pub(crate) fn row_ticks(&self, slot: u32, base: Tick, previous: Option<Tick>) -> (Tick, Option<Tick>) {
        match self.lagging(slot) {
            Some(lagging) => (lagging.base, lagging.previous),
            None => (base, self.slots[slot as usize].held_at(previous)),
        }
    }

    pub(crate) fn lagging(&self, slot: u32) -> Option<Lagging> {
        let place = self.lagging.binary_search_by_key(&slot, |lagging| lagging.slot).ok()?;
        Some(self.lagging[place])
    }

    /// Gives an entity the lowest free slot. The caller knows that its index is new, in bounds and above those that have entered
    /// since [`SlotTable::note_entered`], which must be called before anything is looked for.
    pub(crate) fn enter(&mut self, id: EntityId, kind: usize, since: Tick, place: u32) -> u32 {
        let slot = self.free.pop().map_or(self.slots.len() as u32, |Reverse(slot)| slot);
        let entry = Slot { id, kind: kind as u8, quiet: 0, is_active: false, since, place };
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = entry,
            None => self.slots.push(entry),
        }
        assert!(key_parts(id).0 as usize <= ENTITIES_MAX, "checked by the caller");
        self.fresh.push(slot);
        slot
    }

    /// Makes those findable that have entered.
    pub(crate) fn note_entered(&mut self) {
        let Self { slots, order, fresh, .. } = self;
        let held = order.len();
        order.extend(fresh.iter().map(|slot| (key_parts(slots[*slot as usize].id).0, *slot)));
        sort_tail(order, held, |(index, _)| *index);
    }

    /// Frees a used slot. Nothing is looked for before [`SlotTable::forget_left`].
    pub(crate) fn leave(&mut self, slot: u32) {
        self.slots[slot as usize].id = EntityId::null();
        self.free.push(Reverse(slot));
        if self.own == Some(slot) {
            self.own = None;
        }
    }

    /// Forgets what the lists say of slots that were freed, before any of them is used again.
    pub(crate) fn forget_left(&mut self) {
        let Self { slots, order, active, lagging, .. } = self;
        order.retain(|(_, slot)| slots[*slot as usize].is_used());
        active.retain(|slot| slots[*slot as usize].is_used());
        lagging.retain(|lagging| slots[lagging.slot as usize].is_used());
    }

    /// Closes the books on the snapshot at hand: which slots changed, and which were held back (both ascending). The baseline
    /// and the tick before it are `None` for a full snapshot.
    pub(crate) fn settle(
        &mut self,
        tick: Tick,
        baseline: Option<(Tick, Option<Tick>)>,
        changed: impl Iterator<Item = u32>,
        held_back: &[u32],
    ) {
        if let Some((baseline, previous)) = baseline {
            self.settle_lagging(tick, baseline, previous, held_back);
        }
        self.settle_active(changed, held_back);
    }

    fn settle_lagging(&mut self, tick: Tick, baseline: Tick, previous: Option<Tick>, held_back: &[u32]) {
        if self.lagging.is_empty() && held_back.is_empty() {
            return;
        }
        std::mem::swap(&mut self.lagging, &mut self.lagging_before);
        self.lagging.clear();
        for &slot in held_back {
            let previous = self.slots[slot as usize].held_at(previous);
            self.lagging.push(Lagging { slot, base: baseline, previous });
        }
        for &before in &self.lagging_before {
            match self.lagging.binary_search_by_key(&before.slot, |lagging| lagging.slot) {
                Ok(again) => self.lagging[again] = before,
                // Told now, but the row before this one is not that of the snapshot before.
                Err(place) if before.base != baseline => {
                    let told = Lagging { slot: before.slot, base: tick, previous: Some(before.base) };
                    self.lagging.insert(place, told);
                }
                Err(_) => {}
            }
        }
    }

    /// A slot stays active until it has been quiet for a while: to wake it costs as much as many bits that say "unchanged".
    fn settle_active(&mut self, changed: impl Iterator<Item = u32>, held_back: &[u32]) {
        let Self { slots, active, fresh, .. } = self;
        let mut woken = active.len();
        for slot in changed.chain(held_back.iter().copied()) {
            let entry = &mut slots[slot as usize];
            entry.quiet = LIVELY;
            if !std::mem::replace(&mut entry.is_active, true) {
                active.push(slot);
            }
        }
        let mut is_any_asleep = false;
        for slot in active.iter() {
            let entry = &mut slots[*slot as usize];
            entry.quiet = if entry.quiet == LIVELY { 0 } else { entry.quiet + 1 };
            entry.is_active = entry.quiet < QUIET_SNAPSHOTS_MAX;
            is_any_asleep |= !entry.is_active;
        }
        if is_any_asleep {
            let awake = active.len();
            active.retain(|slot| slots[*slot as usize].is_active);
            // Who was just woken stays so.
            woken -= awake - active.len();
        }
        for slot in fresh.drain(..) {
            let entry = &mut slots[slot as usize];
            (entry.quiet, entry.is_active) = (QUIET_SNAPSHOTS_MAX - FRESH_SNAPSHOTS, true);
            active.push(slot);
        }
        sort_slots(active, woken);
    }
}

/// [`sort_tail`] for slots.
pub(crate) fn sort_slots(slots: &mut [u32], sorted: usize) {
    sort_tail(slots, sorted, |slot| *slot);
}

/// Brings what follows the first `sorted` values, which are in order, into order with them. Mostly these are none or a few.
pub(crate) fn sort_tail<T>(values: &mut [T], sorted: usize, key: impl Fn(&T) -> u32) {
    const FEW: usize = 8;
    if values.len() - sorted > FEW {
        // Not the kind that merges: that one takes memory.
        return values.sort_unstable_by_key(key);
    }
    for last in sorted..values.len() {
        let place = values[..last].partition_point(|value| key(value) < key(&values[last]));
        values[place..=last].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_from_parts;

    fn table(entities: u32) -> SlotTable {
        let mut table = SlotTable::default();
        for index in 1..=entities {
            table.enter(key_from_parts(index, 1), 0, Tick(10), 0);
        }
        table.note_entered();
        table.settle(Tick(10), None, [].into_iter(), &[]);
        table
    }

    fn settle(table: &mut SlotTable, tick: u64, changed: &[u32], held_back: &[u32]) {
        let previous = (tick > 11).then(|| Tick(tick - 2));
        table.settle(Tick(tick), Some((Tick(tick - 1), previous)), changed.iter().copied(), held_back);
    }

    #[test]
    fn the_quiet_fall_asleep_sooner_if_they_never_moved() {
        let mut table = table(3);
        assert_eq!(table.active, [0, 1, 2]);
        let mut asleep = Vec::new();
        for tick in 11..60 {
            settle(&mut table, tick, if tick == 11 { &[1] } else { &[] }, &[]);
            asleep.push(3 - table.active.len());
        }
        assert_eq!(asleep.iter().position(|count| *count == 2), Some(usize::from(FRESH_SNAPSHOTS) - 1));
        assert_eq!(asleep.iter().position(|count| *count == 3), Some(usize::from(QUIET_SNAPSHOTS_MAX)));
    }

    #[test]
    fn a_slot_that_was_held_back_lags_until_it_was_told_twice() {
        let mut table = table(3);
        settle(&mut table, 11, &[], &[1]);
        assert_eq!(table.lagging, [Lagging { slot: 1, base: Tick(10), previous: None }]);
        settle(&mut table, 12, &[], &[0, 1]);
        let zero = Lagging { slot: 0, base: Tick(11), previous: Some(Tick(10)) };
        assert_eq!(table.lagging, [zero, Lagging { slot: 1, base: Tick(10), previous: None }]);
        settle(&mut table, 13, &[1], &[]);
        let zero = Lagging { slot: 0, base: Tick(13), previous: Some(Tick(11)) };
        assert_eq!(table.lagging, [zero, Lagging { slot: 1, base: Tick(13), previous: Some(Tick(10)) }]);
        assert_eq!(table.row_tick(key_from_parts(2, 1), Tick(13)), Tick(13));
        settle(&mut table, 14, &[], &[]);
        assert!(!table.is_lagging());
    }

    #[test]
    fn a_freed_slot_is_in_no_list() {
        let mut table = table(3);
        settle(&mut table, 11, &[], &[1]);
        table.leave(1);
        table.forget_left();
        assert_eq!((&table.active[..], table.lagging.len()), (&[0, 2][..], 0));
        assert_eq!(table.enter(key_from_parts(9, 1), 0, Tick(12), 0), 1, "the lowest free one");
        table.note_entered();
        settle(&mut table, 12, &[], &[]);
        assert_eq!(table.active, [1], "the others have been quiet for long enough");
    }
}
