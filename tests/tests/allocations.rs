//! Owns the proof that a room which has been running for a while asks for no memory: not per tick, player or entity. Neither to take
//! commands in nor to make frames, whatever the order in which its game lists its entities, and whoever has no place for a frame.
//!
//! An event does take memory, once: its bytes are shared by all who hear it, and stay until the last of them has a place for
//! a frame. What joins, leaves and chats is rare, and not measured.
//!
//! To find who asks if this fails: `allocation_counter::measure` around ever smaller parts of `Room::tick`.

use serde::{Deserialize, Serialize};
use tickwire_server::BotFill;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

/// Ticks after which everything is where it was before, so that nothing comes up that has not been there.
const ROUND_TICKS: u32 = 256;
/// Ticks after which all memory has grown.
const WARM_UP_TICKS: u32 = 3 * ROUND_TICKS;
const MEASURED_TICKS: u32 = ROUND_TICKS;

replicate! {
    /// What walks about.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sheep {
        pos: Vec2 = range(0.0, 200.0, 0.01).rate("vel"),
        vel: Vec2 = range(-10.0, 10.0, 0.01),
        wool: u8 = owner_only(int(0, 255)),
    }
}

/// How large the meadow is, and how far one sees on it.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
struct Plan {
    wild: u32,
    /// 0: everything.
    sight_metres: f32,
    /// Whether somebody asks for each single sheep.
    is_foggy: bool,
    /// Whether the sheep are listed in another order each tick, instead of that of their ids.
    is_shuffled: bool,
    events_per_tick: u32,
}

#[derive(Serialize, Deserialize)]
struct Meadow {
    plan: Plan,
    sheep: SlotMap<EntityId, Sheep>,
    /// All sheep, in the order in which the room gets them.
    listed: Vec<EntityId>,
    players: SecondaryMap<PlayerId, EntityId>,
    dice: u32,
}

impl Meadow {
    /// A number below 256.
    fn roll(&mut self) -> u8 {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 24) as u8
    }

    fn add(&mut self) -> EntityId {
        let pos = Vec2::new(f32::from(self.roll()), f32::from(self.roll())) * (200.0 / 255.0);
        let sheep = self.sheep.insert(Sheep { pos, vel: Vec2::ZERO, wool: 0 });
        self.listed.insert(if self.plan.is_shuffled { 0 } else { self.listed.len() }, sheep);
        sheep
    }
}

fn heading(way: u8) -> Vec2 {
    Vec2::from_angle(f32::from(way) / 256.0 * std::f32::consts::TAU) * 5.0
}

/// Walks, rests, walks back, rests.
fn to_and_fro(tick: Tick) -> Vec2 {
    [Vec2::X, Vec2::ZERO, Vec2::NEG_X, Vec2::ZERO][tick.0 as usize / 64 % 4] * 5.0
}

impl Game for Meadow {
    const NAME: &'static str = "meadow";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = Plan;
    /// Where to.
    type Input = u8;
    type Entity = Sheep;
    type Event = u64;

    fn new(plan: &Plan, seed: u64) -> Self {
        let (sheep, players) = (SlotMap::with_key(), SecondaryMap::new());
        let mut meadow = Self { plan: *plan, sheep, listed: Vec::new(), players, dice: seed as u32 };
        for _ in 0..plan.wild {
            meadow.add();
        }
        meadow
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let sheep = self.add();
        self.players.insert(player, sheep);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        unreachable!("{player:?} has no reason to");
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for (number, sheep) in self.sheep.values_mut().enumerate() {
            sheep.vel = match number % 4 {
                0 => Vec2::ZERO,
                1 => to_and_fro(cx.tick),
                _ => heading((cx.tick.0 + number as u64) as u8),
            };
        }
        for entry in cx.players() {
            let sheep = &mut self.sheep[self.players[entry.player]];
            (sheep.vel, sheep.wool) = (heading(entry.input), sheep.wool.wrapping_add(1));
        }
        for sheep in self.sheep.values_mut() {
            sheep.pos = (sheep.pos + sheep.vel / 60.0).clamp(Vec2::ZERO, Vec2::splat(200.0));
            sheep.snap();
        }
        if self.plan.is_shuffled {
            self.listed.rotate_left(7);
        }
        for number in 0..self.plan.events_per_tick as usize {
            let player = cx.players()[number % cx.players().len()].player;
            let seen = self.listed[number];
            let audiences = [Audience::Everyone, Audience::SeersOf(seen), Audience::Only(player)];
            cx.emit(audiences[number % 3], cx.tick.0);
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Sheep)> {
        self.listed.iter().map(|id| (*id, &self.sheep[*id]))
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    fn place(sheep: &Sheep) -> Option<Vec2> {
        Some(sheep.pos)
    }
    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let (Viewer::Player(player), radius) = (viewer, self.plan.sight_metres) else { return None };
        let center = self.sheep[self.own(player)?].pos;
        let leave_radius = radius + 5.0;
        (radius > 0.0).then_some(Interest { center, enter_radius: radius, leave_radius })
    }
    fn sees(&self, _: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        self.plan.is_foggy.then_some(|id| key_parts(id).0 % 7 > 0)
    }
}

impl Bots for Meadow {
    const BEHAVIOURS: &'static [&'static str] = &["strays"];
    type Bot = u8;

    fn bot(_: &str, seed: u64) -> Option<u8> {
        Some(seed as u8)
    }
    fn think(bot: &mut u8, sight: &Sight<'_, Self>) -> u8 {
        (sight.tick.0 / 2 * 2) as u8 ^ *bot
    }
}

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
    let mut room = room(plan, player_bytes_per_second);
    let players: Vec<PlayerId> = (0..players).map(|_| join(&mut room)).collect();
    let mut sinks = Counted { way, now: Tick(0), frames: 0, sent: vec![Tick(0); players.len() + 1] };
    (0..WARM_UP_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
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
    let is_tight = player_bytes_per_second < 100_000;
    assert_eq!(
        after.updates_held_back > before.updates_held_back,
        is_tight,
        "what the budget was chosen for"
    );
    asked.count_total
}

/// In all measured ticks together, for all players.
const GROWTHS_MAX: u64 = 4;
const PLENTY: u32 = 1 << 20;
const ALL: Plan =
    Plan { wild: 100, sight_metres: 0.0, is_foggy: false, is_shuffled: false, events_per_tick: 0 };

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
fn a_budget_that_is_too_small_costs_no_allocation_per_tick() {
    for players in [16, 64] {
        // Who waits does not come round with the sheep: now and then some memory still has to double.
        let asked = allocations(players, ALL, Way::Clear, 3 * 1024);
        assert!(asked <= GROWTHS_MAX, "{players} players: {asked} in {MEASURED_TICKS} ticks");
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
