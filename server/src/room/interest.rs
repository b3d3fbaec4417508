//! Owns who sees what: by distance, over a grid that is built at most once a tick, and by the game's own word.

use tickwire_shared::glam::Vec2;
use tickwire_shared::{EntityId, Game, Interest, Snapshot, Viewer, Visible};

/// Cells per entity at most: a few far outliers must not make the grid mostly empty.
const CELLS_PER_ENTITY_MAX: f32 = 4.0;

/// What is seen in one tick, worked out player by player.
#[derive(Debug, Default)]
pub(super) struct SightLines {
    /// Built when the first player with an interest comes up.
    grid: Grid,
    is_built: bool,
    visible: Vec<u32>,
    /// A bit for each place: what is near comes cell by cell, and has to be brought into order.
    marks: Vec<u64>,
}

impl SightLines {
    /// Forgets the tick before.
    pub fn begin(&mut self) {
        self.is_built = false;
    }

    /// All that a player sees: what is near (what `is_in_view` so far may be a little further away) and what the game lets it
    /// see; and always its own entity.
    pub fn visible<G: Game>(
        &mut self,
        game: &G,
        viewer: Viewer,
        own: Option<EntityId>,
        now: &Snapshot,
        is_in_view: impl Fn(EntityId) -> bool,
    ) -> Visible<'_> {
        let (interest, sees) = (game.interest(viewer), game.sees(viewer));
        if interest.is_none() && sees.is_none() {
            return Visible::All;
        }
        self.visible.clear();
        match interest {
            None => self.visible.extend(0..now.len() as u32),
            Some(interest) => {
                if !self.is_built {
                    self.grid.build(game, now, interest.leave_radius);
                    self.is_built = true;
                }
                self.marks.clear();
                self.marks.resize(now.len().div_ceil(64), 0);
                let is_in_view = |place| is_in_view(now.id(place));
                self.grid.query(interest, is_in_view, |place| self.marks[place / 64] |= 1 << (place % 64));
                places(&self.marks, &mut self.visible);
            }
        }
        if let Some(sees) = sees {
            self.visible.retain(|place| sees(now.id(*place as usize)));
        }
        if let Some(own) = own.and_then(|own| now.find(own))
            && let Err(missing) = self.visible.binary_search(&(own as u32))
        {
            self.visible.insert(missing, own as u32);
        }
        if self.visible.len() == now.len() {
            // Then what is seen need not be compared with what was, entity by entity.
            return Visible::All;
        }
        Visible::These(&self.visible)
    }
}

/// Appends the places of all bits that are set, ascending.
fn places(marks: &[u64], places: &mut Vec<u32>) {
    for (number, mark) in marks.iter().enumerate() {
        let mut left = *mark;
        while left != 0 {
            places.push(number as u32 * 64 + left.trailing_zeros());
            left &= left - 1;
        }
    }
}

/// Entities by where they are: rows of square cells over the box that holds them all, each cell's entities side by side.
#[derive(Debug, Default)]
struct Grid {
    corner: Vec2,
    cell: f32,
    columns: usize,
    rows: usize,
    /// Where each cell's entities start in `near`; one more at the end.
    starts: Vec<u32>,
    near: Vec<(u32, Vec2)>,
    /// Entities without a place: near to everyone.
    everywhere: Vec<u32>,
    unsorted: Vec<(u32, Vec2)>,
}

impl Grid {
    fn build<G: Game>(&mut self, game: &G, now: &Snapshot, radius: f32) {
        self.unsorted.clear();
        self.everywhere.clear();
        for (id, entity) in game.entities() {
            let place = now.find(id).expect("the snapshot was taken of these") as u32;
            match G::place(entity) {
                Some(position) if position.is_finite() => self.unsorted.push((place, position)),
                _ => self.everywhere.push(place),
            }
        }
        self.measure(radius);
        self.sort();
    }

