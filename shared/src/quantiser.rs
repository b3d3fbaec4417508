//! Owns the way from a game's entities to the rows of a tick: what has not changed is not quantised again.

use crate::{EntityId, Game, Layout, Replicate, Snapshot, Tick, key_parts};

/// Takes the snapshots of one game, tick by tick.
#[derive(Clone, Debug)]
pub struct Quantiser<E> {
    /// By the index of an id: the entity as it was when it was last quantised.
    known: Vec<Option<(EntityId, E)>>,
}

impl<E> Default for Quantiser<E> {
    fn default() -> Self {
        Self { known: Vec::new() }
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
        for (id, entity) in game.entities() {
            if !(self.is_known(id, entity) && copied(snapshot, before, layout, id)) {
                snapshot.quantise(id, entity);
                self.note(id, entity);
            }
        }
        snapshot.complete::<G>();
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

/// Takes over the row of an entity that is as it was, if it was there; then it has rested for one tick more.
fn copied(snapshot: &mut Snapshot, before: Option<&Snapshot>, layout: &Layout, id: EntityId) -> bool {
    let Some(before) = before else { return false };
    let Some(place) = before.find_near(snapshot.len(), id) else { return false };
    let row = before.row(place);
    let rested = match before.rested(place) {
        0 => u8::from(layout.kinds[row.kind].is_at_rest(row.columns)),
        ticks => ticks.saturating_add(1),
    };
    snapshot.append(id, row, rested);
    true
}
