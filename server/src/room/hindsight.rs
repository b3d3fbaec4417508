//! Owns what a room knows of what its players saw, and how far it believes them: the ground that lag compensation stands on.

use super::session::Session;
use slotmap::SecondaryMap;
use tickwire_shared::limits::{HISTORY_TICKS, HIT_RECORDS_MAX};
use tickwire_shared::{Hindsight, History, HitRecord, Layout, Moment, PlayerId, Seen, Snapshot, Tick};

/// What a client may draw others behind the newest snapshot, if its snapshots come evenly; and more for each tick of jitter.
const DRAWN_BEHIND_TICKS: f64 = 3.0;
const DRAWN_BEHIND_PER_JITTER: f64 = 3.0;
/// But no more than this: a client can have its acks come as unevenly as it likes.
const DRAWN_BEHIND_BY_JITTER_TICKS_MAX: f64 = 4.0;

/// What came with an input, counted back from its tick: if the input is repeated, the player is taken to have looked on.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub(super) struct Stamp {
    /// How long ago what was drawn was, as far as the room believes it.
    pub seen_ticks: f64,
    /// The same, as the client says it.
    pub claimed_ticks: f64,
    /// How old the newest snapshot was that the client drew from.
    pub acked_ticks: u64,
}

/// What a client says of its delays, and what is known of them, in ticks.
#[derive(Copy, Clone, Debug)]
pub(super) struct Claim {
    /// From what was drawn to the command's tick.
    pub seen_ticks: f64,
    /// How early the command came.
    pub slack_ticks: f64,
    /// From the snapshot that it acks to its arrival.
    pub delay_ticks: f64,
    /// How long that takes at most, by other acks.
    pub delay_ticks_max: f64,
    /// How much that varies.
    pub jitter_ticks: f64,
    /// The room's limit.
    pub limit_ticks: f64,
}

impl Claim {
    /// As much of it as is believed: what the measured way explains, the wait for its tick, and what a client needs to draw smoothly.
    pub fn believed_ticks(self) -> f64 {
        let way = self.delay_ticks.min(self.delay_ticks_max);
        let by_jitter = (DRAWN_BEHIND_PER_JITTER * self.jitter_ticks).min(DRAWN_BEHIND_BY_JITTER_TICKS_MAX);
        let drawn_behind = DRAWN_BEHIND_TICKS + by_jitter;
        let explained = (self.slack_ticks.max(0.0) + way + drawn_behind).min(self.limit_ticks);
        self.seen_ticks.clamp(0.0, explained.max(0.0))
    }
}

/// The room's limit in ticks: what is rewound must be in the history.
pub(super) fn limit_ticks(rewind_ms_max: u32, tick_rate_hz: u32) -> f64 {
    let ticks = f64::from(rewind_ms_max) * f64::from(tick_rate_hz) / 1000.0;
    ticks.min(HISTORY_TICKS as f64 - 4.0)
}

/// Which snapshots went to one client of late.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Shown {
    newest: Tick,
    /// Bit n: the one n ticks before the newest.
    ticks: u64,
}

impl Shown {
    pub fn note(&mut self, tick: Tick) {
        let ticks = tick.since(self.newest).max(0) as u32;
        self.ticks = self.ticks.checked_shl(ticks).unwrap_or(0) | 1;
        self.newest = tick;
    }

    /// The snapshots around a moment that a client had which has acked `acked`: the last one until then, and the next.
    fn around(self, moment: Moment, acked: Tick) -> Option<(Tick, Option<Tick>)> {
        let from = self.last_until(moment.tick.min(acked))?;
        let later = (from.0 + 1..=acked.0.min(self.newest.0)).map(Tick);
        Some((from, { later }.find(|tick| self.has(*tick))))
    }

    fn last_until(self, tick: Tick) -> Option<Tick> {
        let age = self.newest.since(tick).max(0) as u32;
        let older = self.ticks.checked_shr(age)?;
        (older != 0).then(|| Tick(self.newest.0 - u64::from(age) - u64::from(older.trailing_zeros())))
    }

