//! Owns the proof of lag compensation: who shoots at what it sees hits, over any link, and who lies about what it saw gains nothing.

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tickwire_client::Client;
use tickwire_client::link::LinkProfile;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;
use tickwire_tests::link::LinkPlan;
use tickwire_tests::sim::Sim;

const RADIUS: f32 = 0.4;
const SPEED: f32 = 8.0;

replicate! {
    /// What is shot at.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Duck {
        pos: Vec2 = range(0.0, 100.0, 0.01).rate("vel"),
        vel: Vec2 = range(-20.0, 20.0, 0.01),
        leaps: u8 = int(0, 255),
    }
}

/// Some ducks run about and turn at random; the last one leaps instead.
#[derive(Serialize, Deserialize)]
struct Range {
    ducks: SlotMap<EntityId, Duck>,
    players: SecondaryMap<PlayerId, EntityId>,
    chance: u32,
    shots: u32,
    hits: u32,
}

/// A shot at a place, in hundredths.
type Shot = Option<(u16, u16)>;

impl Range {
    fn chance(&mut self) -> f32 {
        self.chance = self.chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.chance >> 8) as f32 / (1 << 24) as f32
    }

    fn run(&mut self, id: EntityId) {
        let (turn, way) = (self.chance() < 0.05, self.chance() * std::f32::consts::TAU);
        let duck = &mut self.ducks[id];
        if turn {
            duck.vel = Vec2::from_angle(way) * SPEED;
        }
        duck.pos = (duck.pos + duck.vel / 60.0).clamp(Vec2::splat(1.0), Vec2::splat(99.0));
    }

    fn shoot(&mut self, cx: &mut TickContext<'_, Self>, player: PlayerId, at: Vec2) {
        let past = cx.rewound(player);
        let seen = |id, duck: &Duck| past.get(id).map_or(duck.pos, |duck: Duck| duck.pos);
        let hit = self.ducks.iter().find(|(id, duck)| seen(*id, duck).distance(at) < RADIUS);
        self.shots += 1;
        if let Some((id, _)) = hit {
            self.hits += 1;
            cx.record_hit(past.record(id, past.get(id).is_some()));
        }
    }
}

impl Game for Range {
    const NAME: &'static str = "range";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = ();
    type Input = Shot;
    type Entity = Duck;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        let mut range =
            Self { ducks: SlotMap::with_key(), players: SecondaryMap::new(), chance: 1, shots: 0, hits: 0 };
        for number in 0..8 {
            let pos = Vec2::splat(10.0 + 10.0 * number as f32);
            range.ducks.insert(Duck { pos, vel: Vec2::ZERO, leaps: 0 });
        }
        range
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            if let Some((x, y)) = entry.input {
                self.shoot(cx, entry.player, Vec2::new(f32::from(x), f32::from(y)) / 100.0);
            }
        }
        let ids: Vec<EntityId> = self.ducks.keys().collect();
        for id in &ids[..ids.len() - 1] {
            self.run(*id);
        }
        if cx.tick.0.is_multiple_of(40) {
            let pos = Vec2::new(self.chance(), self.chance()) * 90.0 + 5.0;
            let leaper = &mut self.ducks[ids[ids.len() - 1]];
            (leaper.pos, leaper.leaps) = (pos, leaper.leaps.wrapping_add(1));
        }
        self.ducks.values_mut().for_each(Replicate::snap);
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Duck)> {
        self.ducks.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
    fn teleported(from: &Duck, to: &Duck) -> bool {
        from.leaps != to.leaps
    }
}

/// The share of hits of a player who shoots at what it sees, each third of a second, over a link.
fn hit_share(profile: LinkProfile, rewind_ms_max: u32) -> f64 {
    let mut sim = Sim::<Range>::with_rewind((), 1, Tick(0), 1 << 20, rewind_ms_max);
    let clock = Rc::new(Cell::new(Duration::ZERO));
    let time = Rc::clone(&clock);
    let aim = move |client: &Client<Range>, tick: Tick| {
        let mut seen = Vec::new();
        client.view(time.get(), &mut seen);
        if !tick.0.is_multiple_of(20) || tick.0 < 200 || seen.len() < 8 {
            return None;
        }
        // Those that run; each in its turn.
        let (_, duck) = &seen[tick.0 as usize / 20 % 7];
        Some(((duck.pos.x * 100.0) as u16, (duck.pos.y * 100.0) as u16))
    };
    sim.connect(LinkPlan::of(profile), 7, Role::Player, Box::new(aim));
    let end = Duration::from_secs(120);
    let mut now = Duration::ZERO;
    while now < end {
        let due = sim.seats[&0].client.next_update().unwrap_or(Duration::MAX);
        let next = due.clamp(now + Duration::from_micros(1), now + Duration::from_millis(1));
        clock.set(next);
        sim.run(next - now).expect("all is well");
        now = next;
    }
    let range = sim.room.game();
    assert!(range.shots > 300, "{} shots", range.shots);
    f64::from(range.hits) / f64::from(range.shots)
}

#[test]
fn who_shoots_at_what_it_sees_hits() {
    let clean = [0, 15, 50, 100].map(|ms| LinkProfile::clean(Duration::from_millis(ms)));
    let named = [LinkProfile::WIFI, LinkProfile::MOBILE_4G, LinkProfile::TRANSATLANTIC];
    for profile in clean.into_iter().chain(named) {
        let share = hit_share(profile, 250);
        assert!(share >= 0.99, "{}, {:?}: {share}", profile.name, profile.delay);
    }
    // Or this would be no test.
    let without = hit_share(LinkProfile::clean(Duration::from_millis(50)), 0);
    assert!(without < 0.5, "{without}");
}

