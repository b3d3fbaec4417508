//! Owns what a Welcome brings into being: the player's place in the room's time, ahead of it and behind it.

use crate::clock::Clock;
use crate::interpolation::Interpolation;
use crate::prediction::Prediction;
use crate::smoothing::Smoothing;
use crate::switches::Switches;
use crate::timeline::Timeline;
use std::time::Duration;
use tickwire_shared::{
    Command, Game, Malformed, Moment, PlayerId, Role, Slack, Tick, Welcome, WireTick, decode,
};

/// A client that is in the room.
pub(crate) struct Joined<G: Game> {
    pub player: PlayerId,
    pub settings: G::Settings,
    pub clock: Clock,
    pub prediction: Prediction<G>,
    pub interpolation: Interpolation,
    pub smoothing: Smoothing,
    role: Role,
    switches: Switches,
    /// The Welcome's tick, until there is a snapshot.
    welcomed: Tick,
    /// The newest snapshot, taken in or ignored, and when it came.
    newest: Option<Tick>,
    heard_at: Duration,
}

impl<G: Game> Joined<G> {
    /// A client that was welcomed just now, `round_trip` after it asked.
    pub fn new(now: Duration, welcome: &Welcome, round_trip: Duration) -> Result<Self, Malformed> {
        let timeline = Timeline::new(G::TICK_RATE_HZ, welcome.tick, now);
        Ok(Self {
            player: welcome.player,
            settings: decode(&welcome.settings)?,
            clock: Clock::start(timeline, now, welcome.tick, round_trip),
            prediction: Prediction::new(welcome.player, G::PREDICTS && welcome.role == Role::Player),
            interpolation: Interpolation::new(timeline),
            smoothing: Smoothing::default(),
            role: welcome.role,
            switches: Switches::default(),
            welcomed: welcome.tick,
            newest: None,
            heard_at: now,
        })
    }

    /// The same client on a new connection. All begins anew, but for the ticks that it has made already.
    pub fn resumed(
        &mut self,
        now: Duration,
        welcome: &Welcome,
        round_trip: Duration,
    ) -> Result<Self, Malformed> {
        if welcome.player != self.player || welcome.role != self.role {
            return Err(Malformed("the server gives back another seat than the token's"));
        }
        let mut joined = Self::new(now, welcome, round_trip)?;
        joined.clock.skip_made(self.clock.tick());
        // What became of the commands that were under way at the cut is not known.
        joined.prediction.skip_to(joined.clock.tick().plus(1));
        // What was predicted will not be confirmed any more: what the server told meanwhile is lost.
        joined.prediction.effects = self.prediction.effects.cut();
        joined.set_switches(self.switches);
        Ok(joined)
    }

    pub fn set_switches(&mut self, switches: Switches) {
        self.switches = switches;
        self.prediction.turn(G::PREDICTS && self.role == Role::Player && switches.prediction);
    }

    /// Takes note of the time, before the ticks that are due.
    pub fn wake(&mut self, now: Duration) {
        if self.clock.wake(now) {
            self.prediction.skip_to(self.clock.tick().plus(1));
        }
    }

    /// Makes the next tick, if it is due, with what the player wants. The command is to be sent at once.
    pub fn make_tick(&mut self, now: Duration, wanted: G::Input) -> Option<Command<G::Input>> {
        let tick = self.clock.make_next(now)?;
        // A spectator's command is only its ack: without acks the server would send nothing more.
        let input = if self.role == Role::Player { wanted } else { G::Input::default() };
        self.prediction.step(&self.settings, tick, input);
        let seen = self.seen(now, tick);
        Some(Command {
            tick: tick.wire(),
            acked: self.heard().wire(),
            ack_delay: self.ack_delay(now),
            seen: seen.wire(),
            input,
        })
    }

    /// What the command for `tick` says that the player saw.
    fn seen(&self, now: Duration, tick: Tick) -> Moment {
        let Switches { interpolation, lag_compensation, .. } = self.switches;
        if !lag_compensation {
            return Moment::at(tick);
        }
        let drawn = self.interpolation.place(now).filter(|_| interpolation);
        drawn.map_or(Moment::at(self.heard()), |(tick, part)| Moment::after(tick, part.into()))
    }

    /// What is acked, and what 16-bit ticks are near to. An ack says what has left the line, not what was understood.
    fn heard(&self) -> Tick {
        self.newest.unwrap_or(self.welcomed)
    }

    /// How long what is acked has been here.
    fn ack_delay(&self, now: Duration) -> u8 {
        // A float becomes an integer by saturation.
        (self.clock.ticks(now.saturating_sub(self.heard_at)) * 16.0) as u8
    }

    /// The newest snapshot so far, and when it came.
    pub fn last_heard(&self) -> Option<(Tick, Duration)> {
        self.newest.map(|newest| (newest, self.heard_at))
    }

    /// Takes note of a snapshot that came in, whatever is in it. Returns its tick in full.
    pub fn hear(&mut self, now: Duration, tick: WireTick, slack: Slack) -> Result<Tick, Malformed> {
        let tick = tick.near(self.heard());
        if self.newest.is_some_and(|newest| tick <= newest) {
            return Err(Malformed("a snapshot is not newer than the last"));
        }
        self.newest = Some(tick);
        self.heard_at = now;
        self.clock.heard(now, tick, slack);
        Ok(tick)
    }
}
