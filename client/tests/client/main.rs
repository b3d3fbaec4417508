//! Owns the tests of the client core: against a tiny server in memory, over a simulated link, in virtual time.

mod clock;
mod effects;
mod fake_server;
mod garbage;
mod join;
mod link;
#[cfg(feature = "net")]
mod net;
mod own_view;
mod predict;
mod resume;
mod resync;
mod sim;
mod toy;
mod view;
