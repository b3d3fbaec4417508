//! What players live through: rail, rockets, death, respawn, score, pick-ups, a full house.

mod common;

use common::{Match, hall};
use tickwire_arena::rules::{HP_MAX, PICKUP_BACK_TICKS, RAIL_COOLDOWN_TICKS, RESPAWN_TICKS, SHIELD_TICKS};
use tickwire_arena::{Arena, Entity, Event, Input, Item, Place, Rect, Settings, Weapon};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::Key as _;
use tickwire_shared::{Audience, Game, PlayerId};

const LEFT: u16 = 1 << 15;

/// Two players face each other, 16 metres apart, their shields gone. Returns who stands on the left, and who
/// on the right.
fn duel(settings: Settings) -> (Match, usize, usize) {
    let mut room = Match::new(settings, 3, 2);
    let (left, right) = if room.own(0).pos.x < room.own(1).pos.x { (0, 1) } else { (1, 0) };
    room.players[right].input.aim = LEFT;
    room.ticks(u32::from(SHIELD_TICKS));
    assert!(!room.own(left).shielded && !room.own(right).shielded);
    room.events.clear();
    (room, left, right)
}

/// Lets a player press a button for one tick.
fn press(room: &mut Match, player: usize, button: u8) {
    room.players[player].input.buttons = button;
    room.tick();
    room.players[player].input.buttons = 0;
}

#[test]
fn two_rail_shots_kill_and_the_victim_comes_back() {
    let (mut room, left, right) = duel(hall());
    press(&mut room, left, Input::ALT);
    assert_eq!((room.own(right).hp, room.own(left).slugs), (25, 3));
    let (shooter, victim) = (room.id(left), room.id(right));
    let Event::Beam { from, to, .. } = room.events[0].1 else { panic!("{:?}", room.events) };
    assert_eq!(from, Vec2::new(4.0, 5.0));
    assert!((to.x - 19.5).abs() < 0.01 && to.y == 5.0, "it ends at the victim's skin: {to}");

    room.ticks(u32::from(RAIL_COOLDOWN_TICKS) - 1);
    press(&mut room, left, Input::ALT);
    let killed = Event::Killed { killer: shooter, victim, weapon: Weapon::Rail };
    assert_eq!(room.events.last(), Some(&(Audience::Everyone, killed)));
    assert_eq!((room.own(left).score, room.own(left).deaths), (1, 0));
    assert_eq!((room.own(right).score, room.own(right).deaths), (0, 1));
    assert!(!room.own(right).alive);

    let fallen = room.own_entity(right).clone();
    room.ticks(u32::from(RESPAWN_TICKS) - 1);
    assert_eq!(room.own_entity(right), &fallen, "the dead do not change");
    room.tick();
    let back = room.own(right);
    assert!(back.alive && back.shielded && back.hp == HP_MAX && back.slugs == 4);
    assert_eq!(back.pos, Vec2::new(20.0, 5.0), "far from the enemy");
    assert!(Arena::teleported(&fallen, room.own_entity(right)));
    assert_eq!(room.own(right).deaths, 1, "what it earned stays");
}

#[test]
fn a_shield_protects_until_it_fades() {
    let mut room = Match::new(hall(), 3, 2);
    let (left, right) = if room.own(0).pos.x < room.own(1).pos.x { (0, 1) } else { (1, 0) };
    press(&mut room, left, Input::ALT);
    assert_eq!(room.count(|event| matches!(event, Event::Beam { .. })), 1);
    assert_eq!(room.own(right).hp, HP_MAX, "shielded");
    assert!(!room.own(left).shielded, "who fires gives up its own shield");
}

#[test]
fn both_fall_when_both_fire_in_the_same_tick() {
    let (mut room, left, right) = duel(hall());
    for _ in 0..2 {
        room.players[left].input.buttons = Input::ALT;
        press(&mut room, right, Input::ALT);
        room.players[left].input.buttons = 0;
        room.ticks(RAIL_COOLDOWN_TICKS.into());
    }
    assert_eq!((room.own(left).score, room.own(right).score), (1, 1));
    assert_eq!((room.own(left).deaths, room.own(right).deaths), (1, 1));
}

