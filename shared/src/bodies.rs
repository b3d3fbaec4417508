//! Owns the encoding of single rows, and the cache that encodes each of them once per tick for all players.

use crate::layout::{Ages, Column, KindLayout};
use crate::limits::COLUMNS_MAX;
use crate::{BitReader, BitWriter, Layout, Malformed, Row, Snapshot, Tick};

/// Writes a whole row, as it enters a view: the kind, then the columns that all may see.
pub(crate) fn write_full(out: &mut BitWriter, layout: &Layout, row: Row<'_>) {
    out.write(row.kind as u32, layout.kind_bits);
    for (column, &value) in layout.kinds[row.kind].columns.iter().zip(row.columns) {
        match column {
            Column { owner_only: true, .. } => {}
            Column { is_key: true, .. } => out.write_gamma(value),
            Column { bits, .. } => out.write(value, *bits),
        }
    }
}

/// Reads what [`write_full`] wrote into `row`, with 0 for what is not told; returns the kind.
pub(crate) fn read_full(
    bits: &mut BitReader<'_>,
    layout: &Layout,
    row: &mut Vec<u32>,
) -> Result<usize, Malformed> {
    let kind = bits.read(layout.kind_bits)? as usize;
    let Some(KindLayout { columns, .. }) = layout.kinds.get(kind) else {
        return Err(Malformed("an entity has an unknown kind"));
    };
    row.clear();
    for column in columns {
        let value = match column {
            Column { owner_only: true, .. } => 0,
            Column { is_key: true, .. } => bits.read_gamma()?,
            Column { bits: width, .. } => bits.read(*width)?,
        };
        if value > column.max {
            return Err(Malformed("a column leaves its range"));
        }
        row.push(value);
    }
    Ok(kind)
}

/// What the receiver holds of one entity, and how old that is.
#[derive(Copy, Clone)]
pub(crate) struct Known<'a> {
    pub base: &'a [u32],
    pub previous: Option<&'a [u32]>,
    pub ages: Ages,
}

/// Writes how a row differs from what is expected of it: nothing at all (and false) if it does not.
pub(crate) fn write_changes(out: &mut BitWriter, kind: &KindLayout, known: Known<'_>, row: &[u32]) -> bool {
    let mut residuals = [0i64; COLUMNS_MAX];
    let mut changed = [false; 3];
    let groups = [&kind.lively, &kind.moved, &kind.quiet];
    for (group, changed) in groups.iter().zip(&mut changed) {
        for &place in *group {
            let column = &kind.columns[place];
            let expected = column.expected(place, known.base, known.previous, row, known.ages);
            residuals[place] = column.residual(row[place], expected);
            *changed |= residuals[place] != 0;
        }
    }
    if changed == [false; 3] {
        return false;
    }
    for (number, (group, changed)) in groups.iter().zip(changed).enumerate() {
        // The first group has no bit of its own: in a row that changed, it mostly did.
        if number > 0 && !group.is_empty() {
            out.write_bit(changed);
        }
        if number == 0 || changed {
            group.iter().for_each(|&place| kind.columns[place].code.write(out, residuals[place]));
        }
    }
    true
}

/// Makes the new row from what is held: as expected everywhere if `bits` is `None`, else corrected by what [`write_changes`] wrote.
pub(crate) fn read_changes(
    mut bits: Option<&mut BitReader<'_>>,
    kind: &KindLayout,
    known: Known<'_>,
    row: &mut Vec<u32>,
) -> Result<(), Malformed> {
    row.clear();
    // Whatever holds stays; the rest is overwritten, group by group.
    row.extend_from_slice(known.base);
    for (number, group) in [&kind.lively, &kind.moved, &kind.quiet].into_iter().enumerate() {
        let changed = match &mut bits {
            None => false,
            Some(_) if group.is_empty() => false,
            Some(bits) => number == 0 || bits.read_bit()?,
        };
        for &place in group {
            let column = &kind.columns[place];
            if !changed && column.holds() {
                continue;
            }
            let expected = column.expected(place, known.base, known.previous, row, known.ages);
            row[place] = match &mut bits {
                Some(bits) if changed => column.resolved(expected, column.code.read(bits)?)?,
                _ => expected,
            };
        }
    }
    Ok(())
}

