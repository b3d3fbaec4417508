//! Owns prefix codes for residuals: the built-in one, and those that a game brings along.

use crate::limits::{CODE_WORD_BITS_MAX, CODE_WORDS_MAX};
use crate::{BitReader, BitWriter, Malformed};

/// A prefix code for residuals: the class (how many bits the size has, 0 to 32) by a canonical prefix
/// code, then the sign and the size without its leading one.
///
/// A code is nothing but the lengths of its words (canonical Huffman codes: Schwartz and Kallick, 1964), so
/// that trained ones can take the place of the built-in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCode {
    /// Each class's word, first bit lowest, and its length in bits.
    words: Vec<(u32, u32)>,
    /// By length: how many words are shorter, the first word of this length, and how many there are.
    lengths: Vec<(usize, u32, u32)>,
    /// The classes in the order of their words.
    order: Vec<u32>,
}

impl ClassCode {
    /// The code for a column that has no trained one: 1 bit for class 0, 3 for the classes 1 and 2, 4 for 3 and 4, and so on:
    /// half of all words for what is as expected, and of the rest half for what is nearly so.
    #[must_use]
    pub fn built_in() -> Self {
        let mut lengths = [0u8; CODE_WORDS_MAX];
        for (class, length) in lengths.iter_mut().enumerate() {
            *length = if class == 0 { 1 } else { 3 + (class as u8 - 1) / 2 };
        }
        Self::canonical(&lengths)
    }

    /// The canonical code whose words, class by class, have these lengths in bits.
    ///
    /// # Errors
    /// In words, unless the words use up all that can be written: every bit string then starts with one of them.
    pub fn new(lengths: &[u8]) -> Result<Self, String> {
        if !(2..=CODE_WORDS_MAX).contains(&lengths.len()) {
            return Err(format!("a code has from 2 to {CODE_WORDS_MAX} words"));
        }
        if !lengths.iter().all(|length| (1..=CODE_WORD_BITS_MAX).contains(length)) {
            return Err(format!("a word has from 1 to {CODE_WORD_BITS_MAX} bits"));
        }
        let used: u64 = lengths.iter().map(|length| 1u64 << (CODE_WORD_BITS_MAX - length)).sum();
        if used != 1 << CODE_WORD_BITS_MAX {
            return Err("a code leaves something open, or two of its words start alike".to_owned());
        }
        Ok(Self::canonical(lengths))
    }

    /// Shorter words first, then smaller classes first.
    fn canonical(lengths: &[u8]) -> Self {
        let of_length = |length: u8| move |class: &u32| lengths[*class as usize] == length;
        let order: Vec<u32> = (0..=CODE_WORD_BITS_MAX)
            .flat_map(|length| (0..lengths.len() as u32).filter(of_length(length)))
            .collect();
        let mut words = vec![(0, 0); lengths.len()];
        let mut by_length: Vec<(usize, u32, u32)> = Vec::new();
        let mut word = 0u32;
        for (place, &class) in order.iter().enumerate() {
            let length = u32::from(lengths[class as usize]);
            while (by_length.len() as u32) <= length {
                let extra = if by_length.is_empty() { 0 } else { 1 };
                word <<= extra;
                by_length.push((place, word, 0));
            }
            words[class as usize] = (word.reverse_bits() >> (32 - length), length);
            by_length[length as usize].2 += 1;
            word += 1;
        }
        Self { words, lengths: by_length, order }
    }

    /// Appends a residual.
    pub(crate) fn write(&self, out: &mut BitWriter, residual: i64) {
        let size = residual.unsigned_abs();
        let class = class(residual);
        let (word, length) = self.words[class as usize];
        out.write(word, length);
        if class > 0 {
            out.write_bit(residual < 0);
            out.write((size - (1 << (class - 1))) as u32, class - 1);
        }
    }

    /// How many bits a residual takes.
    #[must_use]
    pub fn bits(&self, residual: i64) -> u32 {
        let class = class(residual);
        self.words[class as usize].1 + class
    }

    /// Takes a residual.
    pub(crate) fn read(&self, bits: &mut BitReader<'_>) -> Result<i64, Malformed> {
        let class = self.read_class(bits)?;
        if class == 0 {
            return Ok(0);
        }
        let negative = bits.read_bit()?;
        let size = (1i64 << (class - 1)) + i64::from(bits.read(class - 1)?);
        Ok(if negative { -size } else { size })
    }

    fn read_class(&self, bits: &mut BitReader<'_>) -> Result<u32, Malformed> {
        let mut word = 0;
        for &(shorter, first, count) in &self.lengths[1..] {
            word = word << 1 | bits.read(1)?;
            if word < first + count {
                return Ok(self.order[shorter + (word - first) as usize]);
            }
        }
        Err(Malformed("a residual has no class"))
    }
}

/// How many bits the size of a residual has.
#[must_use]
pub fn class(residual: i64) -> u32 {
    u64::BITS - residual.unsigned_abs().leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_of_residual_comes_back() {
        let code = ClassCode::built_in();
        let mut out = BitWriter::default();
        let residuals: Vec<i64> = (0..32)
            .flat_map(|power| {
                let size = 1i64 << power;
                [size, -size, size - 1, 1 - size, (2 * size - 1), 1 - 2 * size]
            })
            .collect();
        let mut bits = 0;
        for &residual in &residuals {
            code.write(&mut out, residual);
            bits += code.bits(residual);
        }
        assert_eq!(out.bit_len(), bits);
        let mut bits = BitReader::new(out.align());
        for residual in residuals {
            assert_eq!(code.read(&mut bits), Ok(residual));
        }
    }

    #[test]
    fn the_built_in_code_is_the_documented_one() {
        let cost = |residual: i64| ClassCode::built_in().bits(residual);
        assert_eq!([0, 1, -1, 2, 8, 16, 255].map(cost), [1, 4, 4, 5, 8, 10, 14]);
        let code = ClassCode::built_in();
        let mut reversed = BitWriter::default();
        reversed.write(0b001, 3);
        assert_eq!(code.words[1], (0b001, 3), "words start with their highest bit: 100");
        assert_eq!(code.read_class(&mut BitReader::new(reversed.align())), Ok(1));
    }

    #[test]
    fn a_trained_code_is_read_as_it_is_written() {
        let code = ClassCode::new(&[2, 1, 3, 4, 4]).unwrap();
        let residuals = [0, 1, -1, 3, -2, 7, -4, 8, -15];
        let mut out = BitWriter::default();
        residuals.iter().for_each(|&residual| code.write(&mut out, residual));
        let mut bits = BitReader::new(out.align());
        residuals.iter().for_each(|&residual| assert_eq!(code.read(&mut bits), Ok(residual)));
        assert_eq!(code.words[1], (0, 1), "the most likely class has the shortest word");
    }

    #[test]
    fn codes_that_are_not_whole_are_refused() {
        for lengths in [&[1][..], &[1, 2], &[1, 1, 1], &[0, 1], &[25, 1], &[1; 34]] {
            assert!(ClassCode::new(lengths).is_err(), "{lengths:?}");
        }
    }
}
