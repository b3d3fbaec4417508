//! Owns when a seated connection's bytes arrived: noted the moment that they do, without waking anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// Nothing has arrived.
const NEVER: u64 = u64::MAX;

/// The first arrival since the last look, counted from a room's start.
#[derive(Debug)]
pub(super) struct Arrival {
    start: Instant,
    /// Nanoseconds, or [`NEVER`].
    first: AtomicU64,
}

impl Arrival {
    /// Where something may have arrived already.
    pub(super) fn new(start: Instant) -> Arc<Self> {
        let arrival = Self { start, first: AtomicU64::new(NEVER) };
        arrival.note();
        Arc::new(arrival)
    }

    /// What a socket must be read with: to be woken is to note the time.
    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// When what is there now began to arrive. `None`: nothing is there, and no look at the socket is needed.
    pub(super) fn take(&self) -> Option<Duration> {
        // Most of a thousand sockets are silent in most ticks: a look costs less than a swap.
        if self.first.load(Ordering::Relaxed) == NEVER {
            return None;
        }
        Some(Duration::from_nanos(self.first.swap(NEVER, Ordering::AcqRel)))
    }

    /// Part of it was left for the next look.
    pub(super) fn put_back(&self, first: Duration) {
        self.first.store(nanos(first), Ordering::Release);
    }

    fn note(&self) {
        let now = nanos(self.start.elapsed());
        // A socket wakes once per look; should it wake again, what came first counts.
        let _ = self.first.compare_exchange(NEVER, now, Ordering::AcqRel, Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}

impl Wake for Arrival {
    fn wake(self: Arc<Self>) {
        self.note();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.note();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_arrival_since_the_last_look_counts() {
        let arrival = Arrival::new(Instant::now());
        let waker = arrival.waker();
        assert_eq!(arrival.take(), Some(Duration::ZERO), "what came before the seat");
        assert_eq!(arrival.take(), None);
        for _ in 0..3 {
            tokio::time::advance(Duration::from_millis(5)).await;
            waker.wake_by_ref();
        }
        assert_eq!(arrival.take(), Some(Duration::from_millis(5)));
        assert_eq!(arrival.take(), None);
        arrival.put_back(Duration::from_millis(5));
        waker.wake();
        assert_eq!(arrival.take(), Some(Duration::from_millis(5)));
    }
}