/// Writes what only the owner is told, against what it holds (`None`: nothing, all columns 0).
pub(crate) fn write_owner(out: &mut BitWriter, kind: &KindLayout, base: Option<&[u32]>, row: &[u32]) {
    if kind.owner.is_empty() {
        return;
    }
    let residual =
        |place: usize| kind.columns[place].residual(row[place], base.map_or(0, |base| base[place]));
    let changed = kind.owner.iter().any(|&place| residual(place) != 0);
    out.write_bit(changed);
    if changed {
        kind.owner.iter().for_each(|&place| kind.columns[place].code.write(out, residual(place)));
    }
}

/// Reads what [`write_owner`] wrote into a row that holds the base.
pub(crate) fn read_owner(
    bits: &mut BitReader<'_>,
    kind: &KindLayout,
    row: &mut [u32],
) -> Result<(), Malformed> {
    if kind.owner.is_empty() || !bits.read_bit()? {
        return Ok(());
    }
    for &place in &kind.owner {
        let column = &kind.columns[place];
        row[place] = column.resolved(row[place], column.code.read(bits)?)?;
    }
    Ok(())
}

/// Encoded rows of one tick. The bytes depend on (entity, baseline, row before it) only, and nearly all players
/// hold the same two: so each is encoded once and its bits are copied into every frame.
#[derive(Debug, Default)]
pub struct Bodies {
    bits: BitWriter,
    full: Vec<Option<Body>>,
    /// One per pair of ticks that some player holds, in the order of first use.
    groups: Vec<Group>,
    groups_used: usize,
}

#[derive(Debug, Default)]
struct Group {
    baseline: Tick,
    previous: Option<Tick>,
    /// By place in the new snapshot.
    bodies: Vec<Option<Body>>,
}

#[derive(Copy, Clone, Debug)]
pub(crate) struct Body {
    start: u32,
    pub bits: u32,
}

impl Bodies {
    /// Forgets everything, for a new tick with this many entities; keeps the memory.
    pub fn begin(&mut self, entities: usize) {
        self.bits.clear();
        self.full.clear();
        self.full.resize(entities, None);
        self.groups_used = 0;
    }

    /// Copies a body's bits into a frame.
    pub(crate) fn copy(&self, body: Body, out: &mut BitWriter) {
        out.write_bits(&self.bits.bytes()[body.start as usize..], body.bits);
    }

    /// The whole row at a place.
    pub(crate) fn full(&mut self, layout: &Layout, now: &Snapshot, place: usize) -> Body {
        *self.full[place].get_or_insert_with(|| {
            let start = self.bits.bytes().len() as u32;
            write_full(&mut self.bits, layout, now.row(place));
            let bits = self.bits.bit_len() - start * 8;
            self.bits.align();
            Body { start, bits }
        })
    }

    /// The group for players that hold these two ticks.
    pub(crate) fn group(&mut self, baseline: Tick, previous: Option<Tick>, entities: usize) -> usize {
        let same = |group: &Group| group.baseline == baseline && group.previous == previous;
        if let Some(found) = self.groups[..self.groups_used].iter().position(same) {
            return found;
        }
        if self.groups_used == self.groups.len() {
            self.groups.push(Group::default());
        }
        let group = &mut self.groups[self.groups_used];
        (group.baseline, group.previous) = (baseline, previous);
        group.bodies.clear();
        group.bodies.resize(entities, None);
        self.groups_used += 1;
        self.groups_used - 1
    }

    /// The changes of the row at a place, for a group: a body of 0 bits if it is as expected.
    ///
    /// `known`, what the group holds of it, is only looked up by the first who asks.
    pub(crate) fn changes<'k>(
        &mut self,
        layout: &Layout,
        group: usize,
        now: &Snapshot,
        place: usize,
        known: impl FnOnce() -> Known<'k>,
    ) -> Body {
        let bits = &mut self.bits;
        *self.groups[group].bodies[place].get_or_insert_with(|| {
            let row = now.row(place);
            let start = bits.bytes().len() as u32;
            write_changes(bits, &layout.kinds[row.kind], known(), row.columns);
            let written = bits.bit_len() - start * 8;
            bits.align();
            Body { start, bits: written }
        })
    }
}
