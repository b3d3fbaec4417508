//! Owns the tests of the clock: early enough on every link, and back in step after every stop.

use crate::sim::{Sim, ms};
use std::time::Duration;
use tickwire_shared::Tick;

/// The share of ticks without input over the next `time`, and the mean slack.
fn watch(sim: &mut Sim, time: Duration) -> (f64, f64) {
    let before = sim.client.stats().inputs;
    let mut slacks = Vec::new();
    sim.run_with(time, |sim| slacks.extend(sim.client.stats().slack_ticks));
    let after = sim.client.stats().inputs;
    let missing = (after.missing - before.missing) as f64;
    (
        missing / (after.applied - before.applied).max(1) as f64,
        slacks.iter().sum::<f64>() / slacks.len() as f64,
    )
}

#[test]
fn the_clock_converges_on_every_link() {
    for (seed, round_trip, jitter) in
        [(1, 0, 0), (2, 30, 0), (3, 150, 0), (4, 0, 10), (5, 30, 20), (6, 150, 50), (7, 400, 100)]
    {
        let mut sim = Sim::new(seed, Tick(40_000), ms(round_trip), ms(jitter));
        sim.wake_jitter = ms(5);
        sim.run(ms(10_000));
        let (missing, slack) = watch(&mut sim, ms(120_000));
        assert!(missing < 0.001, "{round_trip} ms and {jitter} ms: {missing} missing");
        let jitter_ticks = jitter as f64 / 33.3;
        assert!(slack > 0.9 && slack < 2.0 + 1.5 * jitter_ticks, "{round_trip} and {jitter}: slack {slack}");
    }
}

#[test]
fn a_misjudged_start_is_put_right_soon() {
    let mut sim = Sim::new(1, Tick(40_000), ms(900), ms(0));
    sim.run(ms(950));
    sim.up.delay = ms(10);
    sim.down.delay = ms(10);
    sim.run(ms(4000));
    let (missing, slack) = watch(&mut sim, ms(5000));
    assert!(missing == 0.0 && slack < 2.0, "missing {missing}, slack {slack}");
}

#[test]
fn a_longer_way_is_followed() {
    let mut sim = Sim::new(2, Tick(40_000), ms(20), ms(0));
    sim.run(ms(5000));
    sim.up.delay = ms(400);
    sim.run(ms(4000));
    let (missing, slack) = watch(&mut sim, ms(5000));
    assert!(missing == 0.0 && slack < 3.0, "missing {missing}, slack {slack}");
}

#[test]
fn a_stopped_client_comes_back_without_a_flood() {
    let mut sim = Sim::new(3, Tick(40_000), ms(60), ms(0));
    sim.run(ms(5000));
    let commands = sim.server.commanded.len();
    sim.client_stops_until = sim.now + ms(5000);
    sim.run(ms(5100));
    assert!(sim.server.commanded.len() - commands < 30, "{}", sim.server.commanded.len() - commands);
    sim.run(ms(2000));
    let (missing, slack) = watch(&mut sim, ms(5000));
    assert!(missing == 0.0 && slack < 3.0, "missing {missing}, slack {slack}");
    assert_eq!(sim.client.stats().mispredictions, 0);
}

#[test]
fn a_stopped_server_is_waited_for() {
    let mut sim = Sim::new(4, Tick(40_000), ms(60), ms(0));
    sim.run(ms(5000));
    sim.stop_server(ms(5000));
    sim.run(ms(5000));
    let lead = sim.client.tick().since(sim.server.next);
    assert!(lead < 28, "{lead} ticks ahead");
    sim.run(ms(3000));
    let (missing, slack) = watch(&mut sim, ms(5000));
    assert!(missing == 0.0 && slack < 2.0, "missing {missing}, slack {slack}");
    assert_eq!(sim.client.stats().inputs.missing, 0);
    assert_eq!(sim.client.stats().mispredictions, 0);
}

