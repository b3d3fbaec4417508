//! Owns what a host chooses for a match, and what every client is sent when it joins.

use crate::Map;
use serde::{Deserialize, Serialize};

/// What a host chooses for a match. `Default` is a map for 2 to 128 players.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Players at once. Another one is refused.
    pub players_max: u16,
    /// Where the match happens.
    pub map: Map,
}

impl Default for Settings {
    fn default() -> Self {
        Self { players_max: 128, map: Map::default() }
    }
}
