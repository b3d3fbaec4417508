//! Owns the way between two rows: the one function by which a client draws what it is told of, and by which a server finds
//! out what it drew.
//!
//! Only `+ - * /` on `f64`, so both ends get the same bits.

use crate::drawn::DrawnRow;
use crate::layout::{Column, Expect, KindLayout};
use crate::limits::EXTRAPOLATION_MS_MAX;
use crate::{Game, Layout, Replicate, Row, Tick};

/// An entity at a moment between two of its rows, or after the last one. Ticks and rows are those that a client holds.
///
/// `at` is a place in time: a tick, and the part (0..=1) of the way to the next one. It is `from` before and `to` after its time.
/// In between, what is moved by a rate follows a cubic through both rows that has both rates as its slopes (Hermite),
/// so it bends as a thrown ball does, however many ticks lie between; other ranges go straight, angles the short way
/// round; all else is as in `from` until the time of `to`. If [`Game::teleported`] says so, there is no way:
/// it stays `from` until then.
///
/// Without a `to`, what has a rate goes on by it, for at most a quarter of a second
/// ([`EXTRAPOLATION_MS_MAX`]); all else stays as it is.
///
/// # Panics
/// If a row is not of this layout.
#[must_use]
pub fn between<G: Game>(
    layout: &Layout,
    from: (Tick, Row<'_>),
    to: Option<(Tick, Row<'_>)>,
    at: (Tick, f32),
) -> G::Entity {
    DrawnRow::between::<G>(layout, from, to, at).entity()
}

impl DrawnRow {
    /// What [`between`] makes an entity of.
    #[must_use]
    pub fn between<G: Game>(
        layout: &Layout,
        from: (Tick, Row<'_>),
        to: Option<(Tick, Row<'_>)>,
        at: (Tick, f32),
    ) -> Self {
        let (tick, row) = from;
        let ticks = at.0.since(tick) as f64 + f64::from(at.1);
        let mut drawn = Self::of(row);
        if ticks <= 0.0 {
            return drawn;
        }
        let kind = &layout.kinds[row.kind];
        let Some((later, next)) = to else {
            let ticks_max = f64::from(layout.schema().tick_rate_hz) * EXTRAPOLATION_MS_MAX as f64 / 1000.0;
            extrapolate(kind, drawn.columns_mut(), row.columns, ticks.min(ticks_max));
            return drawn;
        };
        let span = later.since(tick) as f64;
        if ticks >= span {
            return Self::of(next);
        }
        if next.kind == row.kind && !jumps::<G>(row, next) {
            let way = Way { kind, from: row.columns, to: next.columns, span, part: ticks / span };
            way.draw(drawn.columns_mut());
        }
        drawn
    }
}

fn jumps<G: Game>(from: Row<'_>, to: Row<'_>) -> bool {
    let entity = |row: Row<'_>| G::Entity::from_row(row.kind, row.columns);
    G::teleported(&entity(from), &entity(to))
}

fn extrapolate(kind: &KindLayout, drawn: &mut [f64], row: &[u32], ticks: f64) {
    for &place in &kind.moved {
        let column = &kind.columns[place];
        if let Some(rate) = rate(column, row) {
            drawn[place] = column.bounded(drawn[place] + rate * ticks);
        }
    }
}

/// By how many steps per tick a row's own rate moves this column, if it has one.
fn rate(column: &Column, row: &[u32]) -> Option<f64> {
    let Expect::Rate { column, min, step, per_step } = column.expect else { return None };
    Some((min + step * f64::from(row[column])) / per_step)
}

/// The way between two rows of one kind that lie `span` ticks apart.
struct Way<'a> {
    kind: &'a KindLayout,
    from: &'a [u32],
    to: &'a [u32],
    span: f64,
    /// How much of it is done: 0..1.
    part: f64,
}

impl Way<'_> {
    fn draw(&self, drawn: &mut [f64]) {
        for (place, column) in self.kind.columns.iter().enumerate() {
            // What is there in one of the rows only has no way.
            let is_there = column.presence.is_none_or(|flag| self.from[flag] == self.to[flag]);
            if column.moves && is_there {
                let start = f64::from(self.from[place]);
                let way = column.way(start, f64::from(self.to[place]));
                drawn[place] = column.bounded(start + self.cubic(column, way).unwrap_or(way * self.part));
            }
        }
    }

    /// How far the cubic has come of this way, in steps, if its slopes are to be believed.
    ///
    /// They are if they tell of a way as long as the one that was gone. A steady push makes the way the mean of both slopes; a
    /// game that adds up velocity tick by tick is off by up to half the change of one tick, whichever it adds first. So over
    /// a single tick the way must lie between the slopes, and over more in the middle half between them, give or take
    /// the rounding of rows. Else something happened on the way (a wall, a kick), and the cubic would swing
    /// out far beyond it: then straight it is.
    fn cubic(&self, column: &Column, way: f64) -> Option<f64> {
        let Expect::Rate { step, per_step, .. } = column.expect else { return None };
        let (start, end) = (rate(column, self.from)? * self.span, rate(column, self.to)? * self.span);
        let share = (1.0 / self.span).max(0.5);
        // Half a step at each end of the way, and half a step of the rate at each end.
        let rounding = 2.0 + step / per_step * self.span;
        if (start + end - 2.0 * way).abs() > (end - start).abs() * share + rounding {
            return None;
        }
        let (t, rest) = (self.part, 1.0 - self.part);
        Some(t * t * (3.0 - 2.0 * t) * way + t * rest * (rest * start - t * end))
    }
}

#[cfg(test)]
mod tests;
