//! Owns the counters of a client that a report tells of, and how those of a window and of many bots come about.

use tickwire_client::Stats;

/// One line per counter: its name, and where the client keeps it.
macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $first:ident $(. $second:ident)?;)*) => {
        /// A client's counters. The server's reports on inputs come with a view hash, every
        /// [`HASH_INTERVAL_TICKS`](tickwire_shared::limits::HASH_INTERVAL_TICKS): a window's share of them is
        /// that between the last report before its start and the last before its end.
        #[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl From<&Stats> for Counts {
            fn from(stats: &Stats) -> Self {
                Self { $($name: stats.$first$(.$second)?,)* }
            }
        }

        impl Counts {
            fn zip(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
                Self { $($name: join(self.$name, other.$name),)* }
            }
        }
    };
}

counts! {
    snapshots = snapshots;
    full_snapshots = full_snapshots;
    entity_updates = entity_updates;
    bytes_down = bytes_down;
    bytes_up = bytes_up;
    /// Commands made, and sent.
    inputs = commands;
    /// Commands that the server dropped because their tick had run when they came.
    late_inputs = inputs.late;
    /// Commands that the server dropped because their tick was too far ahead.
    early_inputs = inputs.early;
    /// Ticks that the server ran without a command of this client, for whatever reason.
    missing_inputs = inputs.missing;
    /// Snapshots in which the client saw that their tick had not used its own command.
    input_misses = input_misses;
    mispredictions = mispredictions;
    explained_corrections = explained_corrections;
    hash_checks = hash_checks;
    hash_mismatches = hash_mismatches;
    resyncs = resyncs;
    events_missed = events_missed;
    /// Connections that were lost, and the seat taken again on a new one.
    reconnects = reconnects;
}

impl Counts {
    /// What came on top of `before`. Never below 0: the server's reports are not trusted to grow.
    pub fn since(self, before: Self) -> Self {
        self.zip(before, u64::saturating_sub)
    }

    /// The sum of two bots.
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::InputCounts;

    fn counts(late: u64) -> Counts {
        Counts::from(&Stats { inputs: InputCounts { late, ..InputCounts::default() }, ..Stats::default() })
    }

    #[test]
    fn windows_are_differences_and_swarms_are_sums() {
        assert_eq!(counts(5).since(counts(3)).late_inputs, 2);
        assert_eq!(counts(5).plus(counts(3)).late_inputs, 8);
    }

    #[test]
    fn reports_that_shrink_count_as_nothing() {
        assert_eq!(counts(1).since(counts(2)), Counts::default());
    }
}
