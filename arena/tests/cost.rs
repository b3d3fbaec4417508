//! What the rules and the bots cost:
//! `cargo test --release -p tickwire-arena --test cost -- --ignored --nocapture --test-threads 1`.

mod common;

use common::{Botmatch, Match};
use std::time::{Duration, Instant};
use tickwire_arena::{Entity, Input, Map, Settings};
use tickwire_shared::Game;
use tickwire_shared::glam::Vec2;

/// Many calls, timed one by one.
#[derive(Default)]
struct Cost(Vec<Duration>);

impl Cost {
    #[allow(clippy::disallowed_methods, reason = "to measure is what this is for")]
    fn time(&mut self, call: impl FnOnce()) {
        let began = Instant::now();
        call();
        self.0.push(began.elapsed());
    }

    fn line(mut self) -> String {
        self.0.sort();
        let at = |part: usize| self.0[self.0.len() * part / 100];
        format!("median {:?}, p99 {:?}", at(50), at(99))
    }
}

fn shots(room: &Match) -> usize {
    room.game.entities().filter(|(_, entity)| matches!(entity, Entity::Shot(_))).count()
}

#[test]
#[ignore = "a measurement, not a check: it needs a quiet machine and a release build"]
fn a_hundred_hunters() {
    let mut fight = Botmatch::new(1, &["hunter"; 100]);
    let (mut rules, mut minds) = (Cost::default(), Cost::default());
    for _ in 0..3600 {
        minds.time(|| fight.think());
        rules.time(|| fight.room.ticks(1));
    }
    println!("100 hunters: a tick of the rules: {}", rules.line());
    println!("100 hunters: a tick of all minds, with a copy of the world for each: {}", minds.line());
    println!("100 hunters: {:.1} events a tick", fight.room.events.len() as f32 / 3600.0);
}

/// The default walls in the corner of the greatest map, and 128 players spread over it that fire all around.
#[test]
#[ignore = "a measurement, not a check: it needs a quiet machine and a release build"]
fn as_many_shots_as_can_be() {
    let spawns = (0..128).map(|at| Vec2::new((at % 16) as f32 * 7.5 + 5.0, (at / 16) as f32 * 15.0 + 2.0));
    let map = Map { size: Vec2::splat(127.0), ..Map::default() };
    let spawns = spawns.filter(|&spawn| map.has_room(spawn, 0.5)).collect();
    let mut room = Match::new(Settings { map: Map { spawns, ..map } }, 1, 128);
    let (mut rules, mut most) = (Cost::default(), 0);
    for tick in 0..3600u16 {
        for (index, entry) in room.players.iter_mut().enumerate() {
            let aim = tick.wrapping_mul(90).wrapping_add(index as u16 * 512);
            entry.input = Input { aim, buttons: Input::FIRE, move_x: 40, move_y: 20 };
        }
        if shots(&room) > 400 {
            rules.time(|| room.ticks(1));
        } else {
            room.tick();
        }
        most = most.max(shots(&room));
    }
    println!("128 players, 400 to {most} shots: {} ticks of the rules: {}", rules.0.len(), rules.line());
}
