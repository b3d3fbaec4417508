//! Owns how an input of arena is made of a page's numbers, and is the module that the page loads.

use std::f32::consts::TAU;
use tickwire_arena::{Arena, Input};
use tickwire_shared::glam::Vec2;
use tickwire_web::PageGame;

/// Arena for a page.
struct ArenaPage;

impl PageGame for ArenaPage {
    type Game = Arena;

    /// Walk to the right and down (-1 to 1), look (radians), buttons ([`Input::FIRE`], [`Input::ALT`]).
    fn input(numbers: &[f64]) -> Input {
        let number = |place: usize| numbers.get(place).copied().unwrap_or_default() as f32;
        // By way of a wide integer, which wraps around where a direct cast would saturate.
        let aim = (number(2) / TAU * 65536.0).round() as i64 as u16;
        Input::new(Vec2::new(number(0), number(1)), aim, number(3) as u8)
    }
}

tickwire_web::export_game!(ArenaPage);
