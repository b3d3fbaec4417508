//! No input, however hostile, gets a player into a wall, out of the map, or out of the finite numbers.

mod common;

use common::{Match, Monkey, is_inside_a_wall};
use tickwire_arena::{Input, Settings, step};
use tickwire_shared::Replicate;
use tickwire_shared::glam::Vec2;

#[test]
fn nobody_enters_a_wall() {
    for seed in 0..6 {
        let mut room = Match::new(Settings::default(), seed, 24);
        let mut monkeys: Vec<_> = (0..24).map(|index| Monkey::new(seed * 100 + index)).collect();
        for tick in 0..1500 {
            for (index, monkey) in monkeys.iter_mut().enumerate() {
                room.players[index].input = monkey.next(room.players[index].input);
            }
            room.tick();
            for index in 0..24 {
                let player = room.own(index);
                let inside = is_inside_a_wall(&room.settings.map, player.pos);
                assert!(!inside, "seed {seed}, tick {tick}, player {index}: {player:?}");
            }
        }
    }
}

#[test]
fn nobody_is_pushed_through_a_wall() {
    let settings = Settings::default();
    let room = Match::new(settings.clone(), 0, 1);
    for wall in &settings.map.walls {
        for turn in 0..64 {
            let away = Vec2::from_angle(turn as f32 / 64.0 * std::f32::consts::TAU);
            let mut player = room.own(0).clone();
            player.pos = (wall.min + wall.max) / 2.0 + away * 4.0;
            if is_inside_a_wall(&settings.map, player.pos) {
                continue;
            }
            for _ in 0..60 {
                player.vel = (away * -22.0).clamp(Vec2::splat(-15.0), Vec2::splat(15.0));
                step(&settings, &mut player, &Input::default());
                player.snap();
                assert!(!is_inside_a_wall(&settings.map, player.pos), "{wall:?}, {turn}: {player:?}");
            }
        }
    }
}

#[test]
fn the_world_stays_finite_under_all_corner_inputs() {
    let settings = Settings::default();
    let mut player = Match::new(settings.clone(), 1, 1).own(0).clone();
    let moves = [i8::MIN, -127, -1, 0, 1, 2, 126, i8::MAX];
    let aims = [0, 1, 5461, 5462, 16_384, 32_767, 32_768, u16::MAX];
    let each = |at: u32, step: u32| (at / step % 8) as usize;
    // 8 x 8 x 8 x 8 x 16 = 2^16 inputs, one after the other.
    for at in 0..1 << 16 {
        let (move_x, move_y, aim) = (moves[each(at, 1)], moves[each(at, 8)], aims[each(at, 64)]);
        let input = Input { move_x, move_y, aim, buttons: (at >> 9) as u8 };
        step(&settings, &mut player, &input);
        player.snap();
        assert!(
            player.pos.is_finite() && player.vel.is_finite() && player.aim.is_finite(),
            "{at}: {player:?}"
        );
        assert!(player.vel.length() < 7.501, "{at}: {player:?}");
        assert!(!is_inside_a_wall(&settings.map, player.pos), "{at}: {player:?}");
    }
}
