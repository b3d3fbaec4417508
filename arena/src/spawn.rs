//! Owns coming to life: when and where the dead come back, and with what.

use crate::game::{Arena, Context};
use crate::rules::{HP_MAX, ROCKETS_AT_SPAWN, SHIELD_TICKS, SLUGS_AT_SPAWN};
use crate::{Event, Player, Weapon};
use rand_core::Rng;
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Audience, EntityId, PlayerId};

/// The body of a player that just joined: dead, at no particular place.
pub(crate) fn fresh_player(player: PlayerId) -> Player {
    Player {
        pos: Vec2::ZERO,
        vel: Vec2::ZERO,
        aim: 0.0,
        player,
        alive: false,
        hp: 0,
        shielded: false,
        weapon: Weapon::Launcher,
        score: 0,
        deaths: 0,
        disturbances: 0,
        rockets: ROCKETS_AT_SPAWN,
        slugs: SLUGS_AT_SPAWN,
        cooldown_ticks: 0,
        shield_ticks: 0,
    }
}

impl Arena {
    /// Brings the dead back whose time has come.
    pub(crate) fn respawn_dead(&mut self, cx: &mut Context<'_>) {
        for entry in cx.players() {
            let seat = &mut self.seats[entry.player];
            let (body, due) = (seat.body, seat.respawn_in_ticks == 0);
            seat.respawn_in_ticks = seat.respawn_in_ticks.saturating_sub(1);
            if due && !self.player(body).alive {
                self.respawn(cx, body);
            }
        }
    }

    fn respawn(&mut self, cx: &mut Context<'_>, body: EntityId) {
        let pos = self.safest_spawn(&cx.settings.map.spawns);
        let player = self.player_mut(body);
        // What it has earned stays, and so does where it looks.
        *player = Player {
            pos,
            alive: true,
            hp: HP_MAX,
            shielded: true,
            shield_ticks: SHIELD_TICKS,
            aim: player.aim,
            score: player.score,
            deaths: player.deaths,
            disturbances: player.disturbances.wrapping_add(1),
            ..fresh_player(player.player)
        };
        cx.emit(Audience::SeersOf(body), Event::Respawned { player: player.player });
    }

    /// The spawn point farthest from everybody alive; among equals, chance decides.
    fn safest_spawn(&mut self, spawns: &[Vec2]) -> Vec2 {
        let living: Vec<Vec2> = self
            .seats
            .values()
            .map(|seat| self.player(seat.body))
            .filter(|body| body.alive)
            .map(|body| body.pos)
            .collect();
        let first = self.random.next_u32() as usize % spawns.len();
        let in_turn = spawns[first..].iter().chain(&spawns[..first]).copied();
        let safety =
            |spawn: Vec2| living.iter().map(|pos| pos.distance_squared(spawn)).fold(f32::INFINITY, f32::min);
        in_turn.max_by(|&one, &other| safety(one).total_cmp(&safety(other))).expect("a map has spawn points")
    }
}
