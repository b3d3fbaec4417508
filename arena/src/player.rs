//! Owns the step of a player's own entity: the one function that the server runs, and its client ahead of it.
//!
//! The result depends on the settings, the entity and the input alone, so a client knows it before the
//! server says so. Whatever else changes with time alone must change here too. What other players, shots
//! and pick-ups do to a player happens elsewhere, on the server, and raises the entity's `disturbances`.

use crate::entity::{on_position_grid, on_velocity_grid};
use crate::input::{radians_of, turns_of};
use crate::rules::{
    ACCELERATION_PER_TICK, FRICTION_PER_TICK, PLAYER_RADIUS_METRES, RAIL_COOLDOWN_TICKS,
    ROCKET_COOLDOWN_TICKS, RUN_METRES_PER_SECOND, TICK_RATE_HZ, TURN_PER_TICK_MAX,
};
use crate::{Input, Map, Player, Settings, Weapon};
use tickwire_shared::glam::Vec2;

/// Two walls meet in a corner and push one after the other; where three do, the player stays where it was.
const PUSHES_MAX: usize = 2;

/// Moves a living player on by one tick; returns the weapon that goes off, its ammunition already spent.
/// With the dead it does nothing.
pub fn step(settings: &Settings, player: &mut Player, input: &Input) -> Option<Weapon> {
    if !player.alive {
        return None;
    }
    player.aim = turned(player.aim, input.aim);
    player.vel = accelerated(player.vel, input.push());
    (player.pos, player.vel) = slid(&settings.map, player.pos, player.vel);
    player.cooldown_ticks = player.cooldown_ticks.saturating_sub(1);
    player.shield_ticks = player.shield_ticks.saturating_sub(1);
    let fired = trigger(player, input);
    if let Some(weapon) = fired {
        fire(player, weapon);
    }
    player.shielded = player.shield_ticks > 0;
    fired
}

/// Where a player looks that wants to look along `wanted`: nobody turns faster than the limit.
fn turned(aim: f32, wanted: u16) -> f32 {
    let now = turns_of(aim);
    let limit = TURN_PER_TICK_MAX as i16;
    let turn = (wanted.wrapping_sub(now) as i16).clamp(-limit, limit);
    radians_of(now.wrapping_add_signed(turn))
}

fn accelerated(vel: Vec2, push: Vec2) -> Vec2 {
    let most = if push == Vec2::ZERO { FRICTION_PER_TICK } else { ACCELERATION_PER_TICK };
    let missing = push * RUN_METRES_PER_SECOND - vel;
    // On the grid before it moves anybody: so the position changes by exactly what the velocity tells.
    on_velocity_grid(vel + missing.clamp_length_max(most))
}

/// Where a player ends that goes by `vel` for a tick, and what is left of `vel`. Who was clear of walls
/// before is so afterwards.
fn slid(map: &Map, from: Vec2, mut vel: Vec2) -> (Vec2, Vec2) {
    let mut to = from + vel / TICK_RATE_HZ as f32;
    for _ in 0..PUSHES_MAX {
        let Some((free, away)) = map.push_out(to, PLAYER_RADIUS_METRES) else { break };
        to = free;
        vel -= away * vel.dot(away).min(0.0);
    }
    let to = on_position_grid(to);
    let wedged = !map.has_room(to, PLAYER_RADIUS_METRES);
    if wedged { (from, Vec2::ZERO) } else { (to, on_velocity_grid(vel)) }
}

/// The weapon that goes off now, if any.
fn trigger(player: &Player, input: &Input) -> Option<Weapon> {
    if player.cooldown_ticks > 0 {
        None
    } else if input.holds(Input::ALT) && player.slugs > 0 {
        Some(Weapon::Rail)
    } else if input.holds(Input::FIRE) && player.rockets > 0 {
        Some(Weapon::Launcher)
    } else {
        None
    }
}

