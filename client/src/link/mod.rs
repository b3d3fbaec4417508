//! Owns what a network does to a stream: when each piece that is sent arrives. It carries no bytes and knows no clock.

mod profile;
mod stalls;

pub use profile::{LinkProfile, Stalls};

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use stalls::Schedule;
use std::collections::VecDeque;
use std::time::Duration;

type Chance = Pcg64Mcg;

/// One direction of a stream over a network: order is kept and nothing is lost, so a late piece holds back all that
/// were sent after it. The same profile, seed and sends give the same arrivals, on every machine.
///
/// Time counts from any fixed moment; a `now` that goes back is taken as the latest one.
///
/// ```
/// use std::time::Duration;
/// use tickwire_client::link::{Link, LinkProfile};
///
/// let mut link = Link::new(LinkProfile::TRANSATLANTIC, 1);
/// let sent = Duration::from_secs(3);
/// let delivered = link.send(sent, 100);
/// assert!(delivered >= sent + Duration::from_millis(45));
/// assert_eq!(link.backlog_bytes(sent), 100);
/// assert_eq!(link.backlog_bytes(delivered), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Link {
    profile: LinkProfile,
    chance: Chance,
    stalls: Schedule,
    /// Pieces under way, when they arrive and how long they are, in order.
    under_way: VecDeque<(Duration, usize)>,
    under_way_bytes: usize,
    now: Duration,
    /// When the bottleneck has let everything through.
    idle_from: Duration,
    /// When the piece that was sent last arrives.
    last_arrival: Duration,
}

impl Link {
    /// An empty link, at time zero.
    #[must_use]
    pub fn new(profile: LinkProfile, seed: u64) -> Self {
        let [link, _] = Self::pair(profile, seed);
        link
    }

    /// Both directions. Each has its own jitter, but when the network stands still, it does so both ways.
    #[must_use]
    pub fn pair(profile: LinkProfile, seed: u64) -> [Self; 2] {
        let mut seeds = Chance::seed_from_u64(seed);
        let stalls = Schedule::new(profile.stalls, Chance::from_rng(&mut seeds), Duration::ZERO);
        [(); 2].map(|()| Self {
            profile,
            chance: Chance::from_rng(&mut seeds),
            stalls: stalls.clone(),
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            now: Duration::ZERO,
            idle_from: Duration::ZERO,
            last_arrival: Duration::ZERO,
        })
    }

    /// What it is like.
    #[must_use]
    pub fn profile(&self) -> &LinkProfile {
        &self.profile
    }

    /// It is like this from `now` on. What is under way arrives as it would have, and what comes after it not before.
    pub fn set_profile(&mut self, now: Duration, profile: LinkProfile) {
        self.advance(now);
        self.stalls.replace(profile.stalls, self.now);
        self.idle_from = self.now;
        self.profile = profile;
    }

    /// Sends a piece of so many bytes at `now`; says when all of it is at the far end.
    ///
    /// It is taken even if the link [is full](Self::is_full): to hold back is the sender's part.
    pub fn send(&mut self, now: Duration, bytes: usize) -> Duration {
        self.advance(now);
        self.idle_from = self.idle_from.max(self.now) + self.profile.transfer_time(bytes);
        let jitter = self.profile.jitter(share(&mut self.chance));
        let arrival = (self.idle_from + self.profile.delay + jitter).max(self.last_arrival);
        self.last_arrival = self.stalls.after(arrival);
        self.under_way.push_back((self.last_arrival, bytes));
        self.under_way_bytes += bytes;
        self.last_arrival
    }

    /// Bytes that were sent and have not arrived by `now`.
    pub fn backlog_bytes(&mut self, now: Duration) -> usize {
        self.advance(now);
        self.under_way_bytes
    }

    /// Whether a sender has to wait, because as much is under way as the link holds.
    pub fn is_full(&mut self, now: Duration) -> bool {
        self.backlog_bytes(now) >= self.profile.buffer_bytes
    }

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        while let Some((arrival, bytes)) = self.under_way.front().copied()
            && arrival <= self.now
        {
            self.under_way.pop_front();
            self.under_way_bytes -= bytes;
        }
    }
}

/// A number from 0 to just below 1; all are equally likely.
fn share(chance: &mut Chance) -> f64 {
    (chance.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
