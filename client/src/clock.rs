//! Owns the client's time: which tick is due when, steered so that commands reach the server just before their ticks. Knows no inputs.
//!
//! The command for tick c is made when `position(now) = elapsed ticks + offset` reaches c; only the offset is steered.
//! The server reports each command's slack: how many ticks before its deadline it came. With `o_c` the offset in
//! force when c was made, `slack_c - o_c` depends on the link and the server alone. So it stays comparable
//! while the offset moves, and steps that are still in flight are never taken twice.
//!
//! A report does not name its command, and need not: what came in the tick before snapshot t, s ticks before the
//! deadline of c, has `t - 1 < c - s <= t`, so `c = t + floor(s)`. If snapshots were skipped, c may be a few
//! ticks older than that, in which the offset hardly moved: no harm. Only reports that are cut (at 7.9 ticks) do not
//! tell; they are about the last command that can have been there, one round trip ago.

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
/// What a tick waits at most, far ahead of the server: not for ever, because its command carries an ack.
const WAIT_TICKS_MAX: f64 = 3.0;
/// The share of an error that one tick takes away: too little slack loses inputs, too much only costs delay.
const GAIN_LATE: f64 = 0.25;
const GAIN_EARLY: f64 = 0.02;
/// So much too much slack is not worth a correction.
const EARLY_TOLERATED_TICKS: f64 = 0.25;
/// From here on, a report of slack is cut, and means so much or more.
const CUT_TICKS: f64 = 127.0 / 16.0;
/// Errors that stretching would take too long for: a clock that is four ticks late loses all inputs for the 40 ticks in which it catches up, and one that
/// jumps loses four. Even a cut report must show them.
const JUMP_TICKS: f64 = 4.0;
/// Without a snapshot for so long, the server stands still or the link is dead. Then the client's time only crawls, as the
/// server will go on where it stopped. It does not stand still: the server might be waiting for the ack in a command.
const SILENCE_MAX: Duration = Duration::from_millis(500);
/// How fast time goes in silence, as a share of real time.
const CRAWL: f64 = 0.05;
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
    /// Whether the position jumped ahead since the last update: the ticks that it passed would come too late.
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

    /// How many ticks long a time is.
    pub fn ticks(&self, time: Duration) -> f64 {
        self.timeline.ticks(time)
    }

    /// The last tick that was made.
    pub fn tick(&self) -> Tick {
        self.made
    }

    /// How much of the way from the last tick that was made to the next one is done.
    pub fn part(&self, now: Duration) -> f32 {
        (self.position(now) - self.timeline.place(self.made)).clamp(0.0, 1.0) as f32
    }

    /// For how long the server could have been heard and was not.
    pub fn silence(&self, now: Duration) -> Duration {
        now.saturating_sub(self.silent_since)
    }

    /// What was made up to this tick, on a connection before, is not made again: it may have arrived. Unless that is far ahead: the
    /// server stood still then, and waiting for it would take too long.
    pub fn skip_made(&mut self, tick: Tick) {
        if (1..=CATCH_UP_TICKS_MAX).contains(&tick.since(self.made)) {
            self.made = tick;
        }
    }

    /// The least way to the server and back of late.
    pub fn round_trip(&self) -> Duration {
        self.timeline.time(self.slack.round_trip())
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
            // Nobody listened: that is no silence of the server, but it may have stopped meanwhile, too.
            self.silent_since = now;
            self.forget_reports(now);
        }
        self.crawl_in_silence(now);
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

    fn crawl_in_silence(&mut self, now: Duration) {
        let crawling_since = self.updated_at.max(self.silent_since + SILENCE_MAX);
        if now > crawling_since {
            self.offset -= self.timeline.ticks(now - crawling_since) * (1.0 - CRAWL);
            self.forget_reports(now);
        }
    }

    /// The next tick, if it is due; it counts as made. After a jump, only the next update knows which one is due.
    pub fn make_next(&mut self, now: Duration) -> Option<Tick> {
        let tick = self.made.plus(1);
        if self.has_jumped || self.position(now) + EPSILON_TICKS < self.timeline.place(tick) {
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
        let is_cut = ticks.abs() >= CUT_TICKS;
        let sample = if is_cut { self.cut_sample(now, tick, ticks) } else { self.sample(now, tick, ticks) };
        let Some(sample) = sample else { return };
        self.slack.push(sample);
        if ticks < 0.0 {
            self.slack.note_late(now);
        }
    }

    fn sample(&self, now: Duration, tick: Tick, ticks: f64) -> Option<Sample> {
        let (sent, way) = self.named(now, tick, ticks)?;
        self.counts(sent).then_some(Sample { slack: ticks - sent.offset, bound: None, round_trip: Some(way) })
    }

    fn cut_sample(&self, now: Duration, tick: Tick, ticks: f64) -> Option<Sample> {
        let sent = self.sent_a_round_trip_ago(now).filter(|sent| self.counts(*sent))?;
        let slack = ticks - sent.offset;
        if ticks < 0.0 {
            return Some(Sample { slack, bound: None, round_trip: None });
        }
        // What is made now gets there a round trip after this snapshot left; its slack is this or more.
        let known = self.slack.round_trip();
        let ahead = self.timeline.elapsed(now) - self.timeline.place(tick);
        // The command that this would be, were it not cut, waited for longer and was on its way for less.
        let at_most = self.named(now, tick, ticks).map(|(_, way)| way.min(known));
        Some(Sample { slack: slack.max(ahead - known), bound: Some(slack), round_trip: at_most })
    }

    /// The command that a report is about, and how many ticks it and the report were on their way together.
    fn named(&self, now: Duration, tick: Tick, ticks: f64) -> Option<(Sent, f64)> {
        let command = Tick(tick.0.saturating_add_signed(ticks.floor() as i64));
        let sent = *self.sent.get(command)?;
        let waited = ticks + tick.since(command) as f64;
        Some((sent, (self.timeline.ticks(now.saturating_sub(sent.at)) - waited).max(0.0)))
    }

    fn counts(&self, sent: Sent) -> bool {
        sent.at > self.forgotten_until
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
        if self.slack.is_settled() && best < -JUMP_TICKS {
            self.jump(now, self.slack.target() - best);
        } else {
            self.offset += stretch(error, self.slack.is_settled());
        }
    }

    /// Jumps ahead, over ticks whose commands would come too late.
    fn jump(&mut self, now: Duration, ticks: f64) {
        self.offset += ticks;
        self.has_jumped = true;
        self.forget_reports(now);
    }

    fn forget_reports(&mut self, now: Duration) {
        self.slack.clear();
        self.forgotten_until = now;
    }
}

