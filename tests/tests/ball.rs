//! Owns the proof that a client can predict more than its own entity, and events: a ball that players push, as docs/your-own-game.md shows it.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use tickwire_client::Client;
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;
use tickwire_tests::link::LinkPlan;
use tickwire_tests::sim::{Driver, Sim};

replicate! {
    /// A player.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Kicker {
        pos: Vec2 = range(0.0, 40.0, 0.001).rate("vel"),
        vel: Vec2 = range(-8.0, 8.0, 0.001),
    }

    /// What they push.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Ball {
        pos: Vec2 = range(0.0, 40.0, 0.001).rate("vel"),
        vel: Vec2 = range(-20.0, 20.0, 0.001),
        /// Ticks until somebody can kick it again.
        rest: u8 = int(0, 20),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Thing { Kicker(Kicker), Ball(Ball) }
}

#[derive(Serialize, Deserialize)]
struct Pitch {
    things: SlotMap<EntityId, Thing>,
    players: SecondaryMap<PlayerId, EntityId>,
    ball: EntityId,
}

type Way = (i8, i8);

fn run(kicker: &mut Kicker, way: Way) {
    let way = Vec2::new(f32::from(way.0), f32::from(way.1)) / 127.0;
    kicker.vel = way.clamp_length_max(1.0) * 6.0;
    kicker.pos = (kicker.pos + kicker.vel / 60.0).clamp(Vec2::ZERO, Vec2::splat(40.0));
}

/// Who touches the ball kicks it. Says whether it did.
fn kick(ball: &mut Ball, kicker: &Kicker) -> bool {
    let touches = ball.rest == 0 && ball.pos.distance(kicker.pos) < 1.0;
    if touches {
        ball.vel = (ball.pos - kicker.pos).normalize_or(Vec2::X) * 9.0;
        ball.rest = 20;
    }
    touches
}

fn roll(ball: &mut Ball) {
    ball.rest = ball.rest.saturating_sub(1);
    ball.vel *= if ball.vel.length() < 0.1 { 0.0 } else { 0.98 };
    let to = ball.pos + ball.vel / 60.0;
    ball.pos = to.clamp(Vec2::ZERO, Vec2::splat(40.0));
    ball.vel = Vec2::select(to.cmpne(ball.pos), -ball.vel, ball.vel);
}

impl Game for Pitch {
    const NAME: &'static str = "pitch";
    const TICK_RATE_HZ: u32 = 60;
    const PREDICTS: bool = true;
    const PREDICTS_ALONG: bool = true;
    type Settings = ();
    type Input = Way;
    type Entity = Thing;
    /// Who kicked the ball, and where.
    type Event = (PlayerId, Vec2);

