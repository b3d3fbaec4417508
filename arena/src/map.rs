//! Owns the ground: its size, walls, spawn points and places of pick-ups, and what they stand in the way of.

use crate::rules::{MAP_METRES_MAX, PLAYER_RADIUS_METRES, POSITION_STEP_METRES};
use crate::{Item, Rect, Segment};
use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;

/// How far from an obstacle a circle that touched it is put. One step of the grid, so that rounding to
/// the grid afterwards cannot make it touch again.
const SKIN_METRES: f32 = POSITION_STEP_METRES as f32;

/// The ground. Its least corner is at zero; beyond its edges nothing passes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Width and height.
    pub size: Vec2,
    /// What neither players nor shots pass. Edges on the position grid keep slides along them exact.
    pub walls: Vec<Rect>,
    /// Where players come to life.
    pub spawns: Vec<Vec2>,
    /// Where pick-ups lie.
    pub places: Vec<Place>,
}

/// Where a pick-up lies, and what it is.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where.
    pub pos: Vec2,
    /// What.
    pub item: Item,
}

impl Map {
    /// Whether a match can be played here.
    ///
    /// # Errors
    /// In words for the host: what is wrong with the map.
    pub fn check(&self) -> Result<(), String> {
        // All written so that NaN fails too.
        let greatest = Vec2::splat(MAP_METRES_MAX as f32);
        if !(Vec2::ZERO.cmplt(self.size).all() && self.size.cmple(greatest).all()) {
            return Err(format!("the map's size is {}, not between 0 and {greatest}", self.size));
        }
        if let Some(wall) = self.walls.iter().find(|wall| !wall.min.cmple(wall.max).all()) {
            return Err(format!("the wall from {} to {} is turned inside out", wall.min, wall.max));
        }
        if self.spawns.is_empty() {
            return Err("the map has no spawn points".to_owned());
        }
        match self.spawns.iter().find(|&&spawn| !self.has_room(spawn, PLAYER_RADIUS_METRES)) {
            Some(spawn) => Err(format!("there is no room for a player at the spawn point {spawn}")),
            None => Ok(()),
        }
    }

    /// The whole ground.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        Rect { min: Vec2::ZERO, max: self.size }
    }

    /// At what part of the way it meets a wall or the ground's edge.
    #[must_use]
    pub fn first_hit(&self, way: Segment) -> Option<f32> {
        let walls = self.walls.iter().filter_map(|wall| way.enters_rect(wall));
        walls.chain(way.leaves_rect(&self.bounds())).min_by(f32::total_cmp)
    }

    /// Whether one sees one point from the other.
    #[must_use]
    pub fn is_clear(&self, from: Vec2, to: Vec2) -> bool {
        let way = Segment { from, to };
        self.walls.iter().all(|wall| way.enters_rect(wall).is_none())
    }

    /// Whether a circle here touches nothing.
    #[must_use]
    pub fn has_room(&self, centre: Vec2, radius: f32) -> bool {
        self.touched(centre, radius).is_none()
    }

    /// Where a circle is put that touches something here, and the direction away from what it touches most.
    #[must_use]
    pub fn push_out(&self, centre: Vec2, radius: f32) -> Option<(Vec2, Vec2)> {
        let point = self.touched(centre, radius)?;
        let away = (centre - point).normalize_or_zero();
        Some((point + away * (radius + SKIN_METRES), away))
    }

    /// The nearest point of all walls and edges, if it is inside a circle. The nearest, because at the seam
    /// of two walls the face that one slides along must win over the corner that follows.
    fn touched(&self, centre: Vec2, radius: f32) -> Option<Vec2> {
        let Vec2 { x: width, y: height } = self.size;
        let (x, y) = (centre.x, centre.y);
        let edges = [Vec2::new(0.0, y), Vec2::new(width, y), Vec2::new(x, 0.0), Vec2::new(x, height)];
        let obstacles = self.walls.iter().map(|wall| wall.nearest(centre)).chain(edges);
        obstacles
            .map(|point| (point, point.distance_squared(centre)))
            .filter(|(_, square)| *square < radius * radius)
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(point, _)| point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Map {
        let walls = vec![Rect::new(4.0, 4.0, 6.0, 6.0)];
        Map { size: Vec2::splat(10.0), walls, spawns: vec![Vec2::splat(2.0)], places: vec![] }
    }

    fn way(from: (f32, f32), to: (f32, f32)) -> Segment {
        Segment { from: from.into(), to: to.into() }
    }

    #[test]
    fn a_way_ends_at_the_first_wall_or_at_the_edge() {
        assert_eq!(room().first_hit(way((2.0, 5.0), (12.0, 5.0))), Some(0.2));
        assert_eq!(room().first_hit(way((8.0, 5.0), (12.0, 5.0))), Some(0.5));
        assert_eq!(room().first_hit(way((1.0, 1.0), (9.0, 1.0))), None);
        assert!(room().is_clear(Vec2::new(1.0, 1.0), Vec2::new(9.0, 1.0)));
        assert!(!room().is_clear(Vec2::new(1.0, 1.0), Vec2::new(9.0, 9.0)));
    }

    #[test]
    fn a_circle_is_put_beside_what_it_touches() {
        let (pos, away) = room().push_out(Vec2::new(3.75, 5.0), 0.5).expect("it touches the wall");
        assert_eq!((pos, away), (Vec2::new(3.5 - SKIN_METRES, 5.0), Vec2::NEG_X));
        let (pos, away) = room().push_out(Vec2::new(5.0, 9.75), 0.5).expect("it touches the edge");
        assert_eq!((pos, away), (Vec2::new(5.0, 9.5 - SKIN_METRES), Vec2::NEG_Y));
        assert!(room().push_out(Vec2::new(3.6, 3.6), 0.5).is_none(), "the corner is round");
        assert!(room().push_out(Vec2::new(3.5, 5.0), 0.5).is_none(), "just beside is not touching");
    }

    #[test]
    fn a_host_hears_what_is_wrong_with_its_map() {
        assert_eq!(room().check(), Ok(()));
        let mut map = room();
        map.spawns.push(Vec2::splat(5.0));
        assert_eq!(map.check(), Err("there is no room for a player at the spawn point [5, 5]".to_owned()));
        map.spawns.clear();
        assert_eq!(map.check(), Err("the map has no spawn points".to_owned()));
        map.walls.push(Rect::new(1.0, 1.0, 1.0, f32::NAN));
        assert_eq!(map.check(), Err("the wall from [1, 1] to [1, NaN] is turned inside out".to_owned()));
        map.size.x = f32::NAN;
        assert_eq!(
            map.check(),
            Err("the map's size is [NaN, 10], not between 0 and [127.99902, 127.99902]".to_owned())
        );
    }
}
