//! Owns where columns go while an entity becomes a row.

use crate::limits::COLUMNS_MAX;

/// Where columns go: a row of a snapshot, or a scratch row.
pub trait Columns {
    /// Appends a column.
    fn put(&mut self, column: u32);
}

impl Columns for Vec<u32> {
    fn put(&mut self, column: u32) {
        self.push(column);
    }
}

/// One row without memory of its own on the heap.
#[derive(Clone, Debug)]
pub struct ScratchRow {
    columns: [u32; COLUMNS_MAX],
    count: usize,
}

impl Default for ScratchRow {
    fn default() -> Self {
        Self { columns: [0; COLUMNS_MAX], count: 0 }
    }
}

impl Columns for ScratchRow {
    fn put(&mut self, column: u32) {
        self.columns[self.count] = column;
        self.count += 1;
    }
}

impl std::ops::Deref for ScratchRow {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.columns[..self.count]
    }
}
