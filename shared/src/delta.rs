//! Owns the body of a snapshot: writer and reader side by side, one walk over the slots of one client.
//!
//! A body is a bit string (see [`BitWriter`] for the order of bits and the gamma code):
//!
//! 1. entities that left: their number (gamma), then for each, by slot, the slots skipped since the last (gamma);
//! 2. entities that entered: their number (gamma), then for each, by index, the indexes skipped since the last
//!    (gamma), the generation halved (gamma), kind and whole row; each takes the lowest free slot;
//! 3. own entity: one bit, 1 if it is another one than before; then its slot + 1, or 0 for none (gamma);
//! 4. one bit for each slot that was active (entered or changed in the snapshot before) and is still used, by slot: changed or not;
//! 5. the number (gamma) of changed slots among the other ones, then for each, by slot, how many of those others were skipped (gamma);
//! 6. the changes of each changed slot, by slot;
//! 7. what only the owner is told, if there is an own entity.
//!
//! A slot that is not marked as changed moves on as expected. An entity in a frame costs one bit or less when
//! it does what both ends expect.

use crate::bodies::{Body, Known, read_changes, read_full, read_owner, write_owner};
use crate::held::HeldRow;
use crate::layout::Ages;
use crate::limits::{BASELINE_AGE_TICKS_MAX, ENTITIES_MAX, PREVIOUS_AGE_TICKS_MAX};
use crate::slots::{NOWHERE, SlotTable};
use crate::{
    BitReader, BitWriter, Bodies, EntityId, Held, Layout, Malformed, Snapshot, Tick, key_from_parts,
    key_parts,
};

/// What a client holds: the snapshot that was last written to it, and the one before.
#[derive(Copy, Clone, Debug)]
pub struct Baseline<'a> {
    /// The rows that it holds.
    pub rows: &'a Snapshot,
    /// The rows that it held before, unless the baseline was a full snapshot.
    pub previous: Option<&'a Snapshot>,
}

/// The two ages of a snapshot at `tick`, if the row before the baseline is young enough to count.
fn ages(tick: Tick, baseline: Tick, previous: Option<Tick>) -> (Ages, Option<Tick>) {
    let previous = previous.filter(|previous| tick.since(*previous) <= PREVIOUS_AGE_TICKS_MAX as i64);
    let span = previous.map_or(1, |previous| baseline.since(previous));
    (Ages { age: tick.since(baseline), span }, previous)
}

/// Whom a snapshot is for.
#[derive(Debug)]
pub struct Receiver<'a> {
    /// The slots of what it sees; moved on by [`write_delta`].
    pub table: &'a mut SlotTable,
    /// What it holds; `None` for a full snapshot.
    pub baseline: Option<Baseline<'a>>,
    /// Its own entity, if there is one: then it is among what it sees.
    pub own: Option<EntityId>,
    /// The places in the new snapshot of all that it sees, ascending.
    pub visible: &'a [u32],
}

/// Appends the way from what a client holds to `now`, and moves its slot table on.
///
/// `bodies` has been begun for `now`.
pub fn write_delta(
    out: &mut BitWriter,
    layout: &Layout,
    now: &Snapshot,
    bodies: &mut Bodies,
    receiver: Receiver<'_>,
) {
    let Receiver { table, baseline, own, visible } = receiver;
    if baseline.is_none() {
        table.clear();
    }
    let entered = place_slots(table, now, baseline.map(|baseline| baseline.rows), visible);
    write_left(out, table);
    write_entered(out, layout, table, now, &entered, bodies);
    let before = table.own;
    write_own(out, table, own);
    if let Some(baseline) = baseline {
        write_changed(out, layout, table, now, baseline, bodies);
    }
    if let Some(own) = own {
        let row = now.get(own).expect("it is among what is seen");
        // Another own entity starts from nothing: whatever this client held of it did not have these columns.
        let held =
            if before == table.own { baseline.and_then(|baseline| baseline.rows.get(own)) } else { None };
        let held = held.map(|row| row.columns);
        write_owner(out, &layout.kinds[row.kind], held, row.columns);
    }
}

/// Notes for every used slot where its row is now (or nowhere), and returns the places that enter.
fn place_slots(
    table: &mut SlotTable,
    now: &Snapshot,
    held: Option<&Snapshot>,
    visible: &[u32],
) -> Vec<usize> {
    table.slots.iter_mut().for_each(|slot| slot.place = NOWHERE);
    let mut entered = Vec::new();
    for place in visible.iter().map(|place| *place as usize) {
        let id = now.id(place);
        let held = held.and_then(|held| held.get(id));
        match (table.find(id), held) {
            // An entity that became another kind leaves and enters.
            (Some(slot), Some(held)) if held.kind == now.row(place).kind => {
                table.slots[slot as usize].place = place as u32;
            }
            _ => entered.push(place),
        }
    }
    entered
}

fn write_left(out: &mut BitWriter, table: &mut SlotTable) {
    let left: Vec<u32> = (0..table.slots.len() as u32)
        .filter(|slot| {
            let slot = &table.slots[*slot as usize];
            slot.is_used() && slot.place == NOWHERE
        })
        .collect();
    write_ascending(out, &left);
    left.iter().for_each(|slot| table.leave(*slot));
}

