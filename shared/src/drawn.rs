//! Owns a row as it is drawn: columns that may lie between two steps, and the distance between two such rows.

use crate::layout::{Column, Expect, KindLayout};
use crate::limits::{COLUMNS_MAX, EXTRAPOLATION_MS_MAX};
use crate::{Layout, Replicate, Row};

/// A difference that is no faster than the greatest rate can be drawn as a way; one that is, is a jump. So long may it take.
const REACH_MS: u64 = EXTRAPOLATION_MS_MAX;
/// What has no rate may differ by this share of its range.
const REACH_OF_RANGE: f64 = 0.25;

/// A row of which ranges and angles may lie between two steps. All else is as in some row.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnRow {
    kind: usize,
    count: usize,
    columns: [f64; COLUMNS_MAX],
}

/// How far one drawn row is from another, in steps by column. Only ranges and angles are ever apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Offset {
    kind: usize,
    steps: Vec<f64>,
}

impl DrawnRow {
    /// A row as it is.
    #[must_use]
    pub fn of(row: Row<'_>) -> Self {
        let mut drawn = Self { kind: row.kind, count: row.columns.len(), columns: [0.0; COLUMNS_MAX] };
        drawn.columns.iter_mut().zip(row.columns).for_each(|(drawn, column)| *drawn = f64::from(*column));
        drawn
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [f64] {
        &mut self.columns[..self.count]
    }

    /// The entity that it stands for.
    #[must_use]
    pub fn entity<E: Replicate>(&self) -> E {
        E::from_drawn(self.kind, &self.columns[..self.count])
    }

    /// How far this row is from `other`, angles the short way round. `None` if there is no way from there to here that
    /// an eye would believe: another kind, or a column further than its greatest rate gets in a quarter of a
    /// second. A range without a rate that differs by more than a quarter of it counts as not apart: it alone jumps.
    #[must_use]
    pub fn away_from(&self, layout: &Layout, other: &Self) -> Option<Offset> {
        if self.kind != other.kind {
            return None;
        }
        let kind = &layout.kinds[self.kind];
        let reach_ticks = f64::from(layout.schema().tick_rate_hz) * REACH_MS as f64 / 1000.0;
        let mut steps = vec![0.0; self.count];
        for (place, column) in kind.columns.iter().enumerate() {
            if !column.moves || column.presence.is_some_and(|flag| self.columns[flag] != other.columns[flag])
            {
                continue;
            }
            let way = column.way(other.columns[place], self.columns[place]);
            let is_far = way.abs() > reach(kind, column, reach_ticks);
            if is_far && matches!(column.expect, Expect::Rate { .. }) {
                return None;
            }
            steps[place] = if is_far { 0.0 } else { way };
        }
        Some(Offset { kind: self.kind, steps })
    }

    /// Moves the row by a share of an offset, within its ranges. An offset of another kind moves nothing.
    pub fn shift(&mut self, layout: &Layout, offset: &Offset, share: f64) {
        if offset.kind != self.kind {
            return;
        }
        for (place, column) in layout.kinds[self.kind].columns.iter().enumerate() {
            if offset.steps[place] != 0.0 {
                self.columns[place] = column.bounded(self.columns[place] + offset.steps[place] * share);
            }
        }
    }
}

impl Layout {
    /// Where two rows of one kind are furthest apart, and by how many steps: among ranges and angles, as only
    /// these have a distance. `None` if they are not.
    ///
    /// # Panics
    /// If a row is not of this kind.
    #[must_use]
    pub fn furthest_apart(&self, kind: usize, one: &[u32], other: &[u32]) -> Option<(usize, u32)> {
        let columns = self.kinds[kind].columns.iter().enumerate();
        let is_in_both = |column: &Column| column.presence.is_none_or(|flag| one[flag] == other[flag]);
        columns
            .filter(|(_, column)| column.moves && is_in_both(column))
            .map(|(place, column)| (place, column.residual(one[place], other[place]).unsigned_abs() as u32))
            .filter(|(_, steps)| *steps > 0)
            .max_by_key(|(_, steps)| *steps)
    }
}

/// How many steps apart two values may lie for the way between them to be drawn.
fn reach(kind: &KindLayout, column: &Column, ticks: f64) -> f64 {
    match column.expect {
        Expect::Rate { column: rate, min, step, per_step } => {
            let greatest = min.abs().max((min + step * f64::from(kind.columns[rate].max)).abs());
            greatest / per_step * ticks
        }
        _ if column.wraps => f64::INFINITY,
        _ => f64::from(column.max) * REACH_OF_RANGE,
    }
}

impl Offset {
    /// Whether nothing is apart.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.steps.iter().all(|steps| *steps == 0.0)
    }
}
