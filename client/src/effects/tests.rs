//! Owns the tests of what becomes of predicted events, tick by tick.

use super::*;
use serde::{Deserialize, Serialize};
use tickwire_shared::{EntityId, PlayerId, Refusal, TickContext, replicate};

replicate! {
    #[derive(Clone, Debug)]
    struct Gun { heat: u8 = int(0, 9) }
}

/// A game whose events are a shooter and a target; who shoots is what counts.
#[derive(Serialize, Deserialize)]
struct Guns;

impl Game for Guns {
    const NAME: &'static str = "guns";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = ();
    type Input = ();
    type Entity = Gun;
    type Event = (u8, u8);
    fn new(_: &(), _: u64) -> Self {
        Self
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Gun)> {
        std::iter::empty()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
    fn is_same_event(predicted: &(u8, u8), told: &(u8, u8)) -> bool {
        predicted.0 == told.0
    }
}

fn line(notice: &Notice<Guns>) -> String {
    match notice {
        Notice::Predicted { id, event } => format!("predicted {} {event:?}", id.0),
        Notice::Confirmed { id, event } => format!("confirmed {} {event:?}", id.0),
        Notice::Withdrawn { id } => format!("withdrawn {}", id.0),
        Notice::Event(event) => format!("event {event:?}"),
        _ => unreachable!("effects tell nothing else"),
    }
}

fn told(effects: &mut Effects<Guns>) -> Vec<String> {
    std::iter::from_fn(|| effects.poll()).map(|notice| line(&notice)).collect()
}

/// Shooter 1 shoots at tick 10, and the user knows.
fn shot() -> Effects<Guns> {
    let mut effects = Effects::new();
    effects.predicted(Tick(10), &mut vec![(1, 7)]);
    assert_eq!(told(&mut effects), ["predicted 0 (1, 7)"]);
    effects
}

#[test]
fn a_shot_that_hits_another_is_the_same_shot() {
    let mut effects = shot();
    effects.hear(Tick(9));
    assert_eq!(line(&effects.confirm((1, 7))), "event (1, 7)", "an older one of the same shooter");
    effects.hear(Tick(10));
    assert_eq!(line(&effects.confirm((2, 7))), "event (2, 7)", "of somebody else");
    assert_eq!(line(&effects.confirm((1, 8))), "confirmed 0 (1, 8)");
    assert_eq!(line(&effects.confirm((1, 8))), "event (1, 8)", "there is nothing more to confirm");
    assert!(told(&mut effects).is_empty());
}

#[test]
fn a_replay_may_move_it_by_a_tick_without_a_word() {
    let mut effects = shot();
    effects.predicted(Tick(10), &mut vec![]);
    effects.predicted(Tick(11), &mut vec![(1, 7)]);
    assert!(told(&mut effects).is_empty(), "it is the same one");
    // The snapshot of its tick comes without it, as the command was late; the replay has it one tick later.
    effects.hear(Tick(11));
    effects.predicted(Tick(12), &mut vec![(1, 7)]);
    assert!(told(&mut effects).is_empty());
    effects.hear(Tick(12));
    assert_eq!(line(&effects.confirm((1, 7))), "confirmed 0 (1, 7)");
}

#[test]
fn without_an_own_entity_all_is_withdrawn() {
    let mut effects = shot();
    effects.predicted(Tick(11), &mut vec![(2, 7)]);
    effects.abandon();
    assert_eq!(told(&mut effects), ["withdrawn 0"], "of the other one nobody knew");
}

#[test]
fn a_full_queue_predicts_nothing_more() {
    let mut effects = Effects::<Guns>::new();
    for tick in 0..PREDICTED_EVENTS_MAX as u64 + 10 {
        effects.predicted(Tick(tick), &mut vec![(1, 1)]);
    }
    assert_eq!(told(&mut effects).len(), PREDICTED_EVENTS_MAX);
    effects.hear(Tick(1000));
    assert_eq!(told(&mut effects).len(), PREDICTED_EVENTS_MAX, "all withdrawn");
    assert!(effects.waiting.is_empty());
}
