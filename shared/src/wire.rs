//! Owns the encoding of messages: the only file that names the serializer, so that it can be replaced here.
//!
//! The serializer is bincode 2 in its standard configuration (little endian, variable-length integers). It writes; what it wrote is
//! read by `wire/reader.rs`, which the tests below hold to it. Everything that is decoded has a byte limit, and must use up its bytes.

mod reader;

use crate::limits::SERVER_FRAME_BYTES_MAX;
use reader::Reader;
use serde::{Deserialize, Serialize};

/// Bytes from the wire that are not what the protocol says, and why.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

type Config = bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<SERVER_FRAME_BYTES_MAX>,
>;

fn config() -> Config {
    bincode::config::standard().with_limit::<SERVER_FRAME_BYTES_MAX>()
}

/// Encodes a value of our own.
///
/// # Panics
/// If a type's own `Serialize` fails, which is a fault of that type.
#[must_use]
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, config()).unwrap_or_else(|_| unencodable())
}

/// Appends an encoded value of our own. Takes memory only if `out` has no room for it.
///
/// # Panics
/// As [`encode`].
pub fn append(out: &mut Vec<u8>, value: &impl Serialize) {
    bincode::serde::encode_into_std_write(value, out, config()).unwrap_or_else(|_| unencodable());
}

/// Appends an encoded value to a frame; `bytes_max` is what it can take at most.
///
/// # Panics
/// If the value takes more, or its `Serialize` fails.
pub fn append_message(frame: &mut Vec<u8>, value: &impl Serialize, bytes_max: usize) {
    let start = frame.len();
    // Into a slice, because growing the vector byte by byte costs several times as much.
    frame.resize(start + bytes_max, 0);
    let used = bincode::serde::encode_into_slice(value, &mut frame[start..], config())
        .unwrap_or_else(|_| unencodable());
    frame.truncate(start + used);
}

/// Without the error's text: to print that takes more code than all the rest of this file, in every page's WebAssembly.
fn unencodable() -> ! {
    panic!("our own values can be encoded")
}

/// Decodes bytes that hold exactly one value.
///
/// # Errors
/// If they hold less, more, or something else.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Malformed> {
    match decode_prefix(bytes)? {
        (value, []) => Ok(value),
        _ => Err(Malformed("a message goes on after its end")),
    }
}

