//! Owns what codec and hash need to know of a schema: columns in coding order, widths, expectations, and prefix codes.

use crate::bits::gamma_bits;
use crate::limits::{
    ANGLE_BITS_MAX, COLUMNS_MAX, HISTORY_TICKS, KINDS_MAX, RANGE_STEPS_MAX, TICK_RATE_HZ_MAX,
};
use crate::{ClassCode, Field, FieldKind, Game, Kind, Malformed, Predict, Row, Schema, Tick};
use std::sync::Arc;

/// A schema, prepared for coding.
#[derive(Clone, Debug)]
pub struct Layout {
    schema: Schema,
    hash: u64,
    pub(crate) kinds: Vec<KindLayout>,
    pub(crate) kind_bits: u32,
}

/// One kind's columns, by the groups in which a changed row is written.
#[derive(Clone, Debug)]
pub(crate) struct KindLayout {
    pub columns: Vec<Column>,
    /// Numbers and angles that change on their own: usually at least one of them does.
    pub lively: Vec<usize>,
    /// Columns that another one moves: right as long as nothing is bumped into.
    pub moved: Vec<usize>,
    /// Everything else that all may see: rarely changes.
    pub quiet: Vec<usize>,
    /// What only the owner is told.
    pub owner: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub bits: u32,
    pub max: u32,
    pub wraps: bool,
    pub is_key: bool,
    pub owner_only: bool,
    /// Whether there is something between two of its values: ranges and angles.
    pub moves: bool,
    /// The flag that says whether the value is there at all.
    pub presence: Option<usize>,
    pub expect: Expect,
    /// How residuals are written. The built-in code is one for all.
    pub code: Arc<ClassCode>,
}

#[derive(Copy, Clone, Debug)]
pub(crate) enum Expect {
    Hold,
    Linear,
    Rate { column: usize, min: f64, step: f64, per_step: f64 },
}

/// How many ticks lie between the rows that an expectation is made from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ages {
    /// From the baseline to the row that is expected.
    pub age: i64,
    /// From the row before the baseline to the baseline.
    pub span: i64,
}

impl Ages {
    pub fn new(tick: Tick, base: Tick, previous: Option<Tick>) -> Self {
        Self { age: tick.since(base), span: previous.map_or(1, |previous| base.since(previous)) }
    }
}

impl Layout {
    /// The layout of a game's entities.
    ///
    /// # Panics
    /// If the game's field tables are contradictory or above a limit: see [`Layout::new`].
    #[must_use]
    pub fn of<G: Game>() -> Self {
        Self::new(Schema::of::<G>()).unwrap_or_else(|fault| panic!("{}: {fault}", G::NAME))
    }

    /// Prepares a schema, our own or one that a server sent.
    ///
    /// # Errors
    /// In words, if there are too many kinds or columns, a rate names no field of the same row, a tick
    /// rate is 0, a range is empty or a prefix code is not whole.
    pub fn new(schema: Schema) -> Result<Self, String> {
        if schema.kinds.is_empty() || schema.kinds.len() > KINDS_MAX {
            return Err(format!("a schema has from 1 to {KINDS_MAX} kinds"));
        }
        if !(1..=TICK_RATE_HZ_MAX).contains(&schema.tick_rate_hz) {
            return Err(format!("the tick rate is from 1 to {TICK_RATE_HZ_MAX} per second"));
        }
        let built_in = Arc::new(ClassCode::built_in());
        let kinds = schema
            .kinds
            .iter()
            .map(|kind| KindLayout::new(kind, schema.tick_rate_hz, &built_in))
            .collect::<Result<Vec<_>, _>>()?;
        let kind_bits = usize::BITS - (kinds.len() - 1).leading_zeros();
        Ok(Self { hash: schema.hash(), schema, kinds, kind_bits })
    }

    /// The schema that this was made from.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// [`Schema::hash`] of it.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// A row as everybody but its owner is told it: what is for the owner only is 0. If there is anything of the kind, the row is copied
    /// to `memory` for this.
    #[must_use]
    pub fn public<'r>(&self, row: Row<'r>, memory: &'r mut Vec<u32>) -> Row<'r> {
        let owner = &self.kinds[row.kind].owner;
        if owner.is_empty() {
            return row;
        }
        memory.clear();
        memory.extend_from_slice(row.columns);
        owner.iter().for_each(|&column| memory[column] = 0);
        Row { kind: row.kind, columns: memory }
    }
}