/// Appends how many numbers there are, and each by its distance from the one before.
fn write_ascending(out: &mut BitWriter, numbers: &[u32]) {
    out.write_gamma(numbers.len() as u32);
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

fn write_entered(
    out: &mut BitWriter,
    layout: &Layout,
    table: &mut SlotTable,
    now: &Snapshot,
    entered: &[usize],
    bodies: &mut Bodies,
) {
    out.write_gamma(entered.len() as u32);
    let mut next = 0;
    for &place in entered {
        let id = now.id(place);
        let (index, generation) = key_parts(id);
        out.write_gamma(index - next);
        out.write_gamma(generation >> 1);
        let body = bodies.full(layout, now, place);
        bodies.copy(body, out);
        next = index + 1;
        table.enter(id, now.tick());
    }
}

fn write_own(out: &mut BitWriter, table: &mut SlotTable, own: Option<EntityId>) {
    let slot = own.map(|own| table.find(own).expect("it is among what is seen"));
    out.write_bit(slot != table.own);
    if slot != table.own {
        out.write_gamma(slot.map_or(0, |slot| slot + 1));
        table.own = slot;
    }
}

fn write_changed<'a>(
    out: &mut BitWriter,
    layout: &Layout,
    table: &mut SlotTable,
    now: &Snapshot,
    baseline: Baseline<'a>,
    bodies: &mut Bodies,
) {
    let held = baseline.rows.tick();
    let (ages, previous) = ages(now.tick(), held, baseline.previous.map(Snapshot::tick));
    let groups = [
        bodies.group(held, None, now.len()),
        previous.map_or(0, |previous| bodies.group(held, Some(previous), now.len())),
    ];
    let mut changed: Vec<Body> = Vec::new();
    let mut woken = Vec::new();
    let mut idle = 0;
    for slot in table.slots.iter_mut().filter(|slot| slot.is_used() && slot.place != NOWHERE) {
        let place = slot.place as usize;
        let before = previous.filter(|previous| slot.since <= *previous).and(baseline.previous);
        let held = |rows: &'a Snapshot| rows.get(slot.id).expect("it was in view then").columns;
        let known = || Known { base: held(baseline.rows), previous: before.map(held), ages };
        let body = bodies.changes(layout, groups[usize::from(before.is_some())], now, place, known);
        let is_changed = body.bits > 0;
        if slot.active {
            out.write_bit(is_changed);
        } else {
            if is_changed {
                woken.push(idle);
            }
            idle += 1;
        }
        slot.active = is_changed;
        changed.extend(is_changed.then_some(body));
    }
    write_ascending(out, &woken);
    changed.iter().for_each(|body| bodies.copy(*body, out));
}

/// Takes a body that [`write_delta`] appended, and moves `held` on to `tick`.
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
    let bits = &mut BitReader::new(body);
    read_left(bits, held)?;
    read_entered(bits, layout, held, tick)?;
    read_own(bits, layout, held)?;
    if let Some((base, previous)) = baseline {
        read_changed(bits, layout, held, tick, base, previous)?;
    }
    if let Some(slot) = held.table.own {
        let HeldRow { kind, columns, .. } = &mut held.rows[slot as usize];
        read_owner(bits, &layout.kinds[*kind], columns)?;
    }
    bits.clone().finish()?;
    held.ticks = Some((tick, baseline.map(|(base, _)| base)));
    Ok(())
}

fn read_left(bits: &mut BitReader<'_>, held: &mut Held) -> Result<(), Malformed> {
    read_ascending(bits, |_, slot| {
        if !held.table.slots.get(slot as usize).is_some_and(|slot| slot.is_used()) {
            return Err(Malformed("an entity leaves that was not there"));
        }
        held.table.leave(slot);
        Ok(())
    })
}

fn read_entered(
    bits: &mut BitReader<'_>,
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
) -> Result<(), Malformed> {
    read_ascending(bits, |bits, index| {
        let generation = bits.read_gamma()?;
        if held.table.holds_index(index) || generation > u32::MAX >> 1 {
            return Err(Malformed("an entity enters that is there already"));
        }
        let id: EntityId = key_from_parts(index, generation << 1 | 1);
        let slot = held.table.enter(id, tick) as usize;
        if held.rows.len() <= slot {
            held.rows.resize_with(slot + 1, HeldRow::default);
        }
        let row = &mut held.rows[slot];
        row.kind = read_full(bits, layout, &mut row.columns)?;
        Ok(())
    })
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

fn read_changed(
    bits: &mut BitReader<'_>,
    layout: &Layout,
    held: &mut Held,
    tick: Tick,
    base: Tick,
    previous: Option<Tick>,
) -> Result<(), Malformed> {
    let (ages, previous) = ages(tick, base, previous);
    let Held { table, rows, .. } = held;
    let mut idle = Vec::new();
    for (number, slot) in table.slots.iter_mut().enumerate() {
        if !slot.is_used() || slot.since == tick {
            continue;
        }
        if slot.active {
            slot.active = bits.read_bit()?;
        } else {
            idle.push(number);
        }
    }
    read_ascending(bits, |_, place| {
        let slot = idle.get(place as usize).ok_or(Malformed("a slot changes that is not there"))?;
        table.slots[*slot].active = true;
        Ok(())
    })?;
    let mut row = Vec::new();
    for (slot, held) in table.slots.iter().zip(rows) {
        if !slot.is_used() || slot.since == tick {
            continue;
        }
        let is_there = previous.is_some_and(|previous| slot.since <= previous);
        let known = Known { base: &held.columns, previous: is_there.then_some(&held.previous[..]), ages };
        let body = slot.active.then_some(&mut *bits);
        read_changes(body, &layout.kinds[held.kind], known, &mut row)?;
        std::mem::swap(&mut held.previous, &mut held.columns);
        std::mem::swap(&mut held.columns, &mut row);
    }
    Ok(())
}
