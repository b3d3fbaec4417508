//! Owns the visual errors: how far what is drawn still is from what is known better, eased out.

use std::time::Duration;
use tickwire_shared::{DrawnRow, EntityId, Layout, Offset};

/// How long a visual error lasts.
const EASE: Duration = Duration::from_millis(150);

/// One entity's error.
struct Error {
    id: EntityId,
    offset: Offset,
    since: Duration,
}

/// The errors that are being eased out: few, and none for most of the time.
#[derive(Default)]
pub(crate) struct Smoothing {
    errors: Vec<Error>,
}

impl Smoothing {
    /// From now on this entity is drawn from `drawn` instead of from `before`: what is between them is eased out.
    pub fn ease(
        &mut self,
        layout: &Layout,
        now: Duration,
        id: EntityId,
        before: &DrawnRow,
        drawn: &DrawnRow,
    ) {
        self.forget(now, id);
        let offset = before.away_from(layout, drawn).filter(|offset| !offset.is_none());
        self.errors.extend(offset.map(|offset| Error { id, offset, since: now }));
    }

    /// Lets an entity jump, and takes the opportunity to drop what is over.
    pub fn forget(&mut self, now: Duration, id: EntityId) {
        self.errors.retain(|error| error.id != id && share(error, now) > 0.0);
    }

    /// Moves what is drawn by what is left of its error.
    pub fn apply(&self, layout: &Layout, now: Duration, id: EntityId, drawn: &mut DrawnRow) {
        if let Some(error) = self.errors.iter().find(|error| error.id == id) {
            drawn.shift(layout, &error.offset, share(error, now));
        }
    }
}

/// What is left of an error. Quick at first, because an error that is corrected again and again starts anew each time and
/// must shrink all the same; and without a jolt at the end.
fn share(error: &Error, now: Duration) -> f64 {
    let done = now.saturating_sub(error.since).as_secs_f64() / EASE.as_secs_f64();
    let left = (1.0 - done).max(0.0);
    left * left
}
