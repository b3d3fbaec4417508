//! Owns the snapshots that are drawn from, and the drawing of others between two of them. Knows no prediction.

use crate::playback::Playback;
use crate::timeline::Timeline;
use std::time::Duration;
use tickwire_shared::limits::CLIENT_SNAPSHOTS_MAX;
use tickwire_shared::{
    DrawnRow, EntityId, Game, Held, History, Layout, Replicate, Row, Snapshot, Tick, key_parts,
};

/// The last snapshots, and where in them the drawing is.
pub(crate) struct Interpolation {
    snapshots: History<Seen>,
    /// Memory for the next one.
    spare: Seen,
    timeline: Timeline,
    playback: Option<Playback>,
}

/// What was in view at a tick.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    rows: Snapshot,
    /// The rows that are of an earlier tick, as the server had no bytes left for them: in the order of the ids' indexes.
    older: Vec<(EntityId, Tick)>,
}

impl Seen {
    /// Everything in view: whose row, of which tick, and the row.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, Tick, Row<'_>)> {
        self.rows.iter().map(|(id, row)| (id, self.tick_of(id), row))
    }

    fn get(&self, id: EntityId) -> Option<(Tick, Row<'_>)> {
        self.rows.get(id).map(|row| (self.tick_of(id), row))
    }

    fn tick_of(&self, id: EntityId) -> Tick {
        let index = |id: EntityId| key_parts(id).0;
        let older = self.older.binary_search_by_key(&index(id), |(other, _)| index(*other)).ok();
        older.map_or(self.rows.tick(), |place| self.older[place].1)
    }

    fn fill(&mut self, held: &Held) {
        held.copy_to(&mut self.rows);
        self.older.clear();
        let (table, tick) = (held.table(), self.rows.tick());
        if table.is_lagging() {
            let ticks = table.ids_by_index().map(|id| (id, table.row_tick(id, tick)));
            self.older.extend(ticks.filter(|(_, row_tick)| *row_tick != tick));
        }
    }
}

impl Interpolation {
    /// Places in time are measured on this timeline.
    pub fn new(timeline: Timeline) -> Self {
        let snapshots = History::new(CLIENT_SNAPSHOTS_MAX);
        Self { snapshots, spare: Seen::default(), timeline, playback: None }
    }

    /// Keeps what is held now. Says how much later it came than the fastest snapshot so far.
    pub fn take(&mut self, now: Duration, held: &Held) -> Duration {
        let mut seen = std::mem::take(&mut self.spare);
        seen.fill(held);
        let tick = seen.rows.tick();
        self.spare = self.snapshots.push(tick, seen).unwrap_or_default();
        match &mut self.playback {
            Some(playback) => playback.arrived(now, tick),
            None => {
                self.playback = Some(Playback::start(self.timeline, now, tick));
                Duration::ZERO
            }
        }
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<&Seen> {
        self.snapshots.newest().map(|(_, seen)| seen)
    }

    /// Appends all but the own entity, as in the newest snapshot.
    pub fn append_newest<G: Game>(&self, own: Option<EntityId>, others: &mut Vec<(EntityId, G::Entity)>) {
        let rows = self.newest().into_iter().flat_map(|newest| newest.rows.iter());
        let rows = rows.filter(|(id, _)| Some(*id) != own);
        others.extend(rows.map(|(id, row)| (id, G::Entity::from_row(row.kind, row.columns))));
    }

    /// The place in time that is drawn now.
    pub fn place(&self, now: Duration) -> Option<(Tick, f32)> {
        let position = self.playback.as_ref()?.position(now);
        let tick = self.timeline.tick_at(position);
        // Before the first tick of all there is nothing to be a part of.
        Some((tick, (position - self.timeline.place(tick)).max(0.0) as f32))
    }

    /// Everything that is in view at the place that is drawn now.
    ///
    /// Nothing is drawn before the tick of its first snapshot, and all of it until the tick of the first snapshot without it.
    pub fn view<G: Game>(
        &self,
        layout: &Layout,
        now: Duration,
    ) -> impl Iterator<Item = (EntityId, DrawnRow)> {
        let view = self.place(now).and_then(|at| Some((at, self.around(at)?)));
        view.into_iter().flat_map(move |(at, (earlier, later))| {
            earlier.iter().map(move |(id, tick, row)| (id, drawn::<G>(layout, (tick, row), (id, later), at)))
        })
    }

    /// One entity, as in [`Interpolation::view`].
    pub fn drawn<G: Game>(&self, layout: &Layout, now: Duration, id: EntityId) -> Option<DrawnRow> {
        let at = self.place(now)?;
        let (earlier, later) = self.around(at)?;
        Some(drawn::<G>(layout, earlier.get(id)?, (id, later), at))
    }

    /// The snapshots before and after a place. Before the first one there is only that.
    fn around(&self, at: (Tick, f32)) -> Option<(&Seen, Option<&Seen>)> {
        let mut later = None;
        for (tick, seen) in self.snapshots.iter().rev() {
            if tick <= at.0 {
                return Some((seen, later));
            }
            later = Some(seen);
        }
        later.map(|oldest| (oldest, None))
    }
}

/// An entity of a row, on its way to what the snapshot after has of it; unless it waited there: then it goes on from this row.
fn drawn<G: Game>(
    layout: &Layout,
    row: (Tick, Row<'_>),
    (id, later): (EntityId, Option<&Seen>),
    at: (Tick, f32),
) -> DrawnRow {
    let next = later.and_then(|later| later.get(id)).filter(|(next, _)| *next > row.0);
    DrawnRow::between::<G>(layout, row, next, at)
}
