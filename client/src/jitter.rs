//! Owns what is known of how late snapshots come: the fastest of late, and the delay that lets nearly all of them come in time.

use std::collections::VecDeque;

/// Waits that are remembered, in seconds' worth and in number: long enough to have met the link's usual worst.
const WINDOW_SECONDS: f64 = 4.0;
const WAITS_MIN: usize = 64;
const WAITS_MAX: usize = 256;
/// The share of waits that the delay shall cover.
const PUNCTUAL: f64 = 0.98;
/// Delay beyond what jitter demands: the playback's own unsteadiness.
const DELAY_SPARE_TICKS: f64 = 0.25;
/// Greatest delay: beyond it, stutter is the lesser evil.
const DELAY_MAX_SECONDS: f64 = 0.25;
/// By how much of a tick per tick the delay shrinks at most: faster would be seen.
const SHRINK: f64 = 0.05;
/// What comes so soon after another snapshot waited for the same thing. It is one wait, however many snapshots had to.
const BURST_TICKS: f64 = 0.25;
/// Later than usual by so much is not jitter: the link was dead, or the server stood still and its schedule has moved.
const STRAY_SECONDS: f64 = 0.5;
/// So many strays in a row, none of them in a burst: it is the schedule. Measure afresh.
const STRAYS_MAX: u32 = 4;
/// Once there are many waits, the delay is worked out anew after so many.
const MEASURE_INTERVAL: usize = 8;

/// A snapshot, or a burst of them. Times in ticks.
#[derive(Copy, Clone, Debug)]
struct Wait {
    /// The least lateness in it: when, measured from when its tick would be, were there no way at all (but for a constant).
    least: f64,
    /// How old the newest snapshot was, just before this one came: the greatest lateness in it, and the gap to the tick before.
    age: f64,
}

/// The last waits, and what follows from them. Times in ticks.
#[derive(Clone, Debug)]
pub(crate) struct Jitter {
    tick_hz: f64,
    waits: VecDeque<Wait>,
    waits_max: usize,
    last_at: f64,
    strays: u32,
    unmeasured: usize,
    unmeasured_ticks: f64,
    fastest: f64,
    delay: f64,
}

impl Jitter {
    /// Starts with the first snapshot, at a moment and so late.
    pub fn new(tick_hz: f64, at: f64, lateness: f64) -> Self {
        let waits_max = ((tick_hz * WINDOW_SECONDS) as usize).clamp(WAITS_MIN, WAITS_MAX);
        let first = Wait { least: lateness, age: lateness + 1.0 };
        Self {
            tick_hz,
            waits: VecDeque::from([first]),
            waits_max,
            last_at: at,
            strays: 0,
            unmeasured: 0,
            unmeasured_ticks: 0.0,
            fastest: lateness,
            delay: 1.0 + DELAY_SPARE_TICKS,
        }
    }

    /// The least lateness of late.
    pub fn fastest(&self) -> f64 {
        self.fastest
    }

    /// How far behind the fastest snapshots to play, so that nearly always there is a later snapshot to move towards.
    pub fn delay(&self) -> f64 {
        self.delay
    }

    /// Takes note of a snapshot: when it came, how late that is, and how many ticks after the one before it lies.
    pub fn note(&mut self, at: f64, lateness: f64, gap: f64) {
        let is_burst = at - self.last_at < BURST_TICKS;
        self.last_at = at;
        if lateness - self.fastest > STRAY_SECONDS * self.tick_hz {
            self.strays += u32::from(!is_burst);
            if self.strays < STRAYS_MAX {
                return;
            }
            *self = Self::new(self.tick_hz, at, lateness);
            return;
        }
        self.strays = 0;
        self.remember(Wait { least: lateness, age: lateness + gap }, is_burst);
        self.unmeasured += 1;
        self.unmeasured_ticks += gap;
        let is_due = self.waits.len() < WAITS_MIN || self.unmeasured >= MEASURE_INTERVAL;
        if is_due || lateness < self.fastest {
            self.measure();
        }
    }

    fn remember(&mut self, wait: Wait, is_burst: bool) {
        if is_burst && let Some(last) = self.waits.back_mut() {
            *last = Wait { least: last.least.min(wait.least), age: last.age.max(wait.age) };
            return;
        }
        if self.waits.len() == self.waits_max {
            self.waits.pop_front();
        }
        self.waits.push_back(wait);
    }

    fn measure(&mut self) {
        self.fastest = self.waits.iter().map(|wait| wait.least).fold(f64::INFINITY, f64::min);
        let mut ages = [0.0; WAITS_MAX];
        let ages = &mut ages[..self.waits.len()];
        ages.iter_mut().zip(&self.waits).for_each(|(age, wait)| *age = wait.age - self.fastest);
        let place = ((ages.len() - 1) as f64 * PUNCTUAL) as usize;
        let (_, punctual, _) = ages.select_nth_unstable_by(place, f64::total_cmp);
        let wanted = (*punctual + DELAY_SPARE_TICKS).min(DELAY_MAX_SECONDS * self.tick_hz);
        self.delay = wanted.max(self.delay - SHRINK * self.unmeasured_ticks);
        (self.unmeasured, self.unmeasured_ticks) = (0, 0.0);
    }
}
