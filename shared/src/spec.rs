//! Owns the field table's vocabulary: how one field of a game's entity becomes columns of integers and back.
//!
//! These are the right-hand sides in [`replicate!`](crate::replicate): `pos: Vec2 = range(0.0, 64.0, 0.01).rate("vel")`.

use crate::limits::{ANGLE_BITS_MAX, RANGE_STEPS_MAX};
use crate::{Columns, Field, FieldKind, Predict, ScratchRow, key_from_parts, key_parts};
use glam::{Vec2, Vec3};
use std::f64::consts::TAU;

/// How a value of type `T` becomes columns. Writer, reader and drawer take and leave the same number of columns.
pub trait Spec<T> {
    /// Appends the description of the columns.
    fn describe(&self, name: &str, fields: &mut Vec<Field>);
    /// How many columns there are.
    fn columns(&self) -> usize {
        1
    }
    /// Appends the columns of a value; whatever lies outside the range is clamped into it.
    fn write(&self, value: &T, row: &mut impl Columns);
    /// Whether two values are sure to become the same columns.
    fn is_same(&self, one: &T, other: &T) -> bool;
    /// Takes the columns off the front of `row`.
    fn read(&self, row: &mut &[u32]) -> T;
    /// Like `read`, for columns that may lie between two steps. Only ranges and angles ever do; of all others the
    /// whole steps count.
    fn draw(&self, drawn: &mut &[f64]) -> T {
        if self.columns() == 1 {
            return self.read(&mut &[take(drawn) as u32][..]);
        }
        let mut whole = ScratchRow::default();
        (0..self.columns()).for_each(|_| whole.put(take(drawn) as u32));
        self.read(&mut &whole[..])
    }
}

pub(crate) fn take<C: Copy>(row: &mut &[C]) -> C {
    let (first, rest) = row.split_first().expect("a row has all the columns of its kind");
    *row = rest;
    *first
}

pub(crate) fn field(name: &str, kind: FieldKind, predict: Predict) -> Field {
    Field { name: name.to_owned(), kind, predict, owner_only: false, code: Vec::new() }
}

#[derive(Copy, Clone, Debug)]
enum Expect {
    Hold,
    Linear,
    Rate(&'static str),
}

impl Expect {
    fn of(self, part: &str) -> Predict {
        match self {
            Self::Hold => Predict::Hold,
            Self::Linear => Predict::Linear,
            Self::Rate(name) => Predict::Rate(format!("{name}{part}")),
        }
    }
}

/// Numbers in a range, on a grid: see [`range`].
#[derive(Copy, Clone, Debug)]
pub struct Range {
    min: f64,
    max: f64,
    step: f64,
    expect: Expect,
}

/// `f32`, `Vec2` or `Vec3` with each part in `min..=max`, on a grid of `step`.
///
/// # Panics
/// At compile time (the macro evaluates it there) if the range is empty, or so fine that an `f32` cannot
/// tell two neighbours apart (more than 2^22 steps from zero).
#[must_use]
pub const fn range(min: f64, max: f64, step: f64) -> Range {
    assert!(min < max && step > 0.0, "a range needs min < max and step > 0");
    let far = if -min > max { -min } else { max };
    assert!(far / step <= RANGE_STEPS_MAX as f64, "the step is too fine for f32 at this range");
    assert!((max - min) / step <= RANGE_STEPS_MAX as f64, "the range has too many steps for f32");
    Range { min, max, step, expect: Expect::Hold }
}

impl Range {
    /// This value moves by `field` (its rate per second, of the same shape): costs nothing as long as it does.
    #[must_use]
    pub const fn rate(self, field: &'static str) -> Self {
        Self { expect: Expect::Rate(field), ..self }
    }

    /// This value tends to go on as it went.
    #[must_use]
    pub const fn linear(self) -> Self {
        Self { expect: Expect::Linear, ..self }
    }

