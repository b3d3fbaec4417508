//! Owns the replay of a recording: its frames go through the real reader into a trainer. Needs no game, only the Welcome.

use crate::recording::{Frame, Frames, RecordingError};
use std::io::Read;
use tickwire_shared::{
    Held, Layout, Malformed, ServerMessage, SnapshotMessage, Tick, Trainer, decode_prefix, read_delta,
};

/// Why a recording is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It holds something that no server of this protocol sends.
    #[error("frame {frame}: {fault}")]
    Malformed {
        /// Counted from 1.
        frame: u64,
        /// What is wrong with it.
        fault: String,
    },
    /// There is a Welcome at most.
    #[error("there is no snapshot in it")]
    Empty,
}

/// How much came, apart from the first frame, which has the schema.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Snapshots.
    pub snapshots: u64,
    /// Entities in view, summed over all snapshots.
    pub entity_updates: u64,
    /// Bytes of all frames.
    pub bytes: u64,
}

impl Traffic {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            snapshots: self.snapshots + other.snapshots,
            entity_updates: self.entity_updates + other.entity_updates,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Counts the residuals of a recording.
///
/// # Errors
/// If the recording is damaged, cut off, or empty.
pub fn replay<R: Read>(frames: Frames<R>) -> Result<(Trainer, Traffic), ReplayError> {
    let mut reader: Option<Reader> = None;
    for (number, frame) in (1..).zip(frames) {
        let Frame { bytes, .. } = frame?;
        let fault = |fault: String| ReplayError::Malformed { frame: number, fault };
        if let Some(reader) = &mut reader {
            reader.traffic.bytes += bytes.len() as u64;
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (message, after) =
                decode_prefix(rest).map_err(|malformed: Malformed| fault(malformed.to_string()))?;
            rest = after;
            match (message, &mut reader) {
                (ServerMessage::Welcome(welcome), None) => {
                    let layout = Layout::new(welcome.schema).map_err(fault)?;
                    reader = Some(Reader::new(layout, welcome.tick));
                }
                (ServerMessage::Snapshot(snapshot), Some(reader)) => {
                    reader.take(&snapshot).map_err(|malformed| fault(malformed.to_string()))?;
                }
                (ServerMessage::Welcome(_) | ServerMessage::Snapshot(_), _) => {
                    return Err(fault("a recording has one Welcome, before all snapshots".to_owned()));
                }
                _ => {}
            }
        }
    }
    match reader {
        Some(reader) if reader.traffic.snapshots > 0 => Ok((reader.trainer, reader.traffic)),
        _ => Err(ReplayError::Empty),
    }
}

struct Reader {
    layout: Layout,
    held: Held,
    /// What 16-bit ticks are near to.
    newest: Tick,
    trainer: Trainer,
    traffic: Traffic,
}

impl Reader {
    fn new(layout: Layout, tick: Tick) -> Self {
        Self {
            trainer: Trainer::new(&layout),
            layout,
            held: Held::default(),
            newest: tick,
            traffic: Traffic::default(),
        }
    }

    fn take(&mut self, message: &SnapshotMessage<'_>) -> Result<(), Malformed> {
        let tick = message.tick.near(self.newest);
        let before = self.held.clone();
        read_delta(message.body.0, &self.layout, &mut self.held, tick, message.age)?;
        if message.hash.is_some_and(|hash| hash != self.held.hash(&self.layout)) {
            return Err(Malformed("a view hash is wrong"));
        }
        self.newest = tick;
        self.trainer.observe(&before, &self.held);
        self.traffic.snapshots += 1;
        self.traffic.entity_updates += self.held.table().len() as u64;
        Ok(())
    }
}
