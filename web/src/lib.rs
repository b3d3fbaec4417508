//! Tickwire in a page: the client core as a class for JavaScript, for any game.
//!
//! [`Page`] is the client of `tickwire-client` with numbers, texts and bytes for its surface: what comes from a socket goes in, what is to be
//! sent comes out, and so do arrays of what there is to draw. It knows no socket, no canvas and no clock, so all of it is
//! tested without a browser. [`export_game!`] makes the class `GameClient` of it, which `web/page/session.js` drives.
//!
//! A game needs one function for this, [`PageGame::input`]: what there is to draw is taken from its field tables, and settings and
//! events become JSON by serde.

mod drawing;
mod export;
mod figures;
mod json;
mod link;
mod news;
mod page;
#[cfg(target_arch = "wasm32")]
mod panic;
mod samples;

pub use drawing::{GHOST, OWN, PREDICTED, id_number};
pub use figures::Figures;
pub use link::{DELAY_MS_MAX, JITTER_MS_MAX, STALL_MS_MAX};
pub use page::{Page, PageGame};
pub use samples::SAMPLE_NUMBERS;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use panic::tell_panics;
