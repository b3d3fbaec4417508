//! Owns the specs that wrap another: what may be absent, and what only its owner is told.

use crate::spec::{field, take};
use crate::{Columns, Field, FieldKind, Predict, Spec};

/// A value that may be absent: see [`optional`].
#[derive(Copy, Clone, Debug)]
pub struct Optional<S>(S);

/// An `Option` of what `spec` describes: one flag, and the columns of `spec` (all 0 while absent).
#[must_use]
pub const fn optional<S>(spec: S) -> Optional<S> {
    Optional(spec)
}

impl<T, S: Spec<T>> Spec<Option<T>> for Optional<S> {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        fields.push(field(&format!("{name}?"), FieldKind::Flag, Predict::Hold));
        self.0.describe(name, fields);
    }
    fn columns(&self) -> usize {
        1 + self.0.columns()
    }
    fn write(&self, value: &Option<T>, row: &mut impl Columns) {
        row.put(u32::from(value.is_some()));
        match value {
            Some(value) => self.0.write(value, row),
            None => (0..self.0.columns()).for_each(|_| row.put(0)),
        }
    }
    fn is_same(&self, one: &Option<T>, other: &Option<T>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => self.0.is_same(one, other),
            (None, None) => true,
            _ => false,
        }
    }
    fn read(&self, row: &mut &[u32]) -> Option<T> {
        let there = take(row) != 0;
        let value = self.0.read(row);
        there.then_some(value)
    }
    fn draw(&self, drawn: &mut &[f64]) -> Option<T> {
        let there = take(drawn) != 0.0;
        let value = self.0.draw(drawn);
        there.then_some(value)
    }
}

/// A value that only the entity's own player is told: see [`owner_only`].
#[derive(Copy, Clone, Debug)]
pub struct OwnerOnly<S>(S);

/// What `spec` describes, sent to the player whose own entity it is and to nobody else; others read column 0.
#[must_use]
pub const fn owner_only<S>(spec: S) -> OwnerOnly<S> {
    OwnerOnly(spec)
}

impl<T, S: Spec<T>> Spec<T> for OwnerOnly<S> {
    fn describe(&self, name: &str, fields: &mut Vec<Field>) {
        let first = fields.len();
        self.0.describe(name, fields);
        for field in &mut fields[first..] {
            field.owner_only = true;
            // What one player alone is told is never encoded for others, so there is nothing to share or expect.
            field.predict = Predict::Hold;
        }
    }
    fn columns(&self) -> usize {
        self.0.columns()
    }
    fn write(&self, value: &T, row: &mut impl Columns) {
        self.0.write(value, row);
    }
    fn is_same(&self, one: &T, other: &T) -> bool {
        self.0.is_same(one, other)
    }
    fn read(&self, row: &mut &[u32]) -> T {
        self.0.read(row)
    }
    fn draw(&self, drawn: &mut &[f64]) -> T {
        self.0.draw(drawn)
    }
}
