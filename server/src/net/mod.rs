//! Owns sockets, clocks and tasks: what carries bytes between the wire and the rooms. Knows no rules of play.
//!
//! The way in: `listener` -> `http` -> `upgrade` -> `play` or `console` -> through a room's `door` to a `seat`. From
//! then on the socket is the room's: `tick_loop` reads it four times per tick and writes to it after. There is no
//! queue, no lock and no other task on that way. At the end the seat gives the socket back, for the farewell.

mod admission;
mod alarm;
mod bucket;
mod closing;
mod connection;
mod console;
mod desk;
pub(crate) mod door;
mod farewell;
mod guard;
mod http;
pub(crate) mod listener;
mod look;
mod metered;
mod page;
pub(crate) mod phase;
mod play;
mod schedule;
mod seat;
mod seats;
pub(crate) mod tally;
pub(crate) mod tick_loop;
pub(crate) mod timing;
mod upgrade;
mod wire;
