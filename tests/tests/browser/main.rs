//! Owns the tests of the page in a real browser, driven as a person would: Debian's Chromium, a real server, and the client core's own figures.
//!
//! `TICKWIRE_SOAK_SECONDS=300` plays with 200 bots for longer; `TICKWIRE_PICTURE=docs/page.png` takes the README's picture;
//! `TICKWIRE_FIREFOX=firefox-esr` plays in Firefox too.

mod cdp;
mod chromium;
mod crowd;
mod fault;
mod firefox;
mod garbage;
mod hud;
mod impostor;
mod mouse;
mod page;
mod phone;
mod play;
mod seat;
mod soak;
mod stage;
mod version;
