//! Owns the moment of the past that is drawn: smoothly behind the newest snapshot, as far as the link's jitter demands.

use crate::timeline::Timeline;
use std::collections::VecDeque;
use std::time::Duration;
use tickwire_shared::Tick;

/// Arrivals that the jitter is measured over; the oldest goes.
const ARRIVALS_MAX: usize = 64;
/// The share of snapshots that shall be there before they are drawn.
const PUNCTUAL: f64 = 0.95;
/// Delay beyond what jitter demands.
const DELAY_SPARE_TICKS: f64 = 1.0;
/// Greatest delay: beyond it, stutter is the lesser evil.
const DELAY_MAX: Duration = Duration::from_millis(250);
/// Later than usual by so much, the server's schedule itself has moved (or the link was dead): measure afresh.
const RESTART: Duration = Duration::from_millis(500);
/// The share of an error that is taken away per tick, and its bounds.
const GAIN: f64 = 0.1;
const SLOWER_MAX: f64 = -0.25;
const FASTER_MAX: f64 = 0.1;

/// One snapshot's arrival, in ticks.
#[derive(Copy, Clone, Debug)]
struct Arrived {
    /// When, measured from when its tick would be, were there no way at all (but for a constant).
    lateness: f64,
    /// From the tick of the snapshot before.
    gap: f64,
}

/// Where in time others are drawn. It only goes forward.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    timeline: Timeline,
    arrivals: VecDeque<Arrived>,
    /// The least lateness since the Welcome.
    fastest_ever: f64,
    /// Place of the newest snapshot, which is never passed.
    newest: f64,
    anchor_at: Duration,
    anchor: f64,
    rate: f64,
}

impl Playback {
    /// Starts with the first snapshot.
    pub fn start(timeline: Timeline, now: Duration, tick: Tick) -> Self {
        let newest = timeline.place(tick);
        let lateness = timeline.elapsed(now) - newest;
        let mut playback = Self {
            timeline,
            arrivals: VecDeque::from([Arrived { lateness, gap: 1.0 }]),
            fastest_ever: lateness,
            newest,
            anchor_at: now,
            anchor: 0.0,
            rate: 1.0,
        };
        playback.anchor = playback.target(now);
        playback
    }

    /// Where in time to draw, in the timeline's places.
    pub fn position(&self, now: Duration) -> f64 {
        let played = self.timeline.ticks(now.saturating_sub(self.anchor_at)) * self.rate;
        (self.anchor + played).min(self.newest)
    }

    /// Takes note of a later snapshot. Says how much later it came than the fastest one so far.
    pub fn arrived(&mut self, now: Duration, tick: Tick) -> Duration {
        let place = self.timeline.place(tick);
        let lateness = self.timeline.elapsed(now) - place;
        self.note(Arrived { lateness, gap: place - self.newest });
        let position = self.position(now);
        self.newest = place;
        self.anchor_at = now;
        self.follow(position, self.target(now));
        self.timeline.time(lateness - self.fastest_ever)
    }

    fn note(&mut self, arrived: Arrived) {
        if arrived.lateness - self.fastest() > self.timeline.ticks(RESTART) {
            self.arrivals.clear();
        }
        if self.arrivals.len() == ARRIVALS_MAX {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(arrived);
        self.fastest_ever = self.fastest_ever.min(arrived.lateness);
    }

    /// Goes on from where it is: faster or slower by a little, or at once if it is too far behind.
    fn follow(&mut self, position: f64, target: f64) {
        let error = target - position;
        let too_far = error > self.timeline.ticks(DELAY_MAX);
        self.anchor = if too_far { target } else { position };
        self.rate = if too_far { 1.0 } else { 1.0 + (error * GAIN).clamp(SLOWER_MAX, FASTER_MAX) };
    }

    fn fastest(&self) -> f64 {
        self.arrivals.iter().map(|arrived| arrived.lateness).fold(f64::INFINITY, f64::min)
    }

    fn target(&self, now: Duration) -> f64 {
        self.timeline.elapsed(now) - self.fastest() - self.delay()
    }

    /// How far behind the fastest snapshots to play, so that nearly always there is a later snapshot to move towards:
    /// just before a snapshot came, the newest one was older than it by the gap and its own lateness.
    fn delay(&self) -> f64 {
        let fastest = self.fastest();
        let mut ages = [0.0; ARRIVALS_MAX];
        let ages = &mut ages[..self.arrivals.len()];
        for (age, arrived) in ages.iter_mut().zip(&self.arrivals) {
            *age = arrived.lateness - fastest + arrived.gap;
        }
        let place = ((ages.len() - 1) as f64 * PUNCTUAL) as usize;
        let (_, punctual, _) = ages.select_nth_unstable_by(place, f64::total_cmp);
        (*punctual + DELAY_SPARE_TICKS).min(self.timeline.ticks(DELAY_MAX))
    }
}
