//! Owns the course of the benchmark: the real server and the bare one in turns, then the report.

use crate::Outcome;
use crate::explain::{self, Explained};
use crate::idle;
use crate::info::{self, Rooms};
use crate::join_figures::Joins;
use crate::joins;
use crate::load::LoadFigures;
use crate::options::{Options, Role};
use crate::pair::{Pair, Usage};
use crate::recorder::Quantiles;
use crate::report::Report;
use std::fs;
use std::time::Duration;

/// For what a process opens beside its clients.
const DESCRIPTORS_SPARE: u64 = 64;

/// The order to the bare server to say how long its ticks took.
const TICK_TIMES: &str = "tick times";

/// What was measured of one server.
pub struct Measured {
    pub usage: Usage,
    pub load: LoadFigures,
}

/// One turn of both.
pub struct Round {
    pub real: Measured,
    /// The real server's, over the window.
    pub rooms: Rooms,
    /// If they were wanted.
    pub joins: Option<Joins>,
    /// If it was wanted, and the server explains.
    pub explained: Option<Explained>,
    pub floor: Measured,
    /// How long the bare server took to write to all, over the window.
    pub floor_tick_ms: Quantiles,
}

impl Round {
    pub fn ratio_to_floor(&self) -> f64 {
        self.real.cpu_us_per_update() / self.floor.cpu_us_per_update()
    }
}

impl Measured {
    pub fn cpu_us_per_update(&self) -> f64 {
        self.usage.server.cpu_us as f64 / self.load.updates as f64
    }

    pub fn bytes_per_update(&self) -> f64 {
        self.load.bytes as f64 / self.load.updates as f64
    }

    /// By how much of itself the cost is uncertain, if the kernel tells CPU time in steps.
    pub fn cpu_step_share(&self) -> f64 {
        let server = &self.usage.server;
        server.cpu_step_us as f64 / server.cpu_us.max(server.cpu_step_us).max(1) as f64
    }

    pub fn updates_per_second(&self) -> f64 {
        self.load.updates as f64 / self.load.window_seconds
    }
}

/// Measures what is asked for, and reports.
pub async fn conduct(options: &Options) -> Outcome<()> {
    let report = measure(options).await?;
    println!("{report}");
    if options.explain && report.explain.is_none() {
        println!("  This server does not explain its bytes: it answers GET /explain/ROOM with 404.");
    }
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string(&report)? + "\n")?;
    }
    report.check()
}

/// Runs all rounds.
pub async fn measure(options: &Options) -> Outcome<Report> {
    allow_descriptors((options.clients() + options.latecomers()).max(options.idle.unwrap_or_default()))?;
    let mut rounds: Vec<Round> = Vec::new();
    for number in 1..=options.rounds {
        eprintln!("round {number} of {}", options.rounds);
        // In every second round the floor comes first: what helps or harms whoever comes later must not always meet the
        // same one.
        let before = rounds.last().filter(|_| number % 2 == 0);
        let sizes = before.map(|round| round.real.load.sizes.as_slice());
        rounds.push(Round::measure(options, sizes).await?);
    }
    let idle_kib = match options.idle {
        Some(count) => Some(idle::measure(options, count).await?),
        None => None,
    };
    Ok(Report::of(options, &rounds, idle_kib))
}

/// Raises this process's limit of open files, which helpers inherit: server and load have one for each client.
fn allow_descriptors(clients: usize) -> Outcome<()> {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX)?;
    if descriptors < clients as u64 + DESCRIPTORS_SPARE {
        return Err(
            format!("the system allows {descriptors} open files: too few for {clients} clients").into()
        );
    }
    Ok(())
}

impl Round {
    /// If it is known what sizes of frames the floor has to send, it comes first; else it sends what the real server sent.
    async fn measure(options: &Options, sizes: Option<&[usize]>) -> Outcome<Self> {
        let first_floor = match sizes {
            Some(sizes) => Some(measure_floor(options, sizes).await?),
            None => None,
        };
        eprintln!("  the server");
        let mut pair = Pair::start(options, [Role::Server, Role::Load], None).await?;
        let (rooms_before, explained_before) = ask(&pair, options).await?;
        let usage = pair.measure(Duration::from_secs(options.seconds)).await?;
        // Before the clients leave, which is no part of the workload.
        let (rooms, explained) = ask(&pair, options).await?;
        let mut joins = match options.join.is_some() {
            true => Some(joins::measure(&mut pair, options).await?),
            false => None,
        };
        let real = Measured { usage, load: pair.finish().await? };
        if let Some(joins) = &mut joins {
            joins.gap_ms_max = real.load.join_gap_ms_max;
        }
        let (floor, floor_tick_ms) = match first_floor {
            Some(floor) => floor,
            None => measure_floor(options, &real.load.sizes).await?,
        };
        let explained = explained.zip(explained_before).map(|(after, before)| after.since(&before));
        Ok(Self { real, rooms: rooms.since(&rooms_before)?, joins, explained, floor, floor_tick_ms })
    }
}

/// What the real server says of itself so far.
async fn ask(pair: &Pair, options: &Options) -> Outcome<(Rooms, Option<Explained>)> {
    let rooms = info::ask(&pair.address, options.rooms).await?;
    let explained = match options.explain {
        true => explain::ask(&pair.address, rooms.names()).await?,
        false => None,
    };
    Ok((rooms, explained))
}

async fn measure_floor(options: &Options, sizes: &[usize]) -> Outcome<(Measured, Quantiles)> {
    eprintln!("  the floor");
    let sizes = serde_json::to_string(sizes)?;
    let mut pair = Pair::start(options, [Role::Floor, Role::FloorLoad], Some(&sizes)).await?;
    // What was before the window does not count.
    pair.ask_server(TICK_TIMES).await?;
    let usage = pair.measure(Duration::from_secs(options.seconds)).await?;
    let tick_ms = serde_json::from_str(&pair.ask_server(TICK_TIMES).await?)?;
    Ok((Measured { usage, load: pair.finish().await? }, tick_ms))
}
