//! Owns the words in which a room speaks with whoever runs it: its configuration, where its frames go, why it rejects a client, and what it counted.

use super::BotFill;
use tickwire_shared::{CloseCode, Game, InputCounts, PlayerId, Tick};

/// What a room is made from.
#[derive(Clone, Debug)]
pub struct RoomConfig<G: Game> {
    /// Its name, as clients see it.
    pub name: String,
    /// The game's settings.
    pub settings: G::Settings,
    /// What all that is random in the game comes from.
    pub seed: u64,
    /// The first tick that is made.
    pub start_tick: Tick,
    /// People who play at once; bots do not count. Full: one more is refused with 4403.
    pub players_max: usize,
    /// Bytes that a player is sent per second in the long run; a sixteenth of a second's or two ticks' worth at once. What does not fit waits, by
    /// priority: see [`Game::weight`].
    pub player_bytes_per_second: u32,
    /// Milliseconds that the world is rewound at most for what a player saw: see [`TickContext::rewound`](tickwire_shared::TickContext::rewound).
    pub rewind_ms_max: u32,
    /// Ticks that the seat of a cut connection is kept for. 0: it is given up at once, and no client gets a resume token.
    pub resume_grace_ticks: u64,
    /// With whom it is filled up, if at all.
    pub bots: Option<BotFill<G>>,
    /// Another, greater one for every room that opens: see [`tickwire_shared::Welcome::epoch`].
    pub epoch: u64,
}

/// Where a room's frames go.
///
/// A call to `has_place` that says true is followed by exactly one `frame` or `line` for that player: what is
/// built is sent, so that what a client holds is always known.
pub trait Sinks {
    /// Whether the player's connection takes a frame now: it has passed on all that it was given before.
    fn has_place(&mut self, player: PlayerId) -> bool;
    /// One binary WebSocket message. The room uses the memory again.
    fn frame(&mut self, player: PlayerId, frame: &[u8]);
    /// One line of text, for a console.
    fn line(&mut self, player: PlayerId, line: String);
    /// The tick's frames are all there, and the room goes on to think about the next tick: nobody shall wait for that.
    fn flush(&mut self) {
        // Whoever sends each frame at once has nothing left to send.
    }
    /// The session is over: a last frame (empty for a console), then a close with this code and reason. Always has a place.
    fn close(&mut self, player: PlayerId, code: CloseCode, reason: String, last: Vec<u8>);
}

/// Why a client is not let in, or not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    /// The code that its connection closes with.
    pub code: CloseCode,
    /// In words.
    pub reason: String,
}

pub(super) fn reject(code: CloseCode, reason: impl Into<String>) -> Rejection {
    Rejection { code, reason: reason.into() }
}

/// What a room did since it began. All counts only grow.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RoomCounts {
    /// Ticks made.
    pub ticks: u64,
    /// Snapshot frames handed to sinks.
    pub frames: u64,
    /// Of these, how many held a full snapshot.
    pub full_snapshots: u64,
    /// Frames left out because too many snapshots of that session were not yet acked.
    pub skipped_unacked: u64,
    /// Frames left out because that session's connection had not yet passed on what it was given before.
    pub skipped_outbox: u64,
    /// Bytes of the frames.
    pub bytes: u64,
    /// Entities in view, summed over frames.
    pub entity_updates: u64,
    /// Changes of entities in view that had to wait for a later frame, summed over frames.
    pub updates_held_back: u64,
    /// Entities that had to wait to enter a view, summed over frames.
    pub entities_held_back: u64,
    /// Events that the game told, before they were spread.
    pub events: u64,
    /// Lines of chat passed on.
    pub chats: u64,
    /// Lines of chat dropped because their sender was too fast.
    pub chats_dropped: u64,
    /// Full snapshots asked for by clients that found themselves wrong.
    pub resyncs: u64,
    /// Seats kept for clients whose connection was gone without a goodbye.
    pub detached: u64,
    /// Seats given to who presented their token, on a new connection.
    pub resumed: u64,
    /// Tokens that gave no seat: used, expired, forged, or of another room.
    pub resumes_refused: u64,
    /// Seats given up because nobody came back in time.
    pub expired: u64,
    /// Commands that were the input of their tick, of sessions that are gone or here.
    pub inputs_applied: u64,
    /// Commands that came after their tick had run.
    pub inputs_late: u64,
    /// Commands too far ahead.
    pub inputs_early: u64,
    /// Commands for a tick that already had one.
    pub inputs_duplicate: u64,
    /// Ticks of a player without a command.
    pub inputs_missing: u64,
    /// Of these, how many repeated the last input.
    pub inputs_repeated: u64,
    /// Hits that the game recorded.
    pub hits: u64,
    /// Of these, how many counted where the target was when the shooter saw it.
    pub hits_rewound: u64,
}

/// The counts with those of one session added.
pub(super) fn with_inputs(counts: RoomCounts, inputs: InputCounts) -> RoomCounts {
    RoomCounts {
        inputs_applied: counts.inputs_applied + inputs.applied,
        inputs_late: counts.inputs_late + inputs.late,
        inputs_early: counts.inputs_early + inputs.early,
        inputs_duplicate: counts.inputs_duplicate + inputs.duplicate,
        inputs_missing: counts.inputs_missing + inputs.missing,
        inputs_repeated: counts.inputs_repeated + inputs.repeated,
        ..counts
    }
}
