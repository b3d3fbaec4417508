//! Owns the moment of the past that is drawn: smoothly behind the newest snapshot, as far as the link's jitter demands.

use crate::jitter::Jitter;
use crate::timeline::Timeline;
use std::time::Duration;
use tickwire_shared::Tick;
use tickwire_shared::limits::EXTRAPOLATION_MS_MAX;

/// How far beyond the newest snapshot the drawing may get.
const EXTRAPOLATION_MAX: Duration = Duration::from_millis(EXTRAPOLATION_MS_MAX);
/// Behind by more than this, it is a cut: playing that at the greatest speed would take the better part of a second, and be seen.
const CUT: Duration = Duration::from_millis(75);
/// The share of an error that is taken away per tick, and its bounds.
const GAIN: f64 = 0.1;
const SLOWER_MAX: f64 = -0.5;
const FASTER_MAX: f64 = 0.1;

/// Where in time others are drawn. It only goes forward.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    timeline: Timeline,
    jitter: Jitter,
    /// The least lateness since the Welcome.
    fastest_ever: f64,
    /// Place of the newest snapshot.
    newest: f64,
    anchor_at: Duration,
    anchor: f64,
    /// How far the anchor was from where it should have been, and how much faster than real time (or slower) it is made up for.
    error: f64,
    stretch: f64,
}

impl Playback {
    /// Starts with the first snapshot.
    pub fn start(timeline: Timeline, now: Duration, tick: Tick) -> Self {
        let newest = timeline.place(tick);
        let lateness = timeline.elapsed(now) - newest;
        let jitter = Jitter::new(timeline.ticks(Duration::from_secs(1)), timeline.elapsed(now), lateness);
        let anchor = newest - jitter.delay();
        Self {
            timeline,
            jitter,
            fastest_ever: lateness,
            newest,
            anchor_at: now,
            anchor,
            error: 0.0,
            stretch: 0.0,
        }
    }

    /// Where in time to draw, in the timeline's places.
    pub fn position(&self, now: Duration) -> f64 {
        let passed = self.timeline.ticks(now.saturating_sub(self.anchor_at));
        // While nothing comes that says how it goes on, no more is made up for than there was.
        let made_up = (passed * self.stretch.abs()).min(self.error.abs()).copysign(self.error);
        (self.anchor + passed + made_up).min(self.furthest())
    }

    fn furthest(&self) -> f64 {
        self.newest + self.timeline.ticks(EXTRAPOLATION_MAX)
    }

    /// Takes note of a later snapshot. Says how much later it came than the fastest one so far.
    pub fn arrived(&mut self, now: Duration, tick: Tick) -> Duration {
        let (place, elapsed) = (self.timeline.place(tick), self.timeline.elapsed(now));
        let lateness = elapsed - place;
        self.jitter.note(elapsed, lateness, place - self.newest);
        self.fastest_ever = self.fastest_ever.min(lateness);
        let position = self.position(now);
        self.newest = place;
        self.anchor_at = now;
        let target = elapsed - self.jitter.fastest() - self.jitter.delay();
        self.follow(position, target.min(self.furthest()));
        self.timeline.time(lateness - self.fastest_ever)
    }

    /// Goes on from where it is: faster or slower by a little, or at once if it is too far behind.
    fn follow(&mut self, position: f64, target: f64) {
        let error = target - position;
        let is_cut = error > self.timeline.ticks(CUT);
        self.anchor = if is_cut { target } else { position };
        self.error = if is_cut { 0.0 } else { error };
        self.stretch = (self.error * GAIN).clamp(SLOWER_MAX, FASTER_MAX);
    }
}

#[cfg(test)]
mod tests;
