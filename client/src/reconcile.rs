//! Owns what a snapshot does to what is shown: the prediction is compared and corrected, and what that moves is eased.

use crate::Correction;
use crate::joined::Joined;
use crate::prediction::Verdict;
use std::time::Duration;
use tickwire_shared::{DrawnRow, EntityId, Game, Held, Layout, Tick};

/// What a snapshot said.
pub(crate) struct Shown {
    /// About the prediction of the own entity.
    pub verdict: Verdict,
    /// How far that was off.
    pub correction: Option<Correction>,
    /// Whether something that was predicted along was off.
    pub is_along_wrong: bool,
    /// How much later than the fastest snapshot this one came.
    pub lateness: Duration,
}

/// Something that is predicted: as it is, and as it is drawn.
struct Drawn<G: Game> {
    id: EntityId,
    entity: G::Entity,
    row: DrawnRow,
}

impl<G: Game> Joined<G> {
    /// Makes what is held now visible: the own entity, and what goes along with it, in the prediction; all others in the
    /// interpolation.
    pub fn show(&mut self, layout: &Layout, now: Duration, tick: Tick, held: &Held) -> Shown {
        let lateness = self.interpolation.take(now, held);
        self.prediction.effects.hear(tick);
        let nothing = Shown { verdict: Verdict::Unknown, correction: None, is_along_wrong: false, lateness };
        let own = held.own().and_then(|id| Some((id, held.get(id)?)));
        let (Some((id, row)), Some(seen)) = (own, self.interpolation.newest()) else {
            self.prediction.stop();
            return nothing;
        };
        let told = self.prediction.start(tick, (id, row), seen);
        if !self.prediction.is_on() {
            self.prediction.restart(&self.settings, told, tick);
            return nothing;
        }
        let judgement = self.prediction.judge(layout, row, &told);
        if judgement.must_restart {
            let before = self.drawn(layout, now);
            self.prediction.restart(&self.settings, told, self.clock.tick());
            self.ease(layout, now, before);
        }
        let (verdict, correction) = (judgement.verdict, judgement.correction);
        Shown { verdict, correction, is_along_wrong: judgement.is_along_wrong, lateness }
    }

    /// All that is predicted, as it is drawn now, the own entity first.
    pub fn predicted_rows(
        &self,
        layout: &Layout,
        now: Duration,
    ) -> impl Iterator<Item = (EntityId, DrawnRow)> {
        let rows = self.prediction.draw(layout, self.clock.tick(), self.clock.part(now));
        rows.map(move |(id, mut row)| {
            self.smoothing.apply(layout, now, id, &mut row);
            (id, row)
        })
    }

    fn drawn(&self, layout: &Layout, now: Duration) -> Vec<Drawn<G>> {
        let entities = self.prediction.present().into_iter().flat_map(|present| present.iter());
        let rows = self.predicted_rows(layout, now);
        rows.zip(entities).map(|((id, row), (_, entity))| Drawn { id, entity: entity.clone(), row }).collect()
    }

    /// Eases all that is drawn elsewhere than before, unless it jumps.
    fn ease(&mut self, layout: &Layout, now: Duration, before: Vec<Drawn<G>>) {
        let Some(present) = self.prediction.present() else { return };
        let rows = self.prediction.draw(layout, self.clock.tick(), self.clock.part(now));
        for ((id, row), (_, entity)) in rows.zip(present.iter()) {
            let was = before.iter().find(|was| was.id == id);
            // What is predicted from now on was drawn in the past until now.
            let was_row = match was {
                Some(was) if G::teleported(&was.entity, entity) => None,
                Some(was) => Some(was.row.clone()),
                None if before.is_empty() => None,
                None => self.interpolation.drawn::<G>(layout, now, id),
            };
            match was_row {
                Some(was) => self.smoothing.ease(layout, now, id, &was, &row),
                None => self.smoothing.forget(now, id),
            }
        }
        for was in before {
            if present.iter().all(|(id, _)| id != was.id)
                && let Some(row) = self.interpolation.drawn::<G>(layout, now, was.id)
            {
                self.smoothing.ease(layout, now, was.id, &was.row, &row);
            }
        }
    }
}
