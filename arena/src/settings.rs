//! Owns what a host chooses for a match, and what every client is sent when it joins.

use crate::Map;
use serde::{Deserialize, Serialize};

/// What a host chooses for a match. `Default` is a map for 2 to 128 players; how many there are is for the room to limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the match happens.
    pub map: Map,
}
