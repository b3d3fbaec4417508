//! The Tickwire server: pure rooms, and the sockets, clocks and tasks around them.
//!
//! [`run`] serves any [`Game`](tickwire_shared::Game) on a listener until it is told to stop; [`command_line`] is
//! the whole of a server binary. Three kinds of people meet here: [`room`] holds the rules of play and knows no
//! runtime, `net` carries bytes to it and wakes it at each tick, and the files beside them run the house.

mod cli;
mod config;
mod directory;
mod lifecycle;
mod net;
pub mod room;

pub use cli::command_line;
pub use config::{ConfigError, Limits, ServerConfig};
pub use lifecycle::{Report, run};