    fn field(&self, name: &str, part: &str) -> Field {
        let Self { min, max, step, .. } = *self;
        field(&format!("{name}{part}"), FieldKind::Range { min, max, step }, self.expect.of(part))
    }

    fn column(&self, value: f32) -> u32 {
        // A float becomes an integer by saturation: NaN is 0, so nothing that is not finite passes.
        let last = ((self.max - self.min) / self.step).round() as u32;
        (((f64::from(value) - self.min) / self.step).round() as u32).min(last)
    }

    fn value(&self, column: f64) -> f32 {
        (self.min + column * self.step) as f32
    }
}

impl Spec<f32> for Range {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        fields.push(self.field(name, ""));
    }
    fn write(&self, value: &f32, row: &mut impl Columns) {
        row.put(self.column(*value));
    }
    fn is_same(&self, one: &f32, other: &f32) -> bool {
        one == other
    }
    fn read(&self, row: &mut &[u32]) -> f32 {
        self.value(f64::from(take(row)))
    }
    fn draw(&self, drawn: &mut &[f64]) -> f32 {
        self.value(take(drawn))
    }
}

macro_rules! vector_spec {
    ($vector:ty, $($part:ident),+) => {
        impl Spec<$vector> for Range {
            fn describe(&self, name: &str, fields: &mut Vec<Field>) {
                $(fields.push(self.field(name, concat!(".", stringify!($part))));)+
            }
            fn columns(&self) -> usize {
                [$(stringify!($part)),+].len()
            }
            fn write(&self, value: &$vector, row: &mut impl Columns) {
                $(row.put(self.column(value.$part));)+
            }
            fn is_same(&self, one: &$vector, other: &$vector) -> bool {
                one == other
            }
            fn read(&self, row: &mut &[u32]) -> $vector {
                $(let $part = self.value(f64::from(take(row)));)+
                <$vector>::new($($part),+)
            }
            fn draw(&self, drawn: &mut &[f64]) -> $vector {
                $(let $part = self.value(take(drawn));)+
                <$vector>::new($($part),+)
            }
        }
    };
}
vector_spec!(Vec2, x, y);
vector_spec!(Vec3, x, y, z);

/// Angles: see [`angle`].
#[derive(Copy, Clone, Debug)]
pub struct Angle {
    bits: u8,
    expect: Expect,
}

/// An `f32` angle in radians, kept in 0..2pi, one turn over 2^`bits` steps; drawn and sent the short way round.
///
/// # Panics
/// At compile time, unless `bits` is from 1 to 20.
#[must_use]
pub const fn angle(bits: u8) -> Angle {
    assert!(bits >= 1 && bits <= ANGLE_BITS_MAX, "an angle has from 1 to 20 bits");
    Angle { bits, expect: Expect::Hold }
}

impl Angle {
    /// This angle tends to keep turning as it turned.
    #[must_use]
    pub const fn linear(self) -> Self {
        Self { expect: Expect::Linear, ..self }
    }

    fn turn(&self) -> f64 {
        f64::from(1u32 << self.bits)
    }
}

impl Spec<f32> for Angle {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        fields.push(field(name, FieldKind::Angle { bits: self.bits }, self.expect.of("")));
    }
    fn write(&self, value: &f32, row: &mut impl Columns) {
        let steps = (f64::from(*value) / TAU * self.turn()).round().rem_euclid(self.turn());
        row.put(steps as u32 & FieldKind::Angle { bits: self.bits }.max());
    }
    fn is_same(&self, one: &f32, other: &f32) -> bool {
        one == other
    }
    fn read(&self, row: &mut &[u32]) -> f32 {
        self.draw(&mut &[f64::from(take(row))][..])
    }
    fn draw(&self, drawn: &mut &[f64]) -> f32 {
        (take(drawn) * TAU / self.turn()) as f32
    }
}

/// Whole numbers: see [`int`].
#[derive(Copy, Clone, Debug)]
pub struct Int {
    min: i64,
    max: i64,
}