/// How far one tick moves the offset, for so much too much slack. What is not certain has no drastic consequences.
fn stretch(error: f64, is_certain: bool) -> f64 {
    match error {
        late if late < 0.0 => (-late * GAIN_LATE).min(STRETCH_MAX),
        early if early > JUMP_TICKS && is_certain => -early.min(WAIT_TICKS_MAX),
        early => -((early - EARLY_TOLERATED_TICKS).max(0.0) * GAIN_EARLY).min(STRETCH_MAX),
    }
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
        assert_eq!(stretch(-0.4, true), STRETCH_MAX);
        assert!(stretch(-0.01, true) < 0.01);
        assert_eq!(stretch(EARLY_TOLERATED_TICKS, true), 0.0);
        assert!(stretch(1.0, true) > -0.02);
        assert_eq!(stretch(100.0, false), -STRETCH_MAX);
        assert_eq!(stretch(100.0, true), -WAIT_TICKS_MAX);
    }

    #[test]
    fn the_clock_crawls_in_silence_but_does_not_stop() {
        let mut clock = clock(0);
        let mut made = 0;
        for ms in (0..10_500).step_by(10) {
            let now = Duration::from_millis(ms);
            clock.wake(now);
            while clock.make_next(now).is_some() {
                made += 1;
            }
        }
        assert!((28..=32).contains(&made), "15 in half a second and 15 in ten more: {made}");
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
