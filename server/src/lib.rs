//! The Tickwire server: pure rooms, and the sockets, clocks and tasks around them.
//!
//! [`run`] serves any [`Game`](tickwire_shared::Game) on a listener until it is told to stop; [`CommandLine`] is
//! the whole of a server binary. Inside there are three parts: [`room`] is pure and knows ticks and bytes only;
//! `net` carries the bytes and wakes each room at its ticks; the files beside them start, list and stop it all.

mod cli;
mod config;
mod directory;
mod lifecycle;
mod net;
mod origin;
mod page;
pub mod room;
mod signals;

pub use cli::{CommandLine, command_line};
pub use config::{ConfigError, Limits, ServerConfig};
pub use lifecycle::{Report, run};
pub use origin::{AllowedOrigin, NoSite, Site};
pub use page::PageFile;
pub use room::BotFill;
