//! Owns one player's commands until their tick: ordered by tick, exactly one input for each tick.

use std::collections::VecDeque;
use tickwire_shared::limits::{COMMANDS_QUEUED_MAX, INPUT_REPEATS_MAX_TICKS};
use tickwire_shared::{Arrival, InputCounts, Tick};

/// Commands that wait for their tick, and what the ticks got so far.
#[derive(Clone, Debug)]
pub struct CommandQueue<I> {
    waiting: VecDeque<(Tick, I)>,
    last: I,
    /// Ticks in a row that got no command.
    repeats_ticks: u32,
    newest_applied: Option<Tick>,
    counts: InputCounts,
}

/// What became of a command as it came in.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It waits for its tick.
    Queued,
    /// Its tick has run.
    Late,
    /// Its tick is further ahead than the queue is long.
    Early,
    /// Its tick has a command already.
    Duplicate,
}

impl<I: Copy + Default> Default for CommandQueue<I> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            last: I::default(),
            repeats_ticks: 0,
            newest_applied: None,
            counts: InputCounts::default(),
        }
    }
}

impl<I: Copy + Default> CommandQueue<I> {
    /// Takes in a command, while `next` is the tick that runs next. Whatever is not queued is counted and dropped.
    pub fn push(&mut self, next: Tick, tick: Tick, input: I) -> Verdict {
        if tick < next {
            self.counts.late += 1;
            return Verdict::Late;
        }
        if tick.0 - next.0 >= COMMANDS_QUEUED_MAX as u64 {
            self.counts.early += 1;
            return Verdict::Early;
        }
        match self.waiting.binary_search_by_key(&tick, |(tick, _)| *tick) {
            Ok(_) => {
                self.counts.duplicate += 1;
                Verdict::Duplicate
            }
            Err(place) => {
                self.waiting.insert(place, (tick, input));
                assert!(self.waiting.len() <= COMMANDS_QUEUED_MAX, "one command per tick ahead");
                Verdict::Queued
            }
        }
    }

    /// The input for a tick. Called once for each tick, in order.
    pub fn take(&mut self, tick: Tick) -> (I, Arrival) {
        if self.waiting.front().is_some_and(|(front, _)| *front == tick) {
            let (_, input) = self.waiting.pop_front().expect("looked at above");
            self.last = input;
            self.repeats_ticks = 0;
            self.newest_applied = Some(tick);
            self.counts.applied += 1;
            return (input, Arrival::OnTime);
        }
        assert!(self.waiting.front().is_none_or(|(front, _)| *front > tick), "no tick is left out");
        if self.newest_applied.is_none() {
            return (I::default(), Arrival::Neutral);
        }
        self.counts.missing += 1;
        self.repeats_ticks += 1;
        if self.repeats_ticks > INPUT_REPEATS_MAX_TICKS {
            self.last = I::default();
            return (self.last, Arrival::Neutral);
        }
        self.counts.repeated += 1;
        (self.last, Arrival::Repeated)
    }

    /// The tick of the newest command that became an input.
    #[must_use]
    pub fn newest_applied(&self) -> Option<Tick> {
        self.newest_applied
    }

    /// How the commands fared.
    #[must_use]
    pub fn counts(&self) -> InputCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_in_order_of_their_ticks_each_once() {
        let mut queue = CommandQueue::default();
        for (tick, input) in [(12, 'c'), (10, 'a'), (11, 'b')] {
            assert_eq!(queue.push(Tick(10), Tick(tick), input), Verdict::Queued);
        }
        assert_eq!(queue.push(Tick(10), Tick(11), 'x'), Verdict::Duplicate);
        for (tick, input) in [(10, 'a'), (11, 'b'), (12, 'c')] {
            assert_eq!(queue.take(Tick(tick)), (input, Arrival::OnTime));
        }
        assert_eq!(queue.push(Tick(13), Tick(12), 'x'), Verdict::Late);
        assert_eq!(queue.counts(), InputCounts { applied: 3, duplicate: 1, late: 1, ..queue.counts() });
    }

    #[test]
    fn a_missing_command_repeats_the_last_for_a_while() {
        let mut queue = CommandQueue::default();
        assert_eq!(queue.take(Tick(0)), ('\0', Arrival::Neutral), "nothing was ever sent");
        queue.push(Tick(1), Tick(1), 'a');
        queue.take(Tick(1));
        let repeats = u64::from(INPUT_REPEATS_MAX_TICKS);
        for tick in 2..2 + repeats {
            assert_eq!(queue.take(Tick(tick)), ('a', Arrival::Repeated));
        }
        assert_eq!(queue.take(Tick(2 + repeats)), ('\0', Arrival::Neutral));
        let counts = queue.counts();
        assert_eq!(
            (counts.missing, counts.repeated, queue.newest_applied()),
            (repeats + 1, repeats, Some(Tick(1)))
        );
    }

    #[test]
    fn what_is_too_far_ahead_is_never_stored() {
        let mut queue = CommandQueue::default();
        for tick in [Tick(u64::MAX), Tick(5 + COMMANDS_QUEUED_MAX as u64)] {
            assert_eq!(queue.push(Tick(5), tick, ()), Verdict::Early);
        }
        for ahead in 0..COMMANDS_QUEUED_MAX as u64 {
            assert_eq!(queue.push(Tick(5), Tick(5 + ahead), ()), Verdict::Queued);
        }
    }
}
