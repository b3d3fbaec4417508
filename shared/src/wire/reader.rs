//! Owns the reading of encoded values, for serde: the other direction of what `wire.rs` has a library for.
//!
//! By hand, because a library makes a text of whatever a type has against a value, and with it come the code that prints numbers and the
//! names of all that was expected: a tenth of a page's WebAssembly, for a text that nobody is shown. It is also what strangers' bytes
//! reach first, and so takes no memory but for what it returns.

use super::Malformed;
use crate::limits::SERVER_FRAME_BYTES_MAX;
use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use std::fmt::Display;

const ENDS_EARLY: Malformed = Malformed("a message ends early");
const TOO_LONG: Malformed = Malformed("a message declares more bytes than are allowed");
const UNKNOWN_TAG: Malformed = Malformed("a message has an unknown tag");
const NOT_UTF8: Malformed = Malformed("a text is not UTF-8");
const OUTSIDE: Malformed = Malformed("a message has a value outside its type");

/// Whatever a type has against a value, the sender is told the same.
impl Error for Malformed {
    fn custom<T: Display>(_: T) -> Self {
        OUTSIDE
    }
}

/// The bytes that are still to be read.
pub(super) struct Reader<'de>(pub &'de [u8]);

impl<'de> Reader<'de> {
    fn bytes(&mut self, len: usize) -> Result<&'de [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    /// A number below 251 as it is; a greater one in 2, 4 or 8 bytes, but no more than its type has, after a byte that says which.
    fn number(&mut self, bytes_max: usize) -> Result<u64, Malformed> {
        match self.byte()? {
            small @ ..251 => Ok(small.into()),
            251 => Ok(u16::from_le_bytes(self.array()?).into()),
            252 if bytes_max >= 4 => Ok(u32::from_le_bytes(self.array()?).into()),
            253 if bytes_max >= 8 => Ok(u64::from_le_bytes(self.array()?)),
            _ => Err(OUTSIDE),
        }
    }

    /// The same of 16 bytes.
    fn wide_number(&mut self) -> Result<u128, Malformed> {
        match self.0.first() {
            Some(254) => self.bytes(1).and_then(|_| self.array()).map(u128::from_le_bytes),
            _ => self.number(8).map(u128::from),
        }
    }

    /// A number with a sign: 0, -1, 1, -2 and so on are numbered.
    fn signed(&mut self, bytes_max: usize) -> Result<i64, Malformed> {
        let number = self.number(bytes_max)?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// How many of something follow. More than a frame has bytes are not even counted to.
    fn len(&mut self) -> Result<usize, Malformed> {
        let len = usize::try_from(self.number(8)?).map_err(|_| OUTSIDE)?;
        if len > SERVER_FRAME_BYTES_MAX { Err(TOO_LONG) } else { Ok(len) }
    }

    fn counted(&mut self) -> Result<&'de [u8], Malformed> {
        let len = self.len()?;
        self.bytes(len)
    }

    fn text(&mut self) -> Result<&'de str, Malformed> {
        str::from_utf8(self.counted()?).map_err(|_| NOT_UTF8)
    }

    fn character(&mut self) -> Result<char, Malformed> {
        let len = match self.0.first().ok_or(ENDS_EARLY)? {
            ..0x80 => 1,
            0xc2..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf5 => 4,
            _ => return Err(OUTSIDE),
        };
        let text = str::from_utf8(self.bytes(len)?).map_err(|_| OUTSIDE)?;
        text.chars().next().ok_or(OUTSIDE)
    }
}

/// For types of numbers: what a visitor is given, and how that is read.
macro_rules! read {
    ($($deserialize:ident => $visit:ident: |$reader:ident| $value:expr;)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            let $reader = self;
            visitor.$visit($value)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Malformed;

    read! {
        deserialize_u8 => visit_u8: |reader| reader.byte()?;
        deserialize_u16 => visit_u16: |reader| reader.number(2)? as u16;
        deserialize_u32 => visit_u32: |reader| reader.number(4)? as u32;
        deserialize_u64 => visit_u64: |reader| reader.number(8)?;
        deserialize_u128 => visit_u128: |reader| reader.wide_number()?;
        deserialize_i8 => visit_i8: |reader| reader.byte()? as i8;
        deserialize_i16 => visit_i16: |reader| reader.signed(2)? as i16;
        deserialize_i32 => visit_i32: |reader| reader.signed(4)? as i32;
        deserialize_i64 => visit_i64: |reader| reader.signed(8)?;
        deserialize_i128 => visit_i128: |reader| {
            let number = reader.wide_number()?;
            (number >> 1) as i128 ^ -((number & 1) as i128)
        };
        deserialize_f32 => visit_f32: |reader| f32::from_le_bytes(reader.array()?);
        deserialize_f64 => visit_f64: |reader| f64::from_le_bytes(reader.array()?);
        deserialize_char => visit_char: |reader| reader.character()?;
        deserialize_str => visit_borrowed_str: |reader| reader.text()?;
        deserialize_string => visit_borrowed_str: |reader| reader.text()?;
        deserialize_bytes => visit_borrowed_bytes: |reader| reader.counted()?;
        deserialize_byte_buf => visit_borrowed_bytes: |reader| reader.counted()?;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.byte()? {
            bit @ ..2 => visitor.visit_bool(bit == 1),
            _ => Err(OUTSIDE),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.byte()? {
            0 => visitor.visit_none(),
            1 => visitor.visit_some(self),
            _ => Err(UNKNOWN_TAG),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let left = self.len()?;
        visitor.visit_seq(Many { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Many { reader: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Many { reader: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Many { reader: self, left: fields.len() })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let left = self.len()?;
        visitor.visit_map(Many { reader: self, left })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_enum(self)
    }

    // Nothing in the bytes says what they are.
    serde::forward_to_deserialize_any! { identifier ignored_any }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
        Err(OUTSIDE)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Values one after the other: of a list, or of the parts of something.
struct Many<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Many<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        // What is declared takes no memory before it is there.
        Some(self.left.min(self.reader.0.len()))
    }
}

impl<'de> MapAccess<'de> for Many<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        SeqAccess::size_hint(self)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Malformed;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Malformed> {
        let index: U32Deserializer<Malformed> = (self.number(4)? as u32).into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
