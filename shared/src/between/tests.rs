//! Owns the tests of the way between two rows.

use super::*;
use crate::slotmap::SlotMap;
use crate::*;
use glam::Vec2;
use serde::{Deserialize, Serialize};

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Ball {
        pos: Vec2 = range(-100.0, 100.0, 0.001).rate("vel"),
        vel: Vec2 = range(-50.0, 50.0, 0.001),
        aim: f32 = angle(16),
        goal: Option<Vec2> = optional(range(-100.0, 100.0, 0.001)),
        hops: u8 = int(0, 255),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Rock { size: u8 = int(1, 3) }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Thing { Ball(Ball), Rock(Rock) }
}

#[derive(Serialize, Deserialize)]
struct Yard {
    things: SlotMap<EntityId, Thing>,
}

impl Game for Yard {
    const NAME: &'static str = "yard";
    const TICK_RATE_HZ: u32 = 50;
    type Settings = ();
    type Input = ();
    type Entity = Thing;
    type Event = ();
    fn new(_: &(), _: u64) -> Self {
        Self { things: SlotMap::with_key() }
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Thing)> {
        self.things.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
    fn teleported(from: &Thing, to: &Thing) -> bool {
        matches!((from, to), (Thing::Ball(from), Thing::Ball(to)) if from.hops != to.hops)
    }
}

fn ball(pos: Vec2, vel: Vec2) -> Ball {
    Ball { pos, vel, aim: 0.0, goal: None, hops: 0 }
}

fn columns(ball: &Ball) -> Vec<u32> {
    let mut columns = Vec::new();
    ball.write_row(&mut columns);
    columns
}

/// The ball `ticks` after `from`, on its way to `to`, which is `span` ticks later.
fn drawn(from: &Ball, to: Option<&Ball>, span: u64, ticks: f32) -> Ball {
    let layout = Layout::of::<Yard>();
    let (from, to) = (columns(from), to.map(columns));
    let row = |columns| Row { kind: 0, columns };
    let at = (Tick(1000).plus(ticks as u64), ticks.fract());
    let to = to.as_ref().map(|to| (Tick(1000 + span), row(to)));
    let Thing::Ball(ball) = between::<Yard>(&layout, (Tick(1000), row(&from)), to, at) else {
        panic!("a ball")
    };
    ball
}

#[test]
fn a_steady_push_is_drawn_exactly_however_few_rows_there_are() {
    // A throw of 2 s: up at 10 m/s, down at 10 m/s.
    let throw = |t: f32| ball(Vec2::new(3.0 * t, 10.0 * t - 5.0 * t * t), Vec2::new(3.0, 10.0 - 10.0 * t));
    for span in [1, 2, 10, 50, 100] {
        for tick in (0..=100 - span).step_by(5) {
            let (start, end) = (tick as f32 / 50.0, (tick + span) as f32 / 50.0);
            for step in 0..=40 {
                let ticks = step as f32 / 40.0 * span as f32;
                let drawn = drawn(&throw(start), Some(&throw(end)), span, ticks);
                let real = throw(start + ticks / 50.0);
                assert!(drawn.pos.distance(real.pos) < 0.002, "{span}, {tick}, {ticks}: {drawn:?}, {real:?}");
                assert!(drawn.vel.distance(real.vel) < 0.002);
            }
        }
    }
}

#[test]
fn a_game_that_adds_up_velocity_tick_by_tick_is_drawn_by_the_cubic_too() {
    for span in 1..20 {
        let (mut at, mut path) = (ball(Vec2::ZERO, Vec2::new(-4.0, 2.0)), vec![]);
        for _ in 0..=span {
            path.push(at.clone());
            at.vel += Vec2::new(0.4, -0.3);
            at.pos += at.vel / 50.0;
        }
        let bent = |ticks| {
            let drawn = drawn(&path[0], path.last(), span, ticks);
            let straight = path[0].pos.lerp(path[span as usize].pos, ticks / span as f32);
            (drawn.pos, straight)
        };
        for (tick, real) in path.iter().enumerate() {
            assert!(bent(tick as f32).0.distance(real.pos) < 0.01, "span {span}, tick {tick}");
        }
        let (pos, straight) = bent(span as f32 / 2.0);
        assert!(span < 4 || pos.distance(straight) > 0.01, "span {span}: it is not straight");
    }
}

#[test]
fn what_hit_a_wall_is_drawn_beyond_it_by_no_more_than_a_seventh_of_a_ticks_way() {
    let (wall, speed) = (10.0, 20.0);
    let per_tick = speed / 50.0;
    for (bounce, gap) in [0.0, 0.1, 0.3, 0.5, 0.8, 1.0]
        .into_iter()
        .flat_map(|bounce| [0.01, 0.05, 0.1, 0.3, 0.6, 1.0, 3.0].map(|gap| (bounce, gap)))
    {
        let before = ball(Vec2::new(wall - gap, 0.0), Vec2::new(speed, 0.0));
        for span in (1..15u64).filter(|span| *span as f32 * per_tick > gap) {
            let back = bounce * (span as f32 * per_tick - gap);
            let after = ball(Vec2::new(wall - back, 0.0), Vec2::new(-speed * bounce, 0.0));
            for step in 0..=40 {
                let drawn = drawn(&before, Some(&after), span, step as f32 / 40.0 * span as f32);
                let beyond = (drawn.pos.x - wall) / per_tick;
                assert!(
                    beyond < 1.0 / 7.0,
                    "{bounce}, {gap} m, span {span}, step {step}: {beyond} ticks' way"
                );
            }
        }
    }
}

#[test]
fn beyond_the_newest_row_it_goes_on_by_its_rate_for_a_quarter_of_a_second() {
    let thrown = Ball { aim: 1.0, ..ball(Vec2::new(1.0, 99.0), Vec2::new(4.0, 8.0)) };
    let beyond = |ticks| drawn(&thrown, None, 0, ticks);
    assert!(beyond(5.5).pos.distance(Vec2::new(1.0 + 4.0 * 0.11, 99.0 + 8.0 * 0.11)) < 0.002);
    assert!((beyond(12.5).pos.x - 2.0).abs() < 0.002);
    assert_eq!(beyond(12.5), beyond(1000.0), "then it holds still");
    assert_eq!(beyond(1000.0).pos.y, 100.0, "within its range");
    assert_eq!((beyond(9.0).aim, beyond(9.0).vel), (beyond(0.0).aim, beyond(0.0).vel));
}

#[test]
fn angles_go_the_short_way_and_what_has_no_way_waits() {
    let early = Ball { aim: 6.0, goal: None, ..ball(Vec2::ZERO, Vec2::ZERO) };
    let late = Ball { aim: 0.2, goal: Some(Vec2::new(50.0, 50.0)), ..ball(Vec2::X, Vec2::ZERO) };
    let middle = drawn(&early, Some(&late), 4, 2.0);
    assert!((middle.aim - 6.241).abs() < 0.001, "{}", middle.aim);
    assert!((middle.pos.x - 0.5).abs() < 0.001);
    assert_eq!((middle.goal, drawn(&early, Some(&late), 4, 3.99).goal), (None, None));
    assert_eq!(drawn(&early, Some(&late), 4, 4.0).goal, late.goal);
    let back = drawn(&late, Some(&early), 4, 2.0);
    assert_eq!(back.goal, late.goal, "as it was until it is gone, and not on its way to nowhere");
    let farther = Ball { goal: Some(Vec2::new(60.0, 50.0)), ..late.clone() };
    assert_eq!(drawn(&late, Some(&farther), 4, 1.0).goal, Some(Vec2::new(52.5, 50.0)));
}

#[test]
fn a_teleport_and_another_kind_have_no_way() {
    let early = ball(Vec2::ZERO, Vec2::X);
    let late = Ball { hops: 1, ..ball(Vec2::X, Vec2::X) };
    assert_eq!(drawn(&early, Some(&late), 4, 3.9).pos.x, 0.0);
    assert!((drawn(&early, Some(&late), 4, 4.0).pos.x - 1.0).abs() < 1e-3);
    let layout = Layout::of::<Yard>();
    let columns = columns(&early);
    let (from, to) = (Row { kind: 0, columns: &columns }, Row { kind: 1, columns: &[1] });
    let draw = |at| between::<Yard>(&layout, (Tick(5), from), Some((Tick(7), to)), at);
    assert!(matches!(draw((Tick(6), 0.9)), Thing::Ball(_)));
    assert_eq!(draw((Tick(7), 0.0)), Thing::Rock(Rock { size: 2 }));
}

#[test]
fn an_offset_leads_from_one_drawn_row_to_another() {
    let layout = Layout::of::<Yard>();
    let row = |ball: &Ball| DrawnRow::of(Row { kind: 0, columns: &columns(ball) });
    let here = Ball { aim: 0.1, ..ball(Vec2::new(1.0, 2.0), Vec2::X) };
    let there = Ball { aim: 6.2, hops: 9, ..ball(Vec2::new(2.0, 1.5), Vec2::Y) };
    let offset = row(&here).away_from(&layout, &row(&there)).expect("it is near");
    let mut moved = row(&there);
    moved.shift(&layout, &offset, 1.0);
    let Thing::Ball(moved) = moved.entity::<Thing>() else { panic!("a ball") };
    assert!(moved.pos.distance(here.pos) < 1e-5 && (moved.aim - here.aim).abs() < 1e-3, "{moved:?}");
    assert_eq!(moved.hops, 9, "what has no way is as it is");
    assert!(row(&here).away_from(&layout, &row(&here)).expect("near").is_none());
    // 50 per second get 12.5 far in a quarter of a second.
    let far = |x| row(&here).away_from(&layout, &row(&Ball { pos: Vec2::new(x, 2.0), ..here.clone() }));
    assert!(far(13.4).is_some() && far(13.6).is_none());
    let swung = Ball { vel: Vec2::new(40.0, 0.0), ..here.clone() };
    let offset = row(&here).away_from(&layout, &row(&swung)).expect("the place is near");
    assert!(offset.is_none(), "what has no rate jumps alone");
}
