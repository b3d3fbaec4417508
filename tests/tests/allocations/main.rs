//! Owns the proof that a room which has been running for a while asks for no memory: not per tick, player or entity. Neither to take
//! commands in nor to make frames, whatever the order in which its game lists its entities, and whoever has no place for a frame.
//!
//! An event does take memory, once: its bytes are shared by all who hear it, and stay until the last of them has a place for
//! a frame. What joins, leaves and chats is rare, and not measured.
//!
//! To find who asks if this fails: `allocation_counter::measure` around ever smaller parts of `Room::tick`.

mod meadow;
mod net;

use meadow::{ALL, Meadow, Plan};
use tickwire_server::BotFill;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::*;

/// Ticks after which everything is where it was before, so that nothing comes up that has not been there.
const ROUND_TICKS: u32 = 256;
/// Ticks after which all memory has grown.
const WARM_UP_TICKS: u32 = 3 * ROUND_TICKS;
/// With a budget, who waits does not come round with the sheep: it takes longer until the worst has been there.
const TIGHT_WARM_UP_TICKS: u32 = 8 * ROUND_TICKS;
const MEASURED_TICKS: u32 = ROUND_TICKS;

/// How good the way to the players is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Way {
    Clear,
    /// There is no place for two frames of eight, for each player in other ticks. One of them hears nothing for so long that
    /// nobody remembers what it held.
    Jammed,
}

const JAM_TICKS: u64 = 100;

/// Counts what it is handed, and keeps nothing but when that was.
struct Counted {
    way: Way,
    now: Tick,
    frames: usize,
    /// By the index of a player: the tick of its last frame.
    sent: Vec<Tick>,
}

fn index(player: PlayerId) -> usize {
    key_parts(player).0 as usize
}

impl Sinks for Counted {
    fn has_place(&mut self, player: PlayerId) -> bool {
        let is_out = index(player) == 1 && self.now.0 % u64::from(ROUND_TICKS) < JAM_TICKS;
        self.way == Way::Clear || (self.now.0 + index(player) as u64) % 8 > 1 && !is_out
    }
    fn frame(&mut self, player: PlayerId, _: &[u8]) {
        self.frames += 1;
        self.sent[index(player)] = self.now;
    }
    fn line(&mut self, _: PlayerId, line: String) {
        panic!("there is no console: {line}");
    }
    fn close(&mut self, _: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("closed with {code:?}: {reason}");
    }
}

fn room(plan: Plan, player_bytes_per_second: u32) -> Room<Meadow> {
    room_with(plan, player_bytes_per_second, None)
}

fn room_with(plan: Plan, player_bytes_per_second: u32, bots: Option<BotFill<Meadow>>) -> Room<Meadow> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: plan,
        seed: 7,
        start_tick: Tick(1),
        players_max: 64,
        player_bytes_per_second,
        rewind_ms_max: 250,
        resume_grace_ticks: 1 << 40,
        bots,
        epoch: 1,
    })
}

fn join(room: &mut Room<Meadow>) -> PlayerId {
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Meadow::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "shepherd".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    };
    room.join(&hello, &[7; 16]).expect("there is room")
}

/// Everybody commands and acks, and a tick is made.
fn tick(room: &mut Room<Meadow>, players: &[PlayerId], sinks: &mut Counted) {
    let next = room.next_tick();
    sinks.now = next;
    for (number, player) in players.iter().enumerate() {
        let input = (next.0 / 2 * 2) as u8 ^ number as u8;
        let command = Command {
            tick: next.wire(),
            acked: sinks.sent[index(*player)].wire(),
            ack_delay: 0,
            seen: Moment::at(next).back(2.5).wire(),
            input,
        };
        room.receive(*player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
    }
    room.tick(sinks);
}

/// How often memory was asked for in the measured ticks.
fn allocations(players: usize, plan: Plan, way: Way, player_bytes_per_second: u32) -> u64 {
    let is_tight = player_bytes_per_second < PLENTY;
    let warm_up_ticks = if is_tight { TIGHT_WARM_UP_TICKS } else { WARM_UP_TICKS };
    let mut room = room(plan, player_bytes_per_second);
    let players: Vec<PlayerId> = (0..players).map(|_| join(&mut room)).collect();
    let mut sinks = Counted { way, now: Tick(0), frames: 0, sent: vec![Tick(0); players.len() + 1] };
    (0..warm_up_ticks).for_each(|_| tick(&mut room, &players, &mut sinks));
    let (before, frames) = (room.counts(), sinks.frames);
    let asked = allocation_counter::measure(|| {
        (0..MEASURED_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
    });
    let after = room.counts();
    let skipped = (after.skipped_outbox - before.skipped_outbox) as usize;
    assert_eq!(sinks.frames - frames + skipped, players.len() * MEASURED_TICKS as usize, "each has its turn");
    let is_jammed = way == Way::Jammed;
    assert_eq!(skipped > 0, is_jammed, "what the way was chosen for");
    assert_eq!(after.full_snapshots > before.full_snapshots, is_jammed, "somebody was out for that long");
    assert_eq!(
        after.updates_held_back > before.updates_held_back,
        is_tight,
        "what the budget was chosen for"
    );
    asked.count_total
}

const PLENTY: u32 = 1 << 20;
/// Less than there is to say to anyone who sees much, and to one who sees little.
const SCARCELY: u32 = 3 * 1024;
const HARDLY: u32 = 1024;

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8]))).count_total, 1);
}

