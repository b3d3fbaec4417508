//! Owns the encoding of single rows, whole and as changes: writers and readers side by side.

use crate::layout::{Ages, Column, KindLayout};
use crate::limits::COLUMNS_MAX;
use crate::{BitReader, BitWriter, KindUsage, Layout, Malformed, Row, Usage};

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
    mut usage: Option<&mut Usage>,
) -> Result<usize, Malformed> {
    let kind = bits.read(layout.kind_bits)? as usize;
    let Some(KindLayout { columns, .. }) = layout.kinds.get(kind) else {
        return Err(Malformed("an entity has an unknown kind"));
    };
    row.clear();
    for (place, column) in columns.iter().enumerate() {
        let before = bits.left();
        let value = match column {
            Column { owner_only: true, .. } => 0,
            Column { is_key: true, .. } => bits.read_gamma()?,
            Column { bits: width, .. } => bits.read(*width)?,
        };
        if value > column.max {
            return Err(Malformed("a column leaves its range"));
        }
        row.push(value);
        if let Some(usage) = &mut usage {
            usage.kinds[kind].fields[place].entered_bits += before - bits.left();
        }
    }
    if let Some(usage) = usage {
        usage.kinds[kind].entered += 1;
        usage.kinds[kind].group_bits += u64::from(layout.kind_bits);
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

/// How far a row is from what is expected of it.
#[derive(Debug)]
pub(crate) struct Residuals {
    /// By column; columns that only the owner is told are 0.
    pub columns: [i64; COLUMNS_MAX],
    /// By group: lively, moved, quiet.
    changed: [bool; 3],
}

impl Residuals {
    pub fn of(kind: &KindLayout, known: Known<'_>, row: &[u32]) -> Self {
        let mut residuals = Self { columns: [0; COLUMNS_MAX], changed: [false; 3] };
        for (group, changed) in kind.groups().into_iter().zip(&mut residuals.changed) {
            for &place in group {
                let column = &kind.columns[place];
                let expected = column.expected(place, known.base, known.previous, row, known.ages);
                let residual = column.residual(row[place], expected);
                residuals.columns[place] = residual;
                *changed |= residual != 0;
            }
        }
        residuals
    }

    /// Whether anything is otherwise than expected.
    pub fn is_changed(&self) -> bool {
        self.changed != [false; 3]
    }

    /// The columns that are written, if anything is.
    pub fn written<'k>(&self, kind: &'k KindLayout) -> impl Iterator<Item = usize> + use<'k> {
        // The first group has no bit of its own: in a row that changed, it mostly did.
        let is_written = [true, self.changed[1], self.changed[2]];
        let groups = kind.groups().into_iter().zip(is_written);
        groups.filter(|(_, is_written)| *is_written).flat_map(|(group, _)| group.iter().copied())
    }

    /// Writes them; they differ somewhere.
    pub fn write(&self, out: &mut BitWriter, kind: &KindLayout) {
        for (number, (group, changed)) in kind.groups().into_iter().zip(self.changed).enumerate() {
            if number > 0 && !group.is_empty() {
                out.write_bit(changed);
            }
            if number == 0 || changed {
                group.iter().for_each(|&place| kind.columns[place].code.write(out, self.columns[place]));
            }
        }
    }
}

/// Makes the new row from what is held: as expected everywhere if `bits` is `None`, else corrected by what [`Residuals::write`] wrote.
/// Counts where the bits went, if there is somewhere to.
pub(crate) fn read_changes(
    mut bits: Option<&mut BitReader<'_>>,
    kind: &KindLayout,
    known: Known<'_>,
    row: &mut Vec<u32>,
    mut usage: Option<&mut KindUsage>,
) -> Result<(), Malformed> {
    row.clear();
    // Whatever holds stays; the rest is overwritten, group by group.
    row.extend_from_slice(known.base);
    for (number, group) in kind.groups().into_iter().enumerate() {
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
                Some(bits) if changed => {
                    let before = bits.left();
                    let value = column.resolved(expected, column.code.read(bits)?)?;
                    if let Some(usage) = &mut usage {
                        usage.fields[place].changed_bits += before - bits.left();
                    }
                    value
                }
                _ => expected,
            };
        }
    }
    if let (Some(usage), Some(_)) = (usage, bits) {
        usage.changed += 1;
        usage.group_bits += kind.groups()[1..].iter().filter(|group| !group.is_empty()).count() as u64;
    }
    Ok(())
}

/// The residuals that are written for the owner, by column, against what it holds (`None`: nothing, all columns 0). None if
/// nothing changed.
pub(crate) fn owner_residuals<'a>(
    kind: &'a KindLayout,
    base: Option<&'a [u32]>,
    row: &'a [u32],
) -> impl Iterator<Item = (usize, i64)> + Clone {
    let residual =
        move |place: usize| kind.columns[place].residual(row[place], base.map_or(0, |base| base[place]));
    let residuals = kind.owner.iter().map(move |&place| (place, residual(place)));
    let is_changed = residuals.clone().any(|(_, residual)| residual != 0);
    residuals.filter(move |_| is_changed)
}

/// Writes what only the owner is told, and tells what each column took. `base` as in [`owner_residuals`].
pub(crate) fn write_owner(
    out: &mut BitWriter,
    kind: &KindLayout,
    base: Option<&[u32]>,
    row: &[u32],
    mut cost: impl FnMut(usize, u32),
) {
    if kind.owner.is_empty() {
        return;
    }
    let residuals = owner_residuals(kind, base, row);
    out.write_bit(residuals.clone().next().is_some());
    for (place, residual) in residuals {
        let code = &kind.columns[place].code;
        code.write(out, residual);
        cost(place, code.bits(residual));
    }
}

/// Reads what [`write_owner`] wrote into a row that holds the base.
pub(crate) fn read_owner(
    bits: &mut BitReader<'_>,
    kind: &KindLayout,
    row: &mut [u32],
    mut usage: Option<&mut KindUsage>,
) -> Result<(), Malformed> {
    if kind.owner.is_empty() || !bits.read_bit()? {
        return Ok(());
    }
    for &place in &kind.owner {
        let column = &kind.columns[place];
        let before = bits.left();
        row[place] = column.resolved(row[place], column.code.read(bits)?)?;
        if let Some(usage) = &mut usage {
            usage.fields[place].changed_bits += before - bits.left();
        }
    }
    Ok(())
}
