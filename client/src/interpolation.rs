//! Owns the snapshots that are drawn from, and the drawing of others between two of them. Knows no prediction.

use crate::playback::Playback;
use crate::timeline::Timeline;
use std::time::Duration;
use tickwire_shared::limits::CLIENT_SNAPSHOTS_MAX;
use tickwire_shared::{EntityId, Game, Held, History, Moment, Replicate, Row, Snapshot};

/// The last snapshots, and where in them the drawing is.
pub(crate) struct Interpolation {
    snapshots: History<Snapshot>,
    /// Memory for the next one.
    spare: Snapshot,
    timeline: Timeline,
    playback: Option<Playback>,
}

impl Interpolation {
    /// Places in time are measured on this timeline.
    pub fn new(timeline: Timeline) -> Self {
        let snapshots = History::new(CLIENT_SNAPSHOTS_MAX);
        Self { snapshots, spare: Snapshot::default(), timeline, playback: None }
    }

    /// Keeps what is held now. Says how much later it came than the fastest snapshot so far.
    pub fn take(&mut self, now: Duration, held: &Held) -> Duration {
        let mut snapshot = std::mem::take(&mut self.spare);
        held.copy_to(&mut snapshot);
        let tick = snapshot.tick();
        self.spare = self.snapshots.push(tick, snapshot).unwrap_or_default();
        match &mut self.playback {
            Some(playback) => playback.arrived(now, tick),
            None => {
                self.playback = Some(Playback::start(self.timeline, now, tick));
                Duration::ZERO
            }
        }
    }

    /// Appends all but the own entity, as in the newest snapshot.
    pub fn newest<G: Game>(&self, own: Option<EntityId>, others: &mut Vec<(EntityId, G::Entity)>) {
        let Some((_, newest)) = self.snapshots.newest() else { return };
        let rows = newest.iter().filter(|(id, _)| Some(*id) != own);
        others.extend(rows.map(|(id, row)| (id, G::Entity::from_row(row.kind, row.columns))));
    }

    /// Appends all but the own entity, as they were at the moment of the past that is drawn now.
    ///
    /// Nothing is drawn before the tick of its first snapshot, and all of it until the tick of the first snapshot without it.
    pub fn view<G: Game>(
        &self,
        now: Duration,
        own: Option<EntityId>,
        others: &mut Vec<(EntityId, G::Entity)>,
    ) {
        let Some((earlier, later, part)) = self.around(now) else { return };
        for (id, row) in earlier.iter().filter(|(id, _)| Some(*id) != own) {
            let next = later.and_then(|later| later.get(id));
            others.push((id, between::<G>(row, next, part)));
        }
    }

    /// The moment of the room's time that is drawn now, once there is a snapshot.
    pub fn drawn(&self, now: Duration) -> Option<Moment> {
        Some(self.timeline.moment_at(self.playback.as_ref()?.position(now)))
    }

    /// The snapshots before and after the moment that is drawn, and how much of the way between is done.
    fn around(&self, now: Duration) -> Option<(&Snapshot, Option<&Snapshot>, f32)> {
        let position = self.playback.as_ref()?.position(now);
        let mut later = None;
        for (tick, snapshot) in self.snapshots.iter().rev() {
            let place = self.timeline.place(tick);
            if place <= position {
                let part = later.map_or(0.0, |(next, _)| (position - place) / (next - place));
                return Some((snapshot, later.map(|(_, snapshot)| snapshot), part as f32));
            }
            later = Some((place, snapshot));
        }
        later.map(|(_, oldest)| (oldest, None, 0.0))
    }
}

/// An entity on its way from one row to the next, if there is a way.
fn between<G: Game>(row: Row<'_>, next: Option<Row<'_>>, part: f32) -> G::Entity {
    let from = G::Entity::from_row(row.kind, row.columns);
    let Some(next) = next.filter(|next| next.kind == row.kind && part > 0.0) else { return from };
    if G::teleported(&from, &G::Entity::from_row(next.kind, next.columns)) {
        return from;
    }
    G::Entity::mix(row.kind, row.columns, next.columns, part)
}
