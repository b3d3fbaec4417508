//! Owns who waits when a frame cannot hold everything: entities have priorities that grow while they wait.

use tickwire_shared::{DeltaWriter, EntityId, Snapshot, Tick, key_parts};

/// What changed in view gets this share of a frame if something is to enter as well: of what is seen, nothing may lag behind
/// for long, but what enters must not wait for ever.
const UPDATES_SHARE: (u64, u64) = (3, 4);
/// Weights that a game can give: between these, so that a priority is a number above 0 and below that of the own entity.
const WEIGHT_MIN: f32 = 0.01;
const WEIGHT_MAX: f32 = 1e6;
/// Above every priority.
const OWN: f32 = f32::INFINITY;

/// Since when entities wait to enter one player's view, by the index of their ids. Empty unless a frame was too small.
pub(super) type Waiting = Vec<(EntityId, Tick)>;

/// How much of a frame had to wait.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct HeldBack {
    pub updates: usize,
    pub entities: usize,
    /// What all else costs.
    pub told_bits: u64,
}

/// Priority and number of each candidate.
type Ranking = Vec<(f32, u32)>;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    updates: Ranking,
    entering: Ranking,
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
            return HeldBack { told_bits: updates + entering, ..HeldBack::default() };
        }
        let priority = |place: u32, age_ticks: u32| match own == Some(place) {
            true => OWN,
            false => sane(weight(place)) * age_ticks as f32,
        };
        self.rank_updates(writer, bits_max, priority);
        self.rank_entering(writer, waiting, now, bits_max, priority);
        let (part, whole) = UPDATES_SHARE;
        let updates_max = bits_max.saturating_sub(entering).max(bits_max * part / whole);
        // Whoever leads goes, however big it is. What enters comes to lead in time, or big updates could starve it.
        let is_entering_first = first(&self.entering) > first(&self.updates);
        let may_lead = bits_max > 0;
        let cost = |number: u32| u64::from(writer.updates[number as usize].bits);
        let used = cut(&mut self.updates, updates_max, may_lead && !is_entering_first, cost);
        let cost = |number: u32| u64::from(writer.entering[number as usize].bits);
        let left = bits_max.saturating_sub(used);
        let told_bits = used + cut(&mut self.entering, left, may_lead && is_entering_first, cost);
        for (_, number) in &self.updates {
            writer.updates[*number as usize].waits = true;
        }
        for (_, number) in &self.entering {
            writer.entering[*number as usize].waits = true;
        }
        let waits = self.waiting.drain(..).zip(&writer.entering).filter(|(_, entering)| entering.waits);
        waiting.clear();
        waiting.extend(waits.map(|(it, _)| it));
        HeldBack { updates: self.updates.len(), entities: waiting.len(), told_bits }
    }

    fn rank_updates(&mut self, writer: &DeltaWriter, bits_max: u64, priority: impl Fn(u32, u32) -> f32) {
        let updates = writer.updates.iter().zip(0..);
        self.updates.clear();
        self.updates.extend(updates.map(|(it, number)| (priority(it.place, it.age_ticks), number)));
        sort(&mut self.updates, places(bits_max, writer.updates.iter().map(|update| update.bits)));
    }

    /// Notes also since when each waits.
    fn rank_entering(
        &mut self,
        writer: &DeltaWriter,
        waiting: &Waiting,
        now: &Snapshot,
        bits_max: u64,
        priority: impl Fn(u32, u32) -> f32,
    ) {
        self.entering.clear();
        let mut known = waiting.iter().peekable();
        for (entering, number) in writer.entering.iter().zip(0..) {
            let id = now.id(entering.place as usize);
            let index = key_parts(id).0;
            while known.next_if(|(known, _)| key_parts(*known).0 < index).is_some() {}
            let since =
                known.peek().filter(|(known, _)| *known == id).map_or(now.tick(), |(_, since)| *since);
            let age_ticks = now.tick().since(since) as u32 + 1;
            self.entering.push((priority(entering.place, age_ticks), number));
            self.waiting.push((id, since));
        }
        sort(&mut self.entering, places(bits_max, writer.entering.iter().map(|entering| entering.bits)));
    }
}

fn sane(weight: f32) -> f32 {
    if weight.is_nan() { WEIGHT_MIN } else { weight.clamp(WEIGHT_MIN, WEIGHT_MAX) }
}

/// The greatest priority below that of the own entity, which takes nobody's place.
fn first(ranking: &Ranking) -> f32 {
    ranking.iter().map(|(priority, _)| *priority).find(|priority| *priority != OWN).unwrap_or(0.0)
}

/// How many of those that cost so much can fit, and as many again in place of those that are too big; and the own one.
fn places(bits_max: u64, bits: impl Iterator<Item = u32>) -> usize {
    let bits_min = u64::from(bits.min().unwrap_or(1)).max(1);
    (bits_max / bits_min).saturating_mul(2) as usize + 2
}

/// Sorts the first so many; the others come after them, and cannot fit. Who has all of a great world still to see costs little by that.
/// Of equals the first goes first: a ranking is the same on every machine.
fn sort(ranking: &mut Ranking, count: usize) {
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if count < ranking.len() {
        ranking.select_nth_unstable_by(count, order);
        ranking[..count].sort_unstable_by(order);
    } else {
        ranking.sort_unstable_by(order);
    }
}

/// Leaves in the ranking what does not fit; returns the cost of what does. The own entity fits always, and so does the next one
/// if it `leads`.
fn cut(ranking: &mut Ranking, bits_max: u64, mut leads: bool, cost: impl Fn(u32) -> u64) -> u64 {
    let mut used = 0;
    ranking.retain(|&(priority, number)| {
        let bits = cost(number);
        let is_own = priority == OWN;
        let fits = is_own || leads || used + bits <= bits_max;
        used += if fits { bits } else { 0 };
        leads &= is_own;
        !fits
    });
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_big_for_every_frame_goes_all_the_same_once_it_leads() {
        let costs = [5, 100, 3];
        let cut = |bits_max, leads| {
            let mut ranking = vec![(OWN, 0), (2.0, 1), (1.0, 2)];
            let used = cut(&mut ranking, bits_max, leads, |number| costs[number as usize]);
            (used, ranking.iter().map(|(_, number)| *number).collect::<Vec<_>>())
        };
        assert_eq!(cut(10, true), (105, vec![2]), "the own one does not count as the first");
        assert_eq!(cut(10, false), (8, vec![1]));
        assert_eq!(cut(0, false), (5, vec![1, 2]), "while bytes are owed nothing but the own one goes");
        assert_eq!(cut(108, true), (108, vec![]));
    }

    #[test]
    fn no_weight_makes_an_entity_as_good_as_ones_own() {
        for weight in [f32::NAN, -1.0, 0.0, f32::INFINITY, f32::MAX] {
            let priority = sane(weight) * u32::MAX as f32;
            assert!(priority > 0.0 && priority < OWN, "{weight}");
        }
    }

    #[test]
    fn the_own_entity_is_nobodys_rival() {
        assert_eq!(first(&vec![(OWN, 0), (2.0, 1)]), 2.0);
        assert_eq!(first(&vec![(OWN, 0)]), 0.0);
    }
}
