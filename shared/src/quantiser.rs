//! Owns the way from a game's entities to the rows of a tick: what has not changed is not quantised again.

use crate::snapshot::Sorter;
use crate::{EntityId, Game, Layout, Replicate, Snapshot, Tick, key_parts};
use std::ops::Range;

/// Takes the snapshots of one game, tick by tick.
#[derive(Clone, Debug)]
pub struct Quantiser<E> {
    /// By the index of an id: the entity as it was when it was last quantised.
    known: Vec<Option<(EntityId, E)>>,
    /// For a game that lists its entities in another order than that of their indexes.
    sorter: Sorter,
}

impl<E> Default for Quantiser<E> {
    fn default() -> Self {
        Self { known: Vec::new(), sorter: Sorter::default() }
    }
}

impl<E: Replicate> Quantiser<E> {
    /// Fills `snapshot` with what the game shows at `tick`; `before` is the one of the tick before, if this quantiser took it.
    ///
    /// # Panics
    /// If the game breaks its word: an id index twice, or more than [`ENTITIES_MAX`](crate::limits::ENTITIES_MAX) entities.
    pub fn take<G: Game<Entity = E>>(
        &mut self,
        snapshot: &mut Snapshot,
        before: Option<&Snapshot>,
        tick: Tick,
        layout: &Layout,
        game: &G,
    ) {
        let before = before.filter(|before| tick.since(before.tick()) == 1);
        snapshot.reset(tick);
        // Places in `before` of entities, side by side, that are as they were: their rows are copied at once.
        let mut run = 0..0;
        for (id, entity) in game.entities() {
            let place = before.and_then(|before| before.find_near(run.end, id));
            match place.filter(|_| self.is_known(id, entity)) {
                Some(place) if place == run.end => run.end += 1,
                Some(place) => {
                    copy(snapshot, before, layout, run);
                    run = place..place + 1;
                }
                None => {
                    let next = run.end + 1;
                    copy(snapshot, before, layout, run);
                    snapshot.quantise(id, entity);
                    self.note(id, entity);
                    run = next..next;
                }
            }
        }
        copy(snapshot, before, layout, run);
        snapshot.complete::<G>(before, &mut self.sorter);
    }

    fn is_known(&self, id: EntityId, entity: &E) -> bool {
        let known = self.known.get(key_parts(id).0 as usize).and_then(Option::as_ref);
        known.is_some_and(|(known_id, known)| *known_id == id && known.is_same(entity))
    }

    fn note(&mut self, id: EntityId, entity: &E) {
        let index = key_parts(id).0 as usize;
        if self.known.len() <= index {
            self.known.resize_with(index + 1, || None);
        }
        match &mut self.known[index] {
            Some((known_id, known)) => {
                *known_id = id;
                known.clone_from(entity);
            }
            nothing => *nothing = Some((id, entity.clone())),
        }
    }
}

/// Takes over rows of entities that are as they were; these have rested for one tick more.
fn copy(snapshot: &mut Snapshot, before: Option<&Snapshot>, layout: &Layout, run: Range<usize>) {
    if let Some(before) = before.filter(|_| !run.is_empty()) {
        snapshot.append_rested(before, run, |row| layout.kinds[row.kind].is_at_rest(row.columns));
    }
}
