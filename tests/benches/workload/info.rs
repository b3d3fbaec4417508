//! Owns what the real server says of itself: its room's part of `GET /info`.

use crate::Outcome;
use crate::recorder::Quantiles;
use serde::Deserialize;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Info {
    rooms: Vec<RoomInfo>,
}

/// What the room has counted, as of its last full second.
#[derive(Copy, Clone, Debug, Deserialize)]
pub struct RoomInfo {
    frames: u64,
    /// Entities in view, summed over frames.
    entity_updates: u64,
    /// Frames left out because a client, or the way to it, was not ready for one.
    skipped_unacked: u64,
    skipped_outbox: u64,
    /// Ticks of a player without a command.
    pub inputs_missing: u64,
    /// Both since the room was opened.
    pub tick_duration_ms: Quantiles,
    pub tick_lateness_ms: Quantiles,
}

impl RoomInfo {
    /// What was counted in between.
    pub fn since(self, before: Self) -> Self {
        Self {
            frames: self.frames - before.frames,
            entity_updates: self.entity_updates - before.entity_updates,
            skipped_unacked: self.skipped_unacked - before.skipped_unacked,
            skipped_outbox: self.skipped_outbox - before.skipped_outbox,
            inputs_missing: self.inputs_missing - before.inputs_missing,
            ..self
        }
    }

    pub fn frames_skipped(&self) -> u64 {
        self.skipped_unacked + self.skipped_outbox
    }

    /// Entities in view of a client, by the server's own count: clients do not decode what they see.
    pub fn visible_mean(&self) -> f64 {
        self.entity_updates as f64 / self.frames as f64
    }
}

/// Asks the server at this address.
pub async fn ask(address: &str) -> Outcome<RoomInfo> {
    let answer = timeout(ANSWER_TIME_MAX, get(address)).await??;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("the answer to GET /info has no body")?;
    let info: Info = serde_json::from_str(body)?;
    Ok(*info.rooms.first().ok_or("the room is gone")?)
}

async fn get(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /info HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    // The server closes after an answer.
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
