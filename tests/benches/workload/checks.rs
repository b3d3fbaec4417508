//! Owns whether the server was right, as those clients know it that take all in.

use serde::{Deserialize, Serialize};
use tickwire_client::Stats;

/// What real clients have checked. The names are those of the JSON object.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    pub hash_checks: u64,
    pub hash_mismatches: u64,
    /// Full snapshots asked for: what cannot be read is no check that failed.
    pub resyncs: u64,
}

impl Checks {
    /// One client's.
    pub fn of(stats: &Stats) -> Self {
        let Stats { hash_checks, hash_mismatches, resyncs, .. } = *stats;
        Self { hash_checks, hash_mismatches, resyncs }
    }

    pub fn add(&mut self, other: Self) {
        self.hash_checks += other.hash_checks;
        self.hash_mismatches += other.hash_mismatches;
        self.resyncs += other.resyncs;
    }

    /// In a sentence, if these clients did not see what the server meant, or never could tell.
    pub fn fault(self) -> Option<String> {
        match self {
            Self { hash_mismatches: wrong @ 1.., .. } => {
                Some(format!("{wrong} view hashes did not match: the server is wrong"))
            }
            Self { resyncs: resyncs @ 1.., .. } => Some(format!(
                "real clients asked for {resyncs} full snapshot(s): they could not read what was sent"
            )),
            Self { hash_checks: 0, .. } => {
                Some("no view hash was checked: nothing says that the server is right".to_owned())
            }
            Self { .. } => None,
        }
    }
}
