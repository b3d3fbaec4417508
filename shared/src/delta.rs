//! Owns the reading of a snapshot's body, and what reader and writer ([`DeltaWriter`](crate::DeltaWriter)) share of its format.
//!
//! A body is a bit string (see [`BitWriter`] for the order of bits and the gamma code):
//!
//! 1. entities that left: their number (gamma), then for each, by slot, the slots skipped since the last (gamma);
//! 2. entities that entered: their number (gamma), then for each, by index, the indexes skipped since the last
//!    (gamma), the generation halved (gamma), kind and whole row; each takes the lowest free slot;
//! 3. how many more are to enter as soon as there is room for them (gamma);
//! 4. own entity: one bit, 1 if it is another one than before; then its slot + 1, or 0 for none (gamma);
//! 5. slots that were held back: like those that left; their rows stay as they are;
//! 6. one bit for each active slot that was not held back and did not just enter, by slot: changed or not;
//! 7. other slots that changed: like those that left;
//! 8. the changes of each changed slot, by slot;
//! 9. what only the owner is told, if there is an own entity.
//!
//! A slot that is neither held back nor marked as changed moves on as expected. An entity in a frame costs one bit or less
//! when it does what both ends expect.

use crate::held::HeldRow;
use crate::limits::{BASELINE_AGE_TICKS_MAX, ENTITIES_MAX};
use crate::rows::{read_changes, read_full, read_owner};
use crate::slots::sort_slots;
use crate::{BitReader, BitWriter, EntityId, Held, Layout, Malformed, PartBits, Tick, Usage, key_from_parts};

/// Takes a body off the wire, and moves `held` on to `tick`.
///
/// `age` is the age of the baseline in ticks, 0 for a full snapshot.
///
/// # Errors
/// If the body is malformed or its baseline is not what is held. What is held is then of no use, until a full snapshot comes.
pub fn read_delta(
    body: &[u8],
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
    age: u8,
) -> Result<(), Malformed> {
    let baseline = match age {
        0 => {
            held.table.clear();
            held.rows.clear();
            None
        }
        _ if u64::from(age) > BASELINE_AGE_TICKS_MAX => return Err(Malformed("a baseline is too old")),
        _ => Some(
            held.ticks
                .filter(|(held, _)| tick.since(*held) == i64::from(age))
                .ok_or(Malformed("a baseline is not what this client holds"))?,
        ),
    };
    // Whatever goes wrong from here on leaves nothing that a later delta could build on.
    held.ticks = None;
    held.table.fresh.clear();
    let mut usage = held.usage.take();
    let read = read_body(body, layout, held, tick, baseline, usage.as_deref_mut());
    held.usage = usage;
    read?;
    held.ticks = Some((tick, baseline.map(|(base, _)| base)));
    Ok(())
}

fn read_body(
    body: &[u8],
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
    baseline: Option<(Tick, Option<Tick>)>,
    mut usage: Option<&mut Usage>,
) -> Result<(), Malformed> {
    let bits = &mut BitReader::new(body);
    let mut meter = Meter { left: bits.left(), rows: usage.as_deref().map_or(0, Usage::row_bits) };
    read_left(bits, held)?;
    meter.step(bits, &mut usage, |parts| &mut parts.left);
    read_entered(bits, layout, held, tick, usage.as_deref_mut())?;
    held.waiting = bits.read_gamma()?;
    meter.step(bits, &mut usage, |parts| &mut parts.entered);
    read_own(bits, layout, held)?;
    meter.step(bits, &mut usage, |parts| &mut parts.own);
    held.changed.clear();
    held.held_back.clear();
    if let Some((base, previous)) = baseline {
        read_marks(bits, held, tick, &mut meter, &mut usage)?;
        read_rows(bits, layout, held, tick, (base, previous), usage.as_deref_mut())?;
    }
    // Only rows, so nothing is left for the part: the meter is brought up to date.
    meter.step(bits, &mut usage, |parts| &mut parts.woken);
    let Held { table, changed, held_back, .. } = held;
    table.settle(tick, baseline, changed.iter().copied(), held_back);
    if let Some(slot) = held.table.own {
        let HeldRow { kind, columns, .. } = &mut held.rows[slot as usize];
        let usage = usage.as_deref_mut().map(|usage| &mut usage.kinds[*kind]);
        read_owner(bits, &layout.kinds[*kind], columns, usage)?;
    }
    meter.step(bits, &mut usage, |parts| &mut parts.owner);
    bits.clone().finish()?;
    if let Some(usage) = usage {
        usage.bits.padding += bits.left();
    }
    Ok(())
}

/// Measures a body while it is read, part by part. What rows take is counted where they are read.
struct Meter {
    left: u64,
    rows: u64,
}

impl Meter {
    fn step(
        &mut self,
        bits: &BitReader<'_>,
        usage: &mut Option<&mut Usage>,
        part: impl FnOnce(&mut PartBits) -> &mut u64,
    ) {
        let Some(usage) = usage else { return };
        let before = std::mem::replace(&mut self.left, bits.left());
        let rows_before = std::mem::replace(&mut self.rows, usage.row_bits());
        *part(&mut usage.bits) += before - self.left - (self.rows - rows_before);
    }
}

/// Appends how many numbers there are, and each by its distance from the one before.
pub(crate) fn write_ascending(out: &mut BitWriter, numbers: impl Iterator<Item = u32> + Clone) {
    out.write_gamma(numbers.clone().count() as u32);
    let mut next = 0;
    for number in numbers {
        out.write_gamma(number - next);
        next = number + 1;
    }
}

