//! Owns pick-ups: who takes them, what they give, and when they come back.

use crate::game::{Arena, Body, Context};
use crate::rules::{
    HP_MAX, PICKUP_BACK_TICKS, PICKUP_HP, PICKUP_REACH_METRES, PICKUP_ROCKETS, PICKUP_SLUGS, ROCKETS_MAX,
    SLUGS_MAX,
};
use crate::{Entity, Event, Item, Pickup, Place, Player};
use serde::{Deserialize, Serialize};
use tickwire_shared::{Audience, EntityId};

/// What is at a place of the map now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Stand {
    pickup: Option<EntityId>,
    /// While it is taken: until it is back.
    back_in_ticks: u16,
}

impl Arena {
    /// Gives what lies there to who stands there, and puts back what was taken long ago.
    pub(crate) fn serve_pickups(&mut self, cx: &mut Context<'_>, bodies: &[Body]) {
        for (index, place) in cx.settings.map.places.iter().enumerate() {
            match self.stands[index].pickup {
                Some(pickup) => {
                    if self.offer(cx, bodies, place) {
                        self.entities.remove(pickup);
                        self.stands[index] = Stand { pickup: None, back_in_ticks: PICKUP_BACK_TICKS };
                    }
                }
                None => self.put_back(index, place),
            }
        }
    }

    /// The first player here that has use for it takes it; false if there is none.
    fn offer(&mut self, cx: &mut Context<'_>, bodies: &[Body], place: &Place) -> bool {
        let near =
            |body: &&Body| body.pos.distance_squared(place.pos) < PICKUP_REACH_METRES * PICKUP_REACH_METRES;
        for body in bodies.iter().filter(near) {
            let player = self.player_mut(body.id);
            if player.alive && take(player, place.item) {
                player.disturbances = player.disturbances.wrapping_add(1);
                let event = Event::PickedUp { player: body.player, item: place.item };
                cx.emit(Audience::Only(body.player), event);
                return true;
            }
        }
        false
    }

    fn put_back(&mut self, index: usize, place: &Place) {
        let stand = &mut self.stands[index];
        stand.back_in_ticks = stand.back_in_ticks.saturating_sub(1);
        if stand.back_in_ticks == 0 {
            let pickup = Entity::Pickup(Pickup { pos: place.pos, item: place.item });
            stand.pickup = Some(self.entities.insert(pickup));
        }
    }
}

/// Gives an item to a player; false if it has no use for it.
fn take(player: &mut Player, item: Item) -> bool {
    let before = (player.hp, player.rockets, player.slugs);
    match item {
        Item::Health => player.hp = (player.hp + PICKUP_HP).min(HP_MAX),
        Item::Ammo => {
            player.rockets = (player.rockets + PICKUP_ROCKETS).min(ROCKETS_MAX);
            player.slugs = (player.slugs + PICKUP_SLUGS).min(SLUGS_MAX);
        }
    }
    (player.hp, player.rockets, player.slugs) != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawn::fresh_player;
    use tickwire_shared::PlayerId;
    use tickwire_shared::slotmap::Key as _;

    #[test]
    fn one_takes_what_one_has_use_for() {
        let mut player = Player { hp: 70, rockets: 25, slugs: 10, ..fresh_player(PlayerId::null()) };
        assert!(take(&mut player, Item::Health) && take(&mut player, Item::Ammo));
        assert_eq!((player.hp, player.rockets, player.slugs), (100, 30, 10), "no more than one can carry");
        assert!(!take(&mut player, Item::Health) && !take(&mut player, Item::Ammo));
    }
}