impl KindLayout {
    fn new(kind: &Kind, tick_rate_hz: u32, built_in: &Arc<ClassCode>) -> Result<Self, String> {
        let fault = |field: &Field, what: &str| format!("{}.{}: {what}", kind.name, field.name);
        if kind.fields.len() > COLUMNS_MAX {
            return Err(format!("{}: more than {COLUMNS_MAX} columns", kind.name));
        }
        let mut columns = Vec::new();
        for field in &kind.fields {
            if !is_sound(&field.kind) {
                return Err(fault(field, "an empty or too wide range"));
            }
            let expect = match &field.predict {
                Predict::Hold => Expect::Hold,
                Predict::Linear if !is_lively(&field.kind) => {
                    return Err(fault(field, "only ranges and angles go on as they went"));
                }
                Predict::Linear => Expect::Linear,
                Predict::Rate(name) => rate(kind, field, name, tick_rate_hz)
                    .ok_or_else(|| fault(field, "its rate is not a hold or linear range that all may see"))?,
            };
            let code = match &field.code[..] {
                [] => Arc::clone(built_in),
                lengths if lengths.len() != field.kind.bits() as usize + 1 => {
                    return Err(fault(field, "its code has another number of words than it has classes"));
                }
                lengths => Arc::new(ClassCode::new(lengths).map_err(|what| fault(field, &what))?),
            };
            columns.push(Column {
                bits: field.kind.bits(),
                max: field.kind.max(),
                wraps: matches!(field.kind, FieldKind::Angle { .. }),
                is_key: matches!(field.kind, FieldKind::KeyIndex | FieldKind::KeyGeneration),
                owner_only: field.owner_only,
                moves: is_lively(&field.kind),
                presence: presence(&kind.fields, columns.len()),
                expect,
                code,
            });
        }
        Ok(Self::grouped(columns, &kind.fields))
    }

    /// Lively, moved and quiet columns.
    pub fn groups(&self) -> [&[usize]; 3] {
        [&self.lively, &self.moved, &self.quiet]
    }

    /// Whether a row that stays as it is also does as expected, whatever its age: nothing moves it.
    pub fn is_at_rest(&self, row: &[u32]) -> bool {
        self.moved.iter().all(|&place| match self.columns[place].expect {
            // Less than half a step, in all the time that a baseline may take.
            Expect::Rate { column, min, step, per_step } => {
                let per_second = min + step * f64::from(row[column]);
                (per_second * HISTORY_TICKS as f64 / per_step).abs() < 0.25
            }
            _ => true,
        })
    }

    fn grouped(columns: Vec<Column>, fields: &[Field]) -> Self {
        let mut layout = Self { columns, lively: vec![], moved: vec![], quiet: vec![], owner: vec![] };
        for (place, field) in fields.iter().enumerate() {
            let group = match (&field.kind, &field.predict) {
                _ if field.owner_only => &mut layout.owner,
                (_, Predict::Rate(_)) => &mut layout.moved,
                (kind, _) if is_lively(kind) => &mut layout.lively,
                _ => &mut layout.quiet,
            };
            group.push(place);
        }
        layout
    }
}

fn is_lively(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Range { .. } | FieldKind::Angle { .. })
}

/// The column of the flag `name?`, if this one belongs to the value `name` that may be absent.
fn presence(fields: &[Field], place: usize) -> Option<usize> {
    let name = &fields[place].name;
    (0..place).rev().find(|&flag| {
        let optional = fields[flag].name.strip_suffix('?');
        let part = optional.and_then(|optional| name.strip_prefix(optional));
        part.is_some_and(|part| part.is_empty() || part.starts_with('.'))
    })
}

fn is_sound(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Range { min, max, step } => {
            min.is_finite()
                && max.is_finite()
                && min < max
                && *step > 0.0
                && (max - min) / step <= RANGE_STEPS_MAX.into()
        }
        FieldKind::Angle { bits } => (1..=ANGLE_BITS_MAX).contains(bits),
        FieldKind::Int { min, max } => {
            min < max && max.checked_sub(*min).is_some_and(|width| width <= u32::MAX.into())
        }
        FieldKind::Choice { names } => !names.is_empty(),
        FieldKind::Flag | FieldKind::KeyIndex | FieldKind::KeyGeneration => true,
    }
}

