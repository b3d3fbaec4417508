//! Owns the speed at which a console speaks: as fast as a room listens, so that no line of a pipe is dropped there.

use std::time::Duration;
use tickwire_shared::limits::{CHAT_BURST, CHAT_PER_SECOND};
use tokio::time::Instant;

/// What one line uses up of the room's patience.
const LINE_COST: Duration = Duration::from_millis(1000 / CHAT_PER_SECOND as u64);
/// How far ahead of a steady speaker one may be: one line less than the room allows, because lines that leave
/// evenly do not arrive so.
const LEAD_MAX: Duration = LINE_COST.saturating_mul(CHAT_BURST - 2);

const _: () = assert!(CHAT_BURST >= 2 && CHAT_PER_SECOND > 0, "there is room for the lead");

/// The room's token bucket, seen from the other end.
#[derive(Debug)]
pub struct Pace {
    start: Instant,
    /// When a steady speaker would be done with what was said so far, since the start.
    spoken: Duration,
}

impl Pace {
    pub fn new() -> Self {
        Self { start: Instant::now(), spoken: Duration::ZERO }
    }

    /// When the next line may be said.
    pub fn free_at(&self) -> Instant {
        self.start + self.spoken.saturating_sub(LEAD_MAX)
    }

    /// A line is said now.
    pub fn take(&mut self) {
        self.spoken = self.spoken.max(self.start.elapsed()) + LINE_COST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_evenly() {
        let mut pace = Pace::new();
        let begin = Instant::now();
        let mut said = Vec::new();
        for _ in 0..CHAT_BURST + 1 {
            tokio::time::sleep_until(pace.free_at()).await;
            pace.take();
            said.push(begin.elapsed());
        }
        let at_once = said.iter().take_while(|time| **time < LINE_COST / 2).count();
        assert_eq!(at_once, CHAT_BURST as usize - 1);
        assert!(said[at_once + 1] - said[at_once] >= LINE_COST, "{said:?}");
    }
}
