//! Owns the tests of what is drawn: smooth, never backwards, and whole.

use crate::sim::{Sim, ms};
use crate::toy::Dot;
use std::time::Duration;
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Replicate, Tick};

/// Where the walker is drawn.
fn walker(sim: &Sim, now: Duration) -> Option<Vec2> {
    let mut others = Vec::new();
    sim.client.view(now, &mut others);
    others.iter().find(|(id, _)| *id == sim.server.game.walker).map(|(_, dot)| dot.pos)
}

/// Draws every 7 ms and returns how far the walker went from picture to picture, in its own speed's terms.
fn speeds(sim: &mut Sim, pictures: u32) -> Vec<f32> {
    let mut last = walker(sim, sim.now).unwrap();
    (0..pictures)
        .map(|_| {
            sim.run(ms(7));
            let pos = walker(sim, sim.now).unwrap();
            let speed = (pos.x - last.x) / (3.0 * 0.007);
            last = pos;
            speed
        })
        .collect()
}

#[test]
fn drawing_is_smooth_on_a_clean_link() {
    let mut sim = Sim::new(1, Tick(65_000), ms(50), ms(0));
    sim.run(ms(1000));
    let speeds = speeds(&mut sim, 1500);
    assert!(speeds.iter().all(|speed| (0.85..1.15).contains(speed)), "{speeds:?}");
}

#[test]
fn drawing_is_smooth_on_a_jittery_link_and_not_too_late() {
    let mut sim = Sim::new(2, Tick(65_000), ms(50), ms(40));
    sim.run(ms(3000));
    let speeds = speeds(&mut sim, 1500);
    let uneven = speeds.iter().filter(|speed| !(0.85..1.15).contains(*speed)).count();
    assert!(uneven < 15, "{uneven} of 1500: {speeds:?}");
    assert!(speeds.iter().all(|speed| *speed >= -0.01));
    let behind = sim.server.game.dots[sim.server.game.walker].pos.x - walker(&sim, sim.now).unwrap().x;
    assert!(behind / 3.0 < 0.2, "{} s behind", behind / 3.0);
}

#[test]
fn drawing_never_goes_back_after_stops() {
    let mut sim = Sim::new(3, Tick(65_000), ms(50), ms(5));
    sim.run(ms(1000));
    sim.stop_server(ms(2000));
    let stopped = speeds(&mut sim, 400);
    assert!(stopped.iter().all(|speed| *speed >= -0.01), "{stopped:?}");
    let until = sim.now + ms(1500);
    sim.run_with(ms(1), |sim| sim.down.stall_until(until));
    let stalled = speeds(&mut sim, 400);
    assert!(stalled.iter().all(|speed| *speed >= -0.01), "{stalled:?}");
    let again = speeds(&mut sim, 400);
    assert!(again.iter().all(|speed| (0.7..1.2).contains(speed)), "{again:?}");
}

#[test]
fn a_teleport_is_not_drawn_as_a_way() {
    let mut sim = Sim::new(4, Tick(100), ms(50), ms(0));
    sim.run(ms(1000));
    let id = sim.server.game.walker;
    sim.server.game.dots[id].pos = Vec2::new(-40.0, -30.0);
    sim.server.game.dots[id].teleports += 1;
    let mut seen = Vec::new();
    for _ in 0..300 {
        sim.run(ms(1));
        seen.push(walker(&sim, sim.now).unwrap().y);
    }
    assert!(seen.iter().all(|y| *y == 5.0 || *y == -30.0), "{seen:?}");
    assert_eq!((seen[0], seen[299]), (5.0, -30.0));
}

#[test]
fn what_comes_and_goes_is_drawn_for_as_long_as_it_was_there() {
    let mut sim = Sim::new(5, Tick(100), ms(50), ms(0));
    sim.run(ms(1000));
    let dot = sim.server.game.dots[sim.server.game.walker].clone();
    let came = sim.now;
    let id = sim.server.game.dots.insert(dot);
    let mut drawn = Vec::new();
    for step in 0..1000 {
        if step == 500 {
            sim.server.game.dots.remove(id);
        }
        sim.run(ms(1));
        let mut others = Vec::new();
        sim.client.view(sim.now, &mut others);
        if others.iter().any(|(other, _)| *other == id) {
            drawn.push(sim.now - came);
        }
    }
    let (first, last) = (drawn[0], *drawn.last().unwrap());
    assert!(first > ms(25) && first < ms(250), "{first:?}");
    assert!((450..550).contains(&(last - first).as_millis()), "{:?}", last - first);
    assert_eq!(drawn.len() as u128, (last - first).as_millis() + 1, "without a gap");
}

#[test]
fn what_is_not_told_goes_on_for_a_quarter_of_a_second_and_then_holds_still() {
    let mut sim = Sim::new(6, Tick(100), ms(50), ms(0));
    sim.run(ms(2000));
    let until = sim.now + ms(2000);
    sim.run_with(ms(1), |sim| sim.down.stall_until(until));
    let (newest, start) = (sim.client.held().tick().unwrap(), walker(&sim, sim.now).unwrap());
    let told =
        sim.client.held().get(sim.server.game.walker).map(|row| Dot::from_row(0, row.columns)).unwrap();
    let (from, _) = sim.client.drawn(sim.now).unwrap();
    assert!(from < newest, "usually it is behind");
    sim.run(ms(150));
    let moved = walker(&sim, sim.now).unwrap().x - start.x;
    assert!((moved - 0.45).abs() < 0.03, "{moved}");
    sim.run(ms(1000));
    let held = walker(&sim, sim.now).unwrap();
    assert!((held.x - told.pos.x - 0.75).abs() < 0.01, "{held} after {}", told.pos);
    assert_eq!(sim.client.drawn(sim.now), Some((newest.plus(7), 0.5)), "a quarter of a second is 7.5 ticks");
    sim.run(ms(300));
    assert_eq!(walker(&sim, sim.now), Some(held));
}

#[test]
fn after_a_stall_the_walker_is_where_it_should_be_without_fast_motion() {
    for stall_ms in [300, 800, 1500] {
        let mut sim = Sim::new(7, Tick(100), ms(50), ms(10));
        sim.run(ms(4000));
        let behind = |sim: &Sim| {
            let now = sim.server.game.dots[sim.server.game.walker].pos.x;
            (now - walker(sim, sim.now).unwrap().x) / 3.0
        };
        let before = behind(&sim);
        let until = sim.now + ms(stall_ms);
        sim.run_with(ms(1), |sim| sim.down.stall_until(until));
        let speeds = speeds(&mut sim, (stall_ms / 7 + 150) as u32);
        let fast: Vec<_> = speeds.iter().filter(|speed| **speed > 1.12).collect();
        assert!(fast.len() <= 1 && speeds.iter().all(|speed| *speed >= -0.01), "{stall_ms}: {fast:?}");
        let after = behind(&sim);
        assert!((after - before).abs() < 0.04, "{stall_ms}: {after} s behind, {before} s before");
    }
}
