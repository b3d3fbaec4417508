//! Owns the proof that the world still comes over a link that is too narrow, whatever else there is to tell.

use std::num::NonZeroU64;
use std::time::Duration;
use tickwire_arena::{Arena, Input, Settings};
use tickwire_client::link::LinkProfile;
use tickwire_server::BotFill;
use tickwire_shared::{Game, Role, Tick};
use tickwire_tests::link::LinkPlan;
use tickwire_tests::sim::Sim;

/// About half of what 31 bots need. Its buffer swallows what it is given, as kernels and routers do.
const NARROW: LinkProfile =
    LinkProfile { bytes_per_second: NonZeroU64::new(1300), ..LinkProfile::clean(Duration::from_millis(10)) };
/// Who talks, and how many lines each says at once: 35 KiB, which would take the link for half a minute.
const TALKERS: usize = 20;
const LINES: usize = 8;

/// Who plays in the room that the link is too narrow for, and what each of them is sent if it is wide enough.
const BOTS: usize = 61;
const NEEDED_BYTES_PER_SECOND: u64 = 4250;
const WAY: Duration = Duration::from_millis(10);

/// A room full of bots and one seat on a link of so many bytes per second, with a little jitter.
fn crowded(bytes_per_second: u64, way: Duration, seed: u64) -> (Sim<Arena>, usize) {
    let mut sim =
        Sim::<Arena>::with_bots(Settings::default(), seed, Tick(0), 1 << 20, Some(BotFill::new(BOTS)));
    let narrow = LinkProfile {
        bytes_per_second: NonZeroU64::new(bytes_per_second),
        jitter_p99: LinkProfile::LAN.jitter_p99,
        buffer_bytes: LinkProfile::LAN.buffer_bytes,
        ..LinkProfile::clean(way)
    };
    let seat = sim.connect(LinkPlan::of(narrow), seed, Role::Player, Box::new(|_, _| Input::default()));
    (sim, seat)
}

/// How old each snapshot is when it comes, in the next so many seconds, in ticks.
fn ages_ticks(sim: &mut Sim<Arena>, seat: usize, seconds: u64) -> Vec<f64> {
    let rate_hz = f64::from(Arena::TICK_RATE_HZ);
    let (mut last, mut ages) = (None, Vec::new());
    for _ in 0..seconds * 2000 {
        sim.run(Duration::from_micros(500)).expect("all is well");
        let held = sim.seats[&seat].client.held().tick();
        if let Some(tick) = held.filter(|_| held != last) {
            ages.push(sim.now().as_secs_f64() * rate_hz - (tick.0 + 1) as f64);
            last = held;
        }
    }
    ages
}

fn p99(mut ages: Vec<f64>) -> f64 {
    ages.sort_by(f64::total_cmp);
    ages[(ages.len() - 1) * 99 / 100]
}

#[test]
fn over_a_link_of_half_the_rate_what_comes_is_fresh() {
    for (way_ms, ticks_max) in [(10, 2.8), (45, 3.0), (120, 3.8)] {
        for seed in 0..3 {
            let way = Duration::from_millis(way_ms);
            let (mut sim, seat) = crowded(NEEDED_BYTES_PER_SECOND / 2, way, seed);
            sim.run(Duration::from_secs(15)).expect("all is well");
            let before = sim.seats[&seat].client.stats().bytes_down;
            let ages = ages_ticks(&mut sim, seat, 30);
            let came = sim.seats[&seat].client.stats().bytes_down - before;
            let carried = came as f64 / (30 * NEEDED_BYTES_PER_SECOND / 2) as f64;
            assert!(carried > 0.85, "seed {seed}: {carried} of what the link carries is used");
            assert!(ages.len() > 30 * 35, "seed {seed}: {} snapshots in 30 s", ages.len());
            let beyond = p99(ages) - way.as_secs_f64() * f64::from(Arena::TICK_RATE_HZ);
            assert!(beyond < ticks_max, "seed {seed}: {beyond} ticks beyond {way_ms} ms");
        }
    }
}