    fn new(_: &(), _: u64) -> Self {
        let mut things = SlotMap::with_key();
        let ball = Ball { pos: Vec2::splat(20.0), vel: Vec2::ZERO, rest: 0 };
        let ball = things.insert(Thing::Ball(ball));
        Self { things, players: SecondaryMap::new(), ball }
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let pos = Vec2::new(10.0 + 20.0 * self.players.len() as f32, 15.0);
        let own = self.things.insert(Thing::Kicker(Kicker { pos, vel: Vec2::ZERO }));
        self.players.insert(player, own);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.players.remove(player).and_then(|own| self.things.remove(own));
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        let Thing::Ball(mut ball) = self.things[self.ball].clone() else { unreachable!() };
        for entry in cx.players() {
            let Thing::Kicker(kicker) = &mut self.things[self.players[entry.player]] else { unreachable!() };
            run(kicker, entry.input);
            if kick(&mut ball, kicker) {
                cx.emit(Audience::Everyone, (entry.player, kicker.pos));
            }
        }
        roll(&mut ball);
        self.things[self.ball] = Thing::Ball(ball);
        self.things.values_mut().for_each(Replicate::snap);
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Thing)> {
        self.things.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    // As docs/your-own-game.md shows it, from here
    fn predict(cx: &mut PredictContext<'_, Self>) {
        let Thing::Kicker(own) = &mut *cx.own else { return };
        run(own, *cx.input);
        let pos = own.pos;
        let mut kicks = false;
        for (_, other) in &mut *cx.others {
            let Thing::Ball(ball) = other else { continue };
            kicks |= kick(ball, own);
            roll(ball);
        }
        if kicks {
            cx.emit((cx.player, pos));
        }
    }
    fn predicts_along(_own: &Thing, _id: EntityId, other: &Thing) -> bool {
        matches!(other, Thing::Ball(_))
    }
    fn is_same_event(predicted: &Self::Event, told: &Self::Event) -> bool {
        predicted.0 == told.0
    }
    // to here.
}

#[test]
fn the_page_shows_it_as_it_is() {
    let page = include_str!("../../docs/your-own-game.md");
    let (_, shown) = include_str!("ball.rs").split_once("from here\n").expect("a start");
    let (shown, _) = shown.split_once("    // to here").expect("an end");
    assert!(page.contains(shown), "docs/your-own-game.md shows another `predict`");
}

fn ball_of(things: &[(EntityId, Thing)]) -> Option<Ball> {
    things.iter().find_map(|(_, thing)| if let Thing::Ball(ball) = thing { Some(ball.clone()) } else { None })
}

/// Runs after the ball until this tick, then stands still.
fn chaser(until: u64) -> Driver<Pitch> {
    Box::new(move |client: &Client<Pitch>, tick| {
        let ball = client
            .along()
            .find_map(|(_, thing)| if let Thing::Ball(ball) = thing { Some(ball) } else { None });
        let (Some((_, Thing::Kicker(own))), Some(ball)) = (client.own(), ball) else { return (0, 0) };
        let way = if tick.0 < until { (ball.pos - own.pos).normalize_or_zero() * 127.0 } else { Vec2::ZERO };
        (way.x as i8, way.y as i8)
    })
}

fn pitch(one_ways_ms: &[u64], until: u64) -> Sim<Pitch> {
    let mut sim = Sim::new((), 1, Tick(0), 1 << 20);
    for (seed, one_way_ms) in one_ways_ms.iter().enumerate() {
        let link = LinkPlan::clean(Duration::from_millis(*one_way_ms));
        sim.connect(link, seed as u64, Role::Player, chaser(until));
    }
    sim
}

fn real_ball(sim: &Sim<Pitch>) -> Ball {
    let Thing::Ball(ball) = &sim.room.game().things[sim.room.game().ball] else { panic!("it is the ball") };
    ball.clone()
}

#[test]
fn alone_with_the_ball_a_player_is_never_corrected() {
    let mut sim = pitch(&[60], u64::MAX);
    let mut ways = 0.0;
    for _ in 0..100 {
        let before = real_ball(&sim).pos;
        sim.run(Duration::from_millis(100)).expect("all is well");
        ways += real_ball(&sim).pos.distance(before);
    }
    let seat = &sim.seats[&0];
    let stats = seat.client.stats();
    assert_eq!((stats.mispredictions, stats.explained_corrections, stats.along_corrections), (0, 0, 0));
    assert!(ways > 20.0 && seat.events.len() > 10, "it was pushed around: {ways} m");
    assert_eq!(seat.fates.withdrawn, 0, "each kick was known before");
}

#[test]
fn two_push_one_ball_and_nobody_is_wrong_about_itself() {
    let mut sim = pitch(&[20, 70], 600);
    let (mut now, mut last) = (Duration::ZERO, [None, None]);
    let (mut predicted, mut others) = (vec![], vec![]);
    for step in 0..3000 {
        now += Duration::from_millis(5);
        sim.run(Duration::from_millis(5)).expect("all is well");
        for (number, last) in last.iter_mut().enumerate().filter(|_| step > 200) {
            let client = &sim.seats[&number].client;
            client.predicted_view(now, &mut predicted);
            client.view(now, &mut others);
            assert_eq!(
                (predicted.len(), others.len()),
                (2, 1),
                "what is predicted is not drawn in the past as well"
            );
            assert_eq!(Some(predicted[0].0), client.own().map(|(id, _)| id));
            assert_eq!(Some(predicted[0].clone()), client.own_view(now));
            let ball = ball_of(&predicted).expect("there is one").pos;
            // 9 m/s are 45 mm, and what is eased out comes on top.
            let way = last.replace(ball).map_or(0.0, |last: Vec2| last.distance(ball));
            assert!(way < 0.25, "seat {number}, {now:?}: {way} m from picture to picture");
        }
    }
    for seat in sim.seats.values() {
        let stats = seat.client.stats();
        assert_eq!((stats.mispredictions, stats.explained_corrections), (0, 0), "{stats:?}");
        assert!(stats.along_corrections > 0, "the other one kicked it too");
        let along: Vec<_> = seat.client.along().map(|(id, thing)| (id, thing.clone())).collect();
        assert_eq!(ball_of(&along), Some(real_ball(&sim)), "when it lies still, all agree");
    }
}

#[test]
fn a_ball_in_the_present_is_where_it_will_be() {
    let mut sim = pitch(&[50], u64::MAX);
    sim.run(Duration::from_secs(2)).expect("all is well");
    let client = &sim.seats[&0].client;
    let (tick, along) =
        (client.tick(), client.along().map(|(id, thing)| (id, thing.clone())).collect::<Vec<_>>());
    assert!(tick > sim.room.next_tick(), "ahead of the server");
    while sim.room.next_tick() <= tick {
        sim.run(Duration::from_millis(5)).expect("all is well");
    }
    assert_eq!(sim.room.next_tick(), tick.plus(1));
    assert_eq!(ball_of(&along), Some(real_ball(&sim)));
}
