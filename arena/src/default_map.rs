//! Owns the map that arena comes with: 80 x 60 metres, mirrored both ways.
//!
//! Only the upper left quarter is written down. A bunker guards each corner, a fort with four gates holds
//! the middle and the best pick-ups, and between them dividers break every long line but the four edges.

use crate::{Item, Map, Place, Rect};
use tickwire_shared::glam::Vec2;

const SIZE: Vec2 = Vec2::new(80.0, 60.0);

const WALLS: &[Rect] = &[
    // The corner's bunker.
    Rect::new(6.0, 7.0, 13.0, 8.5),
    Rect::new(6.0, 8.5, 7.5, 13.0),
    // Dividers.
    Rect::new(18.0, 4.0, 19.5, 11.0),
    Rect::new(24.0, 7.0, 30.0, 8.5),
    Rect::new(36.0, 3.0, 37.5, 9.0),
    Rect::new(13.0, 15.0, 15.0, 17.0),
    Rect::new(9.0, 22.0, 10.5, 27.0),
    Rect::new(20.0, 15.5, 21.5, 25.0),
    Rect::new(26.0, 13.0, 32.0, 14.5),
    // Covers before the fort's gates: they lie across the lines that mirror.
    Rect::new(24.0, 29.0, 26.0, 31.0),
    Rect::new(39.0, 14.0, 41.0, 16.0),
    // The fort, and the block in its middle.
    Rect::new(30.0, 20.5, 36.0, 22.0),
    Rect::new(30.0, 22.0, 31.5, 26.5),
    Rect::new(38.0, 28.0, 42.0, 32.0),
];

const SPAWNS: &[(f32, f32)] =
    &[(3.0, 3.0), (15.5, 6.0), (33.0, 6.0), (3.0, 24.0), (17.0, 21.0), (26.0, 18.0)];

const HEALTH: &[(f32, f32)] = &[(10.0, 11.0), (34.5, 30.0), (4.0, 30.0)];
const AMMO: &[(f32, f32)] = &[(22.0, 12.0), (40.0, 25.0), (40.0, 5.0)];

impl Default for Map {
    fn default() -> Self {
        let place = |item| move |pos| Place { pos, item };
        let health = mirrored_points(HEALTH).into_iter().map(place(Item::Health));
        let ammo = mirrored_points(AMMO).into_iter().map(place(Item::Ammo));
        Self {
            size: SIZE,
            walls: mirrored_walls(WALLS),
            spawns: mirrored_points(SPAWNS),
            places: health.chain(ammo).collect(),
        }
    }
}

/// Each point in all four quarters; once, if it lies on a line that mirrors.
fn mirrored_points(quarter: &[(f32, f32)]) -> Vec<Vec2> {
    let mut all = Vec::new();
    for &(x, y) in quarter {
        for pos in [(x, y), (SIZE.x - x, y), (x, SIZE.y - y), (SIZE.x - x, SIZE.y - y)].map(Vec2::from) {
            if !all.contains(&pos) {
                all.push(pos);
            }
        }
    }
    all
}

/// Each wall in all four quarters; once, if it lies across a line that mirrors.
fn mirrored_walls(quarter: &[Rect]) -> Vec<Rect> {
    let mut all = Vec::new();
    for &wall in quarter {
        let across = Rect::new(SIZE.x - wall.max.x, wall.min.y, SIZE.x - wall.min.x, wall.max.y);
        for half in [wall, across] {
            let down = Rect::new(half.min.x, SIZE.y - half.max.y, half.max.x, SIZE.y - half.min.y);
            for whole in [half, down] {
                if !all.contains(&whole) {
                    all.push(whole);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::on_position_grid;
    use crate::rules::PLAYER_RADIUS_METRES;

    #[test]
    fn everything_has_its_room_and_lies_on_the_grid() {
        let map = Map::default();
        assert_eq!(map.check(), Ok(()));
        for place in &map.places {
            assert!(map.has_room(place.pos, 1.0), "a pick-up is in a wall at {}", place.pos);
        }
        let corners = map.walls.iter().flat_map(|wall| [wall.min, wall.max]);
        let points = map.spawns.iter().copied().chain(map.places.iter().map(|place| place.pos));
        for point in corners.chain(points) {
            assert_eq!(on_position_grid(point), point);
        }
    }

    #[test]
    fn one_can_walk_from_everywhere_to_everywhere() {
        let map = Map::default();
        let free = |x: i32, y: i32| map.has_room(Vec2::new(x as f32, y as f32) / 2.0, PLAYER_RADIUS_METRES);
        let all: Vec<_> = (0..160).flat_map(|x| (0..120).map(move |y| (x, y))).collect();
        let mut reached = std::collections::BTreeSet::from([(6, 6)]);
        let mut edge = vec![(6, 6)];
        while let Some((x, y)) = edge.pop() {
            for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
                if free(next.0, next.1) && reached.insert(next) {
                    edge.push(next);
                }
            }
        }
        let closed = all.iter().find(|at| free(at.0, at.1) && !reached.contains(at));
        assert_eq!(closed, None, "half metres");
    }
}
