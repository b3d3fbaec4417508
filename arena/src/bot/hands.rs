//! Owns how a bot aims and fires.

use super::eyes::View;
use super::{Character, best_weapon, chance};
use crate::input::{radians_of, turns_of};
use crate::rules::{PLAYER_RADIUS_METRES, ROCKET_METRES_PER_SECOND, TURN_PER_TICK_MAX};
use crate::{Input, Player, Weapon};
use rand_pcg::Pcg32;
use tickwire_shared::glam::Vec2;

/// How fast a bot without prey and without a way looks around, in 65536ths of a turn per tick.
const SCAN_PER_TICK: u16 = 180;

/// A bot's hold on its weapons.
#[derive(Clone, Debug, Default)]
pub(super) struct Hands {
    /// How far off it aims until the next look, in radians.
    error: f32,
    /// Whether it fires until the next look.
    is_eager: bool,
}

impl Hands {
    /// A new hold, good or bad.
    pub fn steady(&mut self, character: &Character, random: &mut Pcg32) {
        self.error = (chance(random) * 2.0 - 1.0) * character.clumsiness;
        self.is_eager = chance(random) < character.eagerness;
    }

    /// Where to look and what to press: at the prey, else along the way, else around.
    pub fn work(
        &self,
        character: &Character,
        view: &View<'_>,
        prey: Option<&Player>,
        walk: Vec2,
    ) -> (u16, u8) {
        let now = turns_of(view.own.aim);
        if let Some(prey) = prey {
            return self.fight(character, view.own, prey);
        }
        if walk == Vec2::ZERO {
            return (now.wrapping_add(SCAN_PER_TICK), 0);
        }
        (turned(now, turns_of(walk.to_angle()), character), 0)
    }

    fn fight(&self, character: &Character, own: &Player, prey: &Player) -> (u16, u8) {
        let distance = own.pos.distance(prey.pos);
        let weapon = best_weapon(own, distance);
        let target = match weapon {
            Weapon::Rail => prey.pos,
            Weapon::Launcher => prey.pos + prey.vel * (distance / ROCKET_METRES_PER_SECOND as f32),
        };
        let wanted = turns_of((target - own.pos).to_angle() + self.error);
        let aim = turned(turns_of(own.aim), wanted, character);
        let miss_metres = radians_of(wanted.wrapping_sub(aim).min(aim.wrapping_sub(wanted))) * distance;
        let button = match weapon {
            Weapon::Rail => Input::ALT,
            Weapon::Launcher => Input::FIRE,
        };
        let fires = self.is_eager && miss_metres < PLAYER_RADIUS_METRES;
        (aim, if fires { button } else { 0 })
    }
}

/// Where to look and what to press to hit with the rail whoever is seen there: only if nothing is in the way, and the aim gets there within
/// the tick. Who moves itself does not know where from it shoots.
pub(super) fn snipe(view: &View<'_>, prey: &Player) -> (u16, u8) {
    let own = view.own;
    let wanted = turns_of((prey.pos - own.pos).to_angle());
    let missing = (wanted.wrapping_sub(turns_of(own.aim)) as i16).unsigned_abs();
    let is_ready = own.vel == Vec2::ZERO && own.cooldown_ticks == 0 && own.slugs > 0;
    let is_free = !prey.shielded && view.map.is_clear(own.pos, prey.pos);
    let fires = is_ready && is_free && missing < TURN_PER_TICK_MAX;
    (wanted, if fires { Input::ALT } else { 0 })
}

/// One tick's turn: fast while far off, slow near the end, as a hand does it.
fn turned(now: u16, wanted: u16, character: &Character) -> u16 {
    let limit = character.turn_per_tick as i16;
    let missing = wanted.wrapping_sub(now) as i16;
    let turn = if missing.unsigned_abs() < 64 { missing } else { (missing / 4).clamp(-limit, limit) };
    now.wrapping_add_signed(turn)
}