/// Decodes the value at the front of bytes; returns it with the bytes after it.
///
/// # Errors
/// If there is no such value.
pub fn decode_prefix<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<(T, &'de [u8]), Malformed> {
    if bytes.len() > SERVER_FRAME_BYTES_MAX {
        return Err(Malformed("a message has more bytes than are allowed"));
    }
    let mut reader = Reader(bytes);
    let value = T::deserialize(&mut reader)?;
    Ok((value, reader.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// One of each shape that a type can have.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        Newtype(Wrapped),
        Tuple(u8, i16, u64),
        Struct { text: String, maybe: Option<char>, nothing: (), list: Vec<i32> },
        Wide(u128, i128),
        Map(BTreeMap<u16, bool>),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(i64);

    fn shapes() -> impl Strategy<Value = Shape> {
        prop_oneof![
            Just(Shape::Unit),
            any::<i64>().prop_map(|number| Shape::Newtype(Wrapped(number))),
            any::<(u8, i16, u64)>().prop_map(|(a, b, c)| Shape::Tuple(a, b, c)),
            any::<(String, Option<char>, Vec<i32>)>().prop_map(|(text, maybe, list)| Shape::Struct {
                text,
                maybe,
                nothing: (),
                list
            }),
            any::<(u128, i128)>().prop_map(|(a, b)| Shape::Wide(a, b)),
            any::<BTreeMap<u16, bool>>().prop_map(Shape::Map),
        ]
    }

    /// Both readers: what they read, written again, and how much of the bytes they left. `None` if they refuse.
    fn is_read_alike<'de, T: Serialize + Deserialize<'de>>(bytes: &'de [u8]) -> Result<(), TestCaseError> {
        let ours = decode_prefix::<T>(bytes).ok().map(|(value, rest)| (encode(&value), rest.len()));
        let library = bincode::serde::borrow_decode_from_slice::<T, _>(bytes, config()).ok();
        let library = library.map(|(value, used)| (encode(&value), bytes.len() - used));
        prop_assert_eq!(ours, library, "{}", std::any::type_name::<T>());
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(shapes in prop::collection::vec(shapes(), 0..4), floats: (f32, f64)) {
            let bytes = encode(&(&shapes, floats));
            prop_assert_eq!(decode(&bytes), Ok((shapes, floats)));
            let early = decode::<(Vec<Shape>, (f32, f64))>(&bytes[..bytes.len() - 1]);
            prop_assert_eq!(early, Err(Malformed("a message ends early")));
        }

        #[test]
        fn strangers_bytes_are_read_as_the_library_reads_them(
            // Often a tag, or a number's length.
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0..4u8, 250u8..=255], 0..40),
        ) {
            is_read_alike::<(u8, u16)>(&bytes)?;
            is_read_alike::<(u32, i8)>(&bytes)?;
            is_read_alike::<(u64, u64)>(&bytes)?;
            is_read_alike::<(i16, i32)>(&bytes)?;
            is_read_alike::<(i64, bool)>(&bytes)?;
            is_read_alike::<(u128, i128)>(&bytes)?;
            is_read_alike::<(f32, f64)>(&bytes)?;
            is_read_alike::<(char, char)>(&bytes)?;
            is_read_alike::<Option<usize>>(&bytes)?;
            is_read_alike::<(&str, String)>(&bytes)?;
            is_read_alike::<&[u8]>(&bytes)?;
            is_read_alike::<Vec<char>>(&bytes)?;
            is_read_alike::<BTreeMap<u8, [u16; 2]>>(&bytes)?;
            is_read_alike::<Vec<Shape>>(&bytes)?;
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let outside = Malformed("a message has a value outside its type");
        assert_eq!(decode::<bool>(&[2]), Err(outside));
        assert_eq!(decode::<u16>(&[252, 0, 0, 0, 0]), Err(outside));
        assert_eq!(decode::<Shape>(&[6]), Err(outside));
        assert_eq!(decode::<Option<u8>>(&[2]), Err(Malformed("a message has an unknown tag")));
        assert_eq!(decode::<String>(&[1, 0xff]), Err(Malformed("a text is not UTF-8")));
        let declares = Malformed("a message declares more bytes than are allowed");
        assert_eq!(decode::<Vec<()>>(&[253, 0, 0, 0, 0, 1, 0, 0, 0]), Err(declares));
        let too_long = vec![0; SERVER_FRAME_BYTES_MAX + 1];
        assert!(decode_prefix::<u8>(&too_long).is_err());
    }

    #[test]
    fn a_huge_declared_length_is_refused_without_memory() {
        let mut bytes = vec![253];
        bytes.extend_from_slice(&(1u64 << 40).to_le_bytes());
        assert!(decode::<Vec<u64>>(&bytes).is_err());
        assert!(decode::<String>(&bytes).is_err());
        assert!(decode::<&[u8]>(&bytes).is_err());
    }

    #[test]
    fn trailing_bytes_are_malformed() {
        assert_eq!(decode::<u8>(&[7]), Ok(7));
        assert_eq!(decode::<u8>(&[7, 0]), Err(Malformed("a message goes on after its end")));
        assert_eq!(decode::<u8>(&[]), Err(Malformed("a message ends early")));
    }

    #[test]
    fn bytes_are_borrowed_and_appended_in_place() {
        let mut frame = vec![9];
        append(&mut frame, &1u8);
        append_message(&mut frame, &300u16, 8);
        assert_eq!(frame, [9, 1, 251, 44, 1]);
        let (text, rest) = decode_prefix::<&str>(&[2, b'h', b'i', 5]).unwrap();
        assert_eq!((text, rest), ("hi", &[5][..]));
    }
}
