//! Owns when in a tick's period each room is due, so that rooms which share a core wait for each other as little as can be.

use std::time::Duration;

/// A room's place in the period. No two rooms of a server have the same one at a time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phase(u32);

impl Phase {
    /// The first place that is free.
    pub(crate) fn free(taken: impl Iterator<Item = Phase>) -> Self {
        let mut taken: Vec<u32> = taken.map(|phase| phase.0).collect();
        taken.sort_unstable();
        let first = (0..).zip(&taken).find(|(place, taken)| place != *taken);
        Self(first.map_or(taken.len() as u32, |(place, _)| place))
    }

    /// How long after the period's begin: place after place halves the gaps that those before it left (the sequence of J. G. van der
    /// Corput, 1935), so that however many rooms there are, they are spread evenly.
    pub(crate) fn offset(self, period: Duration) -> Duration {
        let part = f64::from(self.0.reverse_bits()) / (f64::from(u32::MAX) + 1.0);
        period.mul_f64(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(32);

    fn offsets(count: u32) -> Vec<Duration> {
        let mut offsets: Vec<_> = (0..count).map(|place| Phase(place).offset(PERIOD)).collect();
        offsets.sort_unstable();
        offsets
    }

    #[test]
    fn however_many_rooms_are_spread_evenly() {
        assert_eq!(offsets(4), [0, 8, 16, 24].map(Duration::from_millis));
        for count in 1..300 {
            let mut offsets = offsets(count);
            offsets.push(PERIOD);
            let gap = offsets.windows(2).map(|pair| pair[1] - pair[0]).min().expect("one at least");
            assert!(gap * count * 2 >= PERIOD, "{count} rooms: two are {gap:?} apart");
        }
    }

    #[test]
    fn a_place_that_was_left_is_taken_again() {
        let free = |taken: &[u32]| Phase::free(taken.iter().map(|place| Phase(*place)));
        assert_eq!([free(&[]), free(&[1, 0]), free(&[3, 0, 1]), free(&[1, 2])], [0, 2, 2, 0].map(Phase));
    }
}
