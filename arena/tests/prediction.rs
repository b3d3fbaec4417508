//! The promise that matters most: what a client predicts for its player is what the server says, bit for bit.

mod common;

use common::{Botmatch, Match, Monkey, bare, row};
use tickwire_arena::{Arena, Entity, Input, Settings};
use tickwire_shared::{Game, PredictContext, Replicate, Tick};

/// What the client core does: the game's prediction, and the wire's grid.
fn predicted(tick: Tick, settings: &Settings, input: &Input, own: &Entity) -> Entity {
    let mut own = own.clone();
    Arena::predict(&mut PredictContext { tick, settings, input, own: &mut own });
    own.snap();
    own
}

#[test]
fn a_lone_player_is_predicted_bit_for_bit() {
    for seed in 0..8 {
        let mut room = Match::new(bare(), seed, 1);
        let mut monkey = Monkey::new(seed);
        let mut client = room.own_entity(0).clone();
        let mut disturbances = Arena::disturbances(&client);
        for tick in 0..2000 {
            let input = monkey.next(room.players[0].input);
            room.players[0].input = input;
            client = predicted(room.tick.plus(1), &room.settings, &input, &client);
            room.tick();
            let server = room.own_entity(0);
            if Arena::disturbances(server) == disturbances {
                assert_eq!(row(&client), row(server), "seed {seed}, tick {tick}: {client:?}, {server:?}");
            } else {
                // Its own blast: everything else that disturbs is not there.
                (client, disturbances) = (server.clone(), Arena::disturbances(server));
            }
        }
    }
}

#[test]
fn nothing_but_its_own_rockets_disturbs_a_lone_player() {
    let mut room = Match::new(bare(), 5, 1);
    let mut monkey = Monkey::new(5);
    let mut client = room.own_entity(0).clone();
    for tick in 0..2000 {
        let input = Input { buttons: Input::ALT, ..monkey.next(room.players[0].input) };
        room.players[0].input = input;
        client = predicted(room.tick.plus(1), &room.settings, &input, &client);
        room.tick();
        assert_eq!(row(&client), row(room.own_entity(0)), "tick {tick}");
    }
}

#[test]
fn every_surprise_in_a_fight_comes_with_a_changed_count() {
    let behaviours = ["hunter", "hunter", "camper", "wander", "hunter", "hunter", "hunter", "hunter"];
    for seed in 0..4 {
        let mut fight = Botmatch::new(seed, &behaviours);
        let (mut surprises, mut kept) = (0, 0);
        for tick in 0..3600 {
            fight.think();
            let guesses: Vec<_> = (0..behaviours.len())
                .map(|index| {
                    let input = fight.room.players[index].input;
                    let own = fight.room.own_entity(index);
                    (Arena::disturbances(own), predicted(fight.room.tick, &fight.room.settings, &input, own))
                })
                .collect();
            fight.room.tick();
            for (index, (count, guess)) in guesses.iter().enumerate() {
                let real = fight.room.own_entity(index);
                if row(guess) == row(real) {
                    kept += 1;
                } else {
                    surprises += 1;
                    assert_ne!(
                        *count,
                        Arena::disturbances(real),
                        "seed {seed}, tick {tick}: {guess:?}, {real:?}"
                    );
                }
            }
        }
        assert!(surprises > 20 && kept > 50 * surprises, "seed {seed}: {surprises} surprises, {kept} kept");
    }
}