/// Takes all frames, and forgets them.
struct Nowhere;

impl Sinks for Nowhere {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, _: PlayerId, _: &[u8]) {}
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, _: PlayerId, _: CloseCode, _: String, _: Vec<u8>) {}
}

/// What a client says of its acks in a tick: how many ticks old the snapshot is, and how long it waited there, in sixteenths of a tick.
type Word = fn(u64) -> (u64, u8);

const HONEST: Word = |_| (1, 0);

/// A room with one player, who gets each snapshot at once and shoots at where a duck was some ticks before, saying that it saw that.
fn shoot_into_the_past(ago: u64, word: Word) -> HitRecord {
    let mut room = Room::<Range>::new(RoomConfig {
        name: "x".to_owned(),
        settings: (),
        seed: 0,
        start_tick: Tick(0),
        players_max: 9,
        player_bytes_per_second: 1 << 20,
        rewind_ms_max: 250,
        resume_grace_ticks: 0,
        bots: None,
        epoch: 1,
    });
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Range::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "x".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    };
    let player = room.join(&hello, &[7; 16]).expect("there is room");
    let mut way = Vec::new();
    for _ in 0..600 {
        let tick = room.next_tick();
        let (old, ack_delay) = word(tick.0);
        let acked = Tick(tick.0.saturating_sub(old));
        let then: Option<Vec2> = way.len().checked_sub(ago as usize).map(|then: usize| way[then]);
        let input = then.map(|pos| ((pos.x * 100.0) as u16, (pos.y * 100.0) as u16));
        let seen = Moment::at(tick).back(ago as f64).wire();
        let command = Command { tick: tick.wire(), acked: acked.wire(), ack_delay, seen, input };
        room.receive(player, ClientMessage::Command(command), Slack::of_ticks(0.5)).expect("no offence");
        room.tick(&mut Nowhere);
        way.push(room.game().ducks.values().next().expect("there are eight").pos);
        if let Some(hit) = room.hits().find(|hit| hit.claimed_ticks > ago as f64 - 0.5 && hit.tick.0 > 200) {
            return *hit;
        }
    }
    panic!("never hit")
}

#[test]
fn a_lie_gains_nothing_beyond_what_the_way_explains() {
    let honest = shoot_into_the_past(3, HONEST);
    assert_eq!((honest.claimed_ticks, honest.rewound_ticks), (3.0, 3.0));
    // Half a tick on its way, half a tick early, and three ticks to draw smoothly; the limit would be 15.
    let lies: [Word; 4] = [
        HONEST,
        |tick| (1, (tick % 2 * 12) as u8),
        |tick| (1 + tick % 2, 0),
        |tick| (1 + tick % 4, (tick % 2 * 12) as u8),
    ];
    for word in lies {
        let lie = shoot_into_the_past(14, word);
        assert_eq!(lie.claimed_ticks, 14.0);
        // With acks that come unevenly there may be jitter, which is worth four ticks at most.
        let rewound_max = if word(1) == (1, 0) && word(2) == (1, 0) { 5.0 } else { 9.0 };
        assert!(lie.rewound_ticks <= rewound_max, "{lie:?}");
    }
}

#[test]
fn nobody_is_hit_where_it_is_not_any_more_by_a_leap() {
    let (layout, mut history) = (Layout::of::<Range>(), History::new(64));
    let mut range = Range::new(&(), 0);
    let mut table = SlotTable::default();
    let mut writer = DeltaWriter::default();
    for tick in 0..40 {
        let mut now = Snapshot::default();
        range.tick(&mut TickContext::new(Tick(tick), &(), &[], &mut Vec::new()));
        now.take(Tick(tick), &range);
        history.push(Tick(tick), now.clone());
        if tick == 30 {
            let source = Source { layout: &layout, now: &now, history: &history };
            let receiver = Receiver {
                table: &mut table,
                baseline: None,
                previous: None,
                own: None,
                visible: Visible::All,
            };
            writer.write_all(&mut BitWriter::default(), source, receiver);
        }
    }
    struct Past<'a>(Seen<'a>);
    impl Hindsight for Past<'_> {
        fn seen(&self, _: PlayerId) -> Option<Seen<'_>> {
            Some(self.0)
        }
    }
    let moment = Moment { tick: Tick(32), part: 128 };
    let seen = Seen {
        layout: &layout,
        history: &history,
        table: &table,
        moment,
        claimed: moment,
        from: Tick(32),
        to: Some(Tick(33)),
    };
    let (past, mut hits, mut events) = (Past(seen), Vec::new(), Vec::new());
    let ids: Vec<EntityId> = range.ducks.keys().collect();
    let look = |cx: &TickContext<'_, Range>| {
        ids.iter().map(|id| cx.rewound(PlayerId::default()).get(*id).is_some()).collect::<Vec<_>>()
    };
    let cx = TickContext::new(Tick(40), &(), &[], &mut events).with_hindsight(&past, &mut hits);
    assert!(look(&cx).iter().all(|is_rewound| *is_rewound), "nothing leapt since tick 0");
    range.tick(&mut TickContext::new(Tick(40), &(), &[], &mut Vec::new()));
    let mut leapt = Snapshot::default();
    leapt.take(Tick(40), &range);
    let mut history = history.clone();
    history.push(Tick(40), leapt);
    let (past, mut hits, mut events) = (Past(Seen { history: &history, ..seen }), Vec::new(), Vec::new());
    let cx = TickContext::new(Tick(41), &(), &[], &mut events).with_hindsight(&past, &mut hits);
    assert_eq!(look(&cx), [true, true, true, true, true, true, true, false]);
}
