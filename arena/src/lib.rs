//! Arena, the default game of Tickwire: a top-down shooter with rockets, a rail gun and pick-ups.
//!
//! This crate is also the example to copy for another game. It knows rules and nothing else: no socket,
//! no clock, no thread. In the order in which it is best read:
//!
//! | file | owns |
//! |---|---|
//! | `rules.rs` | every number worth tuning |
//! | `entity.rs` | what players see: the field table of players, shots and pick-ups |
//! | `input.rs`, `event.rs` | what players want, and what they are told once |
//! | `player.rs` | the step of a player's own entity, run by the server and ahead of it by its client |
//! | `game.rs` | the state of a match, and the order in which a tick happens |
//! | `combat.rs`, `shot.rs`, `pickup.rs`, `spawn.rs` | one chapter of that tick each |
//! | `settings.rs`, `map.rs`, `default_map.rs`, `geometry.rs` | the ground that it happens on |
//! | `bot.rs` | players without people |
//! | `codes.txt` | prefix codes for the fields, trained on recorded play: they make frames smaller, and change no rule |
//!
//! Distances are in metres; x grows to the right and y grows downwards, as on a screen. Angle 0 looks
//! along x, a quarter turn looks along y. What is called `..._ticks` is counted in 60ths of a second.

mod bot;
mod combat;
mod default_map;
mod entity;
mod event;
mod game;
mod geometry;
mod input;
mod map;
mod pickup;
mod player;
pub mod rules;
mod settings;
mod shot;
mod spawn;

pub use bot::Bot;
pub use entity::{Entity, Item, Pickup, Player, Shot, Weapon};
pub use event::Event;
pub use game::Arena;
pub use geometry::{Rect, Segment};
pub use input::Input;
pub use map::{Map, Place};
pub use player::step;
pub use settings::Settings;
