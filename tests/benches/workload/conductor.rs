//! Owns the course of the benchmark: the real server and the bare one in turns, then the report.

use crate::Outcome;
use crate::info::{self, RoomInfo};
use crate::load::LoadFigures;
use crate::options::{Options, Role};
use crate::pair::{Pair, Usage};
use crate::report::Report;
use std::fs;
use std::time::Duration;

/// What was measured of one server.
pub struct Measured {
    pub usage: Usage,
    pub load: LoadFigures,
}

/// One turn of both.
pub struct Round {
    pub real: Measured,
    /// The real server's room, over the window.
    pub room: RoomInfo,
    pub floor: Measured,
}

impl Measured {
    pub fn cpu_us_per_update(&self) -> f64 {
        self.usage.server.cpu_us as f64 / self.load.updates as f64
    }

    pub fn updates_per_second(&self) -> f64 {
        self.load.updates as f64 / self.load.window_seconds
    }
}

/// Runs all rounds, and reports.
pub async fn conduct(options: &Options) -> Outcome<()> {
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        eprintln!("round {number} of {}: the server", options.rounds);
        let (real, room) = measure_real(options).await?;
        eprintln!("round {number} of {}: the floor", options.rounds);
        let floor = measure_floor(options, &real.load.sizes).await?;
        rounds.push(Round { real, room, floor });
    }
    let report = Report::of(options, &rounds);
    println!("{report}");
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string(&report)? + "\n")?;
    }
    match report.hash_mismatches {
        0 => Ok(()),
        mismatches => Err(format!("{mismatches} view hashes did not match: the server is wrong").into()),
    }
}

async fn measure_real(options: &Options) -> Outcome<(Measured, RoomInfo)> {
    let mut pair = Pair::start(options, [Role::Server, Role::Load], None).await?;
    let before = info::ask(&pair.address).await?;
    let usage = pair.measure(Duration::from_secs(options.seconds)).await?;
    // Before the clients leave, which is no part of the workload.
    let after = info::ask(&pair.address).await?;
    Ok((Measured { usage, load: pair.finish().await? }, after.since(before)))
}

async fn measure_floor(options: &Options, sizes: &[usize]) -> Outcome<Measured> {
    let sizes = serde_json::to_string(sizes)?;
    let mut pair = Pair::start(options, [Role::Floor, Role::FloorLoad], Some(&sizes)).await?;
    let usage = pair.measure(Duration::from_secs(options.seconds)).await?;
    Ok(Measured { usage, load: pair.finish().await? })
}
