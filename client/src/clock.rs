//! Owns the client's time: which tick is due when, steered so that commands reach the server just before their ticks. Knows no inputs.
//!
//! The command for tick c is made when `position(now) = elapsed ticks + offset` reaches c; only the offset is steered.
//! The server reports each command's slack: how many ticks before its deadline it came. With `o_c` the offset in
//! force when c was made, `slack_c - o_c` depends on the link and the server alone. So it stays comparable
//! while the offset moves, and steps that are still in flight are never taken twice.
//!
//! A report does not name its command, and need not: what came in the tick before snapshot t, s ticks before the
//! deadline of c, has `t - 1 < c - s <= t`, so `c = t + floor(s)`. If snapshots were skipped, c may be a few
//! ticks older than that, in which the offset moved by a tenth as much: no harm. Only reports that are cut (at 7.9 ticks)
//! do not tell; they are about the last command that can have been there, one round trip ago.

use crate::ring::{RING_TICKS, Ring};
use crate::slack::{Sample, SlackWindow};
use crate::timeline::Timeline;
use std::time::Duration;
use tickwire_shared::{Slack, Tick};

/// Ticks made at once after a delay. Further behind, ticks are skipped: their commands would come too late anyway.
const CATCH_UP_TICKS_MAX: i64 = 10;
/// Slack to start with, beyond the round trip of the Hello: too early costs less than too late.
const START_SLACK_TICKS: f64 = 2.0;
/// A Hello can take long for reasons that say nothing about the link; and a start further ahead would overfill the
/// server's command queue.
const START_ROUND_TRIP_MAX: Duration = Duration::from_millis(500);
/// Reports that count: long enough to have seen the link's usual worst, short enough to follow a change.
const REPORTS_WINDOW: Duration = Duration::from_secs(2);
/// How much faster or slower than real time the clock runs while it is steered.
const STRETCH_MAX: f64 = 0.1;
/// The share of an error that one tick takes away: too little slack loses inputs, too much only costs delay.
const GAIN_LATE: f64 = 0.25;
const GAIN_EARLY: f64 = 0.02;
/// So much too much slack is not worth a correction.
const EARLY_TOLERATED_TICKS: f64 = 0.25;
/// From here on, a report of slack is cut, and means so much or more.
const CUT_TICKS: f64 = 127.0 / 16.0;
/// Errors that stretching would take too long for. Even a cut report must show them.
const JUMP_TICKS: f64 = 4.0;
/// Without a snapshot for so long, the server stands still or the link is dead: then the client's time stands still too,
/// instead of running away from a server that will go on where it stopped.
const SILENCE_MAX: Duration = Duration::from_millis(500);
/// Rounding of times to nanoseconds must not delay a tick to the next call.
const EPSILON_TICKS: f64 = 1e-6;

/// When a command was made, and with which offset.
#[derive(Copy, Clone, Debug, Default)]
struct Sent {
    at: Duration,
    offset: f64,
}

/// The client's clock. It never makes a tick twice, and never goes back.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    timeline: Timeline,
    offset: f64,
    /// The last tick that was made.
    made: Tick,
    sent: Ring<Sent>,
    slack: SlackWindow,
    /// Reports about commands that were made until then say nothing about the clock as it is now.
    forgotten_until: Duration,
    updated_at: Duration,
    /// Whether the position jumped ahead since the last update, because the ticks that it passed were too late.
    has_jumped: bool,
    /// Since when, at least, the server could have been heard and was not.
    silent_since: Duration,
}

impl Clock {
    /// Starts at the arrival of a Welcome whose `tick` is the server's next.
    pub fn start(timeline: Timeline, now: Duration, tick: Tick, round_trip: Duration) -> Self {
        let round_trip = timeline.ticks(round_trip.min(START_ROUND_TRIP_MAX));
        let window_max = timeline.ticks(REPORTS_WINDOW) as usize;
        let place = timeline.place(tick) + round_trip + START_SLACK_TICKS;
        Self {
            timeline,
            offset: place - timeline.elapsed(now),
            made: timeline.tick_at(place),
            sent: Ring::new(),
            slack: SlackWindow::new(window_max, round_trip),
            forgotten_until: now,
            updated_at: now,
            has_jumped: false,
            silent_since: now,
        }
    }

