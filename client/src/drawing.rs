//! Owns what a client gives to be drawn, at any frame rate: what it predicts in the present, all others in the past.

use crate::Client;
use std::time::Duration;
use tickwire_shared::{EntityId, Game, Tick};

impl<G: Game> Client<G> {
    /// The place in time at which [`Client::view`] draws: a tick, and the part (0..=1) of the way to the next one. `None`
    /// until there is a snapshot.
    ///
    /// It lies behind the newest snapshot by as little as the link's jitter allows, and by up to a quarter of a second beyond
    /// it while nothing comes. It never goes back, and never faster than 1.1 times real time but for a jump to where
    /// it should be, after a stall. [`between`](tickwire_shared::between) at this very place, of the rows that this client holds,
    /// is what the player sees: what a shot of the player is aimed at.
    #[must_use]
    pub fn drawn(&self, now: Duration) -> Option<(Tick, f32)> {
        self.joined.as_ref()?.interpolation.place(now)
    }

    /// All entities that are not predicted, smoothly and a little in the past ([`Client::drawn`]), into a vector that is cleared first.
    pub fn view(&self, now: Duration, others: &mut Vec<(EntityId, G::Entity)>) {
        others.clear();
        let Some(joined) = &self.joined else { return };
        let present = joined.prediction.present();
        let is_predicted =
            |id| present.is_some_and(|present| present.iter().any(|(predicted, _)| predicted == id));
        if !self.switches.interpolation {
            joined.interpolation.append_newest::<G>(self.own().map(|(id, _)| id), others);
            return others.retain(|(id, _)| !is_predicted(*id));
        }
        for (id, mut row) in joined.interpolation.view::<G>(&self.layout, now) {
            if !is_predicted(id) {
                joined.smoothing.apply(&self.layout, now, id, &mut row);
                others.push((id, row.entity()));
            }
        }
    }

    /// The player's own entity as it is to be drawn: on its way between the last two ticks of this client, and, after a correction, still
    /// on its way from where it was drawn before. That visual error is gone within 150 ms; what teleports, or is further off than
    /// its greatest velocity gets it in a quarter of a second, jumps. If the game does not predict, it comes from the past, as all others.
    #[must_use]
    pub fn own_view(&self, now: Duration) -> Option<(EntityId, G::Entity)> {
        let joined = self.joined.as_ref()?;
        if !joined.prediction.is_on() {
            let (id, newest) = joined.prediction.own()?;
            if !self.switches.interpolation {
                return Some((id, newest.clone()));
            }
            let row = joined.interpolation.drawn::<G>(&self.layout, now, id);
            return Some((id, row?.entity()));
        }
        joined.predicted_rows(&self.layout, now).next().map(|(id, row)| (id, row.entity()))
    }

    /// All that is drawn in the present, into a vector that is cleared first: the player's own entity as in [`Client::own_view`], then what is
    /// predicted along with it ([`Game::predicts_along`]). Together with [`Client::view`] it is all that there is to see.
    pub fn predicted_view(&self, now: Duration, predicted: &mut Vec<(EntityId, G::Entity)>) {
        predicted.clear();
        match &self.joined {
            Some(joined) if joined.prediction.is_on() => {
                let rows = joined.predicted_rows(&self.layout, now);
                predicted.extend(rows.map(|(id, row)| (id, row.entity())));
            }
            _ => predicted.extend(self.own_view(now)),
        }
    }

    /// What is predicted along with the player's own entity at [`Client::tick`], exactly: ids and entities.
    pub fn along(&self) -> impl Iterator<Item = (EntityId, &G::Entity)> {
        let present = self.joined.as_ref().and_then(|joined| joined.prediction.present());
        present.into_iter().flat_map(|present| present.iter().skip(1))
    }
}
