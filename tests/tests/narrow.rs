//! Owns the proof that the world still comes over a link that is too narrow, whatever else there is to tell.

use std::num::NonZeroU64;
use std::time::Duration;
use tickwire_arena::{Arena, Input, Settings};
use tickwire_client::link::LinkProfile;
use tickwire_server::BotFill;
use tickwire_shared::{Role, Tick};
use tickwire_tests::link::LinkPlan;
use tickwire_tests::sim::Sim;

/// About half of what 31 bots need. Its buffer swallows what it is given, as kernels and routers do.
const NARROW: LinkProfile =
    LinkProfile { bytes_per_second: NonZeroU64::new(1300), ..LinkProfile::clean(Duration::from_millis(10)) };
/// Who talks, and how many lines each says at once: 35 KiB, which would take the link for half a minute.
const TALKERS: usize = 20;
const LINES: usize = 8;

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
