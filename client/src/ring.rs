//! Owns the ring of what belongs to the client's own last ticks. Unlike in a `History`, ticks may be skipped and written again.

use tickwire_shared::Tick;

/// Ticks that a ring reaches back.
pub(crate) const RING_TICKS: usize = 128;

/// One value per tick, each at its tick's place; what is older than [`RING_TICKS`] is written over.
#[derive(Clone, Debug)]
pub(crate) struct Ring<T> {
    slots: Vec<(Option<Tick>, T)>,
}

impl<T: Clone + Default> Ring<T> {
    pub fn new() -> Self {
        Self { slots: vec![(None, T::default()); RING_TICKS] }
    }

    /// The place for this tick's value. It still holds what stood there before, so that its memory can be used again.
    pub fn claim(&mut self, tick: Tick) -> &mut T {
        let slot = &mut self.slots[Self::place(tick)];
        slot.0 = Some(tick);
        &mut slot.1
    }

    /// The value of exactly this tick.
    pub fn get(&self, tick: Tick) -> Option<&T> {
        let (owner, value) = &self.slots[Self::place(tick)];
        (*owner == Some(tick)).then_some(value)
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.0 = None);
    }

    fn place(tick: Tick) -> usize {
        (tick.0 % RING_TICKS as u64) as usize
    }
}
