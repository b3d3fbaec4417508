//! Headless Tickwire clients: a swarm of bots that loads a server and reports what players would feel, a
//! console to chat with a room from a terminal, a proxy that feels like a network, and a recorder and a trainer that make a game's frames smaller.
//!
//! Generic over the game: a binary is one line, `tickwire_bot_client::command_line::<MyGame>()`. All that connects is built from
//! real clients ([`tickwire_client::net::Connection`]); of the protocol, only the trainer knows more than they tell.
//!
//! | file | owns |
//! |---|---|
//! | `cli.rs`, `cli/`, `url.rs`, `exit.rs` | what is typed, where it leads, how it ends |
//! | `swarm/` | many bots in one process: conductor, bot, measured window, report |
//! | `feel/` | how the game feels over each kind of link, as a table and plots |
//! | `proxy/` | a TCP proxy that is as slow and as fitful as a real network |
//! | `console/` | one spectator between a terminal and a room |
//! | `record.rs`, `recording.rs` | what a server sends to one client, and the file that it is kept in |
//! | `train/` | prefix codes for a game's fields, from recordings |
//! | `seed.rs` | how one seed becomes many |

mod cli;
pub mod console;
mod exit;
pub mod feel;
pub mod proxy;
pub mod record;
pub mod recording;
mod seed;
pub mod swarm;
pub mod train;
mod url;

pub use cli::command_line;
pub use exit::Exit;
pub use url::{UrlError, play_url};
