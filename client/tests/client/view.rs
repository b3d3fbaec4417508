//! Owns the tests of what is drawn: smooth, never backwards, and whole.

use crate::sim::{Sim, ms};
use std::time::Duration;
use tickwire_shared::Tick;
use tickwire_shared::glam::Vec2;

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
