//! Owns the check of who was told of what: nothing that must not be seen, and everything that must.

use tickwire_shared::{Game, Interest, PlayerId, Role, Snapshot, Viewer};

/// A player is told of all that it must see, unless some of it waits, and of nothing that it must not; between the two radii both are
/// right.
pub(crate) fn check<G: Game>(
    game: &G,
    player: PlayerId,
    role: Role,
    told: &Snapshot,
    is_waiting: bool,
) -> Result<(), String> {
    let viewer = if role == Role::Player { Viewer::Player(player) } else { Viewer::Spectator };
    let (interest, sight) = (game.interest(viewer), game.sees(viewer));
    let sees = |id| sight.as_ref().is_none_or(|sees| sees(id));
    let is_near = |entity: &G::Entity, radius: fn(Interest) -> f32| match (interest, G::place(entity)) {
        (Some(interest), Some(place)) => place.distance(interest.center) <= radius(interest),
        _ => true,
    };
    for (id, entity) in game.entities() {
        let is_own = game.own(player) == Some(id);
        let is_in_view = sees(id) && is_near(entity, |interest| interest.enter_radius);
        let must = is_own || is_in_view && !is_waiting;
        let may = is_own || sees(id) && is_near(entity, |interest| interest.leave_radius);
        let is_told = told.find(id).is_some();
        if must && !is_told || is_told && !may {
            return Err(format!("{player:?} must see {id:?}: {must}, may: {may}, but was told: {is_told}"));
        }
    }
    Ok(())
}