/// Any integer type of at most 32 bits, in `min..=max`.
///
/// # Panics
/// At compile time, if the range is empty or wider than 32 bits.
#[must_use]
pub const fn int(min: i64, max: i64) -> Int {
    assert!(min < max && max - min <= u32::MAX as i64, "an integer range needs 1 to 32 bits");
    Int { min, max }
}

macro_rules! int_spec {
    ($($int:ty),+) => {$(
        impl Spec<$int> for Int {
            fn describe(&self, name: &str, fields: &mut Vec<Field>) {
                fields.push(field(name, FieldKind::Int { min: self.min, max: self.max }, Predict::Hold));
            }
            fn write(&self, value: &$int, row: &mut impl Columns) {
                row.put((i64::from(*value).clamp(self.min, self.max) - self.min) as u32);
            }
            fn is_same(&self, one: &$int, other: &$int) -> bool {
                one == other
            }
            fn read(&self, row: &mut &[u32]) -> $int {
                // Only a range wider than the type, which the game itself wrote, can saturate here.
                let value = self.min + i64::from(take(row));
                value.clamp(i64::from(<$int>::MIN), i64::from(<$int>::MAX)) as $int
            }
        }
    )+};
}
int_spec!(u8, i8, u16, i16, u32, i32);

/// True or false: see [`flag`].
#[derive(Copy, Clone, Debug)]
pub struct Flag;

/// A `bool`.
#[must_use]
pub const fn flag() -> Flag {
    Flag
}

impl Spec<bool> for Flag {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        fields.push(field(name, FieldKind::Flag, Predict::Hold));
    }
    fn write(&self, value: &bool, row: &mut impl Columns) {
        row.put(u32::from(*value));
    }
    fn is_same(&self, one: &bool, other: &bool) -> bool {
        one == other
    }
    fn read(&self, row: &mut &[u32]) -> bool {
        take(row) != 0
    }
}

/// One of a few names: see [`choice`].
#[derive(Copy, Clone, Debug)]
pub struct OneOf;

/// An enum without data, made by [`replicate!`](crate::replicate).
#[must_use]
pub const fn choice() -> OneOf {
    OneOf
}

impl<T: crate::Choice> Spec<T> for OneOf {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        let names = T::NAMES.iter().map(|&name| name.to_owned()).collect();
        fields.push(field(name, FieldKind::Choice { names }, Predict::Hold));
    }
    fn write(&self, value: &T, row: &mut impl Columns) {
        row.put(value.place());
    }
    fn is_same(&self, one: &T, other: &T) -> bool {
        one.place() == other.place()
    }
    fn read(&self, row: &mut &[u32]) -> T {
        T::at(take(row)).expect("a column is never above its greatest value")
    }
}

/// The id of a player or an entity: see [`key`].
#[derive(Copy, Clone, Debug)]
pub struct Key;

/// A `PlayerId` or an `EntityId` (which may be null).
#[must_use]
pub const fn key() -> Key {
    Key
}

impl<K: slotmap::Key> Spec<K> for Key {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        fields.push(field(&format!("{name}.index"), FieldKind::KeyIndex, Predict::Hold));
        fields.push(field(&format!("{name}.generation"), FieldKind::KeyGeneration, Predict::Hold));
    }
    fn columns(&self) -> usize {
        2
    }
    fn write(&self, value: &K, row: &mut impl Columns) {
        // Null is (0, 0) on the wire, which no slot map ever hands out: an index of 2^32-1 would be dear.
        let (index, generation) = if value.is_null() { (0, 0) } else { key_parts(*value) };
        row.put(index);
        row.put(generation);
    }
    fn is_same(&self, one: &K, other: &K) -> bool {
        one == other
    }
    fn read(&self, row: &mut &[u32]) -> K {
        let (index, generation) = (take(row), take(row));
        if generation == 0 { K::null() } else { key_from_parts(index, generation) }
    }
}