#[test]
fn a_dead_link_is_caught_up_with() {
    let mut sim = Sim::new(5, Tick(40_000), ms(60), ms(0));
    sim.run(ms(5000));
    let until = sim.now + ms(5000);
    sim.run_with(ms(5000), |sim| {
        sim.up.stall_until(until);
        sim.down.stall_until(until);
    });
    sim.run(ms(3000));
    let (missing, slack) = watch(&mut sim, ms(5000));
    assert!(missing == 0.0 && slack < 3.0, "missing {missing}, slack {slack}");
    // Those of the commands that came too late, before the client fell silent.
    assert!(sim.client.stats().mispredictions < 30, "{:?}", sim.client.stats());
}

#[test]
fn one_stall_does_not_push_the_clock_ahead() {
    let mut sim = Sim::new(6, Tick(40_000), ms(60), ms(0));
    sim.run(ms(10_000));
    let until = sim.now + ms(250);
    sim.run_with(ms(250), |sim| sim.up.stall_until(until));
    sim.run(ms(500));
    let (missing, slack) = watch(&mut sim, ms(3000));
    assert!(missing == 0.0 && slack < 2.2, "missing {missing}, slack {slack}");
}

#[test]
fn the_next_update_is_the_very_moment() {
    let mut sim = Sim::new(7, Tick(40_000), ms(60), ms(7));
    sim.run(ms(100));
    for _ in 0..2000 {
        let due = sim.client.next_update().unwrap();
        let before = sim.client.stats().commands;
        sim.client.update(due - Duration::from_micros(1));
        assert_eq!(sim.client.stats().commands, before, "not a microsecond too early");
        sim.client.update(due);
        assert_eq!(sim.client.stats().commands, before + 1, "and not a nanosecond too late");
        sim.run(due.saturating_sub(sim.now));
    }
}
#[test]
fn a_busy_machine_loses_hardly_any_input() {
    for (one_in, time) in [(30, 30), (100, 80), (10, 80)] {
        let (mut missing, mut slack) = (0.0, 0.0);
        for seed in 0..10 {
            let mut sim = Sim::new(seed, Tick(40_000), ms(10), ms(2));
            sim.wake_jitter = ms(8);
            sim.hiccups = Some((one_in, ms(time)));
            sim.run(ms(10_000));
            let (some, mean) = watch(&mut sim, ms(60_000));
            missing += some / 10.0;
            slack += mean / 10.0;
        }
        let what = format!("1 in {one_in} by {time} ms: {missing} missing, slack {slack}");
        assert!(missing < 0.001 && slack < 2.5, "{what}");
    }
}

/// One of the stops that a link, a client and a server can have, for up to 3 s.
fn make_trouble(sim: &mut Sim) {
    let time = ms(sim.random.below(3000));
    let until = sim.now + time;
    match sim.random.below(4) {
        0 => sim.stop_server(time),
        1 => sim.client_stops_until = until,
        2 => sim.run_with(time, |sim| sim.up.stall_until(until)),
        _ => sim.run_with(time, |sim| sim.down.stall_until(until)),
    }
}

#[test]
fn after_any_trouble_the_clock_comes_to_rest() {
    for seed in 0..60 {
        let (round_trip, jitter) = ([0, 20, 100, 250][seed as usize % 4], [0, 5, 25][seed as usize % 3]);
        let mut sim = Sim::new(seed, Tick(65_000), ms(round_trip), ms(jitter));
        for _ in 0..10 {
            make_trouble(&mut sim);
            let calm = ms(sim.random.below(4000));
            sim.run(calm);
        }
        sim.run(ms(15_000));
        let (missing, slack) = watch(&mut sim, ms(5000));
        let what = format!("seed {seed}: missing {missing}, slack {slack}");
        assert!(missing == 0.0 && slack > 0.9 && slack < 3.5 + jitter as f64 / 33.3, "{what}");
        assert_eq!(sim.client.stats().hash_mismatches, 0);
    }
}
