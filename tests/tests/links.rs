//! Owns the proof in virtual time that over usual links hardly any input is late, and that what is drawn is as fresh as the link allows.

use std::time::Duration;
use tickwire_arena::{Arena, Settings};
use tickwire_client::link::LinkProfile;
use tickwire_shared::{Game, Role, Tick};
use tickwire_tests::link::LinkPlan;
use tickwire_tests::scenario::arena_bot;
use tickwire_tests::sim::Sim;

const SEEDS: u64 = 4;
const SECONDS: u64 = 30;
/// How many are in the room, on the same kind of link.
const PLAYERS: u64 = 4;

/// How old what a client draws is, in ticks, looked at every 5 ms.
fn ages_ticks(sim: &mut Sim<Arena>, seat: usize) -> Vec<f64> {
    let rate_hz = f64::from(Arena::TICK_RATE_HZ);
    let look = |sim: &mut Sim<Arena>| {
        sim.run(Duration::from_millis(5)).expect("all is well");
        let (tick, part) = sim.seats[&seat].client.drawn(sim.now()).expect("it has joined");
        // The room makes tick 0 one tick after the start.
        sim.now().as_secs_f64() * rate_hz - 1.0 - tick.0 as f64 - f64::from(part)
    };
    (0..SECONDS * 200).map(|_| look(sim)).collect()
}

#[test]
fn over_usual_links_hardly_any_input_is_late_and_what_is_drawn_is_fresh() {
    for profile in [LinkProfile::WIFI, LinkProfile::MOBILE_4G, LinkProfile::TRANSATLANTIC] {
        let (mut late, mut commands, mut ages) = (0, 0, Vec::new());
        for seed in 0..SEEDS {
            let mut sim = Sim::<Arena>::new(Settings::default(), seed, Tick(0), 1 << 20);
            let seats: Vec<usize> = (0..PLAYERS)
                .map(|number| {
                    let driver = arena_bot(seed * PLAYERS + number);
                    sim.connect(LinkPlan::of(profile), seed * PLAYERS + number, Role::Player, driver)
                })
                .collect();
            sim.run(Duration::from_secs(5)).expect("all is well");
            let count = |sim: &Sim<Arena>| {
                let stats = seats.iter().map(|seat| sim.seats[seat].client.stats());
                stats.fold((0, 0), |sum, stats| (sum.0 + stats.inputs.late, sum.1 + stats.commands))
            };
            let before = count(&sim);
            ages.extend(ages_ticks(&mut sim, seats[0]));
            let after = count(&sim);
            (late, commands) = (late + after.0 - before.0, commands + after.1 - before.1);
        }
        let share = late as f64 / commands as f64;
        assert!(commands > SEEDS * PLAYERS * SECONDS * 50, "{}: {commands} commands", profile.name);
        assert!(share < 0.005, "{}: {:.2} % of the inputs were late", profile.name, share * 100.0);
        ages.sort_by(f64::total_cmp);
        let p99 = ages[(ages.len() - 1) * 99 / 100];
        let explained = (profile.delay + profile.jitter_p99).as_secs_f64();
        let ticks_max = explained * f64::from(Arena::TICK_RATE_HZ) + 2.0;
        assert!(p99 < ticks_max, "{}: {p99} ticks old, where {ticks_max} are allowed", profile.name);
    }
}
