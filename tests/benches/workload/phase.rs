//! Owns how far a load is.

use serde::{Deserialize, Serialize};

/// How far the load is. The conductor orders each but the first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Settling,
    Measuring,
    /// The window is over, and the clients play on.
    Measured,
    /// Latecomers join.
    Joining,
    Over,
}
