//! Owns the rockets in the air: how they start, fly and end.

use crate::entity::{on_position_grid, on_velocity_grid};
use crate::game::{Arena, Body, Context, Firing};
use crate::rules::{ROCKET_METRES_PER_SECOND, ROCKET_RADIUS_METRES, SHOTS_MAX, TICK_RATE_HZ};
use crate::{Entity, Segment, Shot};

/// A blast happens this far before what the rocket hit: right on a wall, the wall would shield everybody.
const BLAST_GAP_METRES: f32 = 0.125;

impl Arena {
    /// Starts a rocket in the middle of its shooter, which is clear of walls: a muzzle could be inside one.
    pub(crate) fn launch(&mut self, firing: &Firing) {
        if self.shots.len() == SHOTS_MAX {
            let oldest = self.shots.pop_front().expect("there are many");
            self.entities.remove(oldest);
        }
        let vel = on_velocity_grid(firing.aim * ROCKET_METRES_PER_SECOND as f32);
        let shot = Shot { pos: on_position_grid(firing.from), vel, shooter: firing.shooter };
        self.shots.push_back(self.entities.insert(Entity::Shot(shot)));
    }

    /// Moves every rocket on; the ones that hit something are gone with a blast.
    pub(crate) fn fly_shots(&mut self, cx: &mut Context<'_>, bodies: &[Body]) {
        // All of them once around the queue: who flies on is put back, in the same order.
        for _ in 0..self.shots.len() {
            let id = self.shots.pop_front().expect("it was counted");
            let Entity::Shot(shot) = &self.entities[id] else { panic!("a shot is a shot") };
            let (vel, shooter) = (shot.vel, shot.shooter);
            let way = Segment { from: shot.pos, to: shot.pos + vel / TICK_RATE_HZ as f32 };
            let wall = cx.settings.map.first_hit(way);
            let body = self.first_body(bodies, way, ROCKET_RADIUS_METRES, shooter).map(|(_, part)| part);
            if let Some(part) = wall.into_iter().chain(body).min_by(f32::total_cmp) {
                self.entities.remove(id);
                let at = way.at(part) - vel.normalize_or_zero() * BLAST_GAP_METRES;
                self.blast(cx, bodies, at, shooter);
            } else {
                self.entities[id] = Entity::Shot(Shot { pos: way.to, vel, shooter });
                self.shots.push_back(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use tickwire_shared::glam::Vec2;
    use tickwire_shared::slotmap::Key as _;
    use tickwire_shared::{Game as _, PlayerId, Replicate as _, Tick};

    fn firing(turn: u16) -> Firing {
        let (weapon, shooter) = (crate::Weapon::Launcher, PlayerId::null());
        let aim = Vec2::from_angle(crate::input::radians_of(turn));
        Firing { weapon, shooter, from: Vec2::new(40.0, 19.0), aim }
    }

    #[test]
    fn rockets_stay_on_the_grid_without_being_put_there() {
        let settings = Settings::default();
        let mut arena = Arena::new(&settings, 1);
        for turn in (0..u16::MAX).step_by(977) {
            arena.launch(&firing(turn));
        }
        for tick in 0..40 {
            for &id in &arena.shots {
                let mut snapped = arena.entities[id].clone();
                snapped.snap();
                assert_eq!(snapped, arena.entities[id]);
            }
            arena.tick(&mut Context::new(Tick(tick), &settings, &[], &mut Vec::new()));
        }
        assert!(!arena.shots.is_empty(), "some still fly");
    }

    #[test]
    fn the_oldest_rocket_makes_room() {
        let settings = Settings::default();
        let mut arena = Arena::new(&settings, 1);
        for _ in 0..SHOTS_MAX {
            arena.launch(&firing(0));
        }
        let (oldest, second) = (arena.shots[0], arena.shots[1]);
        arena.launch(&firing(0));
        assert_eq!((arena.shots.len(), arena.shots[0]), (SHOTS_MAX, second));
        assert!(!arena.entities.contains_key(oldest));
    }
}
