//! Owns what links are like: the figures of a link, and the named ones that everything here is measured under.

use std::num::NonZeroU64;
use std::time::Duration;

/// The figures of a link, the same each way.
///
/// What is sent as one piece takes [`delay`](Self::delay), the time that its bytes take at
/// [`bytes_per_second`](Self::bytes_per_second) behind those that are still in front of it, and its jitter. It never
/// passes what was sent before it, and nothing comes through while the link stalls.
///
/// **Jitter** is always added and never negative: a Lomax distribution of shape 2, because it needs only a division
/// and a square root, which give the same bits on every machine. Half of the pieces are late by less than 0.046 of
/// [`jitter_p99`](Self::jitter_p99), nine in ten by less than 0.24 of it, 99 in 100 by less than all of it, and
/// none by more than [twice as much](Self::jitter_max).
///
/// A link is no TCP: there are no handshake, slow start and acks on it. What TCP makes of a lost packet, silence
/// and then all at once, is a stall.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LinkProfile {
    /// What it is called.
    pub name: &'static str,
    /// The least time from one end to the other.
    pub delay: Duration,
    /// How late a piece is on top of that, in 99 of 100 cases at most.
    pub jitter_p99: Duration,
    /// What the bottleneck lets through; `None` if there is none.
    pub bytes_per_second: Option<NonZeroU64>,
    /// How many bytes may be under way, on the wire and in the bottleneck's queue. A sender that has more is held
    /// back, and nothing is lost. With a rate, a queue this long takes `buffer_bytes / bytes_per_second` to drain.
    pub buffer_bytes: usize,
    /// When nothing comes through; `None` if that never happens.
    pub stalls: Option<Stalls>,
}

/// How often and how long a link stands still. What should have arrived meanwhile arrives at the end, all at once.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Stalls {
    /// From the end of one to the next, in the mean; it may be half of that or half as much again, and all
    /// between is equally likely.
    pub every: Duration,
    /// The shortest.
    pub shortest: Duration,
    /// The longest; all between is equally likely.
    pub longest: Duration,
}

/// Twice what is late in one of a hundred cases.
const JITTER_MAX_P99S: u32 = 2;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl LinkProfile {
    /// A switch or two: the next room.
    pub const LAN: Self = Self {
        name: "lan",
        delay: Duration::from_micros(300),
        jitter_p99: Duration::from_micros(200),
        bytes_per_second: None,
        buffer_bytes: 256 * 1024,
        stalls: None,
    };
    /// A good wireless network and a server in the same town; 40 Mbit/s.
    pub const WIFI: Self = Self {
        name: "wifi",
        delay: ms(4),
        jitter_p99: ms(8),
        bytes_per_second: NonZeroU64::new(5_000_000),
        buffer_bytes: 256 * 1024,
        stalls: None,
    };
    /// A phone that does not move; 10 Mbit/s, and a queue of a fifth of a second.
    pub const MOBILE_4G: Self = Self {
        name: "4g",
        delay: ms(30),
        jitter_p99: ms(15),
        bytes_per_second: NonZeroU64::new(1_250_000),
        buffer_bytes: 256 * 1024,
        stalls: None,
    };
    /// A good line from Europe to the east of North America; 20 Mbit/s.
    pub const TRANSATLANTIC: Self = Self {
        name: "transatlantic",
        delay: ms(45),
        jitter_p99: ms(3),
        bytes_per_second: NonZeroU64::new(2_500_000),
        buffer_bytes: 384 * 1024,
        stalls: None,
    };
    /// Two walls away from the base station, with neighbours on the same channel; 2 Mbit/s.
    pub const BAD_WIFI: Self = Self {
        name: "bad-wifi",
        delay: ms(8),
        jitter_p99: ms(40),
        bytes_per_second: NonZeroU64::new(250_000),
        buffer_bytes: 64 * 1024,
        stalls: Some(Stalls { every: ms(2000), shortest: ms(50), longest: ms(200) }),
    };
    /// A train, or a phone between two cells; 10 Mbit/s.
    pub const STALLING: Self = Self {
        name: "stalling",
        delay: ms(20),
        jitter_p99: ms(10),
        bytes_per_second: NonZeroU64::new(1_250_000),
        buffer_bytes: 128 * 1024,
        stalls: Some(Stalls { every: ms(5000), shortest: ms(300), longest: ms(1500) }),
    };
    /// All that have a name, from good to bad.
    pub const ALL: [Self; 6] =
        [Self::LAN, Self::WIFI, Self::MOBILE_4G, Self::TRANSATLANTIC, Self::BAD_WIFI, Self::STALLING];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }

    /// A link that delays everything alike, and does nothing else.
    #[must_use]
    pub const fn clean(delay: Duration) -> Self {
        Self {
            name: "clean",
            delay,
            jitter_p99: Duration::ZERO,
            bytes_per_second: None,
            buffer_bytes: usize::MAX,
            stalls: None,
        }
    }

    /// The most by which jitter makes a piece late.
    #[must_use]
    pub fn jitter_max(&self) -> Duration {
        self.jitter_p99 * JITTER_MAX_P99S
    }

    /// How long the bottleneck takes for so many bytes.
    pub(super) fn transfer_time(&self, bytes: usize) -> Duration {
        let Some(rate) = self.bytes_per_second else { return Duration::ZERO };
        let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(rate.get()));
        // 584 years: nobody waits longer.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The jitter that `share` of all pieces stay below; `share` is below 1.
    pub(super) fn jitter(&self, share: f64) -> Duration {
        // The quantile of a Lomax distribution of shape 2 and scale 1, which is 9 for a share of 0.99.
        let quantile = 1.0 / (1.0 - share).sqrt() - 1.0;
        self.jitter_p99.mul_f64((quantile / 9.0).min(f64::from(JITTER_MAX_P99S)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_profile() {
        for profile in LinkProfile::ALL {
            assert_eq!(LinkProfile::named(profile.name), Some(profile));
        }
        assert_eq!(LinkProfile::named("clean"), None, "it has no figures of its own");
    }

    #[test]
    fn jitter_has_the_shares_that_its_documentation_names() {
        let ms_at =
            |share| LinkProfile { jitter_p99: ms(1000), ..LinkProfile::WIFI }.jitter(share).as_millis();
        assert_eq!(
            [ms_at(0.0), ms_at(0.5), ms_at(0.9), ms_at(0.99), ms_at(0.99999)],
            [0, 46, 240, 1000, 2000]
        );
    }

    #[test]
    fn a_bottleneck_takes_its_time() {
        assert_eq!(LinkProfile::BAD_WIFI.transfer_time(250_000), Duration::from_secs(1));
        assert_eq!(LinkProfile::BAD_WIFI.transfer_time(1), Duration::from_micros(4));
        assert_eq!(LinkProfile::LAN.transfer_time(usize::MAX), Duration::ZERO);
    }
}
