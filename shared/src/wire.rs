//! Owns the encoding of messages: the only file that names the serializer, so that it can be replaced here.
//!
//! The serializer is bincode 2 in its standard configuration (little endian, variable-length integers).
//! Everything that is decoded has a byte limit, and must use up its bytes.

use crate::limits::SERVER_FRAME_BYTES_MAX;
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
    use bincode::error::DecodeError;
    match bincode::serde::borrow_decode_from_slice(bytes, config()) {
        Ok((value, used)) => Ok((value, &bytes[used..])),
        Err(DecodeError::UnexpectedEnd { .. }) => Err(Malformed("a message ends early")),
        Err(DecodeError::LimitExceeded) => Err(Malformed("a message declares more bytes than are allowed")),
        Err(DecodeError::UnexpectedVariant { .. }) => Err(Malformed("a message has an unknown tag")),
        Err(DecodeError::Utf8 { .. }) => Err(Malformed("a text is not UTF-8")),
        Err(_) => Err(Malformed("a message has a value outside its type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
