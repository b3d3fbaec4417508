//! Bots play: they score, the fierce ones win, they look human, and they come from their seed alone.

mod common;

use common::Botmatch;
use std::f32::consts::{PI, TAU};
use tickwire_arena::{Arena, Event, Input};
use tickwire_shared::{Bots, Game, Sight, Tick};

const MINUTE: u32 = 60 * Arena::TICK_RATE_HZ;

#[test]
fn eight_hunters_score_within_a_minute() {
    for seed in 0..3 {
        let mut fight = Botmatch::new(seed, &["hunter"; 8]);
        fight.play(MINUTE);
        let kills = fight.room.count(|event| matches!(event, Event::Killed { .. }));
        assert!(kills >= 8, "seed {seed}: {kills} kills, scores {:?}", fight.scores());
    }
}

#[test]
fn hunters_beat_wanderers() {
    let behaviours = ["hunter", "wander", "hunter", "wander", "hunter", "wander", "hunter", "wander"];
    for seed in 0..3 {
        let mut fight = Botmatch::new(seed, &behaviours);
        fight.play(2 * MINUTE);
        let scores = fight.scores();
        let of =
            |first: usize| scores.iter().skip(first).step_by(2).map(|score| i32::from(*score)).sum::<i32>();
        assert!(of(0) > 3 * of(1).max(1), "seed {seed}: {scores:?}");
    }
}

#[test]
fn every_character_moves_its_own_way() {
    let mut fight = Botmatch::new(2, &["wander", "hunter", "camper"]);
    let mut walked = [0.0; 3];
    for _ in 0..MINUTE {
        let before = [0, 1, 2].map(|index| fight.room.own(index).clone());
        fight.play(1);
        for (index, before) in before.iter().enumerate().filter(|(_, before)| before.alive) {
            let after = fight.room.own(index);
            walked[index] += if after.alive { before.pos.distance(after.pos) } else { 0.0 };
        }
    }
    assert!(walked[0] > 200.0 && walked[1] > 200.0, "wanderer and hunter keep going: {walked:?}");
    assert!(walked[2] < walked[0] / 2.0, "a camper stays: {walked:?}");
}

#[test]
fn no_bot_turns_faster_than_a_hand() {
    let mut fight = Botmatch::new(4, &["hunter", "camper", "wander", "hunter"]);
    for _ in 0..MINUTE / 2 {
        let before: Vec<_> = (0..4).map(|index| fight.room.own(index).clone()).collect();
        fight.play(1);
        for (index, before) in before.iter().enumerate().filter(|(_, before)| before.alive) {
            let way = fight.room.own(index).aim - before.aim;
            let way = ((way + PI).rem_euclid(TAU) - PI).abs().to_degrees();
            assert!(way < 6.0, "player {index} turned by {way} degrees in a tick");
        }
    }
}

#[test]
fn a_bot_without_a_body_keeps_its_hands_off() {
    let settings = tickwire_arena::Settings::default();
    for name in Arena::BEHAVIOURS {
        let mut bot = Arena::bot(name, 1).expect("it is on the list");
        let sight = Sight { tick: Tick(1), settings: &settings, own: None, others: &[] };
        assert_eq!(Arena::think(&mut bot, &sight), Input::default());
    }
    assert!(Arena::bot("pacifist", 1).is_none());
    assert_eq!(Arena::BEHAVIOURS[0], "wander");
}
