//! Owns the client's counts: what a bot swarm reports and a player's network graph shows.

use std::time::Duration;
use tickwire_shared::{InputCounts, Tick};

/// What happened since the client was made. All counts only grow.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Snapshots taken in.
    pub snapshots: u64,
    /// Of these, full ones.
    pub full_snapshots: u64,
    /// Bytes of WebSocket messages received, without their framing.
    pub bytes_down: u64,
    /// Bytes of WebSocket messages sent, without their framing.
    pub bytes_up: u64,
    /// Entities in view, summed over all snapshots.
    pub entity_updates: u64,
    /// Commands made.
    pub commands: u64,
    /// How the commands fared, as last reported by the server.
    pub inputs: InputCounts,
    /// Snapshots whose tick ran without this client's command for it, since the first one that ran with one.
    pub input_misses: u64,
    /// Predictions that the server contradicted without the game giving a reason.
    pub mispredictions: u64,
    /// Predictions that the server contradicted because something else changed the entity.
    pub explained_corrections: u64,
    /// Snapshots that contradicted what was predicted along with the player's own entity. Somebody else pushed it: nothing is wrong.
    pub along_corrections: u64,
    /// The sizes of all mispredictions and explained corrections together, in steps: see [`Correction::steps`].
    pub correction_steps_sum: u64,
    /// The greatest of them.
    pub correction_steps_max: u32,
    /// The greatest misprediction.
    pub misprediction_steps_max: u32,
    /// The last correction that moved something.
    pub last_correction: Option<Correction>,
    /// View hashes compared.
    pub hash_checks: u64,
    /// View hashes that differed.
    pub hash_mismatches: u64,
    /// Full snapshots asked for.
    pub resyncs: u64,
    /// Events that the server dropped because this client was too slow.
    pub events_missed: u64,
    /// Notices dropped because nobody took them.
    pub notices_dropped: u64,
    /// Messages dropped because nobody sent them.
    pub messages_dropped: u64,
    /// Times that the client had its seat, and a full view, again after its connection was lost.
    pub reconnects: u64,
    /// How long that took the last time, from when the loss was known.
    pub last_resume: Option<Duration>,
    /// From making the newest command that the last snapshot applied until that snapshot came.
    pub last_input_ack: Option<Duration>,
    /// How much later than the fastest snapshot so far the last one came, by the ticks' schedule.
    pub last_snapshot_age: Option<Duration>,
    /// How long after the snapshot before the last one came.
    pub last_snapshot_gap: Option<Duration>,
    /// Ticks of which no snapshot came, because the server skipped them for this client.
    pub snapshots_skipped: u64,
    /// How early the last reported command came, in ticks.
    pub slack_ticks: Option<f64>,
}

/// How far the server's word lay from a prediction of the own entity, at the tick that it was about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// That tick.
    pub tick: Tick,
    /// The own entity's kind, by its place in the schema.
    pub kind: usize,
    /// The range or angle that was furthest off, by its place among the kind's fields.
    pub column: usize,
    /// By how many steps of that field. Times its step ([`FieldKind`](tickwire_shared::FieldKind)), it is in the field's own unit.
    pub steps: u32,
}
