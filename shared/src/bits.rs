//! Owns bit strings: a writer and a reader, least significant bit first.

use crate::Malformed;

/// Appends bits to bytes. The first bit is the lowest bit of the first byte.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    waiting: u64,
    waiting_bits: u32,
}

impl BitWriter {
    /// Empties the writer, keeping its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.waiting = 0;
        self.waiting_bits = 0;
    }

    /// Appends the low `bits` bits (at most 32) of `value`, whose other bits are 0.
    #[inline]
    pub fn write(&mut self, value: u32, bits: u32) {
        debug_assert!(bits <= 32 && (bits == 32 || value >> bits == 0), "{value} does not fit {bits} bits");
        self.waiting |= u64::from(value) << self.waiting_bits;
        self.waiting_bits += bits;
        if self.waiting_bits >= 32 {
            self.bytes.extend_from_slice(&(self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.waiting_bits -= 32;
        }
    }

    /// Appends one bit.
    #[inline]
    pub fn write_bit(&mut self, bit: bool) {
        self.write(u32::from(bit), 1);
    }

    /// Appends a number in as few bits as it is small: for n + 1 = 2^k + rest, k zeros, a one, and `rest` in k bits.
    ///
    /// This is Elias' gamma code of n + 1 (P. Elias, 1975), with the rest least significant bit first.
    pub fn write_gamma(&mut self, n: u32) {
        let one_more = u64::from(n) + 1;
        let power = one_more.ilog2();
        self.write(0, power);
        self.write_bit(true);
        self.write((one_more - (1 << power)) as u32, power);
    }

    /// Appends the first `bits` bits of `source`.
    pub fn write_bits(&mut self, source: &[u8], bits: u32) {
        let mut left = bits;
        for chunk in source.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            let now = left.min(32);
            let mask = u32::MAX.checked_shl(now).map_or(u32::MAX, |high| !high);
            self.write(u32::from_le_bytes(word) & mask, now);
            left -= now;
            if left == 0 {
                return;
            }
        }
        debug_assert_eq!(left, 0, "the source has fewer bits");
    }

    /// How many bits were written.
    #[must_use]
    pub fn bit_len(&self) -> u32 {
        self.bytes.len() as u32 * 8 + self.waiting_bits
    }

    /// Fills the last byte with zeros, so that the next bit starts a new one, and returns all bytes.
    pub fn align(&mut self) -> &[u8] {
        let bytes = self.waiting_bits.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..bytes]);
        self.waiting = 0;
        self.waiting_bits = 0;
        &self.bytes
    }

    /// The whole bytes written so far: everything, right after [`BitWriter::align`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// How many bits [`BitWriter::write_gamma`] appends.
pub(crate) fn gamma_bits(n: u32) -> u32 {
    2 * (u64::from(n) + 1).ilog2() + 1
}

/// Takes bits off the front of bytes, in the order in which [`BitWriter`] appended them.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    waiting: u64,
    waiting_bits: u32,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, waiting: 0, waiting_bits: 0 }
    }

    /// How many bits are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.bytes.len() as u64 * 8 + u64::from(self.waiting_bits)
    }

    fn fill(&mut self) {
        while self.waiting_bits <= 56 {
            let Some((first, rest)) = self.bytes.split_first() else { return };
            self.waiting |= u64::from(*first) << self.waiting_bits;
            self.waiting_bits += 8;
            self.bytes = rest;
        }
    }

    /// Takes `bits` bits (at most 32).
    ///
    /// # Errors
    /// If there are fewer.
    pub fn read(&mut self, bits: u32) -> Result<u32, Malformed> {
        if self.waiting_bits < bits {
            self.fill();
        }
        if self.waiting_bits < bits {
            return Err(Malformed("a bit string ends early"));
        }
        let value = self.waiting & ((1 << bits) - 1);
        self.waiting >>= bits;
        self.waiting_bits -= bits;
        Ok(value as u32)
    }

    /// Takes one bit.
    ///
    /// # Errors
    /// If there is none.
    pub fn read_bit(&mut self) -> Result<bool, Malformed> {
        Ok(self.read(1)? == 1)
    }

    /// Takes a number that [`BitWriter::write_gamma`] appended.
    ///
    /// # Errors
    /// If the bits end early or the number needs more than 32 bits.
    pub fn read_gamma(&mut self) -> Result<u32, Malformed> {
        let mut power = 0;
        while !self.read_bit()? {
            power += 1;
            if power > 32 {
                return Err(Malformed("a number has more than 32 bits"));
            }
        }
        let rest = self.read(power)?;
        u32::try_from((1u64 << power) + u64::from(rest) - 1)
            .map_err(|_| Malformed("a number has more than 32 bits"))
    }

    /// Checks that nothing is left but the zeros that fill the last byte.
    ///
    /// # Errors
    /// If there is more.
    pub fn finish(mut self) -> Result<(), Malformed> {
        self.fill();
        if self.waiting_bits >= 8 || self.waiting != 0 {
            return Err(Malformed("a bit string goes on after its end"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(items in prop::collection::vec((any::<u32>(), 0..=32u32, any::<bool>()), 0..200)) {
            let mut writer = BitWriter::default();
            for &(value, bits, gamma) in &items {
                let value = if bits == 32 { value } else { value & ((1 << bits) - 1) };
                if gamma { writer.write_gamma(value) } else { writer.write(value, bits) }
            }
            let bits = writer.bit_len();
            let bytes = writer.align().to_vec();
            prop_assert_eq!(bytes.len() as u32, bits.div_ceil(8));

            let mut shifted = BitWriter::default();
            shifted.write(5, 3);
            shifted.write_bits(&bytes, bits);
            let copy = shifted.align().to_vec();
            let mut copy = BitReader::new(&copy);
            prop_assert_eq!(copy.read(3), Ok(5));

            let mut reader = BitReader::new(&bytes);
            for (value, bits, gamma) in items {
                let value = if bits == 32 { value } else { value & ((1 << bits) - 1) };
                for reader in [&mut reader, &mut copy] {
                    prop_assert_eq!(if gamma { reader.read_gamma() } else { reader.read(bits) }, Ok(value));
                }
            }
            prop_assert_eq!(reader.finish(), Ok(()));
            prop_assert_eq!(copy.finish(), Ok(()));
        }
    }

    #[test]
    fn an_early_end_and_a_late_end_are_malformed() {
        assert!(BitReader::new(&[]).read_bit().is_err());
        assert!(BitReader::new(&[0; 8]).read_gamma().is_err());
        assert!(BitReader::new(&[1, 0]).finish().is_err());
        assert!(BitReader::new(&[1]).finish().is_err());
    }
}
