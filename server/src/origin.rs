//! Owns whose pages may connect: browsers let any page open a WebSocket to anywhere, but say which site it is of.

use axum::http::uri::{Authority, Uri};
use std::str::FromStr;

/// Pages that may open WebSockets here besides the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Those of any site, and those of none.
    Any,
    /// Those of one site.
    Site(Site),
}

/// A site as a browser's `Origin` names it: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    scheme: String,
    host: String,
    port: u16,
}

/// A text that names no site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a site is written like https://play.example.com or http://localhost:8080, without a path; * stands for any"
)]
pub struct NoSite;

impl FromStr for AllowedOrigin {
    type Err = NoSite;

    fn from_str(text: &str) -> Result<Self, NoSite> {
        if text == "*" { Ok(Self::Any) } else { text.parse().map(Self::Site) }
    }
}

impl FromStr for Site {
    type Err = NoSite;

    fn from_str(text: &str) -> Result<Self, NoSite> {
        let uri: Uri = text.parse().map_err(|_| NoSite)?;
        let scheme = uri.scheme_str().ok_or(NoSite)?;
        let default_port = default_port(scheme).ok_or(NoSite)?;
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(NoSite)?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
            return Err(NoSite);
        }
        let port = port(authority, default_port).ok_or(NoSite)?;
        Ok(Self { scheme: scheme.to_owned(), host: authority.host().to_ascii_lowercase(), port })
    }
}

impl Site {
    /// Whether a request that names this host was sent to this site. What terminates TLS in front of a server passes on the name alone,
    /// so the scheme says only which port is meant where none is named.
    fn is_at(&self, host: &str) -> bool {
        let (Ok(host), Some(default_port)) = (host.parse::<Authority>(), default_port(&self.scheme)) else {
            return false;
        };
        self.host.eq_ignore_ascii_case(host.host()) && Some(self.port) == port(&host, default_port)
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The port that is named, or the default where none is; nothing if what stands there is no port.
fn port(authority: &Authority, default: u16) -> Option<u16> {
    match authority.as_str().strip_prefix(authority.host()) {
        Some("") => Some(default),
        _ => authority.port_u16(),
    }
}

/// Whether pages of this `Origin` may connect to a server that they call `host`.
pub(crate) fn is_allowed(origin: &str, host: &str, allowed: &[AllowedOrigin]) -> bool {
    if allowed.contains(&AllowedOrigin::Any) {
        return true;
    }
    let Ok(site) = origin.parse::<Site>() else { return false };
    site.is_at(host) || allowed.contains(&AllowedOrigin::Site(site))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_same_host_and_port_are_let_in() {
        for (origin, host) in [
            ("http://localhost:9001", "localhost:9001"),
            ("http://Example.com", "example.COM"),
            ("http://example.com", "example.com:80"),
            ("https://example.com:443", "example.com"),
            ("http://[::1]:9001", "[::1]:9001"),
        ] {
            assert!(is_allowed(origin, host, &[]), "{origin} at {host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_not() {
        for (origin, host) in [
            ("http://evil.example", "localhost:9001"),
            ("null", "localhost:9001"),
            ("", "localhost:9001"),
            ("http://localhost:9002", "localhost:9001"),
            ("http://localhost", "localhost:9001"),
            ("https://example.com", "example.com:80"),
            ("http://localhost:9001.evil.example", "localhost:9001"),
            ("http://evil-localhost:9001", "localhost:9001"),
            ("http://localhost:9001@evil.example", "localhost:9001"),
            ("file://localhost:9001", "localhost:9001"),
            ("localhost:9001", "localhost:9001"),
            ("http://localhost:9001", ""),
        ] {
            assert!(!is_allowed(origin, host, &[]), "{origin} at {host}");
        }
    }

    #[test]
    fn sites_that_are_named_are_let_in_and_no_others() {
        let allowed: Vec<AllowedOrigin> =
            ["https://Play.example.com", "http://localhost:8080/"].map(|text| text.parse().unwrap()).into();
        let is_let_in = |origin| is_allowed(origin, "game.example.com", &allowed);
        assert!(is_let_in("https://play.example.com") && is_let_in("http://localhost:8080"));
        assert!(is_let_in("https://game.example.com"), "its own");
        for other in [
            "http://play.example.com",
            "https://example.com",
            "https://play.example.com:8443",
            "http://localhost",
            "null",
        ] {
            assert!(!is_let_in(other), "{other}");
        }
        assert!(is_allowed("null", "x", &[AllowedOrigin::Any]));
    }

    #[test]
    fn what_names_no_site_is_refused() {
        for text in [
            "",
            "play.example.com",
            "https://",
            "https://play.example.com/game",
            "https://play.example.com?x",
            "https://play.example.com#x",
            "wss://play.example.com",
            "https://me@play.example.com",
            "https://play.example.com:port",
            "https://play.example.com:70000",
            "https://*.example.com:",
            "**",
        ] {
            assert_eq!(text.parse::<AllowedOrigin>(), Err(NoSite), "{text}");
        }
    }
}