    /// The last tick that was made.
    pub fn tick(&self) -> Tick {
        self.made
    }

    /// When the next tick is due.
    pub fn next_due(&self) -> Duration {
        self.timeline.moment(self.timeline.place(self.made.plus(1)) - self.offset)
    }

    /// When the command for this tick was made, if that is not too long ago.
    pub fn sent_at(&self, tick: Tick) -> Option<Duration> {
        self.sent.get(tick).map(|sent| sent.at)
    }

    fn position(&self, now: Duration) -> f64 {
        self.timeline.elapsed(now) + self.offset
    }

    /// Takes note of the time, before the ticks that are due. Says whether ticks had to be skipped.
    pub fn wake(&mut self, now: Duration) -> bool {
        let away = now.saturating_sub(self.updated_at);
        if self.timeline.ticks(away) > CATCH_UP_TICKS_MAX as f64 {
            // Nobody listened: that is no silence of the server.
            self.silent_since = now;
        }
        self.pause_in_silence(now);
        self.updated_at = now;
        let newest = self.timeline.tick_at(self.position(now) + EPSILON_TICKS);
        let due = newest.since(self.made);
        let must_skip = due > CATCH_UP_TICKS_MAX || due > 1 && self.has_jumped;
        if must_skip {
            self.made = Tick(newest.0 - 1);
        }
        self.has_jumped = false;
        must_skip
    }

    fn pause_in_silence(&mut self, now: Duration) {
        let paused_since = self.updated_at.max(self.silent_since + SILENCE_MAX);
        if now > paused_since {
            self.offset -= self.timeline.ticks(now - paused_since);
            self.forget_reports(now);
        }
    }

    /// The next tick, if it is due; it counts as made.
    pub fn make_next(&mut self, now: Duration) -> Option<Tick> {
        let tick = self.made.plus(1);
        if self.position(now) + EPSILON_TICKS < self.timeline.place(tick) {
            return None;
        }
        self.made = tick;
        *self.sent.claim(tick) = Sent { at: now, offset: self.offset };
        self.steer(now);
        Some(tick)
    }

    /// Takes in a snapshot's tick and report.
    pub fn heard(&mut self, now: Duration, tick: Tick, slack: Slack) {
        self.silent_since = now;
        self.take_report(now, tick, slack);
        // Whatever reports say: the server has made this tick, and a command made now gets there no sooner than this.
        let place = self.timeline.place(tick);
        let round_trip = self.slack.round_trip();
        if self.position(now) < place + (round_trip - JUMP_TICKS).max(0.0) {
            self.jump(now, place + round_trip + self.slack.target() - self.position(now));
        }
    }

    fn take_report(&mut self, now: Duration, tick: Tick, slack: Slack) {
        let Some(ticks) = slack.ticks() else { return };
        let command = Tick(tick.0.saturating_add_signed(ticks.floor() as i64));
        let named = self.sent.get(command).copied();
        let is_cut = ticks.abs() >= CUT_TICKS;
        let sent = if is_cut { self.sent_a_round_trip_ago(now) } else { named };
        let Some(sent) = sent.filter(|sent| sent.at > self.forgotten_until) else { return };
        let waited = ticks + tick.since(command) as f64;
        let way = named.map(|named| (self.timeline.ticks(now.saturating_sub(named.at)) - waited).max(0.0));
        // Cut at the top, it may have waited longer, and been on its way for less. Cut at the bottom, it was another command.
        let at_most = way.filter(|_| ticks > 0.0).map(|way| way.min(self.slack.round_trip()));
        let round_trip = if is_cut { at_most } else { way };
        self.slack.push(Sample { slack: ticks - sent.offset, round_trip });
        if ticks < 0.0 {
            self.slack.note_late(now);
        }
    }

