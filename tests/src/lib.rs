//! The test harness of Tickwire: a seeded world in memory that runs the real room and the real client.
//!
//! Time is virtual and everything that is random comes from one seed, so a failure repeats by its seed.

mod cuts;
pub mod fates;
pub mod ledger;
pub mod link;
pub mod passes;
pub mod real;
pub mod relay;
pub mod scenario;
mod seat;
mod sight;
pub mod sim;
pub mod tag;
pub mod test_rng;
