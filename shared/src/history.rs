//! Owns the ring of the last values by tick; the same type on both ends. Does not know what it stores.

use crate::Tick;
use std::collections::VecDeque;

/// The last values, by the tick they belong to. Full: the oldest makes room.
#[derive(Clone, Debug)]
pub struct History<T> {
    entries: VecDeque<(Tick, T)>,
    entries_max: usize,
}

impl<T> History<T> {
    /// An empty history that keeps up to `entries_max` values.
    #[must_use]
    pub fn new(entries_max: usize) -> Self {
        assert!(entries_max > 0, "a history keeps at least one value");
        Self { entries: VecDeque::with_capacity(entries_max), entries_max }
    }

    /// Adds the value of a tick after all others; gives back the oldest value if it had to go, so that its memory can be used again.
    pub fn push(&mut self, tick: Tick, value: T) -> Option<T> {
        assert!(self.newest().is_none_or(|(newest, _)| newest < tick), "ticks only go forward");
        let oldest = if self.entries.len() == self.entries_max { self.entries.pop_front() } else { None };
        self.entries.push_back((tick, value));
        oldest.map(|(_, value)| value)
    }

    /// The value of exactly this tick.
    #[must_use]
    pub fn get(&self, tick: Tick) -> Option<&T> {
        // Mostly they are of every tick, one after the other.
        let back = self.newest()?.0.since(tick);
        let guess = usize::try_from(back).ok().and_then(|back| self.entries.len().checked_sub(back + 1));
        if let Some((_, value)) = guess.map(|guess| &self.entries[guess]).filter(|(there, _)| *there == tick)
        {
            return Some(value);
        }
        let place = self.entries.binary_search_by_key(&tick, |(tick, _)| *tick).ok()?;
        Some(&self.entries[place].1)
    }

    /// The newest value and its tick.
    #[must_use]
    pub fn newest(&self) -> Option<(Tick, &T)> {
        self.entries.back().map(|(tick, value)| (*tick, value))
    }

    /// All values, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Tick, &T)> {
        self.entries.iter().map(|(tick, value)| (*tick, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut history = History::new(3);
        for tick in [4, 5, 9] {
            assert_eq!(history.push(Tick(tick), tick), None);
        }
        assert_eq!(history.push(Tick(10), 10), Some(4));
        assert_eq!(
            (history.get(Tick(4)), history.get(Tick(6)), history.get(Tick(9))),
            (None, None, Some(&9))
        );
        assert_eq!(history.newest(), Some((Tick(10), &10)));
        assert_eq!(history.iter().map(|(tick, _)| tick.0).collect::<Vec<_>>(), [5, 9, 10]);
    }
}
