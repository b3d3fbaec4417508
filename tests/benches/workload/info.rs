//! Owns what the real server says of its rooms in `GET /info`, summed or at its worst over all of them.

use crate::recorder::Quantiles;
use crate::{Outcome, http};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Info {
    rooms: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    room: RoomInfo,
}

/// What a room has counted, as of its last full second.
#[derive(Copy, Clone, Debug, Deserialize)]
struct RoomInfo {
    ticks: u64,
    ticks_skipped: u64,
    frames: u64,
    /// Entities in view, summed over frames.
    entity_updates: u64,
    /// Frames left out because a client, or the way to it, was not ready for one.
    skipped_unacked: u64,
    skipped_outbox: u64,
    /// Ticks of a player without a command.
    inputs_missing: u64,
    /// All three of the last 5 to 10 seconds.
    tick_duration_ms: Quantiles,
    tick_lateness_ms: Quantiles,
    /// Simulation and encoding alone. Servers that do not tell it are measured all the same.
    make_ms: Option<Quantiles>,
    make_us_total: Option<u64>,
    /// Whole turns: making, and reading and writing sockets.
    turn_us_total: Option<u64>,
    /// What is read between turns, if anything is.
    look_us_total: Option<u64>,
}

/// All rooms of a server.
#[derive(Clone, Debug)]
pub struct Rooms(BTreeMap<String, RoomInfo>);

impl RoomInfo {
    fn since(self, before: Self) -> Self {
        let grown = |now: Option<u64>, before: Option<u64>| Some(now? - before?);
        Self {
            ticks: self.ticks - before.ticks,
            ticks_skipped: self.ticks_skipped - before.ticks_skipped,
            frames: self.frames - before.frames,
            entity_updates: self.entity_updates - before.entity_updates,
            skipped_unacked: self.skipped_unacked - before.skipped_unacked,
            skipped_outbox: self.skipped_outbox - before.skipped_outbox,
            inputs_missing: self.inputs_missing - before.inputs_missing,
            make_us_total: grown(self.make_us_total, before.make_us_total),
            turn_us_total: grown(self.turn_us_total, before.turn_us_total),
            look_us_total: grown(self.look_us_total, before.look_us_total),
            ..self
        }
    }

    /// How much of its time a room spent on something: of the time that its own ticks took, because it only tells
    /// of full seconds.
    fn share(&self, time_us: u64, hz: u32) -> f64 {
        let seconds = (self.ticks + self.ticks_skipped) as f64 / f64::from(hz);
        time_us as f64 / 1e6 / seconds
    }
}

impl Rooms {
    /// What was counted in between.
    pub fn since(self, before: &Self) -> Outcome<Self> {
        let grown = |(name, room): (String, RoomInfo)| match before.0.get(&name) {
            Some(before) => Ok((name, room.since(*before))),
            None => Err(format!("the room {name} is not the one that it was").into()),
        };
        Ok(Self(self.0.into_iter().map(grown).collect::<Outcome<_>>()?))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn frames_skipped(&self) -> u64 {
        self.sum(|room| room.skipped_unacked + room.skipped_outbox)
    }

    pub fn inputs_missing(&self) -> u64 {
        self.sum(|room| room.inputs_missing)
    }

    /// Entities in view of a client, by the server's own count: clients do not decode what they see.
    pub fn visible_mean(&self) -> f64 {
        self.sum(|room| room.entity_updates) as f64 / self.sum(|room| room.frames) as f64
    }

    pub fn tick_ms(&self) -> Quantiles {
        self.worst(|room| Some(room.tick_duration_ms)).unwrap_or_default()
    }

    pub fn tick_lateness_ms(&self) -> Quantiles {
        self.worst(|room| Some(room.tick_lateness_ms)).unwrap_or_default()
    }

    /// Simulation and encoding of a tick, if the server tells it.
    pub fn make_ms(&self) -> Option<Quantiles> {
        self.worst(|room| room.make_ms)
    }

    /// How much of a core simulation and encoding took, if the server tells it.
    pub fn make_share(&self, hz: u32) -> Option<f64> {
        self.0.values().map(|room| Some(room.share(room.make_us_total?, hz))).sum()
    }

    /// How much of a core whole turns took and what is read between them, if the server tells it.
    pub fn turn_share(&self, hz: u32) -> Option<f64> {
        let busy_us = |room: &RoomInfo| Some(room.turn_us_total? + room.look_us_total.unwrap_or_default());
        self.0.values().map(|room| Some(room.share(busy_us(room)?, hz))).sum()
    }

    fn sum(&self, count: impl Fn(&RoomInfo) -> u64) -> u64 {
        self.0.values().map(count).sum()
    }

    /// Each quantile of the room where it is greatest; `None` if a room does not tell.
    fn worst(&self, quantiles: impl Fn(&RoomInfo) -> Option<Quantiles>) -> Option<Quantiles> {
        let all: Option<Vec<Quantiles>> = self.0.values().map(quantiles).collect();
        all?.into_iter().reduce(Quantiles::worse)
    }
}

/// Asks the server at this address, which has so many rooms.
pub async fn ask(address: &str, rooms: usize) -> Outcome<Rooms> {
    let (_, body) = http::get(address, "/info").await?;
    let info: Info = serde_json::from_str(&body)?;
    match info.rooms.len() {
        open if open == rooms => {
            Ok(Rooms(info.rooms.into_iter().map(|Named { name, room }| (name, room)).collect()))
        }
        open => Err(format!("{open} rooms are open instead of {rooms}").into()),
    }
}
