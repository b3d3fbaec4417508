//! The promise that matters most: what a client predicts for its player is what the server says, bit for bit.

mod common;

use common::{Botmatch, Match, Monkey, bare, row};
use tickwire_arena::{Arena, Entity, Event, Input, Settings};
use tickwire_shared::{Audience, Game, PlayerId, PredictContext, Replicate, Tick};

/// What the client core does: the game's prediction, and the wire's grid.
fn predicted(tick: Tick, settings: &Settings, input: &Input, own: &Entity) -> Entity {
    predicted_with_events(tick, settings, input, own).0
}

fn predicted_with_events(
    tick: Tick,
    settings: &Settings,
    input: &Input,
    own: &Entity,
) -> (Entity, Vec<Event>) {
    let (mut own, mut events) = (own.clone(), Vec::new());
    let player = own.player().expect("a player").player;
    Arena::predict(&mut PredictContext {
        tick,
        settings,
        player,
        input,
        own: &mut own,
        others: &mut [],
        events: &mut events,
    });
    own.snap();
    (own, events)
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

/// The shots among a tick's events that this player is told of and could know of before.
fn own_shots(events: &[(Audience, Event)], own: PlayerId) -> Vec<Event> {
    let is_own = |event: &Event| matches!(event, Event::Beam { shooter, .. } | Event::Launched { shooter } if *shooter == own);
    let hears = |audience: &Audience| match audience {
        Audience::Everyone => true,
        Audience::Only(player) => *player == own,
        _ => false,
    };
    events
        .iter()
        .filter(|(audience, event)| hears(audience) && is_own(event))
        .map(|(_, event)| event.clone())
        .collect()
}

#[test]
fn own_shots_are_known_at_once_and_told_by_the_server_in_the_same_tick() {
    for seed in 0..4 {
        let mut fight = Botmatch::new(seed, &["hunter", "hunter", "camper", "hunter"]);
        let (mut shots, mut cut_short) = (0, 0);
        for tick in 0..3600 {
            fight.think();
            let guesses: Vec<_> = (0..4)
                .map(|index| {
                    let (input, own) = (fight.room.players[index].input, fight.room.own_entity(index));
                    predicted_with_events(fight.room.tick, &fight.room.settings, &input, own).1
                })
                .collect();
            let before = fight.room.tick();
            for (index, guess) in guesses.iter().enumerate() {
                let told = own_shots(&fight.room.events[before..], fight.room.id(index));
                assert_eq!(guess.len(), told.len(), "seed {seed}, tick {tick}: {guess:?}, {told:?}");
                for (guess, told) in guess.iter().zip(&told) {
                    assert!(Arena::is_same_event(guess, told), "{guess:?}, {told:?}");
                    shots += 1;
                    // Where a beam hits nobody it is the very same, to the bit.
                    cut_short += u32::from(guess != told);
                }
            }
        }
        assert!(shots > 20 && cut_short < shots / 2, "seed {seed}: {shots} shots, {cut_short} beams hit");
    }
}
