//! Owns the way from a server's address and a room's name to the address of that room's game socket.

use tickwire_shared::is_room_name;
use tickwire_shared::limits::ROOM_NAME_BYTES_MAX;

/// Why an address leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another protocol, or none.
    #[error("{0:?} is not a game server's address: it must begin with ws://")]
    Scheme(String),
    /// Nothing between `ws://` and the path.
    #[error("{0:?} names no host")]
    NoHost(String),
    /// A name that no room of a server can have.
    #[error(
        "{0:?} is not a room's name: 1 to {max} of a-z, 0-9, - and _",
        max = ROOM_NAME_BYTES_MAX
    )]
    Room(String),
}

/// The address of a room's game socket. A `base` that has a path already is taken as it is.
///
/// # Errors
/// If there is no such address.
pub fn play_url(base: &str, room: &str) -> Result<String, UrlError> {
    let rest = base.strip_prefix("ws://").ok_or_else(|| UrlError::Scheme(base.to_owned()))?;
    let (host, path) = split_host(rest);
    if host.is_empty() {
        return Err(UrlError::NoHost(base.to_owned()));
    }
    if !matches!(path, "" | "/") {
        return Ok(base.to_owned());
    }
    if !is_room_name(room) {
        return Err(UrlError::Room(room.to_owned()));
    }
    Ok(format!("ws://{host}/play/{room}"))
}

/// The host of a game socket, with its port if it names one, and all that comes after it.
pub(crate) fn split(url: &str) -> (&str, &str) {
    split_host(url.strip_prefix("ws://").unwrap_or(url))
}

fn split_host(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_leads_to_the_room() {
        for base in ["ws://127.0.0.1:9001", "ws://127.0.0.1:9001/"] {
            assert_eq!(play_url(base, "lobby").unwrap(), "ws://127.0.0.1:9001/play/lobby");
        }
        assert_eq!(play_url("ws://[::1]:9001", "room-2").unwrap(), "ws://[::1]:9001/play/room-2");
    }

    #[test]
    fn a_path_is_kept() {
        for base in ["ws://host/play/other", "ws://host:1/behind/a/proxy?token=1"] {
            assert_eq!(play_url(base, "lobby").unwrap(), base);
        }
    }

    #[test]
    fn an_address_is_a_host_and_the_rest() {
        assert_eq!(split("ws://host:1/play/x?token=1"), ("host:1", "/play/x?token=1"));
        assert_eq!(split("ws://[::1]:9001"), ("[::1]:9001", ""));
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        for base in ["http://host", "127.0.0.1:9001", "", "ws:/host"] {
            assert_eq!(play_url(base, "lobby"), Err(UrlError::Scheme(base.to_owned())));
        }
        for base in ["ws://", "ws:///play/lobby"] {
            assert_eq!(play_url(base, "lobby"), Err(UrlError::NoHost(base.to_owned())));
        }
        for room in ["", "a b", "Lobby", "../admin", "ä", &"x".repeat(ROOM_NAME_BYTES_MAX + 1)] {
            assert_eq!(play_url("ws://host", room), Err(UrlError::Room(room.to_owned())));
        }
    }
}