#[test]
fn a_rocket_flies_visibly_hits_and_pushes() {
    let (mut room, left, right) = duel(hall());
    press(&mut room, left, Input::FIRE);
    let shots =
        |room: &Match| room.game.entities().filter(|(_, entity)| matches!(entity, Entity::Shot(_))).count();
    assert_eq!((shots(&room), room.own(left).rockets), (1, 11));
    let ticks = (1..120).find(|_| {
        room.tick();
        shots(&room) == 0
    });
    assert!(matches!(ticks, Some(38..44)), "15.4 metres at 22.5 m/s: {ticks:?}");
    assert_eq!(room.own(right).hp, 60);
    assert!(room.own(right).vel.x > 5.0, "pushed away: {}", room.own(right).vel);
    assert_eq!(room.count(|event| matches!(event, Event::Hit { .. })), 2, "one for each side");
}

#[test]
fn who_fires_at_its_own_feet_loses_a_point() {
    let (mut room, left, _) = duel(hall());
    room.players[left].input = Input { move_x: -127, aim: LEFT, ..Input::default() };
    room.ticks(60);
    room.players[left].input.buttons = Input::FIRE;
    room.ticks(120);
    let own = room.own(left);
    assert_eq!((own.score, own.deaths, own.alive), (-1, 1, false));
    let suicide = |event: &Event| matches!(event, Event::Killed { killer, victim, .. } if killer == victim);
    assert_eq!(room.count(suicide), 1);
}

#[test]
fn walls_shield_from_rail_and_blast() {
    let mut settings = hall();
    settings.map.walls.push(Rect::new(18.0, 3.0, 18.5, 7.0));
    let (mut room, left, right) = duel(settings);
    press(&mut room, left, Input::ALT);
    room.ticks(RAIL_COOLDOWN_TICKS.into());
    press(&mut room, left, Input::FIRE);
    room.ticks(60);
    assert_eq!(room.own(right).hp, HP_MAX);
}

#[test]
fn a_pickup_is_taken_by_who_needs_it_and_comes_back() {
    let mut settings = hall();
    settings.map.places = vec![
        Place { pos: Vec2::new(4.0, 5.5), item: Item::Ammo },
        Place { pos: Vec2::new(20.0, 5.5), item: Item::Health },
    ];
    let (mut room, left, right) = duel(settings);
    assert_eq!(room.pickups(), 1, "ammunition is of use to fresh players: it is gone at once");
    let before = room.own(right).clone();
    press(&mut room, left, Input::ALT);
    assert_eq!(room.own(right).hp, 65, "hit for 75, and healed in the same tick");
    assert_eq!(room.own(right).disturbances, before.disturbances + 2);
    assert_eq!(room.pickups(), 0);
    let taken: Vec<_> =
        room.events.iter().filter(|(_, event)| matches!(event, Event::PickedUp { .. })).collect();
    let event = Event::PickedUp { player: room.id(right), item: Item::Health };
    assert_eq!(taken, [&(Audience::Only(room.id(right)), event)]);
    room.players[right].input.move_y = -127;
    room.ticks(u32::from(PICKUP_BACK_TICKS) - 1);
    assert!(
        !room
            .game
            .entities()
            .any(|(_, entity)| matches!(entity, Entity::Pickup(it) if it.item == Item::Health))
    );
    room.tick();
    assert!(
        room.game
            .entities()
            .any(|(_, entity)| matches!(entity, Entity::Pickup(it) if it.item == Item::Health))
    );
}

#[test]
fn a_shot_outlives_its_shooter() {
    let (mut room, left, right) = duel(hall());
    press(&mut room, left, Input::FIRE);
    let gone = room.players.remove(left).player;
    room.game.leave(gone);
    assert_eq!(room.game.own(gone), None);
    room.ticks(60);
    let left_over = if right > left { right - 1 } else { right };
    assert_eq!(room.own(left_over).hp, 60);
}

#[test]
fn settings_are_small_and_events_read_well() {
    let settings = tickwire_shared::encode(&Settings::default());
    assert!(settings.len() < 8 * 1024, "{} bytes", settings.len());
    let killed = Event::Killed { killer: PlayerId::null(), victim: PlayerId::null(), weapon: Weapon::Rail };
    let line = Arena::describe(&killed, &|_| "bob".to_owned());
    assert_eq!(line, "bob stood too near to a blast of their own");
}
