//! Owns the tests of healing: what the client does when it holds something else than the server meant.

use crate::sim::{Sim, ms};
use tickwire_shared::{Game, Snapshot, Tick};

fn assert_in_step(sim: &mut Sim) {
    let mut held = Snapshot::default();
    sim.client.held().copy_to(&mut held);
    let own = sim.server.game.own(sim.server.player).unwrap();
    assert!(held.get(own).is_some());
    let before = sim.client.stats().hash_mismatches;
    sim.run(ms(500));
    assert_eq!(sim.client.stats().hash_mismatches, before);
    assert_eq!(sim.client.stats().mispredictions, 0);
}

#[test]
fn a_wrong_hash_is_healed_by_one_full_snapshot() {
    let mut sim = Sim::new(1, Tick(100), ms(80), ms(0));
    sim.run(ms(1000));
    sim.server.lies = true;
    sim.run(ms(1000));
    let stats = sim.client.stats();
    assert_eq!((stats.hash_mismatches, stats.resyncs, stats.full_snapshots), (1, 1, 2));
    assert_eq!(sim.server.resyncs, 1);
    assert_in_step(&mut sim);
}

#[test]
fn a_delta_from_something_else_is_healed_too() {
    let mut sim = Sim::new(2, Tick(100), ms(80), ms(0));
    sim.run(ms(1000));
    // The server believes that it was sent, so the next one builds on it.
    sim.server.tick_unsent();
    sim.run(ms(1000));
    let stats = sim.client.stats();
    assert_eq!((stats.hash_mismatches, stats.resyncs, stats.full_snapshots), (0, 1, 2));
    assert_in_step(&mut sim);
}

#[test]
fn a_resync_that_is_ignored_is_asked_again() {
    let mut sim = Sim::new(3, Tick(100), ms(30), ms(0));
    sim.run(ms(1000));
    sim.server.ignores_resyncs = 1;
    sim.server.lies = true;
    sim.run(ms(1500));
    assert_eq!(sim.client.stats().full_snapshots, 1);
    sim.run(ms(1500));
    assert_eq!((sim.client.stats().resyncs, sim.client.stats().full_snapshots), (2, 2));
    assert_in_step(&mut sim);
}

#[test]
fn skipped_snapshots_are_nothing_special() {
    let mut sim = Sim::new(4, Tick(100), ms(30), ms(0));
    sim.run(ms(1000));
    for _ in 0..20 {
        sim.server.loses = true;
        sim.run(ms(100));
    }
    let stats = sim.client.stats();
    assert_eq!((stats.resyncs, stats.full_snapshots, stats.mispredictions), (0, 1, 0), "{stats:?}");
    assert_eq!(stats.hash_checks, stats.snapshots);
}