    /// Chooses cells of about half a radius, and fewer larger ones if these would be too many.
    fn measure(&mut self, radius: f32) {
        let positions = || self.unsorted.iter().map(|(_, position)| *position);
        let low = positions().reduce(Vec2::min).unwrap_or_default();
        let extent = positions().reduce(Vec2::max).unwrap_or_default() - low;
        let cells_max = self.unsorted.len().max(1) as f32 * CELLS_PER_ENTITY_MAX;
        let coarse = (extent.x / cells_max * extent.y).sqrt().max(extent.max_element() / cells_max);
        self.corner = low;
        self.cell = (radius / 2.0).max(coarse).max(f32::MIN_POSITIVE);
        (self.columns, self.rows) =
            ((extent.x / self.cell) as usize + 1, (extent.y / self.cell) as usize + 1);
    }

    /// Sorts entities into cells by counting.
    fn sort(&mut self) {
        self.starts.clear();
        self.starts.resize(self.columns * self.rows + 1, 0);
        for (_, position) in &self.unsorted {
            let cell = self.cell_of(*position);
            self.starts[cell + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        self.near.clear();
        self.near.resize(self.unsorted.len(), (0, Vec2::ZERO));
        // Each start moves to its cell's end, which is the next cell's start: then all move back by one.
        for (place, position) in &self.unsorted {
            let cell = self.cell_of(*position);
            self.near[self.starts[cell] as usize] = (*place, *position);
            self.starts[cell] += 1;
        }
        self.starts.rotate_right(1);
        self.starts[0] = 0;
    }

    fn column(&self, x: f32) -> usize {
        // A float becomes an integer by saturation, so what lies before the box is in its first column.
        (((x - self.corner.x) / self.cell) as usize).min(self.columns - 1)
    }

    fn row(&self, y: f32) -> usize {
        (((y - self.corner.y) / self.cell) as usize).min(self.rows - 1)
    }

    fn cell_of(&self, position: Vec2) -> usize {
        self.row(position.y) * self.columns + self.column(position.x)
    }

    /// Finds what is within the enter radius, and what is in view already and within the leave radius.
    fn query(&self, interest: Interest, is_in_view: impl Fn(usize) -> bool, mut found: impl FnMut(usize)) {
        let center = interest.center;
        // Whatever a game says, less than nothing is not near: squared, a radius below 0 would be as good as one above. What is no
        // number becomes 0 as well.
        let (enter_radius, leave_radius) = (interest.enter_radius.max(0.0), interest.leave_radius.max(0.0));
        let reach = Vec2::splat(leave_radius.max(enter_radius));
        let (low, high) = (center - reach, center + reach);
        let (first, last) = (self.column(low.x), self.column(high.x));
        for row in self.row(low.y)..=self.row(high.y) {
            let start = self.starts[row * self.columns + first] as usize;
            let end = self.starts[row * self.columns + last + 1] as usize;
            for (place, position) in &self.near[start..end] {
                let distance = position.distance_squared(center);
                if distance <= enter_radius * enter_radius
                    || distance <= leave_radius * leave_radius && is_in_view(*place as usize)
                {
                    found(*place as usize);
                }
            }
        }
        self.everywhere.iter().for_each(|place| found(*place as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid of entities side by side, one metre apart, from 0 on.
    fn line(count: u32, radius: f32) -> Grid {
        let unsorted = (0..count).map(|place| (place, Vec2::new(place as f32, 0.0))).collect();
        let mut grid = Grid { unsorted, ..Grid::default() };
        grid.measure(radius);
        grid.sort();
        grid
    }

    /// Who is found from between the entities 5 and 6, if those from 8 on are in view.
    fn found(enter_radius: f32, leave_radius: f32) -> Vec<usize> {
        let interest = Interest { center: Vec2::new(5.5, 0.0), enter_radius, leave_radius };
        let mut found = Vec::new();
        line(12, leave_radius).query(interest, |place| place >= 8, |place| found.push(place));
        found.sort_unstable();
        found
    }

    #[test]
    fn who_is_in_view_leaves_later_than_others_enter() {
        assert_eq!(found(1.0, 3.0), [5, 6, 8]);
        assert_eq!(found(3.0, 3.0), [3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_radius_that_is_none_reaches_nobody() {
        for none in [-5.0, f32::NEG_INFINITY, f32::NAN, 0.0] {
            assert_eq!(found(none, none), [0; 0], "{none}");
            assert_eq!(found(none, 3.0), [8], "{none}, and only who is in view stays");
            assert_eq!(found(1.0, none), [5, 6], "{none}, and nobody stays for being in view");
        }
    }
}