fn read_ascending(
    bits: &mut BitReader<'_>,
    mut found: impl FnMut(&mut BitReader<'_>, u32) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let count = bits.read_gamma()?;
    let mut next = 0u32;
    for _ in 0..count {
        let number = next
            .checked_add(bits.read_gamma()?)
            .filter(|number| *number <= ENTITIES_MAX as u32)
            .ok_or(Malformed("a slot or index is above its limit"))?;
        found(bits, number)?;
        next = number + 1;
    }
    Ok(())
}

fn read_left(bits: &mut BitReader<'_>, held: &mut Held) -> Result<(), Malformed> {
    let mut is_any = false;
    read_ascending(bits, |_, slot| {
        is_any = true;
        if !held.table.slots.get(slot as usize).is_some_and(|slot| slot.is_used()) {
            return Err(Malformed("an entity leaves that was not there"));
        }
        held.table.leave(slot);
        Ok(())
    })?;
    if is_any {
        held.table.forget_left();
    }
    Ok(())
}

fn read_entered(
    bits: &mut BitReader<'_>,
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
    mut usage: Option<&mut Usage>,
) -> Result<(), Malformed> {
    read_ascending(bits, |bits, index| {
        let generation = bits.read_gamma()?;
        if held.table.find_index(index).is_some() || generation > u32::MAX >> 1 {
            return Err(Malformed("an entity enters that is there already"));
        }
        let id: EntityId = key_from_parts(index, generation << 1 | 1);
        let kind = read_full(bits, layout, &mut held.row, usage.as_deref_mut())?;
        let slot = held.table.enter(id, kind, tick, 0) as usize;
        if held.rows.len() <= slot {
            held.rows.resize_with(slot + 1, HeldRow::default);
        }
        let row = &mut held.rows[slot];
        row.kind = kind;
        std::mem::swap(&mut row.columns, &mut held.row);
        Ok(())
    })?;
    held.table.note_entered();
    Ok(())
}

fn read_own(bits: &mut BitReader<'_>, layout: &Layout, held: &mut Held) -> Result<(), Malformed> {
    if !bits.read_bit()? {
        return Ok(());
    }
    let own = bits.read_gamma()?.checked_sub(1);
    let is_used = |slot: u32| held.table.slots.get(slot as usize).is_some_and(|slot| slot.is_used());
    if own.is_some_and(|slot| !is_used(slot)) {
        return Err(Malformed("the own entity is not there"));
    }
    let before = std::mem::replace(&mut held.table.own, own);
    for slot in [before, own].into_iter().flatten() {
        let HeldRow { kind, columns, .. } = &mut held.rows[slot as usize];
        layout.kinds[*kind].owner.iter().for_each(|&place| columns[place] = 0);
    }
    Ok(())
}

/// Reads which slots were held back, and which changed.
fn read_marks(
    bits: &mut BitReader<'_>,
    held: &mut Held,
    tick: Tick,
    meter: &mut Meter,
    usage: &mut Option<&mut Usage>,
) -> Result<(), Malformed> {
    let Held { table, changed, held_back, .. } = held;
    let is_old = |slot: u32| {
        let entry = table.slots.get(slot as usize);
        entry.is_some_and(|entry| entry.is_used() && entry.since != tick)
    };
    read_ascending(bits, |_, slot| {
        held_back.push(slot);
        is_old(slot).then_some(()).ok_or(Malformed("a slot is held back that is not there"))
    })?;
    meter.step(bits, usage, |parts| &mut parts.held_back);
    let is_held_back = |slot| held_back.binary_search(&slot).is_ok();
    for &slot in table.active.iter().filter(|slot| !is_held_back(**slot)) {
        if bits.read_bit()? {
            changed.push(slot);
        }
    }
    meter.step(bits, usage, |parts| &mut parts.active);
    let awake = changed.len();
    read_ascending(bits, |_, slot| {
        changed.push(slot);
        let is_quiet = is_old(slot) && !table.slots[slot as usize].is_active && !is_held_back(slot);
        is_quiet.then_some(()).ok_or(Malformed("a slot changes that is not there"))
    })?;
    meter.step(bits, usage, |parts| &mut parts.woken);
    sort_slots(changed, awake);
    Ok(())
}

fn read_rows(
    bits: &mut BitReader<'_>,
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
    (base, previous): (Tick, Option<Tick>),
    mut usage: Option<&mut Usage>,
) -> Result<(), Malformed> {
    let Held { table, rows, row, changed, held_back, .. } = held;
    let mut changed = changed.iter().peekable();
    let mut held_back = held_back.iter().peekable();
    let mut lagging = table.lagging.iter().peekable();
    for (number, (slot, held)) in table.slots.iter().zip(rows).enumerate() {
        let number = number as u32;
        let ticks = match lagging.next_if(|lagging| lagging.slot == number) {
            Some(lagging) => (lagging.base, lagging.previous),
            None => (base, slot.held_at(previous)),
        };
        let is_held_back = held_back.next_if(|held_back| **held_back == number).is_some();
        if is_held_back || !slot.is_used() || slot.since == tick {
            continue;
        }
        let body = changed.next_if(|changed| **changed == number).map(|_| &mut *bits);
        let known = held.known(tick, ticks.0, ticks.1);
        let usage = usage.as_deref_mut().map(|usage| &mut usage.kinds[held.kind]);
        read_changes(body, &layout.kinds[held.kind], known, row, usage)?;
        std::mem::swap(&mut held.previous, &mut held.columns);
        std::mem::swap(&mut held.columns, row);
    }
    Ok(())
}
