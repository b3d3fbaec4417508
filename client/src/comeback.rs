//! Owns the way back after a cut: what with, when to try next, and when there is nothing to come back to.

use crate::ClientConfig;
use std::time::Duration;
use tickwire_shared::limits::{
    IDLE_SECONDS_MAX, RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN, RECONNECT_QUICK_TRIES,
};
use tickwire_shared::{ResumeToken, Welcome};

const DELAY_MIN: Duration = Duration::from_millis(RECONNECT_DELAY_MS_MIN);
const DELAY_MAX: Duration = Duration::from_millis(RECONNECT_DELAY_MS_MAX);
/// A server notices a cut no later than this; only then does the seat's time begin.
const NOTICED_WITHIN: Duration = Duration::from_secs(IDLE_SECONDS_MAX as u64);

/// What a client needs to have its seat again.
#[derive(Clone, Debug)]
pub(crate) struct Comeback {
    is_wanted: bool,
    token: Option<ResumeToken>,
    /// How long the server keeps the seat.
    grace: Duration,
    lost_at: Option<Duration>,
    /// Tries since the last Welcome.
    tries: u32,
    last_try_at: Option<Duration>,
    /// State of a generator: `SplitMix64` (Steele, Lea and Flood, 2014).
    chance: u64,
}

/// The next try to connect.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    /// Counted from 1.
    pub attempt: u32,
    pub at: Duration,
}

impl Comeback {
    pub fn new(config: &ClientConfig) -> Self {
        Self {
            is_wanted: config.resume,
            token: None,
            grace: Duration::ZERO,
            lost_at: None,
            tries: 0,
            last_try_at: None,
            chance: config.seed,
        }
    }

    /// Whether there is a seat to come back to, should the connection be lost.
    pub fn is_possible(&self) -> bool {
        self.is_wanted && self.token.is_some()
    }

    /// What the next Hello presents.
    pub fn token(&self) -> Option<ResumeToken> {
        self.token
    }

    /// A Welcome came: its token takes the place of the one before.
    pub fn welcomed(&mut self, welcome: &Welcome) {
        self.token = welcome.resume;
        self.grace = Duration::from_secs(welcome.resume_grace_seconds.into());
        self.tries = 0;
    }

    /// There is a full view again. Says how long there was none, if a connection was lost before.
    pub fn arrived(&mut self, now: Duration) -> Option<Duration> {
        self.lost_at.take().map(|lost_at| now.saturating_sub(lost_at))
    }

    /// There is no connection, or none any more. Says when to try next; `None`: by then the seat is gone for certain.
    ///
    /// The first try is made at once, unless the last one was just before: a server that drops all that it lets in is not to be
    /// asked without a pause.
    pub fn next_try(&mut self, now: Duration) -> Option<Try> {
        let lost_at = *self.lost_at.get_or_insert(now);
        let at = match self.tries {
            0 => self.last_try_at.map_or(now, |last_try_at| now.max(last_try_at + DELAY_MIN)),
            tries => now + self.jittered(delay(tries)),
        };
        if !self.is_possible() || at > lost_at + self.grace + NOTICED_WITHIN {
            return None;
        }
        self.tries += 1;
        self.last_try_at = Some(at);
        Some(Try { attempt: self.tries, at })
    }

    /// Between half of it and all: many clients that were cut at the same moment shall not come back at the same moment.
    fn jittered(&mut self, delay: Duration) -> Duration {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = (z >> 32) as f64 / f64::from(u32::MAX);
        delay.mul_f64(0.5 + 0.5 * share)
    }
}

/// After so many tries in vain.
fn delay(tries: u32) -> Duration {
    DELAY_MIN.saturating_mul(1 << tries.saturating_sub(RECONNECT_QUICK_TRIES).min(16)).min(DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::Role;

    fn comeback(seed: u64) -> Comeback {
        let mut comeback = Comeback::new(&ClientConfig { seed, ..ClientConfig::new("x", Role::Player) });
        (comeback.token, comeback.grace) = (Some([1; 16]), Duration::from_secs(20));
        comeback
    }

    /// How long each try waits, until there is none any more.
    fn waits(seed: u64) -> Vec<Duration> {
        let (mut comeback, mut now) = (comeback(seed), Duration::from_secs(7));
        let mut waits = Vec::new();
        while let Some(Try { attempt, at }) = comeback.next_try(now) {
            assert_eq!(attempt as usize, waits.len() + 1);
            waits.push(at - now);
            now = at;
        }
        waits
    }

    #[test]
    fn tries_come_at_once_then_later_and_later_until_the_seat_is_gone() {
        let waits = waits(1);
        assert_eq!(waits[0], Duration::ZERO);
        for (tries, wait) in waits.iter().enumerate().skip(1) {
            let most = delay(tries as u32);
            assert!(*wait <= most && *wait >= most / 2, "{tries}: {wait:?}");
        }
        let all: Duration = waits.iter().sum();
        assert!((28.0..=30.0).contains(&all.as_secs_f64()), "20 s of grace, 10 s to notice: {all:?}");
    }

    #[test]
    fn clients_with_other_seeds_try_at_other_times_and_a_seed_repeats_them() {
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn who_is_cut_again_and_again_tries_ten_times_a_second_at_most() {
        let (mut comeback, second) = (comeback(1), Duration::from_secs(1));
        let first = comeback.next_try(second).unwrap();
        assert_eq!(first.at, second);
        comeback.tries = 0;
        let again = comeback.next_try(second + DELAY_MIN / 4).unwrap();
        assert_eq!((again.attempt, again.at), (1, second + DELAY_MIN));
        comeback.tries = 0;
        assert_eq!(comeback.next_try(3 * second).unwrap().at, 3 * second);
    }
}
