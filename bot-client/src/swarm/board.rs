//! Owns what a swarm's conductor and its bots tell each other: the phase downwards, where each bot stands upwards.

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// What all bots shall do now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Come in.
    Joining,
    /// Play, and count. Who is not in yet has failed.
    Measuring,
    /// Leave.
    Over,
}

/// How far one bot got.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not in its room yet.
    Joining,
    /// In its room; none of its commands was in time so far.
    Settling,
    /// In its room, and steering.
    Playing,
    /// It never got into its room.
    Failed,
    /// It was in its room and was thrown out.
    Dropped,
}

/// How many bots stand where. Each is counted once.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub joining: usize,
    pub settling: usize,
    pub playing: usize,
    pub failed: usize,
    pub dropped: usize,
}

impl Tally {
    /// Bots that may still come to play.
    pub fn underway(&self) -> usize {
        self.joining + self.settling
    }

    fn of(&mut self, standing: Standing) -> &mut usize {
        match standing {
            Standing::Joining => &mut self.joining,
            Standing::Settling => &mut self.settling,
            Standing::Playing => &mut self.playing,
            Standing::Failed => &mut self.failed,
            Standing::Dropped => &mut self.dropped,
        }
    }
}

/// The one thing that conductor and bots share.
#[derive(Debug)]
pub struct Board {
    phase: watch::Sender<Phase>,
    tally: watch::Sender<Tally>,
    /// Snapshots that all bots got so far: only for showing progress.
    snapshots: AtomicU64,
}

impl Board {
    /// So many bots are about to join.
    pub fn new(bots: usize) -> Self {
        Self {
            phase: watch::Sender::new(Phase::Joining),
            tally: watch::Sender::new(Tally { joining: bots, ..Tally::default() }),
            snapshots: AtomicU64::new(0),
        }
    }

    pub fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// For a bot, to follow the phases by.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Waits until the bots stand like this.
    pub async fn wait_for(&self, condition: impl Fn(&Tally) -> bool) {
        let mut tally = self.tally.subscribe();
        tally.wait_for(condition).await.expect("the board itself holds the sender");
    }

    /// One bot went from here to there.
    pub fn moved(&self, from: Standing, to: Standing) {
        self.tally.send_modify(|tally| {
            *tally.of(from) -= 1;
            *tally.of(to) += 1;
        });
    }

    pub fn count_snapshot(&self) {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
    }

    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Ordering::Relaxed)
    }
}
