//! Owns the proof that a room which has been running for a while asks for no memory: not per tick, player or entity.
//!
//! To find who asks if this fails: `allocation_counter::measure` around ever smaller parts of `Room::tick`.

use serde::{Deserialize, Serialize};
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
}

#[derive(Serialize, Deserialize)]
struct Meadow {
    plan: Plan,
    sheep: SlotMap<EntityId, Sheep>,
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
        self.sheep.insert(Sheep { pos, vel: Vec2::ZERO, wool: 0 })
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
    type Event = ();

    fn new(plan: &Plan, seed: u64) -> Self {
        let mut meadow =
            Self { plan: *plan, sheep: SlotMap::with_key(), players: SecondaryMap::new(), dice: seed as u32 };
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
        self.players.remove(player).and_then(|sheep| self.sheep.remove(sheep));
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
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Sheep)> {
        self.sheep.iter()
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

/// Counts what it is handed, and keeps nothing.
#[derive(Default)]
struct Counted {
    frames: usize,
    bytes: usize,
}

impl Sinks for Counted {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, _: PlayerId, frame: &[u8]) {
        self.frames += 1;
        self.bytes += frame.len();
    }
    fn line(&mut self, _: PlayerId, line: String) {
        panic!("there is no console: {line}");
    }
    fn close(&mut self, _: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("closed with {code:?}: {reason}");
    }
}

fn room(plan: Plan, player_bytes_per_second: u32) -> Room<Meadow> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: plan,
        seed: 7,
        start_tick: Tick(1),
        players_max: 65,
        player_bytes_per_second,
        resume_grace_ticks: 1 << 40,
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
    for (number, player) in players.iter().enumerate() {
        let input = (next.0 / 2 * 2) as u8 ^ number as u8;
        let command = Command { tick: next.wire(), acked: Tick(next.0 - 1).wire(), input };
        room.receive(*player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
    }
    room.tick(sinks);
}

/// How often memory was asked for in the measured ticks.
fn allocations(players: usize, plan: Plan, player_bytes_per_second: u32) -> u64 {
    let mut room = room(plan, player_bytes_per_second);
    let players: Vec<PlayerId> = (0..players).map(|_| join(&mut room)).collect();
    let mut sinks = Counted::default();
    // A seat without a connection is no reason either.
    let kept = join(&mut room);
    room.tick(&mut sinks);
    room.detach(kept);
    (0..WARM_UP_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
    let (held_back, frames) = (room.counts().updates_held_back, sinks.frames);
    let asked = allocation_counter::measure(|| {
        (0..MEASURED_TICKS).for_each(|_| tick(&mut room, &players, &mut sinks));
    });
    assert_eq!(sinks.frames - frames, players.len() * MEASURED_TICKS as usize, "a frame for each, each tick");
    let is_tight = player_bytes_per_second < 100_000;
    assert_eq!(room.counts().updates_held_back > held_back, is_tight, "what the budget was chosen for");
    asked.count_total
}

/// In all measured ticks together, for all players.
const GROWTHS_MAX: u64 = 4;
const PLENTY: u32 = 1 << 20;
const ALL: Plan = Plan { wild: 100, sight_metres: 0.0, is_foggy: false };

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8]))).count_total, 1);
}

#[test]
fn who_sees_all_costs_no_allocation() {
    for (players, wild) in [(16, 100), (64, 100), (64, 1000)] {
        assert_eq!(allocations(players, Plan { wild, ..ALL }, PLENTY), 0, "{players} players, {wild} wild");
    }
}

#[test]
fn who_sees_what_is_near_or_allowed_costs_no_allocation() {
    for players in [16, 64] {
        for plan in [Plan { sight_metres: 30.0, ..ALL }, Plan { is_foggy: true, ..ALL }] {
            assert_eq!(allocations(players, plan, PLENTY), 0, "{players} players, {plan:?}");
        }
    }
}

#[test]
fn a_budget_that_is_too_small_costs_no_allocation_per_tick() {
    for players in [16, 64] {
        // Who waits does not come round with the sheep: now and then some memory still has to double.
        let asked = allocations(players, ALL, 3 * 1024);
        assert!(asked <= GROWTHS_MAX, "{players} players: {asked} in {MEASURED_TICKS} ticks");
    }
}
