//! The Tickwire client core: bytes in, bytes out, time as an argument, and a view of the world to draw.
//!
//! A [`Client`] predicts the player's own entity ahead of the server, draws all others smoothly in the recent past,
//! and steers its tick so that each command reaches the server just in time. It knows no socket, clock, thread
//! or log, so the same code runs in a bot, a native game and a browser. The feature `net` adds a shell
//! around it that speaks WebSocket on tokio.
//!
//! Every shell is the same loop:
//!
//! 1. [`Client::update`] at [`Client::next_update`], and once before anything is sent;
//! 2. send whatever [`Client::poll_transmit`] gives;
//! 3. hand each binary WebSocket message to [`Client::receive`]; an error is a server that breaks the protocol: close with 4400;
//! 4. take what [`Client::poll_notice`] gives, and draw [`Client::own`] and [`Client::view`].
//!
//! All times are the [`Duration`](std::time::Duration) since one fixed moment, and must not go back.

mod client;
mod clock;
mod interpolation;
mod joined;
mod notice;
mod outbox;
mod playback;
mod prediction;
mod receive;
mod ring;
mod roster;
mod slack;
mod stats;
mod timeline;

#[cfg(feature = "net")]
pub mod net;

pub use client::{Client, ClientConfig, State};
pub use notice::Notice;
pub use stats::Stats;
pub use tickwire_shared::Malformed;
