//! Owns sockets, clocks and tasks: what carries bytes between the wire and the rooms. Knows no rules of play.
//!
//! The way in: `listener` -> `http` -> `upgrade` -> `connection` -> a room's inbox -> `tick_loop`. The way out:
//! `tick_loop` -> a player's `outbox` -> `connection`. One task per connection, one per room, no lock on either way.

mod admission;
mod bucket;
mod closing;
mod connection;
mod console;
mod guard;
mod http;
pub(crate) mod inbox;
pub(crate) mod listener;
mod metered;
pub(crate) mod outbox;
mod play;
mod schedule;
mod seats;
pub(crate) mod tally;
pub(crate) mod tick_loop;
pub(crate) mod timing;
mod upgrade;
