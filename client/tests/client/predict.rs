//! Owns the tests of prediction: right on a clean link, corrected and counted otherwise.

use crate::sim::{Sim, ms};
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Game, Tick};

fn own_at_server(sim: &mut Sim) -> &mut crate::toy::Dot {
    let own = sim.server.game.own(sim.server.player).unwrap();
    &mut sim.server.game.dots[own]
}

/// What the server will make of the own entity by the client's tick is what the client shows already.
fn assert_exact(sim: &mut Sim) {
    let (tick, expected) = (sim.client.tick(), sim.client.own().unwrap().1.clone());
    sim.run_with(ms(1000), |sim| {
        if sim.server.next == tick.plus(1) {
            assert_eq!(*own_at_server(sim), expected, "at {tick}");
        }
    });
}

#[test]
fn a_clean_link_has_no_mispredictions() {
    let starts = [(0, 0), (65_400, 0), (65_450, 60), (131_000, 150), (1 << 32, 300), (9, 33), (65_535, 7)];
    for (seed, (start, round_trip)) in (0..70).zip(starts.into_iter().cycle()) {
        let mut sim = Sim::new(seed, Tick(start), ms(round_trip), ms(0));
        sim.run(ms(10_000));
        let stats = sim.client.stats().clone();
        assert_eq!((stats.mispredictions, stats.explained_corrections), (0, 0), "seed {seed}: {stats:?}");
        assert_eq!((stats.input_misses, stats.resyncs), (0, 0), "seed {seed}: {stats:?}");
        assert_exact(&mut sim);
        assert!(own_at_server(&mut sim).steps > 300);
    }
}

#[test]
fn jitter_alone_makes_no_mispredictions() {
    for seed in 0..20 {
        let mut sim = Sim::new(seed, Tick(1000), ms(80), ms(15));
        sim.run(ms(20_000));
        let stats = sim.client.stats();
        assert_eq!((stats.mispredictions, stats.inputs.late), (0, 0), "seed {seed}: {stats:?}");
    }
}

#[test]
fn an_unexplained_change_counts_once_and_is_corrected() {
    let mut sim = Sim::new(1, Tick(1000), ms(100), ms(0));
    sim.run(ms(2000));
    own_at_server(&mut sim).vel += Vec2::new(3.0, 0.0);
    sim.run(ms(500));
    assert_eq!((sim.client.stats().mispredictions, sim.client.stats().explained_corrections), (1, 0));
    assert_exact(&mut sim);
    assert_eq!(sim.client.stats().mispredictions, 1);
}

#[test]
fn a_change_that_the_game_explains_counts_apart() {
    let mut sim = Sim::new(2, Tick(1000), ms(100), ms(0));
    sim.run(ms(2000));
    own_at_server(&mut sim).vel -= Vec2::new(3.0, 1.0);
    own_at_server(&mut sim).pushes += 1;
    sim.run(ms(500));
    assert_eq!((sim.client.stats().mispredictions, sim.client.stats().explained_corrections), (0, 1));
    assert_exact(&mut sim);
}

#[test]
fn another_own_entity_is_a_new_start() {
    let mut sim = Sim::new(3, Tick(1000), ms(100), ms(0));
    sim.run(ms(2000));
    let player = sim.server.player;
    sim.server.game.leave(player);
    sim.server.game.join(player).unwrap();
    sim.run(ms(500));
    assert_eq!((sim.client.stats().mispredictions, sim.client.stats().explained_corrections), (0, 0));
    assert_eq!(sim.client.own().map(|(id, _)| id), sim.server.game.own(player));
    assert_exact(&mut sim);
}
