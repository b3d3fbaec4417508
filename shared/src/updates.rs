//! Owns the drafting of updates: what changed of what one receiver has in view, slot by slot.

use crate::bodies::Rows;
use crate::slots::{Lagging, sort_tail};
use crate::{DeltaWriter, SlotTable, Source, Tick, Update};

/// So many slots are looked at while one is found.
const SEARCH_COST: usize = 4;
/// So few are looked at in any case.
const SLOTS_FEW: usize = 256;

/// Drafts the updates of one receiver, slot by slot.
pub(crate) struct Slots<'a> {
    pub writer: &'a mut DeltaWriter,
    pub source: Source<'a>,
    pub table: &'a mut SlotTable,
    /// For slots that were there at the previous snapshot, and for those that entered with the baseline.
    pub rows: [Rows<'a>; 2],
    pub groups: [usize; 2],
    /// The tick of the previous snapshot: slots that entered up to it are of the first group. Before all ticks if there is none.
    pub old_until: Tick,
    /// How old the baseline is.
    pub age_ticks: u32,
    /// How many of the updates are of the first group.
    pub shared: usize,
}

impl Slots<'_> {
    /// Whether looking at every slot is cheaper than looking for each row that changed among them: that takes a search.
    pub fn are_few(&mut self) -> bool {
        let slots = self.table.slots.len();
        // What changed of all rows need not be known for a few.
        let mut changed =
            || self.writer.bodies.changed(self.source.layout, self.groups[0], &self.rows[0]).len();
        slots < SLOTS_FEW || slots < SEARCH_COST * changed()
    }

    /// Looks at every slot.
    pub fn draft_each(&mut self) {
        for slot in 0..self.table.slots.len() as u32 {
            let entry = &self.table.slots[slot as usize];
            if entry.is_used() {
                let is_active = entry.is_active;
                let is_changed = self.draft(slot);
                if is_active {
                    self.writer.marks.write_bit(is_changed);
                }
            }
        }
    }

    /// Looks at the active slots, and at those of rows that changed.
    pub fn draft_all(&mut self) {
        let mut number = 0;
        while number < self.table.active.len() {
            number += self.draft_known(number);
            if let Some(&slot) = self.table.active.get(number) {
                let is_changed = self.draft(slot);
                self.writer.marks.write_bit(is_changed);
                number += 1;
            }
        }
        let awake = self.writer.updates.len();
        let changed =
            std::mem::take(self.writer.bodies.changed(self.source.layout, self.groups[0], &self.rows[0]));
        // As many as there are in all: then nobody woke up.
        if self.shared != changed.len() {
            self.draft_woken(&changed, awake);
        }
        self.writer.bodies.put_back(self.groups[0], changed);
        sort_tail(&mut self.writer.updates, awake, |update| update.slot);
    }

    /// Looks at what changed beside the first `awake` updates: to find a slot takes a search, and most are known already.
    fn draft_woken(&mut self, changed: &[u32], awake: usize) {
        let mut drafted = std::mem::take(&mut self.writer.drafted);
        drafted.resize(self.source.now.len().div_ceil(64), 0);
        for update in &self.writer.updates[..awake] {
            drafted[update.place as usize / 64] |= 1 << (update.place % 64);
        }
        for &place in changed.iter().filter(|place| drafted[**place as usize / 64] >> (**place % 64) & 1 == 0)
        {
            let slot = self.table.find(self.source.now.id(place as usize));
            if let Some(slot) = slot.filter(|slot| !self.table.slots[*slot as usize].is_active) {
                self.draft(slot);
            }
        }
        drafted.clear();
        self.writer.drafted = drafted;
    }

    /// Looks at active slots from `first` on, as long as nothing is new about them: nearly always to the end. Returns at how many.
    fn draft_known(&mut self, first: usize) -> usize {
        if self.table.is_lagging() {
            return 0;
        }
        let DeltaWriter { bodies, updates, marks, .. } = &mut *self.writer;
        let known = bodies.known(self.groups[0]);
        let updates_before = updates.len();
        let mut count = 0;
        for &slot in &self.table.active[first..] {
            let entry = &self.table.slots[slot as usize];
            if entry.since > self.old_until || !self.source.now.is_at(entry.place, entry.id) {
                break;
            }
            let body = known[entry.place as usize];
            if body.is_unknown() {
                break;
            }
            count += 1;
            marks.write_bit(!body.is_nothing());
            if !body.is_nothing() {
                let (place, age_ticks, is_active) = (entry.place, self.age_ticks, true);
                let bits = bodies.bits(body);
                updates.push(Update { place, bits, age_ticks, waits: false, slot, is_active, body });
            }
        }
        self.shared += updates.len() - updates_before;
        count
    }

    /// Returns whether it changed.
    #[inline]
    fn draft(&mut self, slot: u32) -> bool {
        let entry = &mut self.table.slots[slot as usize];
        let now = self.source.now;
        if !now.is_at(entry.place, entry.id) {
            entry.place = now.find(entry.id).expect("what has gone has left") as u32;
        }
        let (place, is_active) = (entry.place, entry.is_active);
        let is_old = entry.since <= self.old_until;
        if !self.table.lagging.is_empty()
            && let Some(lagging) = self.table.lagging(slot)
        {
            return self.draft_lagging(lagging, place as usize, is_active);
        }
        let which = usize::from(!is_old);
        let (group, rows) = (self.groups[which], &self.rows[which]);
        let body = self.writer.bodies.changes(self.source.layout, group, rows, place as usize);
        if body.is_nothing() {
            return false;
        }
        self.shared += usize::from(is_old);
        let (bits, age_ticks) = (self.writer.bodies.bits(body), self.age_ticks);
        self.writer.updates.push(Update { place, bits, age_ticks, waits: false, slot, is_active, body });
        true
    }

    /// The same for a slot that was held back: what its client holds of it is nobody else's.
    #[cold]
    fn draft_lagging(&mut self, lagging: Lagging, place: usize, is_active: bool) -> bool {
        let Source { layout, now, history } = self.source;
        let base = history.get(lagging.base).expect("rows that clients hold are kept");
        let previous = lagging.previous.and_then(|tick| history.get(tick));
        let body = self.writer.bodies.alone(layout, &Rows::new(now, base, previous), place);
        if body.is_nothing() {
            return false;
        }
        let (bits, age_ticks) = (self.writer.bodies.bits(body), now.tick().since(lagging.base) as u32);
        let (place, slot) = (place as u32, lagging.slot);
        self.writer.updates.push(Update { place, bits, age_ticks, waits: false, slot, is_active, body });
        true
    }
}
