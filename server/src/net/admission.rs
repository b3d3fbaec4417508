//! Owns how many connections there may be, in all and from one address.

use crate::config::Limits;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections. A lock is fine here: it is taken when a connection comes and when it goes.
#[derive(Debug)]
pub(super) struct Admission {
    connections_max: usize,
    per_address_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    connections: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why a connection is turned away.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Crowded {
    Server,
    Address,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    source: Option<IpAddr>,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            connections_max: limits.connections_max,
            per_address_max: limits.connections_per_address_max,
            open: Mutex::default(),
        }
    }

    /// Takes a place for a connection from this address.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Crowded> {
        let source = source(address);
        let mut open = self.lock();
        if open.connections >= self.connections_max {
            return Err(Crowded::Server);
        }
        if let Some(source) = source {
            let here = open.by_address.entry(source).or_default();
            if *here >= self.per_address_max {
                return Err(Crowded::Address);
            }
            *here += 1;
        }
        open.connections += 1;
        Ok(Permit { admission: Arc::clone(self), source })
    }

    fn release(&self, source: Option<IpAddr>) {
        let mut open = self.lock();
        open.connections -= 1;
        let Some(source) = source else { return };
        let here = open.by_address.get_mut(&source).expect("it was counted");
        *here -= 1;
        if *here == 0 {
            open.by_address.remove(&source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.release(self.source);
    }
}

/// What is counted as one address: of IPv6 the /64 that one customer has to himself. `None`: this machine.
fn source(address: IpAddr) -> Option<IpAddr> {
    let source = match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            if v6.is_loopback() { v6.into() } else { Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into() }
        }
        v4 => v4,
    };
    (!source.is_loopback()).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections_max: usize, per_address_max: usize) -> Arc<Admission> {
        let limits =
            Limits { connections_max, connections_per_address_max: per_address_max, ..Limits::default() };
        Arc::new(Admission::new(&limits))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_the_places_of_others() {
        let admission = admission(10, 2);
        let held: Vec<_> = (0..2).map(|_| admission.admit(ip("10.0.0.1")).unwrap()).collect();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Crowded::Address);
        let _other = admission.admit(ip("10.0.0.2")).unwrap();
        drop(held);
        let _again = admission.admit(ip("10.0.0.1")).unwrap();
        assert_eq!(admission.lock().by_address.len(), 2);
    }

    #[test]
    fn the_total_counts_everyone() {
        let admission = admission(3, 1);
        let held: Vec<_> = (0..3).map(|_| admission.admit(ip("127.0.0.1")).unwrap()).collect();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Crowded::Server);
        drop(held);
        assert_eq!(admission.lock().connections, 0);
        assert!(admission.lock().by_address.is_empty(), "nothing stays behind");
    }

    #[test]
    fn one_source_has_many_spellings() {
        assert_eq!(source(ip("2001:db8:1:2:aaaa::1")), source(ip("2001:db8:1:2:bbbb::9")));
        assert_ne!(source(ip("2001:db8:1:2::1")), source(ip("2001:db8:1:3::1")));
        assert_eq!(source(ip("::ffff:10.0.0.1")), source(ip("10.0.0.1")));
        for local in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(source(ip(local)), None, "{local}");
        }
    }
}
