//! Owns harm: what rail shots and blasts do to players, and what death is worth.

use crate::game::{Arena, Body, Context, Firing};
use crate::rules::{
    BLAST_CORE_METRES, BLAST_DAMAGE, BLAST_PUSH_METRES_PER_SECOND, BLAST_RADIUS_METRES,
    PUSHED_METRES_PER_SECOND_MAX, RAIL_DAMAGE, RESPAWN_TICKS,
};
use crate::{Event, Map, Segment, Weapon};
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Audience, EntityId, PlayerId, Rewound};

/// What happens to somebody, and by whom.
struct Harm {
    attacker: PlayerId,
    weapon: Weapon,
    damage: u8,
    /// Added to the victim's velocity.
    push: Vec2,
}

impl Arena {
    /// Fires the rail: whoever stands first in its line is hit at once, where its shooter saw them.
    pub(crate) fn rail(&mut self, cx: &mut Context<'_>, bodies: &[Body], firing: &Firing) {
        let (endless, wall) = beam(&cx.settings.map, firing.from, firing.aim);
        let past = cx.rewound(firing.shooter);
        let seen = seen_bodies(&past, bodies);
        let hit = self.first_body(&seen, endless, 0.0, firing.shooter).filter(|(_, part)| *part < wall);
        let to = endless.at(hit.map_or(wall, |(_, part)| part));
        // Everyone: a beam crosses the whole map, also where its shooter is not in sight.
        cx.emit(Audience::Everyone, Event::Beam { shooter: firing.shooter, from: firing.from, to });
        if let Some((victim, _)) = hit {
            cx.record_hit(past.record(victim, past.get(victim).is_some()));
            let (attacker, weapon) = (firing.shooter, Weapon::Rail);
            self.harm(cx, victim, &Harm { attacker, weapon, damage: RAIL_DAMAGE, push: Vec2::ZERO });
        }
    }

    /// Harms and pushes everyone near, also who fired. Walls shield.
    pub(crate) fn blast(&mut self, cx: &mut Context<'_>, bodies: &[Body], at: Vec2, attacker: PlayerId) {
        for body in bodies {
            let strength = blast_strength(&cx.settings.map, at, body.pos);
            if strength > 0.0 {
                let damage = (BLAST_DAMAGE * strength).round() as u8;
                let push = (body.pos - at).normalize_or_zero() * (BLAST_PUSH_METRES_PER_SECOND * strength);
                self.harm(cx, body.id, &Harm { attacker, weapon: Weapon::Launcher, damage, push });
            }
        }
    }

    fn harm(&mut self, cx: &mut Context<'_>, body: EntityId, harm: &Harm) {
        let victim = self.player_mut(body);
        if !victim.alive || victim.shielded {
            return;
        }
        let damage = harm.damage.min(victim.hp);
        let limit = Vec2::splat(PUSHED_METRES_PER_SECOND_MAX as f32);
        victim.hp -= damage;
        victim.vel = (victim.vel + harm.push).clamp(-limit, limit);
        victim.disturbances = victim.disturbances.wrapping_add(1);
        let (player, dies) = (victim.player, victim.hp == 0);
        tell_hit(cx, harm.attacker, player, damage);
        if dies {
            self.kill(cx, body, harm);
        }
    }

    fn kill(&mut self, cx: &mut Context<'_>, body: EntityId, harm: &Harm) {
        let victim = self.player_mut(body);
        victim.alive = false;
        victim.vel = Vec2::ZERO;
        victim.deaths += 1;
        let player = victim.player;
        self.seats[player].respawn_in_ticks = RESPAWN_TICKS;
        self.score(harm.attacker, if harm.attacker == player { -1 } else { 1 });
        cx.emit(
            Audience::Everyone,
            Event::Killed { killer: harm.attacker, victim: player, weapon: harm.weapon },
        );
    }

    fn score(&mut self, player: PlayerId, points: i16) {
        // Who left before its last shot hit gets nothing for it.
        let Some(seat) = self.seats.get(player) else { return };
        let body = self.player_mut(seat.body);
        body.score += points;
        body.disturbances = body.disturbances.wrapping_add(1);
    }
}

/// Everybody where somebody saw them; where they are now, if there is nothing to go back to.
fn seen_bodies(past: &Rewound<'_, Arena>, bodies: &[Body]) -> Vec<Body> {
    let seen = |body: &Body| past.get(body.id).and_then(|entity| Some(entity.player()?.pos));
    bodies.iter().map(|body| Body { pos: seen(body).unwrap_or(body.pos), ..*body }).collect()
}

/// A beam's way across the whole map, and the part of it up to the first wall.
pub(crate) fn beam(map: &Map, from: Vec2, aim: Vec2) -> (Segment, f32) {
    let endless = Segment { from, to: from + aim * (map.size.x + map.size.y) };
    (endless, map.first_hit(endless).unwrap_or(1.0))
}

/// Both sides of a hit are told, and nobody else: others see its effects.
fn tell_hit(cx: &mut Context<'_>, attacker: PlayerId, victim: PlayerId, damage: u8) {
    let event = Event::Hit { attacker, victim, damage };
    cx.emit(Audience::Only(victim), event.clone());
    if attacker != victim {
        cx.emit(Audience::Only(attacker), event);
    }
}

/// From 1 in the core to 0 at the rim, and 0 behind walls.
fn blast_strength(map: &Map, at: Vec2, pos: Vec2) -> f32 {
    let distance = at.distance(pos);
    if distance >= BLAST_RADIUS_METRES || !map.is_clear(at, pos) {
        return 0.0;
    }
    let strength = (BLAST_RADIUS_METRES - distance) / (BLAST_RADIUS_METRES - BLAST_CORE_METRES);
    strength.min(1.0)
}
