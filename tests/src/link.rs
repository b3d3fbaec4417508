//! Owns a simulated connection's one direction: frames under way over a network of the client core's, in virtual time.

use std::collections::VecDeque;
use std::time::Duration;
use tickwire_client::link::{Link as Network, LinkProfile};

/// A connection's network, and how much each end may have on it.
#[derive(Copy, Clone, Debug)]
pub struct LinkPlan {
    /// When what is sent arrives.
    pub profile: LinkProfile,
    /// Frames under way at once (outbox, kernel, wire): with more, the sender has no place.
    pub frames_max: usize,
}

impl LinkPlan {
    /// As many frames as the profile lets through.
    #[must_use]
    pub const fn of(profile: LinkProfile) -> Self {
        Self { profile, frames_max: 1024 }
    }

    /// A link that delays everything alike.
    #[must_use]
    pub const fn clean(delay: Duration) -> Self {
        Self::of(LinkProfile::clean(delay))
    }
}

/// Frames under way, in order.
#[derive(Clone, Debug)]
pub struct Link<T> {
    network: Network,
    frames_max: usize,
    /// With when each arrives, in microseconds.
    under_way: VecDeque<(u64, T)>,
    is_cut: bool,
}

impl<T: AsRef<[u8]>> Link<T> {
    /// Both directions of an empty link.
    #[must_use]
    pub fn pair(plan: LinkPlan, seed: u64) -> [Self; 2] {
        Network::pair(plan.profile, seed).map(|network| Self {
            network,
            frames_max: plan.frames_max,
            under_way: VecDeque::new(),
            is_cut: false,
        })
    }

    /// Whether one more frame may be sent at `now_us`.
    pub fn has_place(&mut self, now_us: u64) -> bool {
        self.under_way.len() < self.frames_max && !self.network.is_full(Duration::from_micros(now_us))
    }

    /// What is under way is lost, and so is what will be sent.
    pub fn cut(&mut self) {
        self.under_way.clear();
        self.is_cut = true;
    }

    /// Sends a frame at `now_us`.
    pub fn send(&mut self, now_us: u64, frame: T) {
        if self.is_cut {
            return;
        }
        let arrival = self.network.send(Duration::from_micros(now_us), frame.as_ref().len());
        self.under_way.push_back((arrival.as_nanos().div_ceil(1000) as u64, frame));
    }

    /// When the next frame arrives.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        self.under_way.front().map(|(arrival_us, _)| *arrival_us)
    }

    /// The next frame, if it has arrived by `now_us`.
    pub fn receive(&mut self, now_us: u64) -> Option<T> {
        self.next_us().filter(|arrival_us| *arrival_us <= now_us)?;
        self.under_way.pop_front().map(|(_, frame)| frame)
    }

    /// From now on the link delays and does nothing else: what is under way still arrives in order.
    pub fn heal(&mut self, now_us: u64) {
        let LinkPlan { profile, frames_max } = LinkPlan::clean(self.network.profile().delay);
        self.network.set_profile(Duration::from_micros(now_us), profile);
        self.frames_max = frames_max;
    }
}
