//! Owns tests of what there is to draw: by the game's fields, with and without prediction, interpolation and lag compensation.

use crate::world::{TestPage, World};
use serde_json::Value;
use tickwire_arena::{Arena, Entity};
use tickwire_shared::{Game, Tick};
use tickwire_web::{GHOST, OWN, PREDICTED, Page, id_number};

/// An entity of the array: id, kind, flags, fields.
struct Drawn {
    id: f64,
    kind: usize,
    flags: u32,
    fields: Vec<f64>,
}

fn kinds() -> Vec<Value> {
    serde_json::from_str(&Page::<TestPage>::kinds_json()).expect("JSON")
}

fn field(kind: usize, name: &str) -> usize {
    let kinds = kinds();
    let fields = kinds[kind]["fields"].as_array().expect("fields");
    fields.iter().position(|field| field["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

fn draw(world: &mut World, number: usize) -> Vec<Drawn> {
    let sizes: Vec<usize> =
        kinds().iter().map(|kind| kind["fields"].as_array().expect("fields").len()).collect();
    let now_ms = world.now_ms;
    let numbers = world.seats[number].page.draw(now_ms);
    let mut rest = &numbers[..];
    let mut all = Vec::new();
    while let [id, kind, flags, after @ ..] = rest {
        let (kind, flags) = (*kind as usize, *flags as u32);
        let (fields, next) = after.split_at(sizes[kind]);
        all.push(Drawn { id: *id, kind, flags, fields: fields.to_vec() });
        rest = next;
    }
    all
}

fn runs(world: &mut World) {
    // Along the upper edge, where no wall is.
    let way = if (world.now_ms / 1500.0) as i64 % 2 == 0 { 1.0 } else { -1.0 };
    world.seats.iter_mut().for_each(|seat| seat.page.set_input(&[way, 0.0, 0.0, 0.0]));
}

fn two() -> World {
    let mut world = World::new(8);
    world.join("ann", false);
    world.join("bob", false);
    world.run(3000.0, runs);
    world
}

#[test]
fn entities_come_with_their_fields() {
    let mut world = two();
    let all = draw(&mut world, 0);
    let own = &all[0];
    assert_eq!((own.kind, own.flags), (0, OWN | PREDICTED), "the own entity comes first");
    let client = world.seats[0].page.client();
    assert_eq!(Some(own.fields[field(0, "player")]), client.player().map(id_number));
    let (id, _) = client.own().expect("it lives");
    assert_eq!(own.id, id_number(id));
    let Some((_, Entity::Player(player))) = client.own_view(std::time::Duration::from_millis(8000)) else {
        panic!("it is a player")
    };
    assert!((own.fields[field(0, "pos.x")] - f64::from(player.pos.x)).abs() < 0.002, "{}", player.pos);
    assert_eq!(own.fields[field(0, "hp")], f64::from(player.hp));
    assert_eq!(own.fields[field(0, "rockets")], f64::from(player.rockets));
    assert_eq!(kinds()[0]["fields"][field(0, "weapon")]["names"][0], "Launcher");
    assert_eq!(all.iter().filter(|drawn| drawn.kind == 0 && drawn.flags == 0).count(), 1, "and bob");
    assert!(all.iter().filter(|drawn| drawn.kind == 2).count() > 10, "and the pick-ups");
}

#[test]
fn the_ghost_lies_behind_and_the_prediction_ahead() {
    let mut world = two();
    world.seats[0].page.set_link(world.now_ms, 80.0, 0.0, 0.0);
    world.run(3000.0, runs);
    let mut apart = 0.0f64;
    world.run(1000.0, |world| {
        runs(world);
        let all = draw(world, 0);
        let ghost = all.iter().find(|drawn| drawn.flags & GHOST != 0).expect("the server has one");
        apart = apart.max((ghost.fields[0] - all[0].fields[0]).abs());
    });
    assert!((0.8..=2.5).contains(&apart), "7.5 m/s for the round trip of 160 ms and a tick or two: {apart}");
}

#[test]
fn without_prediction_the_own_entity_is_drawn_in_the_past() {
    let mut world = two();
    world.seats[0].page.set_link(world.now_ms, 80.0, 0.0, 0.0);
    world.run(2000.0, runs);
    // That the link got longer made inputs late, and the prediction wrong.
    let mispredictions = world.seats[0].page.client().stats().mispredictions;
    world.seats[0].page.set_switches(false, true, true);
    world.run(500.0, runs);
    let (mut behind, mut flags) = (0.0f64, 0);
    world.run(1000.0, |world| {
        runs(world);
        let all = draw(world, 0);
        let ghost = all.iter().find(|drawn| drawn.flags & GHOST != 0).expect("the server has one");
        behind = behind.max((ghost.fields[0] - all[0].fields[0]).abs());
        flags |= all[0].flags;
    });
    assert_eq!(flags, OWN);
    assert!(behind < 0.8, "it is drawn near to what the server said: {behind}");
    world.seats[0].page.set_switches(true, true, true);
    world.run(2000.0, runs);
    assert_eq!(draw(&mut world, 0)[0].flags, OWN | PREDICTED);
    assert_eq!(world.seats[0].page.client().stats().mispredictions, mispredictions, "a switch makes none");
}

#[test]
fn without_interpolation_others_stand_where_the_newest_snapshot_has_them() {
    let mut world = two();
    world.seats[0].page.set_switches(true, false, true);
    world.run(1000.0, |world| {
        runs(world);
        let bob = world.seats[0].page.client().names().find(|(_, name, _)| *name == "bob");
        let bob = id_number(bob.expect("bob is here").0);
        let drawn = draw(world, 0);
        let drawn = drawn.iter().find(|drawn| drawn.kind == 0 && drawn.fields[field(0, "player")] == bob);
        let mut newest = Vec::new();
        world.seats[0].page.client().newest(&mut newest);
        let told = newest.iter().find_map(|(_, entity)| entity.player()).expect("bob is in view");
        assert_eq!(drawn.expect("and drawn").fields[0], f64::from(told.pos.x));
    });
}

/// How many ticks before its own tick a command says that the player saw the others, at most.
fn seen_behind(world: &mut World) -> f64 {
    let from = world.seats[0].sent.len();
    world.run(500.0, runs);
    let next = world.room.next_tick();
    let behind = world.seats[0].sent[from..].iter().map(|command| {
        let seen = command.seen.near(next);
        let tick: Tick = command.tick.near(next);
        tick.since(seen.tick) as f64 - f64::from(seen.part) / 256.0
    });
    behind.fold(0.0, f64::max)
}

#[test]
fn commands_say_what_was_drawn_unless_lag_compensation_is_off() {
    let mut world = two();
    let drawn = seen_behind(&mut world);
    assert!(drawn > 2.0, "others are drawn in the past: {drawn}");
    world.seats[0].page.set_switches(true, false, true);
    let newest = seen_behind(&mut world);
    assert!((1.0..drawn).contains(&newest), "the newest snapshot is younger: {newest}");
    world.seats[0].page.set_switches(true, true, false);
    assert_eq!(seen_behind(&mut world), 0.0, "the present");
    assert_eq!(Arena::TICK_RATE_HZ, 60);
}
