//! Owns the tests of how the own entity is drawn: smoothly between its ticks, and from a correction on without a jolt.

use crate::sim::{Sim, ms};
use crate::toy::{Dot, Push};
use std::time::Duration;
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Game, Role, Tick};

fn drawn(sim: &Sim) -> Vec2 {
    sim.client.own_view(sim.now).unwrap().1.pos
}

/// A dot that rests, on a link of 100 ms there and back.
fn resting() -> Sim {
    let mut sim = Sim::new(1, Tick(1000), ms(100), ms(0));
    sim.is_lively = false;
    sim.run(ms(2000));
    assert_eq!(drawn(&sim), Vec2::ZERO);
    sim
}

fn own_at_server(sim: &mut Sim) -> &mut Dot {
    let own = sim.server.game.own(sim.server.player).unwrap();
    &mut sim.server.game.dots[own]
}

/// Runs until the next correction; returns where the dot was drawn just before it, and a millisecond later what is left of that.
fn run_to_correction(sim: &mut Sim) -> f32 {
    let corrections =
        |sim: &Sim| sim.client.stats().mispredictions + sim.client.stats().explained_corrections;
    let before = corrections(sim);
    for _ in 0..1000 {
        let was = drawn(sim);
        sim.run(ms(1));
        if corrections(sim) > before {
            return drawn(sim).distance(was);
        }
    }
    panic!("there was none");
}

/// How far the dot is drawn from where it is.
fn error(sim: &Sim) -> f32 {
    drawn(sim).distance(sim.client.own().unwrap().1.pos)
}

#[test]
fn it_moves_evenly_at_any_frame_rate() {
    for frame in [3_000, 6_944, 16_667, 50_000].map(Duration::from_micros) {
        let mut sim = Sim::new(2, Tick(1000), ms(70), ms(0));
        sim.is_lively = false;
        sim.run(ms(500));
        sim.client.set_input(Push { x: 60, y: 0 });
        sim.run(ms(3000));
        let mut last = drawn(&sim);
        for _ in 0..20 {
            sim.run(frame);
            let speed = (drawn(&sim).x - last.x) / frame.as_secs_f32();
            assert!((speed / 11.4 - 1.0).abs() < 0.06, "{frame:?}: {speed} m/s");
            last = drawn(&sim);
        }
        assert_eq!(sim.client.stats().mispredictions, 0);
    }
}

#[test]
fn a_correction_is_eased_out_within_150_ms() {
    let mut sim = resting();
    own_at_server(&mut sim).pos += Vec2::new(1.5, -0.8);
    let jolt = run_to_correction(&mut sim);
    assert!(jolt < 0.05, "{jolt} m at once");
    assert_eq!(sim.client.own().unwrap().1.pos, Vec2::new(1.5, -0.8), "the state itself is right at once");
    let mut errors = vec![error(&sim)];
    for _ in 0..150 {
        sim.run(ms(1));
        errors.push(error(&sim));
    }
    assert!(errors[0] > 1.6, "{errors:?}");
    assert!(errors.is_sorted_by(|one, next| one >= next), "{errors:?}");
    assert!(errors[75] < 0.6 && errors[149] < 0.001 && errors[150] == 0.0, "{errors:?}");
    let stats = sim.client.stats();
    let last = stats.last_correction.unwrap();
    assert_eq!((last.steps, last.kind, last.column), (150, 0, 0), "1.5 m in steps of 1 cm, along x");
    assert_eq!((stats.correction_steps_sum, stats.correction_steps_max), (150, 150));
}

#[test]
fn corrections_in_a_row_add_up_to_no_jolt() {
    let mut sim = resting();
    for _ in 0..60 {
        own_at_server(&mut sim).pos.x += 0.1;
        own_at_server(&mut sim).pushes += 2;
        let jolt = run_to_correction(&mut sim);
        assert!(jolt < 0.03, "{jolt}");
    }
    sim.run(ms(1000));
    assert_eq!(error(&sim), 0.0);
    assert!((drawn(&sim).x - 6.0).abs() < 0.001);
}

#[test]
fn a_teleport_and_what_is_too_far_away_are_not_eased() {
    let mut sim = resting();
    own_at_server(&mut sim).pos.x += 2.0;
    own_at_server(&mut sim).teleports += 1;
    own_at_server(&mut sim).pushes += 2;
    let jolt = run_to_correction(&mut sim);
    assert_eq!((jolt, error(&sim)), (2.0, 0.0));
    // At 20 m/s at most, a quarter of a second gets it 5 m far.
    own_at_server(&mut sim).pos.x += 5.2;
    let jolt = run_to_correction(&mut sim);
    assert!((jolt - 5.2).abs() < 0.001 && error(&sim) == 0.0, "{jolt}");
    own_at_server(&mut sim).pos.x -= 4.8;
    assert!(run_to_correction(&mut sim) < 0.15);
}

#[test]
fn who_watches_has_nothing_of_its_own_to_draw() {
    let mut sim = Sim::of(Role::Spectator, 3, Tick(10), ms(50), ms(0));
    sim.run(ms(1000));
    assert!(sim.client.own_view(sim.now).is_none());
    let (mut predicted, mut others) = (vec![(Default::default(), drawn_dot())], vec![]);
    sim.client.predicted_view(sim.now, &mut predicted);
    sim.client.view(sim.now, &mut others);
    assert_eq!((predicted.len(), others.len()), (0, 2));
}

fn drawn_dot() -> Dot {
    Dot { pos: Vec2::ZERO, vel: Vec2::ZERO, pushes: 0, teleports: 0, steps: 0 }
}
