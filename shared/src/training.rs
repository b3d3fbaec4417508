//! Owns the training of prefix codes: it counts the residuals that the writer makes, and finds the codes that would have been best.
//!
//! Knows no files, and no game: rows and a layout are all that it needs.

use crate::code::class;
use crate::layout::{Column, KindLayout};
use crate::limits::CODE_WORD_BITS_MAX;
use crate::rows::{Known, Residuals, owner_residuals};
use crate::word_lengths::word_lengths;
use crate::{ClassCode, Held, Layout, Schema};

/// Weights are counted in these parts of a residual, so that what never came still weighs something.
const WEIGHT_PER_RESIDUAL: u64 = 1 << 20;
/// Every field counts as if this share of its residuals, and [`PRIOR_RESIDUALS`] more, had come as the code that
/// would otherwise be used expects them. So what never came in a recording has a word that is at most a few bits longer,
/// and what did come pays about a fortieth of a bit for that.
const PRIOR_SHARE: u64 = 64;
const PRIOR_RESIDUALS: u64 = 16;

/// Counts the residuals of recorded play, as the writer makes them.
#[derive(Clone, Debug)]
pub struct Trainer {
    layout: Layout,
    /// By kind and column.
    tallies: Vec<Vec<Tally>>,
}

/// How often which residuals of a column came.
#[derive(Clone, Debug)]
struct Tally {
    /// By the class of the column's last way ([`Known::last_way`]), then by class.
    after: Vec<Vec<u64>>,
    /// What they took, with the code of the layout that they were counted with.
    recorded_bits: u64,
}

/// The codes of all columns, trained.
#[derive(Clone, Debug)]
pub struct Codes {
    /// By kind and column.
    columns: Vec<Vec<ColumnCodes>>,
}

#[derive(Clone, Debug)]
struct ColumnCodes {
    /// The lengths of the trained words; `None` if the built-in code does as well.
    trained: Option<Vec<u8>>,
    /// The lengths of the words after a last way of each class, if there were a code for each.
    after: Vec<Vec<u8>>,
}

/// What the residuals of one field take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldBits {
    /// `Kind.field`.
    pub name: String,
    /// The trained code, as in [`Field::code`](crate::Field::code): empty if the built-in one does as well.
    pub code: Vec<u8>,
    /// How many residuals there were.
    pub residuals: u64,
    /// Bits with the built-in code.
    pub built_in_bits: u64,
    /// Bits as they were written.
    pub recorded_bits: u64,
    /// Bits with the trained code, or the built-in one where there is none.
    pub trained_bits: u64,
    /// Bits if there were a code for each class of how far the column went between the two rows that the client holds:
    /// of a column that holds, that is its last residual.
    pub context_bits: u64,
}

impl Trainer {
    /// Has seen nothing yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let tallies = |kind: &KindLayout| kind.columns.iter().map(|column| Tally::new(column.bits)).collect();
        let tallies = layout.kinds.iter().map(tallies).collect();
        Self { layout: layout.clone(), tallies }
    }

    /// The name of the game whose residuals these are.
    #[must_use]
    pub fn game(&self) -> &str {
        &self.layout.schema().game
    }

    /// Counts the residuals of one snapshot: `before` is what a client held, and `now` what [`read_delta`](crate::read_delta) has just
    /// made of it.
    pub fn observe(&mut self, before: &Held, now: &Held) {
        let Some(tick) = now.tick() else { return };
        for &slot in &now.changed {
            let row = now.row(slot);
            let kind = &self.layout.kinds[row.kind];
            let known = before.known(slot, tick);
            let residuals = Residuals::of(kind, known, row.columns);
            let written = residuals.written(kind).map(|place| (place, residuals.columns[place]));
            count(kind, &mut self.tallies[row.kind], Some(known), written);
        }
        if let Some(own) = now.table.own {
            let row = now.row(own);
            let kind = &self.layout.kinds[row.kind];
            // Of another own entity than before, nothing was held.
            let is_same = before.table.own == Some(own) && now.table.slots[own as usize].since != tick;
            let known = is_same.then(|| before.known(own, tick));
            let written = owner_residuals(kind, known.map(|known| known.base), row.columns);
            count(kind, &mut self.tallies[row.kind], known, written);
        }
    }

    /// Adds what another one counted.
    ///
    /// # Errors
    /// In words, if that was another game, or the same one with other fields. Its codes may be others.
    pub fn add(&mut self, other: &Self) -> Result<(), String> {
        let (here, there) = (without_codes(&self.layout), without_codes(&other.layout));
        if here != there {
            return Err(here.difference(&there).join("; "));
        }
        for (tally, other) in self.tallies.iter_mut().flatten().zip(other.tallies.iter().flatten()) {
            tally.recorded_bits += other.recorded_bits;
            let counts = tally.after.iter_mut().flatten().zip(other.after.iter().flatten());
            counts.for_each(|(count, other)| *count += other);
        }
        Ok(())
    }

    /// The best codes for what was counted.
    #[must_use]
    pub fn codes(&self) -> Codes {
        let columns = self.tallies.iter().map(|kind| kind.iter().map(Tally::codes).collect()).collect();
        Codes { columns }
    }

    /// What the counted residuals take with codes that were trained on these or others, field by field.
    #[must_use]
    pub fn measure(&self, codes: &Codes) -> Vec<FieldBits> {
        let mut fields = Vec::new();
        for ((kind, tallies), codes) in
            self.layout.schema().kinds.iter().zip(&self.tallies).zip(&codes.columns)
        {
            for ((field, tally), codes) in kind.fields.iter().zip(tallies).zip(codes) {
                fields.push(tally.measure(format!("{}.{}", kind.name, field.name), codes));
            }
        }
        fields
    }
}

