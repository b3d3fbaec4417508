//! Owns what a bot notices: whom it sees, and where it lost them.

use super::chance;
use crate::{Entity, Item, Map, Player};
use rand_pcg::Pcg32;
use tickwire_shared::EntityId;
use tickwire_shared::glam::Vec2;

/// Between two looks around: a quick human's reaction. It also keeps hundreds of bots cheap, as to look is
/// what costs most.
const LOOK_TICKS: f32 = 10.0;
/// How far a bot looks: about a screen.
const SIGHT_METRES: f32 = 35.0;
/// A walker this thin gets around corners; the rest slides.
const WALKER_RADIUS_METRES: f32 = 0.45;

/// What is on the bot's screen.
pub(super) struct View<'a> {
    pub map: &'a Map,
    pub own: &'a Player,
    pub others: &'a [(EntityId, Entity)],
}

impl<'a> View<'a> {
    /// Whether one can walk straight there.
    pub fn is_walkable(&self, to: Vec2) -> bool {
        let way = crate::Segment { from: self.own.pos, to };
        let walls = self.map.walls.iter().map(|wall| wall.grown(WALKER_RADIUS_METRES));
        // Who brushes a wall already is not kept from leaving it.
        walls.filter(|wall| !wall.contains(way.from)).all(|wall| way.enters_rect(&wall).is_none())
    }

    /// The nearest pick-up of this kind to which one can walk straight.
    pub fn nearest_pickup(&self, item: Item) -> Option<Vec2> {
        let pickups = self.others.iter().filter_map(|(_, entity)| match entity {
            Entity::Pickup(pickup) if pickup.item == item => Some(pickup.pos),
            _ => None,
        });
        self.nearest(pickups).find(|&pos| self.is_walkable(pos))
    }

    /// These points, the nearest first.
    pub fn nearest(&self, points: impl Iterator<Item = Vec2>) -> impl Iterator<Item = Vec2> {
        let from = self.own.pos;
        let mut points: Vec<Vec2> = points.collect();
        points.sort_by(|one, other| one.distance_squared(from).total_cmp(&other.distance_squared(from)));
        points.into_iter()
    }

    fn player(&self, id: EntityId) -> Option<&'a Player> {
        self.others.iter().find(|(other, _)| *other == id)?.1.player()
    }

    fn nearest_enemy(&self) -> Option<EntityId> {
        let mut enemies: Vec<(f32, EntityId, Vec2)> = self
            .others
            .iter()
            .filter_map(|(id, entity)| Some((*id, entity.player()?)))
            .filter(|(_, player)| player.alive && !player.shielded)
            .map(|(id, player)| (player.pos.distance_squared(self.own.pos), id, player.pos))
            .filter(|(square, ..)| *square < SIGHT_METRES * SIGHT_METRES)
            .collect();
        enemies.sort_by(|one, other| one.0.total_cmp(&other.0));
        enemies.iter().find(|(.., pos)| self.map.is_clear(self.own.pos, *pos)).map(|(_, id, _)| *id)
    }
}

/// What a bot has noticed.
#[derive(Clone, Debug, Default)]
pub(super) struct Eyes {
    look_in_ticks: u8,
    prey: Option<EntityId>,
    trail: Option<Vec2>,
}

impl Eyes {
    /// Whether the bot looks around in this tick. Never regular, so that a crowd does not look all at once.
    pub fn is_time_to_look(&mut self, random: &mut Pcg32) -> bool {
        if self.look_in_ticks > 0 {
            self.look_in_ticks -= 1;
            return false;
        }
        self.look_in_ticks = (LOOK_TICKS * (0.5 + chance(random))) as u8;
        true
    }

    /// Picks the nearest visible enemy; remembers where the last one was.
    pub fn look(&mut self, view: &View<'_>) {
        if let Some(prey) = self.prey(view) {
            self.trail = Some(prey.pos);
        }
        self.prey = view.nearest_enemy();
    }

    /// Whom the bot has its eye on.
    pub fn prey<'a>(&self, view: &View<'a>) -> Option<&'a Player> {
        self.prey.and_then(|id| view.player(id)).filter(|player| player.alive)
    }

    /// Where the last prey went out of sight, until the bot has been there.
    pub fn last_seen(&mut self, view: &View<'_>) -> Option<Vec2> {
        self.trail =
            self.trail.filter(|trail| trail.distance(view.own.pos) > 1.0 && view.is_walkable(*trail));
        self.trail
    }
}