/// The world alone takes this link for three seconds, and what follows before its first ack for two more.
#[test]
fn who_joins_over_a_link_of_a_quarter_of_the_rate_soon_sees_and_acts_in_time() {
    for seed in 0..3 {
        let (mut sim, seat) = crowded(NEEDED_BYTES_PER_SECOND / 4, WAY, seed);
        sim.run(Duration::from_secs(15)).expect("all is well");
        let slack_ticks = sim.seats[&seat].client.stats().slack_ticks.expect("commands came");
        assert!(
            (0.0..6.0).contains(&slack_ticks),
            "seed {seed}: commands come {slack_ticks} ticks too early"
        );
        let age = p99(ages_ticks(&mut sim, seat, 10));
        assert!(age < 8.5, "seed {seed}: {age} ticks old");
    }
}

/// How old, in ticks, what a client holds is at its oldest in the next so many seconds.
fn oldest_ticks(sim: &mut Sim<Arena>, seat: usize, seconds: u64) -> i64 {
    let look = |sim: &mut Sim<Arena>| {
        sim.run(Duration::from_millis(50)).expect("all is well");
        let held = sim.seats[&seat].client.held().tick().expect("it has joined");
        sim.room.next_tick().since(held)
    };
    (0..seconds * 20).map(|_| look(sim)).max().expect("some looks")
}

#[test]
fn a_heap_of_chat_does_not_keep_the_world_away() {
    let bots = Some(BotFill::new(32));
    let mut sim = Sim::<Arena>::with_bots(Settings::default(), 1, Tick(0), 1 << 20, bots);
    let seat = sim.connect(LinkPlan::of(NARROW), 7, Role::Player, Box::new(|_, _| Input::default()));
    let talkers = [(); TALKERS].map(|()| {
        let clean = LinkPlan::clean(Duration::from_millis(1));
        sim.connect(clean, 8, Role::Spectator, Box::new(|_, _| Input::default()))
    });
    sim.run(Duration::from_secs(15)).expect("all is well");
    let before = oldest_ticks(&mut sim, seat, 5);
    for talker in talkers {
        let talker = sim.seats[&talker].player.expect("it has joined");
        (0..LINES).for_each(|_| sim.room.say(talker, &"blah".repeat(50)));
    }
    let meanwhile = oldest_ticks(&mut sim, seat, 15);
    let heard = sim.seats[&seat].chats.len();
    sim.run(Duration::from_secs(45)).expect("all is well");
    let all = sim.seats[&seat].chats.len();
    let after = oldest_ticks(&mut sim, seat, 5);
    assert!(before < 20 && after < 20, "{before} ticks old before, {after} after");
    // A line is several times as long as what the link takes in a tick; each frame has at least one.
    assert!(meanwhile < 80, "{meanwhile} ticks old while there was much to tell");
    assert!(heard > TALKERS * LINES / 4, "{heard} lines in a quarter of a minute");
    assert_eq!(all, TALKERS * LINES, "all of it is heard in the end");
}

/// More than the queue holds, and within each talker's rate: lines are lost, and nobody has come or gone.
#[test]
fn a_flood_of_chat_does_not_keep_the_world_away() {
    let bots = Some(BotFill::new(32));
    let mut sim = Sim::<Arena>::with_bots(Settings::default(), 1, Tick(0), 1 << 20, bots);
    let seat = sim.connect(LinkPlan::of(NARROW), 7, Role::Player, Box::new(|_, _| Input::default()));
    let talkers = [(); 60].map(|()| {
        let clean = LinkPlan::clean(Duration::from_millis(1));
        sim.connect(clean, 8, Role::Spectator, Box::new(|_, _| Input::default()))
    });
    // Everybody's coming is told, over this link for several seconds.
    sim.run(Duration::from_secs(30)).expect("all is well");
    let mut oldest = 0;
    for _ in 0..10 {
        for talker in talkers {
            let talker = sim.seats[&talker].player.expect("it has joined");
            (0..2).for_each(|_| sim.room.say(talker, &"blah".repeat(15)));
        }
        oldest = oldest.max(oldest_ticks(&mut sim, seat, 1));
    }
    assert!(oldest < 40, "{oldest} ticks old while there was much to tell");
    sim.run(Duration::from_secs(60)).expect("all is well");
    let heard = sim.seats[&seat].chats.len();
    assert!((100..60 * 2 * 10).contains(&heard), "{heard} lines, of which some had to be lost");
}