fn fire(player: &mut Player, weapon: Weapon) {
    let (ammo, cooldown_ticks) = match weapon {
        Weapon::Launcher => (&mut player.rockets, ROCKET_COOLDOWN_TICKS),
        Weapon::Rail => (&mut player.slugs, RAIL_COOLDOWN_TICKS),
    };
    *ammo -= 1;
    player.cooldown_ticks = cooldown_ticks;
    player.weapon = weapon;
    // Who attacks can be attacked.
    player.shield_ticks = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rect;
    use crate::spawn::fresh_player;
    use tickwire_shared::PlayerId;
    use tickwire_shared::slotmap::Key as _;

    fn player() -> Player {
        let mut player = fresh_player(PlayerId::null());
        player.alive = true;
        player.pos = Vec2::new(3.0, 3.0);
        player
    }

    #[test]
    fn nobody_runs_faster_than_the_limit() {
        let settings = Settings::default();
        for (move_x, move_y) in (i8::MIN..=i8::MAX).flat_map(|x| (i8::MIN..=i8::MAX).map(move |y| (x, y))) {
            let input = Input { move_x, move_y, ..Input::default() };
            let mut player = Player { pos: Vec2::new(40.0, 11.0), ..player() };
            for _ in 0..12 {
                let from = player.pos;
                step(&settings, &mut player, &input);
                let (speed, way) = (player.vel.length(), player.pos.distance(from));
                assert!(speed <= RUN_METRES_PER_SECOND + 1e-4, "{move_x}, {move_y}: {speed} m/s");
                assert!(way <= (RUN_METRES_PER_SECOND + 1e-2) / 60.0, "{move_x}, {move_y}: {way} m");
            }
        }
    }

    #[test]
    fn a_push_fades_to_the_running_speed() {
        let settings = Settings::default();
        let mut player = Player { vel: Vec2::new(15.0, 0.0), ..player() };
        for _ in 0..20 {
            step(&settings, &mut player, &Input { move_x: 127, ..Input::default() });
        }
        assert!((player.vel.x - RUN_METRES_PER_SECOND).abs() < 0.1, "{}", player.vel);
    }

    #[test]
    fn a_wall_takes_only_the_velocity_towards_it() {
        let settings = Settings::default();
        let mut player = player();
        for _ in 0..120 {
            step(&settings, &mut player, &Input { move_x: -127, move_y: 64, ..Input::default() });
        }
        assert_eq!(player.vel.x, 0.0);
        assert!(player.vel.y > 3.0 && player.pos.y > 7.0, "it slides on: {player:?}");
        assert!((0.5..0.51).contains(&player.pos.x), "along the wall: {}", player.pos);
    }

    #[test]
    fn a_gap_too_narrow_holds_a_player_without_harm() {
        let walls = vec![Rect::new(10.0, 0.0, 12.0, 4.5), Rect::new(10.0, 5.25, 12.0, 10.0)];
        let map = Map { size: Vec2::new(20.0, 10.0), walls, ..Map::default() };
        for start in 0..64 {
            let mut player = Player { pos: Vec2::new(9.0, 4.375 + start as f32 / 64.0), ..player() };
            for _ in 0..60 {
                (player.pos, player.vel) = slid(&map, player.pos, Vec2::new(15.0, 0.0));
                assert!(map.has_room(player.pos, PLAYER_RADIUS_METRES), "{start}: {}", player.pos);
            }
            assert!(player.pos.x < 10.0, "{start}: {}", player.pos);
        }
    }

    #[test]
    fn turning_takes_its_time_and_the_short_way() {
        let settings = Settings::default();
        let mut player = player();
        step(&settings, &mut player, &Input { aim: 60_000, ..Input::default() });
        assert_eq!(turns_of(player.aim), 60_075, "by 5461 at most, downwards through zero");
        step(&settings, &mut player, &Input { aim: 60_000, ..Input::default() });
        assert_eq!(turns_of(player.aim), 60_000);
    }

    #[test]
    fn weapons_need_ammunition_and_time() {
        let settings = Settings::default();
        let both = Input { buttons: Input::FIRE | Input::ALT, ..Input::default() };
        let mut player = Player { slugs: 1, rockets: 2, shield_ticks: 50, shielded: true, ..player() };
        let fired: Vec<_> =
            (0..300).filter_map(|tick| Some((tick, step(&settings, &mut player, &both)?))).collect();
        assert_eq!(fired, [(0, Weapon::Rail), (72, Weapon::Launcher), (96, Weapon::Launcher)]);
        assert_eq!((player.slugs, player.rockets, player.shielded), (0, 0, false));
    }

    #[test]
    fn the_dead_do_nothing() {
        let before = Player { alive: false, cooldown_ticks: 9, shield_ticks: 9, ..player() };
        let mut after = before.clone();
        let input = Input { move_x: 99, move_y: -128, aim: 7, buttons: 255 };
        assert_eq!(step(&Settings::default(), &mut after, &input), None);
        assert_eq!(after, before);
    }
}
