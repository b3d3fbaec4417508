//! Owns the bad network inside the page: what comes from the socket and what goes to it waits here as long as a link would hold it.

use std::collections::VecDeque;
use std::time::Duration;
use tickwire_client::link::{Link, LinkProfile, Stalls};

/// What each direction can be delayed by, at most.
pub const DELAY_MS_MAX: f64 = 1000.0;
/// What 99 of 100 pieces are later than that, at most.
pub const JITTER_MS_MAX: f64 = 500.0;
/// How long the network stands still, at most: less than a client takes for a dead connection.
pub const STALL_MS_MAX: f64 = 2000.0;
/// From one stall to the next, in the mean.
const STALLS_EVERY: Duration = Duration::from_secs(4);
/// Pieces that wait in one direction. At the limit the oldest is let through at once: nothing is lost on a stream.
const WAITING_MAX: usize = 4096;

/// One direction.
struct Pipe {
    link: Link,
    waiting: VecDeque<(Duration, Vec<u8>)>,
}

impl Pipe {
    fn send(&mut self, now: Duration, bytes: Vec<u8>) {
        let arrival = self.link.send(now, bytes.len());
        self.waiting.push_back((arrival, bytes));
        let too_many = self.waiting.len().saturating_sub(WAITING_MAX);
        self.waiting.iter_mut().take(too_many).for_each(|(arrival, _)| *arrival = now);
    }

    fn due(&mut self, now: Duration) -> Option<Vec<u8>> {
        let is_due = self.waiting.front().is_some_and(|(arrival, _)| *arrival <= now);
        if is_due { self.waiting.pop_front().map(|(_, bytes)| bytes) } else { None }
    }
}

/// Both directions between the client and its socket. As long as nothing is set, it holds back nothing.
pub(crate) struct PageLink {
    up: Pipe,
    down: Pipe,
}

impl PageLink {
    pub fn new(seed: u64) -> Self {
        let [up, down] = Link::pair(LinkProfile::clean(Duration::ZERO), seed)
            .map(|link| Pipe { link, waiting: VecDeque::new() });
        Self { up, down }
    }

    /// What it is like from now on. Figures beyond the limits, or that are no numbers, are brought within.
    pub fn set(&mut self, now: Duration, delay_ms: f64, jitter_ms: f64, stall_ms: f64) {
        let time = |ms: f64, ms_max: f64| Duration::from_secs_f64(ms.max(0.0).min(ms_max) / 1000.0);
        let longest = time(stall_ms, STALL_MS_MAX);
        let profile = LinkProfile {
            name: "page",
            jitter_p99: time(jitter_ms, JITTER_MS_MAX),
            stalls: (!longest.is_zero()).then_some(Stalls {
                every: STALLS_EVERY,
                shortest: longest / 2,
                longest,
            }),
            ..LinkProfile::clean(time(delay_ms, DELAY_MS_MAX))
        };
        for pipe in [&mut self.up, &mut self.down] {
            pipe.link.set_profile(now, profile);
        }
    }

    /// The client sends.
    pub fn send(&mut self, now: Duration, bytes: Vec<u8>) {
        self.up.send(now, bytes);
    }

    /// What is to go to the socket by now.
    pub fn due_at_socket(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.up.due(now)
    }

    /// The socket has received.
    pub fn receive(&mut self, now: Duration, bytes: Vec<u8>) {
        self.down.send(now, bytes);
    }

    /// What has reached the client by now.
    pub fn due_at_client(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.down.due(now)
    }

    /// When there is something to be delivered, either way.
    pub fn next(&self) -> Option<Duration> {
        let arrivals = [&self.up, &self.down].into_iter().filter_map(|pipe| pipe.waiting.front());
        arrivals.map(|(arrival, _)| *arrival).min()
    }

    /// The connection is gone: nothing more is sent on it, and the client gets what had arrived, at once.
    pub fn cut(&mut self) -> impl Iterator<Item = Vec<u8>> + use<> {
        self.up.waiting.clear();
        std::mem::take(&mut self.down.waiting).into_iter().map(|(_, bytes)| bytes)
    }
}
