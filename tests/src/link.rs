//! Owns a simulated link: one direction of a stream, with delay, jitter, stalls and a cut. Virtual time only.

use crate::test_rng::TestRng;
use std::collections::VecDeque;

/// What a link does to what is sent over it. Times in microseconds.
#[derive(Clone, Debug, Default)]
pub struct LinkProfile {
    /// The least time that a frame is under way.
    pub delay_us: u64,
    /// Up to this much more, drawn for each frame; order is kept.
    pub jitter_us: u64,
    /// How often, in a thousand frames, one starts a stall.
    pub stall_per_mille: u64,
    /// The longest stall.
    pub stall_us_max: u64,
    /// Frames under way at once (outbox, kernel, wire): with more, the sender has no place.
    pub frames_max: usize,
}

impl LinkProfile {
    /// A link that delays everything alike.
    #[must_use]
    pub fn clean(delay_us: u64) -> Self {
        Self { delay_us, frames_max: 1024, ..Self::default() }
    }
}

/// Frames under way, in order.
#[derive(Clone, Debug)]
pub struct Link<T> {
    profile: LinkProfile,
    rng: TestRng,
    under_way: VecDeque<(u64, T)>,
    /// Nothing arrives before this.
    free_us: u64,
    is_cut: bool,
}

impl<T> Link<T> {
    /// An empty link.
    #[must_use]
    pub fn new(profile: LinkProfile, seed: u64) -> Self {
        Self { profile, rng: TestRng::new(seed), under_way: VecDeque::new(), free_us: 0, is_cut: false }
    }

    /// Whether one more frame may be sent.
    #[must_use]
    pub fn has_place(&self) -> bool {
        self.under_way.len() < self.profile.frames_max
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
        let LinkProfile { delay_us, jitter_us, stall_per_mille, stall_us_max, .. } = self.profile;
        if self.rng.below(1000) < stall_per_mille {
            self.free_us = self.free_us.max(now_us + self.rng.between(1, stall_us_max));
        }
        let arrival_us = (now_us + delay_us + self.rng.between(0, jitter_us)).max(self.free_us);
        self.free_us = arrival_us;
        self.under_way.push_back((arrival_us, frame));
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
    pub fn heal(&mut self) {
        self.profile = LinkProfile::clean(self.profile.delay_us);
    }
}
