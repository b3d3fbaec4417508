//! Owns where a bot walks. It knows no paths: it walks from one place that it sees to the next.

use super::chance;
use super::eyes::View;
use crate::Player;
use rand_pcg::Pcg32;
use tickwire_shared::glam::Vec2;

/// How near is there.
const ARRIVED_METRES: f32 = 0.8;
/// A walk that takes longer has got stuck.
const PATIENCE_TICKS: u16 = 400;
/// The distance that a fighter keeps: near enough to hit, far enough from its own blasts.
const FIGHT_METRES: f32 = 8.0;

/// A bot's plans.
#[derive(Clone, Debug, Default)]
pub(super) struct Legs {
    goal: Option<Vec2>,
    patience_ticks: u16,
    /// Which way around its prey it goes, and for how long.
    side: f32,
    side_ticks: u16,
    /// How often it set out for each spawn point and place of the map.
    visits: Vec<u16>,
}

impl Legs {
    /// Forgets the way, not the map.
    pub fn rest(&mut self) {
        (self.goal, self.patience_ticks) = (None, 0);
    }

    /// Straight to a point, and no further.
    pub fn go(&self, view: &View<'_>, to: Vec2) -> Vec2 {
        let way = to - view.own.pos;
        if way.length() < ARRIVED_METRES / 2.0 { Vec2::ZERO } else { way.normalize() }
    }

    /// From place to place, without end.
    pub fn roam(&mut self, view: &View<'_>, random: &mut Pcg32) -> Vec2 {
        self.patience_ticks = self.patience_ticks.saturating_sub(1);
        let goal = self.goal.filter(|goal| self.patience_ticks > 0 && !is_there(view, *goal));
        let goal = goal.unwrap_or_else(|| self.choose_goal(view, random));
        self.go(view, goal)
    }

    /// To the nearest pick-up's place, and there it stays.
    pub fn settle(&mut self, view: &View<'_>, random: &mut Pcg32) -> Vec2 {
        if let Some(home) = self.goal.filter(|goal| is_there(view, *goal)) {
            return self.go(view, home);
        }
        // Only a new look from time to time: to find the nearest costs many rays.
        if self.patience_ticks.is_multiple_of(32) {
            let places = view.map.places.iter().map(|place| place.pos);
            if let Some(home) = view.nearest(places).find(|&pos| view.is_walkable(pos)) {
                (self.goal, self.patience_ticks) = (Some(home), PATIENCE_TICKS);
            }
        }
        self.roam(view, random)
    }

    /// Around the prey at a fighter's distance, now this way and now that.
    pub fn dance(&mut self, view: &View<'_>, prey: &Player, random: &mut Pcg32) -> Vec2 {
        self.side_ticks = self.side_ticks.saturating_sub(1);
        if self.side_ticks == 0 {
            self.side = if chance(random) < 0.5 { -1.0 } else { 1.0 };
            self.side_ticks = 20 + (chance(random) * 40.0) as u16;
        }
        let to_prey = prey.pos - view.own.pos;
        let ahead = to_prey.normalize_or_zero();
        let approach = ((to_prey.length() - FIGHT_METRES) / FIGHT_METRES).clamp(-1.0, 1.0);
        (ahead * approach * 1.5 + ahead.perp() * self.side).normalize_or_zero()
    }

    /// The place in sight for which the bot set out least often: so it gets around the whole map.
    fn choose_goal(&mut self, view: &View<'_>, random: &mut Pcg32) -> Vec2 {
        let places = view.map.places.iter().map(|place| place.pos);
        let all: Vec<Vec2> = view.map.spawns.iter().copied().chain(places).collect();
        self.visits.resize(all.len(), 0);
        let first = (chance(random) * all.len() as f32) as usize;
        let in_turn = (0..all.len()).map(|step| (first + step) % all.len());
        let good = in_turn.filter(|&index| !is_there(view, all[index]) && view.is_walkable(all[index]));
        // Seeing no place at all it goes for any, slides along the walls, and soon chooses anew.
        let (chosen, patience_ticks) = good
            .min_by_key(|&index| self.visits[index])
            .map_or((first, PATIENCE_TICKS / 8), |index| (index, PATIENCE_TICKS));
        self.visits[chosen] = self.visits[chosen].saturating_add(1);
        (self.goal, self.patience_ticks) = (Some(all[chosen]), patience_ticks);
        all[chosen]
    }
}

fn is_there(view: &View<'_>, goal: Vec2) -> bool {
    view.own.pos.distance(goal) < ARRIVED_METRES
}