    fn has(self, tick: Tick) -> bool {
        let age = self.newest.since(tick);
        (0..64).contains(&age) && self.ticks >> age & 1 == 1
    }
}

/// All that a game may ask in one tick.
pub(super) struct Views<'a, I> {
    pub tick: Tick,
    pub layout: &'a Layout,
    pub history: &'a History<Snapshot>,
    pub sessions: &'a SecondaryMap<PlayerId, Session<I>>,
}

impl<I> Hindsight for Views<'_, I> {
    fn seen(&self, player: PlayerId) -> Option<Seen<'_>> {
        let session = self.sessions.get(player)?;
        let stamp = session.stamp?;
        let moment = Moment::at(self.tick).back(stamp.seen_ticks);
        let acked = Tick(self.tick.0.saturating_sub(stamp.acked_ticks));
        let (from, to) = session.shown.around(moment, acked)?;
        Some(Seen {
            layout: self.layout,
            history: self.history,
            table: &session.table,
            moment,
            claimed: Moment::at(self.tick).back(stamp.claimed_ticks),
            from,
            to,
        })
    }
}

/// Adds the newest records; the oldest make room.
pub(super) fn keep(records: &mut std::collections::VecDeque<HitRecord>, new: &mut Vec<HitRecord>) {
    let too_many = (records.len() + new.len()).saturating_sub(HIT_RECORDS_MAX);
    records.drain(..too_many.min(records.len()));
    let skipped = new.len().saturating_sub(HIT_RECORDS_MAX);
    records.extend(new.drain(..).skip(skipped));
}

#[cfg(test)]
mod tests {
    use super::*;

    const HONEST: Claim = Claim {
        seen_ticks: 9.0,
        slack_ticks: 1.0,
        delay_ticks: 6.0,
        delay_ticks_max: 8.0,
        jitter_ticks: 0.0,
        limit_ticks: 15.0,
    };

    #[test]
    fn a_claim_is_believed_as_far_as_the_measured_way_explains_it() {
        assert_eq!(HONEST.believed_ticks(), 9.0);
        assert_eq!(Claim { seen_ticks: 14.0, ..HONEST }.believed_ticks(), 10.0, "it draws no further behind");
        assert_eq!(Claim { seen_ticks: 14.0, jitter_ticks: 1.0, ..HONEST }.believed_ticks(), 13.0);
        assert_eq!(
            Claim { seen_ticks: 20.0, delay_ticks: 12.0, ..HONEST }.believed_ticks(),
            12.0,
            "others acks came sooner"
        );
        assert_eq!(
            Claim { seen_ticks: 20.0, delay_ticks: 99.0, delay_ticks_max: f64::INFINITY, ..HONEST }
                .believed_ticks(),
            15.0
        );
        assert_eq!(Claim { seen_ticks: -3.0, ..HONEST }.believed_ticks(), 0.0, "nobody sees what is to come");
    }

    #[test]
    fn what_was_shown_around_a_moment() {
        let mut shown = Shown::default();
        assert_eq!(shown.around(Moment::at(Tick(5)), Tick(5)), None);
        for tick in [100, 101, 104, 105, 110] {
            shown.note(Tick(tick));
        }
        let around = |tick, part, acked| shown.around(Moment { tick: Tick(tick), part }, Tick(acked));
        assert_eq!(around(102, 9, 110), Some((Tick(101), Some(Tick(104)))));
        assert_eq!(around(104, 0, 110), Some((Tick(104), Some(Tick(105)))));
        assert_eq!(around(102, 0, 101), Some((Tick(101), None)), "the next one had not come");
        assert_eq!(around(108, 0, 105), Some((Tick(105), None)), "drawn beyond the newest");
        assert_eq!(around(99, 255, 110), None);
        assert_eq!(around(120, 0, 120), Some((Tick(110), None)));
        shown.note(Tick(1000));
        assert_eq!(shown.around(Moment::at(Tick(999)), Tick(1000)), None, "forgotten");
    }
}
