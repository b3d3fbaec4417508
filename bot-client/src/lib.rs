//! Headless Tickwire clients: a swarm of bots that loads a server and reports what players would feel, and a
//! console to chat with a room from a terminal.
//!
//! Generic over the game: a binary is one line, `tickwire_bot_client::command_line::<MyGame>()`. Both programs are built from
//! real clients ([`tickwire_client::net::Connection`]); nothing here knows the protocol.
//!
//! | file | owns |
//! |---|---|
//! | `cli.rs`, `url.rs`, `exit.rs` | what is typed, where it leads, how it ends |
//! | `swarm/` | many bots in one process: conductor, bot, measured window, report |
//! | `console/` | one spectator between a terminal and a room |

mod cli;
pub mod console;
mod exit;
pub mod swarm;
mod url;

pub use cli::command_line;
pub use exit::Exit;
pub use url::{UrlError, play_url};
