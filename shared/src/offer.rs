//! Owns how a Hello travels with the request for the WebSocket, so that a join takes one round trip and not two.
//!
//! A request can list subprotocols, and a page can choose them; other headers it cannot. So a client lists its Hello as one.
//! Kubernetes has bearer tokens sent in the same way.

use crate::limits::OFFERED_HELLO_BYTES_MAX;
use data_encoding::BASE64URL_NOPAD;

/// The subprotocol that the server chooses if a client lists any of these.
pub const SUBPROTOCOL: &str = "tickwire";
const HELLO: &str = "hello.";

/// What a request's list of subprotocols comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Not a word of this protocol: then none is chosen.
    Nothing,
    /// The name alone: the Hello comes as the first message.
    Name,
    /// A Hello, encoded as the message that it is.
    Hello(Vec<u8>),
    /// A Hello that is not base64url, or has more than [`OFFERED_HELLO_BYTES_MAX`] bytes.
    Malformed,
}

/// The value of `Sec-WebSocket-Protocol` with this encoded Hello; without, if it is too big to travel so.
#[must_use]
pub fn offer(hello: &[u8]) -> String {
    match hello.len() <= OFFERED_HELLO_BYTES_MAX {
        true => format!("{SUBPROTOCOL}, {HELLO}{}", BASE64URL_NOPAD.encode(hello)),
        false => SUBPROTOCOL.to_owned(),
    }
}

/// Reads the values of a request's `Sec-WebSocket-Protocol`. Of several Hellos the first counts.
#[must_use]
pub fn read_offer<'a>(values: impl Iterator<Item = &'a str>) -> Offer {
    let mut offer = Offer::Nothing;
    for word in values.flat_map(|value| value.split(',')).map(str::trim) {
        if let Some(hello) = word.strip_prefix(HELLO) {
            return match BASE64URL_NOPAD.decode(hello.as_bytes()) {
                Ok(hello) if hello.len() <= OFFERED_HELLO_BYTES_MAX => Offer::Hello(hello),
                _ => Offer::Malformed,
            };
        }
        if word == SUBPROTOCOL {
            offer = Offer::Name;
        }
    }
    offer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_hello_is_read_as_it_was_offered(hello in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(read_offer([&*offer(&hello)].into_iter()), Offer::Hello(hello));
        }

        #[test]
        fn anything_else_is_read_without_a_panic(values in prop::collection::vec(".*", 0..4)) {
            let _ = read_offer(values.iter().map(String::as_str));
        }
    }

    #[test]
    fn what_is_too_big_comes_as_a_message() {
        let hello = vec![7; OFFERED_HELLO_BYTES_MAX + 1];
        assert_eq!(read_offer([&*offer(&hello)].into_iter()), Offer::Name);
        let forced = format!("hello.{}", BASE64URL_NOPAD.encode(&hello));
        assert_eq!(read_offer([&*forced].into_iter()), Offer::Malformed);
    }

    #[test]
    fn what_others_list_is_nothing() {
        assert_eq!(read_offer(["mqtt, soap", "wamp"].into_iter()), Offer::Nothing);
        assert_eq!(read_offer(["mqtt", "tickwire"].into_iter()), Offer::Name);
        assert_eq!(read_offer(["tickwire,hello.=="].into_iter()), Offer::Malformed);
    }
}