    /// The newest command that the server can have had when it made what is heard now.
    fn sent_a_round_trip_ago(&self, now: Duration) -> Option<Sent> {
        let latest = now.saturating_sub(self.timeline.time(self.slack.round_trip()));
        let newest_first = (0..RING_TICKS as u64).map_while(|age| self.made.0.checked_sub(age));
        newest_first.filter_map(|tick| self.sent.get(Tick(tick))).find(|sent| sent.at <= latest).copied()
    }

    /// Once per tick: moves the offset towards where the least slack is the target.
    fn steer(&mut self, now: Duration) {
        self.slack.relax();
        let (Some(least), Some(greatest)) = (self.slack.least(), self.slack.greatest()) else { return };
        let error = least + self.offset - self.slack.target();
        let best = greatest + self.offset;
        if self.slack.is_settled() && error > JUMP_TICKS {
            self.jump(now, -error);
        } else if self.slack.is_settled() && best < -JUMP_TICKS {
            self.jump(now, self.slack.target() - best);
        } else {
            self.offset += stretch(error);
        }
    }

    /// Ahead, the ticks between are skipped; back, time stands still until the last tick comes round again.
    fn jump(&mut self, now: Duration, ticks: f64) {
        self.offset += ticks;
        self.has_jumped |= ticks > 0.0;
        self.forget_reports(now);
    }

    fn forget_reports(&mut self, now: Duration) {
        self.slack.clear();
        self.forgotten_until = now;
    }
}

/// How far one tick moves the offset, for so much too much slack.
fn stretch(error: f64) -> f64 {
    if error < 0.0 {
        return (-error * GAIN_LATE).min(STRETCH_MAX);
    }
    -((error - EARLY_TOLERATED_TICKS).max(0.0) * GAIN_EARLY).min(STRETCH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(round_trip_ms: u64) -> Clock {
        let timeline = Timeline::new(30, Tick(1000), Duration::ZERO);
        Clock::start(timeline, Duration::ZERO, Tick(1000), Duration::from_millis(round_trip_ms))
    }

    #[test]
    fn the_start_is_a_round_trip_and_a_margin_ahead() {
        assert_eq!(clock(0).tick(), Tick(1002));
        assert_eq!(clock(100).tick(), Tick(1005));
        assert_eq!(clock(60_000).tick(), Tick(1017), "whatever took that long, it was not the link");
    }

    #[test]
    fn steering_is_quick_when_late_and_gentle_when_early() {
        assert_eq!(stretch(-0.4), STRETCH_MAX);
        assert!(stretch(-0.01) < 0.01);
        assert_eq!(stretch(EARLY_TOLERATED_TICKS), 0.0);
        assert!(stretch(1.0) > -0.02);
        assert_eq!(stretch(100.0), -STRETCH_MAX);
    }

    #[test]
    fn a_jump_back_waits_for_the_last_tick_to_come_round_again() {
        let mut clock = clock(0);
        clock.jump(Duration::ZERO, -5.5);
        assert_eq!(clock.make_next(Duration::from_millis(215)), None);
        assert_eq!(clock.make_next(Duration::from_millis(217)), Some(Tick(1003)));
    }

    #[test]
    fn a_tick_that_the_server_made_long_ago_is_jumped_over() {
        let mut clock = clock(100);
        clock.heard(Duration::from_millis(10), Tick(1500), Slack::NONE);
        assert!(clock.wake(Duration::from_millis(10)), "ticks are skipped");
        assert_eq!(clock.make_next(Duration::from_millis(10)), Some(Tick(1504)));
        assert_eq!(clock.make_next(Duration::from_millis(10)), None);
    }
}
