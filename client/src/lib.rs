//! The Tickwire client core: bytes in, bytes out, time as an argument, and a view of the world to draw.
//!
//! A [`Client`] predicts the player's own entity ahead of the server, draws all others smoothly in the recent past,
//! and steers its tick so that each command reaches the server just in time. It knows no socket, clock, thread
//! or log, so the same code runs in a bot, a native game and a browser. The feature `net` adds a shell
//! around it that speaks WebSocket on tokio.
//!
//! Every shell is the same loop, run whenever a message comes, and at [`Client::next_update`]:
//!
//! ```
//! use std::time::Duration;
//! use tickwire_client::{Client, Malformed};
//! use tickwire_shared::Game;
//!
//! /// `now` counts from any fixed moment and never goes back; an error is a server to leave, with close code 4400.
//! fn pump<G: Game>(
//!     client: &mut Client<G>,
//!     now: Duration,
//!     received: Option<&[u8]>,
//!     mut send: impl FnMut(Vec<u8>),
//! ) -> Result<(), Malformed> {
//!     if let Some(message) = received {
//!         client.receive(now, message)?;
//!     }
//!     client.update(now);
//!     while let Some(message) = client.poll_transmit() {
//!         send(message);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Then [`Client::poll_notice`] tells what happened, and [`Client::predicted_view`] and [`Client::view`] what to draw, at any frame
//! rate: what this client predicts in the present, and all others in the past. Update once before the first message is
//! sent: that is when the clock starts to measure the way to the server.
//!
//! Beside the client stands [`link`]: what a network does to what is sent, for whoever wants to know how a game feels over it.

mod client;
mod clock;
mod comeback;
mod drawing;
mod effects;
mod interpolation;
mod jitter;
mod joined;
pub mod link;
mod notice;
mod outbox;
mod playback;
mod prediction;
mod receive;
mod reconcile;
mod ring;
mod roster;
mod slack;
mod smoothing;
mod stats;
mod switches;
mod timeline;

#[cfg(feature = "net")]
pub mod net;

pub use client::{Client, ClientConfig, State};
pub use effects::EffectId;
pub use notice::Notice;
pub use stats::{Correction, Stats};
pub use switches::Switches;
pub use tickwire_shared::Malformed;
