//! Owns what the client makes of the server's messages. Everything in a frame is checked, never trusted.

use crate::joined::Joined;
use crate::prediction::Verdict;
use crate::{Client, Notice, State};
use std::time::Duration;
use tickwire_shared::limits::{CHAT_BYTES_MAX, NAME_BYTES_MAX, TICK_MAX};
use tickwire_shared::{
    Chat, Game, Malformed, Member, PROTOCOL_VERSION, ServerMessage, SnapshotMessage, Tick, Welcome,
    clean_text, decode, decode_prefix, is_resumable, read_delta,
};

/// What `input_age` says when there was no command, or none of late.
const NO_INPUT_AGE: u8 = u8::MAX;
/// Until the round trip is known: a shell that never updated before the Welcome has not said when it sent the Hello.
const ROUND_TRIP_GUESS: Duration = Duration::from_millis(100);

impl<G: Game> Client<G> {
    /// Takes in one binary WebSocket message from the server. Once the session is closed, or its connection lost, it is ignored.
    ///
    /// # Errors
    /// If it is not what the protocol says. The client is then of no further use: close the connection with 4400.
    pub fn receive(&mut self, now: Duration, frame: &[u8]) -> Result<(), Malformed> {
        self.stats.bytes_down += frame.len() as u64;
        if let Some(usage) = self.held.usage_mut() {
            usage.frames += 1;
            usage.bytes += frame.len() as u64;
        }
        let mut rest = frame;
        while matches!(self.state, State::Joining | State::Joined | State::Resuming) {
            let (message, after) = decode_prefix(rest)?;
            self.account(&message, rest.len() - after.len());
            self.take_message(now, message)?;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        self.tell_effects();
        Ok(())
    }

    /// Counts what a message takes beside the body of a snapshot, of which each bit is counted where it is read.
    fn account(&mut self, message: &ServerMessage<'_>, bytes: usize) {
        let Some(usage) = self.held.usage_mut() else { return };
        match message {
            ServerMessage::Snapshot(snapshot) => {
                usage.bits.envelope += (bytes - snapshot.body.0.len()) as u64 * 8;
            }
            ServerMessage::Welcome(_) | ServerMessage::Roster(_) => usage.bits.envelope += bytes as u64 * 8,
            _ => usage.bits.notices += bytes as u64 * 8,
        }
    }

    fn take_message(&mut self, now: Duration, message: ServerMessage<'_>) -> Result<(), Malformed> {
        match message {
            ServerMessage::Welcome(welcome) => self.take_welcome(now, welcome)?,
            ServerMessage::Snapshot(snapshot) => self.take_snapshot(now, snapshot)?,
            ServerMessage::Event(event) => self.take_event(decode(event.0)?),
            ServerMessage::Roster(members) => self.take_roster(members),
            ServerMessage::Chat(chat) => {
                let (name, text) =
                    (clean_text(&chat.name, NAME_BYTES_MAX), clean_text(&chat.text, CHAT_BYTES_MAX));
                self.notify(Notice::Chat(Chat { name, text, ..chat }));
            }
            ServerMessage::Joined { player, name, role } => {
                self.roster.join(player, &name, role);
                self.notify(Notice::Joined { player, name: self.roster.name(player), role });
            }
            ServerMessage::Left { player } => {
                let name = self.roster.leave(player);
                self.notify(Notice::Left { player, name });
            }
            ServerMessage::Inputs(counts) => self.stats.inputs = counts,
            ServerMessage::Missed { events, notices } => {
                self.stats.events_missed += u64::from(events);
                self.notify(Notice::Missed { events, notices });
            }
            ServerMessage::Refused { code, reason } => self.take_refusal(now, code, reason),
            ServerMessage::Closed { code, reason } => self.connection_lost(now, code, &reason),
        }
        Ok(())
    }

    fn take_event(&mut self, event: G::Event) {
        let notice = match &mut self.joined {
            Some(joined) => joined.prediction.effects.confirm(event),
            None => Notice::Event(event),
        };
        self.notify(notice);
    }

    /// Tells of everyone who is new on the list, and of everyone who is no longer on it.
    fn take_roster(&mut self, members: Vec<Member>) {
        let (gone, new) = self.roster.replace(members);
        for (player, name) in gone {
            self.notify(Notice::Left { player, name });
        }
        for Member { player, name, role } in new {
            self.notify(Notice::Joined { player, name, role });
        }
    }

    fn take_refusal(&mut self, now: Duration, code: u16, reason: String) {
        if self.state == State::Resuming && is_resumable(code) {
            return self.connection_lost(now, code, &reason);
        }
        self.end(code, reason.clone());
        self.notify(Notice::Refused { code, reason });
    }

    fn take_welcome(&mut self, now: Duration, welcome: Box<Welcome>) -> Result<(), Malformed> {
        if self.state == State::Joined {
            return Err(Malformed("a second welcome"));
        }
        if welcome.protocol != PROTOCOL_VERSION {
            return Err(Malformed("the server speaks another version of the protocol"));
        }
        if welcome.schema.hash() != self.layout.hash() || welcome.tick_rate_hz != G::TICK_RATE_HZ {
            return Err(Malformed("the server plays another game, or another version of it"));
        }
        if welcome.tick.0 > TICK_MAX {
            return Err(Malformed("a tick is beyond all use"));
        }
        let round_trip = self.hello_at.map_or(ROUND_TRIP_GUESS, |hello_at| now.saturating_sub(hello_at));
        let before = self.joined.as_mut();
        let (joined, notice) = match before.map(|before| before.resumed(now, &welcome, round_trip)) {
            Some(resumed) => (resumed?, Notice::Resumed),
            None => (Joined::new(now, &welcome, round_trip)?, Notice::Welcome(welcome.clone())),
        };
        self.joined.insert(joined).set_switches(self.switches);
        self.state = State::Joined;
        self.comeback.welcomed(&welcome);
        // Nothing that was held counts any more: the next snapshot is a full one.
        self.held.forget();
        self.resync_at = None;
        self.notify(notice);
        Ok(())
    }

    fn take_snapshot(&mut self, now: Duration, message: SnapshotMessage<'_>) -> Result<(), Malformed> {
        let joined = self.joined.as_mut().filter(|_| self.state == State::Joined);
        let joined = joined.ok_or(Malformed("a snapshot before the welcome"))?;
        let before = joined.last_heard();
        let tick = joined.hear(now, message.tick, message.slack)?;
        if let Some((last, heard_at)) = before {
            self.stats.last_snapshot_gap = Some(now.saturating_sub(heard_at));
            self.stats.snapshots_skipped += (tick.since(last) - 1).unsigned_abs();
        }
        self.stats.slack_ticks = message.slack.ticks().or(self.stats.slack_ticks);
        self.note_input(now, tick, message.input_age);
        if self.resync_at.is_some() && message.age != 0 {
            return Ok(());
        }
        self.resync_at = None;
        if self.hold(tick, message) {
            if let Some(without) = self.comeback.arrived(now) {
                self.stats.reconnects += 1;
                self.stats.last_resume = Some(without);
            }
            self.show(now, tick);
        } else {
            self.ask_resync(now);
        }
        Ok(())
    }

    fn note_input(&mut self, now: Duration, tick: Tick, input_age: u8) {
        let applied_before = self.stats.last_input_ack.is_some();
        self.stats.input_misses += u64::from(applied_before && input_age != 0);
        if input_age == NO_INPUT_AGE {
            return;
        }
        let command = Tick(tick.0.saturating_sub(input_age.into()));
        let sent_at = self.joined.as_ref().and_then(|joined| joined.clock.sent_at(command));
        if let Some(sent_at) = sent_at {
            self.stats.last_input_ack = Some(now.saturating_sub(sent_at));
        }
    }

    /// Brings what is held up to date. Says whether it is now what the server meant.
    fn hold(&mut self, tick: Tick, message: SnapshotMessage<'_>) -> bool {
        if read_delta(message.body.0, &self.layout, &mut self.held, tick, message.age).is_err() {
            return false;
        }
        self.stats.snapshots += 1;
        self.stats.full_snapshots += u64::from(message.age == 0);
        self.stats.entity_updates += self.held.table().len() as u64;
        let Some(hash) = message.hash else { return true };
        let is_right = hash == self.held.hash(&self.layout);
        self.stats.hash_checks += 1;
        self.stats.hash_mismatches += u64::from(!is_right);
        is_right
    }

    fn show(&mut self, now: Duration, tick: Tick) {
        let Some(joined) = &mut self.joined else { return };
        let shown = joined.show(&self.layout, now, tick, &self.held);
        self.stats.last_snapshot_age = Some(shown.lateness);
        self.stats.along_corrections += u64::from(shown.is_along_wrong);
        match shown.verdict {
            Verdict::Wrong => self.stats.mispredictions += 1,
            Verdict::Disturbed => self.stats.explained_corrections += 1,
            Verdict::Right | Verdict::Unknown => {}
        }
        if let Some(correction) = shown.correction {
            self.stats.correction_steps_sum += u64::from(correction.steps);
            self.stats.correction_steps_max = self.stats.correction_steps_max.max(correction.steps);
            self.stats.last_correction = Some(correction);
        }
    }
}
