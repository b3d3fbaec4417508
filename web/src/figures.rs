//! Owns the figures of the net graph: the client core's, with units, as they are now.

use serde::Serialize;
use std::time::Duration;
use tickwire_client::Client;
use tickwire_shared::{Game, Usage};

/// What the client core knows of its link and its prediction. Counts only grow; `None` for what is not known yet.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The least way to the server and back of late, in milliseconds, as the commands and their reports tell.
    pub round_trip_ms: Option<f64>,
    /// From making the newest command that the last snapshot applied until that snapshot came.
    pub input_ack_ms: Option<f64>,
    /// How early the last reported command reached the server, in ticks.
    pub slack_ticks: Option<f64>,
    /// How much later than the fastest snapshot so far the last one came, by the ticks' schedule.
    pub snapshot_age_ms: Option<f64>,
    /// From the snapshot before to the last one.
    pub snapshot_gap_ms: Option<f64>,
    /// Ticks of which the server sent no snapshot, because the window was full or the socket blocked.
    pub snapshots_skipped: u64,
    /// How far the drawing of the others lies behind the newest snapshot; negative if it is beyond it.
    pub drawn_behind_ms: Option<f64>,
    /// Ticks that this client is ahead of the newest snapshot: the window of inputs that are predicted and not confirmed.
    pub ahead_ticks: i64,
    /// Entities in view, and how many of these are still to come.
    pub entities: usize,
    /// Those that are still to come.
    pub waiting: usize,
    /// The last tick that this client made.
    pub tick: u64,
    /// Ticks per second.
    pub tick_rate_hz: u32,
    /// Snapshots taken in.
    pub snapshots: u64,
    /// Of these, full ones.
    pub full_snapshots: u64,
    /// Bytes of messages received and sent.
    pub bytes_down: u64,
    /// Bytes of messages sent.
    pub bytes_up: u64,
    /// Commands made.
    pub commands: u64,
    /// Inputs by what became of them, as the server says.
    pub inputs_applied: u64,
    /// Commands that came after their tick had run.
    pub inputs_late: u64,
    /// Ticks that ran without a command.
    pub inputs_missing: u64,
    /// Snapshots whose tick ran without this client's command for it.
    pub input_misses: u64,
    /// Predictions that the server contradicted without a reason.
    pub mispredictions: u64,
    /// Predictions that the server contradicted because something else changed the entity.
    pub corrections: u64,
    /// View hashes compared.
    pub hash_checks: u64,
    /// View hashes that differed.
    pub hash_mismatches: u64,
    /// Full snapshots asked for.
    pub resyncs: u64,
    /// Times that the client had its seat again.
    pub reconnects: u64,
    /// How long that took the last time.
    pub resume_ms: Option<f64>,
    /// Where the bytes of messages went.
    pub spent: Vec<Spent>,
}

/// What one field of one kind of entity took so far.
#[derive(Clone, Debug, Serialize)]
pub struct Spent {
    /// `Kind.field`, or the part of a frame that belongs to no field.
    pub name: String,
    /// Bytes since the join.
    pub bytes: f64,
}

impl Figures {
    /// Takes them off the client.
    #[must_use]
    pub fn of<G: Game>(client: &Client<G>, now: Duration) -> Self {
        let stats = client.stats();
        let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        let newest = client.held().tick();
        let tick_ms = 1000.0 / f64::from(G::TICK_RATE_HZ);
        let behind = newest
            .zip(client.drawn(now))
            .map(|(newest, (tick, part))| (newest.since(tick) as f64 - f64::from(part)) * tick_ms);
        Self {
            round_trip_ms: ms(client.round_trip()),
            input_ack_ms: ms(stats.last_input_ack),
            slack_ticks: stats.slack_ticks,
            snapshot_age_ms: ms(stats.last_snapshot_age),
            snapshot_gap_ms: ms(stats.last_snapshot_gap),
            snapshots_skipped: stats.snapshots_skipped,
            drawn_behind_ms: behind,
            ahead_ticks: newest.map_or(0, |newest| client.tick().since(newest)),
            entities: client.held().table().len(),
            waiting: client.held().waiting(),
            tick: client.tick().0,
            tick_rate_hz: G::TICK_RATE_HZ,
            snapshots: stats.snapshots,
            full_snapshots: stats.full_snapshots,
            bytes_down: stats.bytes_down,
            bytes_up: stats.bytes_up,
            commands: stats.commands,
            inputs_applied: stats.inputs.applied,
            inputs_late: stats.inputs.late,
            inputs_missing: stats.inputs.missing,
            input_misses: stats.input_misses,
            mispredictions: stats.mispredictions,
            corrections: stats.explained_corrections,
            hash_checks: stats.hash_checks,
            hash_mismatches: stats.hash_mismatches,
            resyncs: stats.resyncs,
            reconnects: stats.reconnects,
            resume_ms: ms(stats.last_resume),
            spent: client.usage().map(spent).unwrap_or_default(),
        }
    }
}

/// Fields and parts that took anything, in the schema's order.
fn spent(usage: &Usage) -> Vec<Spent> {
    let bits = &usage.bits;
    let parts = [
        ("frame", bits.envelope + bits.padding),
        ("who left", bits.left),
        ("who entered", bits.entered),
        ("own entity", bits.own + bits.owner),
        ("held back", bits.held_back),
        ("changed or not", bits.active + bits.woken),
        ("events and chat", bits.notices),
    ];
    let mut all: Vec<(String, u64)> = parts.map(|(name, bits)| (name.to_owned(), bits)).into();
    for kind in &usage.kinds {
        all.push((format!("{}: groups", kind.name), kind.group_bits));
        for field in &kind.fields {
            all.push((format!("{}.{}", kind.name, field.name), field.entered_bits + field.changed_bits));
        }
    }
    all.retain(|(_, bits)| *bits > 0);
    all.into_iter().map(|(name, bits)| Spent { name, bytes: bits as f64 / 8.0 }).collect()
}
