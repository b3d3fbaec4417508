//! Owns rectangles, straight ways and where they meet. Knows nothing of the game.
//!
//! Only + - * / and square roots: the same bits on every machine.

use serde::{Deserialize, Serialize};
use tickwire_shared::glam::Vec2;

/// A rectangle along the axes.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Its corner with the least coordinates.
    pub min: Vec2,
    /// Its corner with the greatest coordinates.
    pub max: Vec2,
}

impl Rect {
    /// The rectangle between two corners.
    #[must_use]
    pub const fn new(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self { min: Vec2::new(left, top), max: Vec2::new(right, bottom) }
    }

    /// Whether a point lies inside, or on the edge.
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        self.min.cmple(point).all() && point.cmple(self.max).all()
    }

    /// The point of the rectangle that is nearest to `point`.
    #[must_use]
    pub fn nearest(&self, point: Vec2) -> Vec2 {
        point.max(self.min).min(self.max)
    }

    /// The same with all edges further out.
    #[must_use]
    pub fn grown(&self, by: f32) -> Self {
        Self { min: self.min - by, max: self.max + by }
    }

    fn touches(&self, other: &Self) -> bool {
        self.min.cmple(other.max).all() && other.min.cmple(self.max).all()
    }
}

/// The straight way from one point to another. Places on it are named by the part (0..=1) of the way.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Segment {
    /// Where it begins.
    pub from: Vec2,
    /// Where it ends.
    pub to: Vec2,
}

impl Segment {
    /// The point at a part of the way.
    #[must_use]
    pub fn at(&self, part: f32) -> Vec2 {
        self.from + (self.to - self.from) * part
    }

    /// The least rectangle that holds the whole way.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        Rect { min: self.from.min(self.to), max: self.from.max(self.to) }
    }

    /// At what part of the way it enters a rectangle; 0 if it begins inside.
    #[must_use]
    pub fn enters_rect(&self, rect: &Rect) -> Option<f32> {
        // Most walls are far away: four comparisons tell, before any division.
        if !rect.touches(&self.bounds()) {
            return None;
        }
        let (enter, leave) = self.crossing(rect)?;
        (enter <= 1.0 && leave >= 0.0).then_some(enter.max(0.0))
    }

    /// At what part of the way it leaves a rectangle, if it ends outside.
    #[must_use]
    pub fn leaves_rect(&self, rect: &Rect) -> Option<f32> {
        if rect.contains(self.to) {
            return None;
        }
        Some(self.crossing(rect).map_or(0.0, |(_, leave)| leave.clamp(0.0, 1.0)))
    }

    /// At what part of the way it enters a circle; 0 if it begins inside.
    #[must_use]
    pub fn enters_circle(&self, centre: Vec2, radius: f32) -> Option<f32> {
        let way = self.to - self.from;
        let start = self.from - centre;
        let outside = start.length_squared() - radius * radius;
        if outside <= 0.0 {
            return Some(0.0);
        }
        let approach = -start.dot(way);
        if approach <= 0.0 {
            return None;
        }
        let square = way.length_squared();
        let discriminant = approach * approach - square * outside;
        if discriminant < 0.0 {
            return None;
        }
        let part = (approach - discriminant.sqrt()) / square;
        (part <= 1.0).then_some(part)
    }

    /// The parts at which the way, were it endless in both directions, enters and leaves a rectangle.
    fn crossing(&self, rect: &Rect) -> Option<(f32, f32)> {
        let way = self.to - self.from;
        let (enter_x, leave_x) = span(self.from.x, way.x, rect.min.x, rect.max.x)?;
        let (enter_y, leave_y) = span(self.from.y, way.y, rect.min.y, rect.max.y)?;
        let (enter, leave) = (enter_x.max(enter_y), leave_x.min(leave_y));
        (enter <= leave).then_some((enter, leave))
    }
}

/// The parts at which a way along one axis enters and leaves `min..=max`.
fn span(from: f32, way: f32, min: f32, max: f32) -> Option<(f32, f32)> {
    if way == 0.0 {
        return (min <= from && from <= max).then_some((f32::NEG_INFINITY, f32::INFINITY));
    }
    let (one, other) = ((min - from) / way, (max - from) / way);
    Some((one.min(other), one.max(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Rect = Rect::new(2.0, 2.0, 4.0, 6.0);

    fn way(from: (f32, f32), to: (f32, f32)) -> Segment {
        Segment { from: from.into(), to: to.into() }
    }

    #[test]
    fn a_way_enters_a_rectangle_where_it_first_touches_it() {
        assert_eq!(way((0.0, 3.0), (8.0, 3.0)).enters_rect(&BOX), Some(0.25));
        assert_eq!(way((8.0, 3.0), (0.0, 3.0)).enters_rect(&BOX), Some(0.5));
        assert_eq!(way((3.0, 3.0), (9.0, 3.0)).enters_rect(&BOX), Some(0.0), "it begins inside");
        assert_eq!(way((0.0, 3.0), (1.9, 3.0)).enters_rect(&BOX), None, "it ends before");
        assert_eq!(way((0.0, 1.0), (8.0, 1.0)).enters_rect(&BOX), None, "it passes above");
        assert_eq!(way((0.0, 5.0), (5.0, 0.0)).enters_rect(&BOX), Some(0.4), "slantwise, through the corner");
        assert_eq!(way((0.0, 3.9), (3.9, 0.0)).enters_rect(&BOX), None, "slantwise, past the corner");
        assert_eq!(way((3.0, 0.0), (3.0, 8.0)).enters_rect(&BOX), Some(0.25), "straight down");
    }

    #[test]
    fn a_way_leaves_a_rectangle_once() {
        assert_eq!(way((3.0, 3.0), (5.0, 3.0)).leaves_rect(&BOX), Some(0.5));
        assert_eq!(way((3.0, 3.0), (3.5, 5.0)).leaves_rect(&BOX), None, "it ends inside");
        assert_eq!(way((4.0, 3.0), (5.0, 3.0)).leaves_rect(&BOX), Some(0.0), "it begins on the edge");
    }

    #[test]
    fn a_way_enters_a_circle_on_its_near_side() {
        let centre = Vec2::new(5.0, 0.0);
        assert_eq!(way((0.0, 0.0), (8.0, 0.0)).enters_circle(centre, 1.0), Some(0.5));
        assert_eq!(way((0.0, 0.0), (3.9, 0.0)).enters_circle(centre, 1.0), None, "it ends before");
        assert_eq!(way((0.0, 1.1), (8.0, 1.1)).enters_circle(centre, 1.0), None, "it passes by");
        assert_eq!(way((8.0, 0.0), (9.0, 0.0)).enters_circle(centre, 1.0), None, "it goes away");
        assert_eq!(way((5.5, 0.0), (9.0, 0.0)).enters_circle(centre, 1.0), Some(0.0), "it begins inside");
        assert_eq!(way((0.0, 0.0), (0.0, 0.0)).enters_circle(centre, 1.0), None, "it does not move");
    }

    #[test]
    fn the_nearest_point_of_a_rectangle_is_on_it() {
        assert_eq!(BOX.nearest(Vec2::new(0.0, 9.0)), Vec2::new(2.0, 6.0));
        assert_eq!(BOX.nearest(Vec2::new(3.0, 3.0)), Vec2::new(3.0, 3.0));
        assert!(BOX.contains(Vec2::new(4.0, 6.0)) && !BOX.contains(Vec2::new(4.1, 6.0)));
        assert_eq!(BOX.grown(1.0), Rect::new(1.0, 1.0, 5.0, 7.0));
    }
}
