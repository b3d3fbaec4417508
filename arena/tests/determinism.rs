//! Same settings, seed and inputs, same match; also when it was stored and restored on the way.

mod common;

use common::{Botmatch, Match, Monkey};
use tickwire_shared::Game;

const BEHAVIOURS: [&str; 8] =
    ["hunter", "hunter", "hunter", "hunter", "camper", "camper", "wander", "wander"];

#[test]
fn the_same_seed_and_inputs_make_the_same_match() {
    let mut twins = [(); 2].map(|()| Botmatch::new(7, &BEHAVIOURS));
    for tick in 0..1800 {
        for twin in &mut twins {
            twin.play(1);
        }
        assert_eq!(twins[0].room.rows(), twins[1].room.rows(), "tick {tick}");
    }
    assert_eq!(twins[0].room.events, twins[1].room.events);
    let mut other = Botmatch::new(8, &BEHAVIOURS);
    other.play(1800);
    assert_ne!(twins[0].room.rows(), other.room.rows(), "another seed is another match");
}

/// One tick of both, with the same inputs.
fn tick_both(one: &mut Match, other: &mut Match, monkeys: &mut [Monkey]) {
    for (index, monkey) in monkeys.iter_mut().enumerate() {
        let input = monkey.next(one.players[index].input);
        (one.players[index].input, other.players[index].input) = (input, input);
    }
    one.tick();
    other.tick();
}

#[test]
fn a_restored_match_goes_on_as_if_nothing_had_been() {
    for seed in 0..4 {
        let mut fight = Botmatch::new(seed, &BEHAVIOURS);
        fight.play(600 + seed as u32 * 37);
        let mut real = fight.room;
        let mut copy = real.restored();
        assert_eq!(copy.rows(), real.rows());
        let mut monkeys: Vec<_> = (0..8).map(|index| Monkey::new(seed * 10 + index)).collect();
        for tick in 0..300 {
            tick_both(&mut real, &mut copy, &mut monkeys);
            assert_eq!(copy.rows(), real.rows(), "seed {seed}, {tick} ticks after the restore");
        }
    }
}

#[test]
fn two_restored_matches_also_agree_on_ids() {
    let mut fight = Botmatch::new(9, &BEHAVIOURS);
    fight.play(700);
    let [mut one, mut other] = [(); 2].map(|()| fight.room.restored());
    let mut monkeys: Vec<_> = (0..8).map(Monkey::new).collect();
    for tick in 0..300 {
        tick_both(&mut one, &mut other, &mut monkeys);
        assert!(one.game.entities().eq(other.game.entities()), "tick {tick}");
    }
    assert_eq!(one.events, other.events);
}