/// Those who see all, and those who see a part, in either of two ways.
fn plans() -> [Plan; 3] {
    [ALL, Plan { sight_metres: 30.0, ..ALL }, Plan { is_foggy: true, ..ALL }]
}

#[test]
fn who_sees_all_costs_no_allocation() {
    for (players, wild) in [(16, 100), (64, 100), (64, 1000)] {
        let plan = Plan { wild, ..ALL };
        assert_eq!(allocations(players, plan, Way::Clear, PLENTY), 0, "{players} players, {wild} wild");
    }
}

#[test]
fn who_sees_what_is_near_or_allowed_costs_no_allocation() {
    for players in [16, 64] {
        for plan in plans() {
            assert_eq!(allocations(players, plan, Way::Clear, PLENTY), 0, "{players} players, {plan:?}");
        }
    }
}

#[test]
fn entities_in_whatever_order_cost_no_allocation() {
    for plan in plans() {
        let plan = Plan { is_shuffled: true, ..plan };
        assert_eq!(allocations(16, plan, Way::Clear, PLENTY), 0, "{plan:?}");
    }
}

#[test]
fn frames_that_are_left_out_cost_no_allocation() {
    for plan in plans() {
        for is_shuffled in [false, true] {
            let plan = Plan { is_shuffled, ..plan };
            assert_eq!(allocations(16, plan, Way::Jammed, PLENTY), 0, "{plan:?}");
        }
    }
}

#[test]
fn an_event_costs_one_allocation_however_many_hear_it() {
    for players in [16, 64] {
        for plan in plans() {
            for way in [Way::Clear, Way::Jammed] {
                let plan = Plan { events_per_tick: 5, ..plan };
                let events = u64::from(plan.events_per_tick * MEASURED_TICKS);
                assert_eq!(
                    allocations(players, plan, way, PLENTY),
                    events,
                    "{players} players, {way:?}, {plan:?}"
                );
            }
        }
    }
}

#[test]
fn a_budget_that_is_too_small_costs_no_allocation() {
    assert_eq!(allocations(64, ALL, Way::Clear, SCARCELY), 0);
    for plan in plans() {
        for way in [Way::Clear, Way::Jammed] {
            let budget = if plan.sight_metres > 0.0 { HARDLY } else { SCARCELY };
            assert_eq!(allocations(16, plan, way, budget), 0, "{way:?}, {plan:?}");
        }
    }
}

#[test]
fn bots_cost_no_allocation() {
    for plan in plans() {
        let mut room = room_with(plan, PLENTY, Some(BotFill::new(40)));
        let players: Vec<PlayerId> = (0..4).map(|_| join(&mut room)).collect();
        let mut sinks = Counted { way: Way::Clear, now: Tick(0), frames: 0, sent: vec![Tick(0); 5] };
        (0..WARM_UP_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
        assert_eq!(room.bots().len(), 36);
        let asked = allocation_counter::measure(|| {
            (0..MEASURED_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
        });
        assert_eq!(asked.count_total, 0, "{plan:?}");
    }
}

/// One without a connection hears nothing and holds nothing; what is said of others is an allocation for each event, as ever.
#[test]
fn a_kept_seat_costs_no_allocation() {
    let mut room = room(Plan { events_per_tick: 5, ..ALL }, PLENTY);
    let mut players: Vec<PlayerId> = (0..16).map(|_| join(&mut room)).collect();
    let mut sinks = Counted { way: Way::Clear, now: Tick(0), frames: 0, sent: vec![Tick(0); 17] };
    tick(&mut room, &players, &mut sinks);
    room.detach(players.pop().expect("there are 16"));
    (0..WARM_UP_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
    let asked = allocation_counter::measure(|| {
        (0..MEASURED_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
    });
    assert_eq!((asked.count_total, room.players()), (u64::from(5 * MEASURED_TICKS), 16));
}
