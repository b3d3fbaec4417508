//! Owns the table of slots: small numbers for what one client sees. Both ends run this same table in step.

use crate::limits::ENTITIES_MAX;
use crate::{EntityId, Tick, key_parts};
use slotmap::Key as _;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(crate) const NOWHERE: u32 = u32::MAX;

/// Slot -> entity for one client's view. A new entity takes the lowest free slot.
#[derive(Clone, Debug, Default)]
pub struct SlotTable {
    pub(crate) slots: Vec<Slot>,
    free: BinaryHeap<Reverse<u32>>,
    /// By the index of an id: its slot + 1, or 0.
    by_index: Vec<u32>,
    /// The slot of the client's own entity.
    pub(crate) own: Option<u32>,
}

#[derive(Copy, Clone, Debug)]
pub(crate) struct Slot {
    /// Null while the slot is free.
    pub id: EntityId,
    /// The tick of the snapshot that it entered with.
    pub since: Tick,
    /// Whether it entered or changed in the last snapshot: then it has a bit of its own in the next.
    pub active: bool,
    /// For the writer, during one snapshot: where its row is in the new snapshot.
    pub place: u32,
}

impl Slot {
    pub fn is_used(&self) -> bool {
        !self.id.is_null()
    }
}

impl SlotTable {
    /// Frees all slots.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.by_index.clear();
        self.own = None;
    }

    /// How many entities the client sees.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether it sees none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of an entity, if the client sees it.
    #[must_use]
    pub fn find(&self, id: EntityId) -> Option<u32> {
        let slot = self.by_index.get(key_parts(id).0 as usize)?.checked_sub(1)?;
        (self.slots[slot as usize].id == id).then_some(slot)
    }

    /// Whether the index of this id is that of an entity in the table (of any generation).
    pub(crate) fn holds_index(&self, index: u32) -> bool {
        self.by_index.get(index as usize).is_some_and(|slot| *slot != 0)
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

    /// All used slots, by the index of their entity's id.
    pub(crate) fn by_index(&self) -> impl Iterator<Item = u32> {
        self.by_index.iter().filter_map(|slot| slot.checked_sub(1))
    }

    /// Gives an entity the lowest free slot. The caller knows that its index is new and in bounds.
    pub(crate) fn enter(&mut self, id: EntityId, since: Tick) -> u32 {
        let slot = self.free.pop().map_or(self.slots.len() as u32, |Reverse(slot)| slot);
        let entry = Slot { id, since, active: true, place: NOWHERE };
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = entry,
            None => self.slots.push(entry),
        }
        let index = key_parts(id).0 as usize;
        assert!(index <= ENTITIES_MAX, "checked by the caller");
        if self.by_index.len() <= index {
            self.by_index.resize(index + 1, 0);
        }
        assert_eq!(self.by_index[index], 0, "checked by the caller");
        self.by_index[index] = slot + 1;
        slot
    }

    /// Frees a used slot.
    pub(crate) fn leave(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        self.by_index[key_parts(entry.id).0 as usize] = 0;
        entry.id = EntityId::null();
        entry.active = false;
        self.free.push(Reverse(slot));
        if self.own == Some(slot) {
            self.own = None;
        }
    }
}