fn rate(kind: &Kind, field: &Field, rate: &str, tick_rate_hz: u32) -> Option<Expect> {
    let column = kind.fields.iter().position(|other| other.name == rate)?;
    let other = &kind.fields[column];
    let FieldKind::Range { min, step, .. } = other.kind else { return None };
    let FieldKind::Range { step: own_step, .. } = field.kind else { return None };
    let moved = matches!(other.predict, Predict::Rate(_));
    let shared = !other.owner_only && !field.owner_only;
    (shared && !moved).then(|| Expect::Rate {
        column,
        min,
        step,
        per_step: f64::from(tick_rate_hz) * own_step,
    })
}

impl Column {
    /// What both ends expect here, from what the receiver holds and from the columns of the new row that stand before this one in coding order.
    pub fn expected(
        &self,
        place: usize,
        base: &[u32],
        previous: Option<&[u32]>,
        row: &[u32],
        ages: Ages,
    ) -> u32 {
        let held = base[place];
        match (self.expect, previous) {
            (Expect::Hold, _) | (Expect::Linear, None) => held,
            (Expect::Linear, Some(previous)) => {
                let way = self.residual(held, previous[place]);
                let step = (2 * way * ages.age + ages.span).div_euclid(2 * ages.span);
                self.moved(held, step)
            }
            (Expect::Rate { column, min, step, per_step }, _) => {
                let per_second = min + step * f64::from(row[column]);
                let way = (per_second * ages.age as f64 / per_step + 0.5).floor();
                self.moved(held, way as i64)
            }
        }
    }

    /// How many bits the value takes in a whole row.
    pub fn full_bits(&self, value: u32) -> u32 {
        match self {
            Self { owner_only: true, .. } => 0,
            Self { is_key: true, .. } => gamma_bits(value),
            Self { bits, .. } => *bits,
        }
    }

    /// Whether it is expected to stay as it is.
    pub fn holds(&self) -> bool {
        matches!(self.expect, Expect::Hold)
    }

    /// `value - expected`, the short way round for an angle.
    pub fn residual(&self, value: u32, expected: u32) -> i64 {
        let way = i64::from(value) - i64::from(expected);
        if !self.wraps {
            return way;
        }
        let turn = i64::from(self.max) + 1;
        (way + turn / 2).rem_euclid(turn) - turn / 2
    }

    /// `to - from`, the short way round for an angle; both may lie between two steps.
    pub fn way(&self, from: f64, to: f64) -> f64 {
        if !self.wraps {
            return to - from;
        }
        let turn = f64::from(self.max) + 1.0;
        (to - from + turn / 2.0).rem_euclid(turn) - turn / 2.0
    }

    /// What is out of range, brought back into it: around for an angle.
    pub fn bounded(&self, value: f64) -> f64 {
        let max = f64::from(self.max);
        if self.wraps {
            value.rem_euclid(max + 1.0)
        } else if value < 0.0 {
            // Not by `clamp`: its panic can print floats, and with it so can every page's WebAssembly.
            0.0
        } else if value > max {
            max
        } else {
            value
        }
    }

    fn moved(&self, held: u32, way: i64) -> u32 {
        let value = i64::from(held).saturating_add(way);
        let turn = i64::from(self.max) + 1;
        (if self.wraps { value.rem_euclid(turn) } else { value.clamp(0, turn - 1) }) as u32
    }

    /// The value that lies `residual` from what was expected.
    pub fn resolved(&self, expected: u32, residual: i64) -> Result<u32, Malformed> {
        let value = i64::from(expected) + residual;
        if self.wraps {
            return Ok(value.rem_euclid(i64::from(self.max) + 1) as u32);
        }
        match u32::try_from(value) {
            Ok(value) if value <= self.max => Ok(value),
            _ => Err(Malformed("a column leaves its range")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_goes_the_short_way() {
        let column = Column {
            bits: 8,
            max: 255,
            wraps: true,
            is_key: false,
            owner_only: false,
            moves: true,
            presence: None,
            expect: Expect::Linear,
            code: Arc::new(ClassCode::built_in()),
        };
        assert_eq!(column.residual(2, 250), 8);
        assert_eq!(column.residual(250, 2), -8);
        assert_eq!(column.expected(0, &[250], Some(&[240]), &[], Ages { age: 1, span: 1 }), 4);
        assert_eq!(column.expected(0, &[250], Some(&[240]), &[], Ages { age: 1, span: 3 }), 253);
        assert_eq!(column.resolved(4, -6), Ok(254));
    }
}
