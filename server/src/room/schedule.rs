//! Owns who waits when a frame cannot hold everything: entities have priorities that grow while they wait.

use tickwire_shared::{DeltaWriter, EntityId, Snapshot, Tick, key_parts};

/// What changed in view gets this share of a frame if something is to enter as well: of what is seen, nothing may lag behind
/// for long, but what enters must not wait for ever.
const UPDATES_SHARE: (u64, u64) = (3, 4);
/// Least weight that a game can give.
const WEIGHT_MIN: f32 = 0.01;

/// Since when entities wait to enter one player's view, by the index of their ids. Empty unless a frame was too small.
pub(super) type Waiting = Vec<(EntityId, Tick)>;

/// How much of a frame had to wait.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct HeldBack {
    pub updates: usize,
    pub entities: usize,
}

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Priority and number of each candidate.
    ranking: Vec<(f32, u32)>,
    waiting: Waiting,
}

impl Schedule {
    /// Sets what waits, so that the rest of a draft has at most `bits_max` bits. `own`, the place of the player's own entity, never
    /// waits; nor does whatever has the greatest priority, however big it is, unless there is no room at all.
    pub fn fit(
        &mut self,
        writer: &mut DeltaWriter,
        waiting: &mut Waiting,
        now: &Snapshot,
        bits_max: u64,
        own: Option<u32>,
        weight: impl Fn(u32) -> f32,
    ) -> HeldBack {
        let updates: u64 = writer.updates.iter().map(|update| u64::from(update.bits)).sum();
        let entering: u64 = writer.entering.iter().map(|entering| u64::from(entering.bits)).sum();
        if updates + entering <= bits_max {
            waiting.clear();
            return HeldBack::default();
        }
        let weight = |place: u32| weight(place).max(WEIGHT_MIN);
        let (part, whole) = UPDATES_SHARE;
        let updates_max = bits_max.saturating_sub(entering).max(bits_max * part / whole);
        self.ranking.clear();
        self.ranking.extend(writer.updates.iter().enumerate().map(|(number, update)| {
            let is_own = own == Some(update.place);
            let priority = weight(update.place) * update.age_ticks as f32;
            (if is_own { f32::INFINITY } else { priority }, number as u32)
        }));
        let cost = |number: u32| u64::from(writer.updates[number as usize].bits);
        let used = self.cut(updates_max, cost);
        self.waits().for_each(|number| writer.updates[number].waits = true);
        let updates = self.ranking.len();
        self.fit_entering(writer, waiting, now, bits_max.saturating_sub(used), own, weight);
        HeldBack { updates, entities: waiting.len() }
    }

    fn fit_entering(
        &mut self,
        writer: &mut DeltaWriter,
        waiting: &mut Waiting,
        now: &Snapshot,
        bits_max: u64,
        own: Option<u32>,
        weight: impl Fn(u32) -> f32,
    ) {
        self.ranking.clear();
        let mut known = waiting.iter().peekable();
        for (number, entering) in writer.entering.iter().enumerate() {
            let id = now.id(entering.place as usize);
            let index = key_parts(id).0;
            while known.next_if(|(known, _)| key_parts(*known).0 < index).is_some() {}
            let since =
                known.peek().filter(|(known, _)| *known == id).map_or(now.tick(), |(_, since)| *since);
            let priority = weight(entering.place) * (now.tick().since(since) + 1) as f32;
            let is_own = own == Some(entering.place);
            self.ranking.push((if is_own { f32::INFINITY } else { priority }, number as u32));
            self.waiting.push((id, since));
        }
        let cost = |number: u32| u64::from(writer.entering[number as usize].bits);
        self.cut(bits_max, cost);
        self.waits().for_each(|number| writer.entering[number].waits = true);
        let entering = writer.entering.iter();
        waiting.clear();
        waiting.extend(
            self.waiting.drain(..).zip(entering).filter(|(_, entering)| entering.waits).map(|(it, _)| it),
        );
    }

    /// Leaves in the ranking what does not fit; returns the cost of what does.
    fn cut(&mut self, bits_max: u64, cost: impl Fn(u32) -> u64) -> u64 {
        // Of equals the first goes first: a ranking is the same on every machine.
        self.ranking.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let (mut used, mut is_first) = (0, bits_max > 0);
        self.ranking.retain(|&(priority, number)| {
            let bits = cost(number);
            let is_own = priority == f32::INFINITY;
            let fits = is_own || is_first || used + bits <= bits_max;
            used += if fits { bits } else { 0 };
            // The own one goes anyway: it must not take the place of what is too big for every frame.
            is_first &= is_own;
            !fits
        });
        used
    }

    fn waits(&self) -> impl Iterator<Item = usize> {
        self.ranking.iter().map(|(_, number)| *number as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_big_for_every_frame_goes_all_the_same_once_it_is_first() {
        let costs = [5, 100, 3];
        let cut = |bits_max| {
            let ranking = vec![(1.0, 2), (f32::INFINITY, 0), (2.0, 1)];
            let mut schedule = Schedule { ranking, ..Schedule::default() };
            let used = schedule.cut(bits_max, |number| costs[number as usize]);
            (used, schedule.waits().collect::<Vec<_>>())
        };
        assert_eq!(cut(10), (105, vec![2]), "the own one does not count as the first");
        assert_eq!(cut(0), (5, vec![1, 2]), "while bytes are owed nothing but the own one goes");
        assert_eq!(cut(108), (108, vec![]));
    }
}