fn without_codes(layout: &Layout) -> Schema {
    let mut schema = layout.schema().clone();
    schema.kinds.iter_mut().flat_map(|kind| &mut kind.fields).for_each(|field| field.code.clear());
    schema
}

/// Counts what was written of a row, by column.
fn count(
    kind: &KindLayout,
    tallies: &mut [Tally],
    known: Option<Known<'_>>,
    written: impl Iterator<Item = (usize, i64)>,
) {
    for (place, residual) in written {
        let column = &kind.columns[place];
        let last = known.map_or(0, |known| known.last_way(column, place));
        tallies[place].add(class(last), residual, column.code.bits(residual));
    }
}

impl Known<'_> {
    /// How far a column went between the two rows that the client holds: 0 if it holds one only.
    fn last_way(&self, column: &Column, place: usize) -> i64 {
        self.previous.map_or(0, |previous| column.residual(self.base[place], previous[place]))
    }
}

impl Tally {
    fn new(column_bits: u32) -> Self {
        let classes = column_bits as usize + 1;
        Self { after: vec![vec![0; classes]; classes], recorded_bits: 0 }
    }

    fn add(&mut self, last: u32, residual: i64, bits: u32) {
        self.after[last as usize][class(residual) as usize] += 1;
        self.recorded_bits += u64::from(bits);
    }

    /// How often each class came.
    fn classes(&self) -> Vec<u64> {
        (0..self.after.len()).map(|class| self.after.iter().map(|after| after[class]).sum()).collect()
    }

    fn codes(&self) -> ColumnCodes {
        let built_in = built_in_lengths(self.after.len());
        let trained = trained(&self.classes(), &built_in);
        let usual = trained.as_ref().unwrap_or(&built_in);
        let after = self.after.iter().map(|counts| self::trained(counts, usual));
        let after = after.map(|lengths| lengths.unwrap_or_else(|| usual.clone())).collect();
        ColumnCodes { trained, after }
    }

    fn measure(&self, name: String, codes: &ColumnCodes) -> FieldBits {
        let classes = self.classes();
        let built_in = built_in_lengths(classes.len());
        let after = self.after.iter().zip(&codes.after);
        FieldBits {
            name,
            code: codes.trained.clone().unwrap_or_default(),
            residuals: classes.iter().sum(),
            built_in_bits: bits(&classes, &built_in),
            recorded_bits: self.recorded_bits,
            trained_bits: bits(&classes, codes.trained.as_ref().unwrap_or(&built_in)),
            context_bits: after.map(|(counts, lengths)| bits(counts, lengths)).sum(),
        }
    }
}

impl FieldBits {
    /// The field's line in [`Game::CODES`](crate::Game::CODES); `None` if it keeps the built-in code.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let lengths: Vec<String> = self.code.iter().map(u8::to_string).collect();
        (!lengths.is_empty()).then(|| format!("{}: {}", self.name, lengths.join(" ")))
    }
}

/// What residuals take with a code of these lengths. A residual of class c has c bits besides its word.
fn bits(counts: &[u64], lengths: &[u8]) -> u64 {
    let costs = lengths.iter().zip(0..).map(|(length, class)| u64::from(*length) + class);
    counts.iter().zip(costs).map(|(count, cost)| count * cost).sum()
}

/// The built-in code's, for as many classes as a column has.
fn built_in_lengths(classes: usize) -> Vec<u8> {
    let built_in = ClassCode::built_in();
    // A residual's bits are its word's and as many as its class.
    let length =
        |class: u32| if class == 0 { built_in.bits(0) } else { built_in.bits(1 << (class - 1)) - class };
    (0..classes as u32).map(|class| length(class) as u8).collect()
}

/// The best lengths for residuals of which so many came of each class, where there is a code already.
///
/// `None` if that saves less than the code itself takes in a schema, a byte for each class and one for their number:
/// the shortest description of codes and residuals together is the best (J. Rissanen, "Modeling by shortest
/// data description", 1978). So a few residuals make no code.
fn trained(counts: &[u64], usual: &[u8]) -> Option<Vec<u8>> {
    if counts.len() < 2 || counts.iter().all(|count| *count == 0) {
        return None;
    }
    let prior = (counts.iter().sum::<u64>() / PRIOR_SHARE + PRIOR_RESIDUALS) * WEIGHT_PER_RESIDUAL;
    let weights =
        counts.iter().zip(usual).map(|(count, length)| count * WEIGHT_PER_RESIDUAL + (prior >> length));
    let lengths = word_lengths(&weights.collect::<Vec<_>>(), CODE_WORD_BITS_MAX);
    let own_bits = 8 * (counts.len() as u64 + 1);
    (bits(counts, &lengths) + own_bits < bits(counts, usual)).then_some(lengths)
}

#[cfg(test)]
mod tests;
