//! Owns the result: medians over the rounds, as a table for people and as JSON.

use crate::conductor::{Measured, Round};
use crate::options::{Options, name};
use crate::recorder::Quantiles;
use serde::Serialize;
use std::fmt;

/// Above this, clients read late by their own fault: gaps and updates say nothing about a server.
const LOAD_CPU_SHARE_MAX: f64 = 0.95;
/// Above this, somebody else is at work on the machine.
const CORE_WAIT_SHARE_MAX: f64 = 0.05;

/// The figures. Their names are those of the JSON object.
#[derive(Debug, Serialize)]
pub struct Report {
    case: String,
    players: usize,
    hz: u32,
    seconds: u64,
    rounds: usize,
    server_cpu_us_per_update: f64,
    floor_cpu_us_per_update: f64,
    /// Of each round by itself, because a machine's speed drifts.
    ratio_to_floor: f64,
    server_cpu_share: f64,
    /// WebSocket payload, as all bytes here.
    down_bytes_per_client_per_s: f64,
    bytes_per_client_tick: f64,
    bytes_per_entity_update: f64,
    visible_mean: f64,
    updates_per_client_per_s: f64,
    /// In the window, over all clients.
    updates_skipped: f64,
    inputs_missing: f64,
    gap_ms: Quantiles,
    /// Since the room was opened, so the joins are in it.
    tick_ms: Quantiles,
    tick_lateness_ms: Quantiles,
    rss_kib: f64,
    rss_kib_per_client: f64,
    pub hash_checks: u64,
    pub hash_mismatches: u64,
    floor_updates_per_client_per_s: f64,
    load_cpu_share: f64,
    floor_load_cpu_share: f64,
    core_wait_share: f64,
    floor_core_wait_share: f64,
}

impl Report {
    pub fn of(options: &Options, rounds: &[Round]) -> Self {
        let players = options.players as f64;
        let per_client = |measured: &Measured| measured.updates_per_second() / players;
        let seconds = |round: &Round| round.real.load.window_seconds;
        let tick_bytes = |round: &Round| round.real.load.bytes as f64 / round.real.load.updates as f64;
        Self {
            case: name(options.case),
            players: options.players,
            hz: options.hz.hz(),
            seconds: options.seconds,
            rounds: rounds.len(),
            server_cpu_us_per_update: median(rounds, |round| round.real.cpu_us_per_update()),
            floor_cpu_us_per_update: median(rounds, |round| round.floor.cpu_us_per_update()),
            ratio_to_floor: median(rounds, |round| {
                round.real.cpu_us_per_update() / round.floor.cpu_us_per_update()
            }),
            server_cpu_share: median(rounds, |round| round.real.usage.server_share()),
            down_bytes_per_client_per_s: median(rounds, |round| {
                round.real.load.bytes as f64 / players / seconds(round)
            }),
            bytes_per_client_tick: median(rounds, tick_bytes),
            bytes_per_entity_update: median(rounds, |round| tick_bytes(round) / round.room.visible_mean()),
            visible_mean: median(rounds, |round| round.room.visible_mean()),
            updates_per_client_per_s: median(rounds, |round| per_client(&round.real)),
            updates_skipped: median(rounds, |round| round.room.frames_skipped() as f64),
            inputs_missing: median(rounds, |round| round.room.inputs_missing as f64),
            gap_ms: medians(rounds, |round| round.real.load.gap_ms),
            tick_ms: medians(rounds, |round| round.room.tick_duration_ms),
            tick_lateness_ms: medians(rounds, |round| round.room.tick_lateness_ms),
            rss_kib: median(rounds, |round| round.real.usage.rss_kib as f64),
            rss_kib_per_client: median(rounds, |round| round.real.usage.rss_grown_kib() / players),
            hash_checks: rounds.iter().map(|round| round.real.load.hash_checks).sum(),
            hash_mismatches: rounds.iter().map(|round| round.real.load.hash_mismatches).sum(),
            floor_updates_per_client_per_s: median(rounds, |round| per_client(&round.floor)),
            load_cpu_share: median(rounds, |round| round.real.usage.load_share()),
            floor_load_cpu_share: median(rounds, |round| round.floor.usage.load_share()),
            core_wait_share: median(rounds, |round| round.real.usage.core_wait_share()),
            floor_core_wait_share: median(rounds, |round| round.floor.usage.core_wait_share()),
        }
    }
}

/// The middle one; of an even number, the mean of the middle two.
fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 }
}

fn medians(rounds: &[Round], figures: impl Fn(&Round) -> Quantiles) -> Quantiles {
    Quantiles {
        p50: median(rounds, |round| figures(round).p50),
        p99: median(rounds, |round| figures(round).p99),
        max: median(rounds, |round| figures(round).max),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, players, hz, seconds, rounds, .. } = self;
        writeln!(f, "{case}: {players} clients, {hz} Hz, {seconds} s, medians of {rounds} round(s)")?;
        let mut row = |title: &str, value: String| writeln!(f, "  {title:<26}{value}");
        row("server CPU per update", format!("{:.1} us", self.server_cpu_us_per_update))?;
        row("floor CPU per update", format!("{:.1} us", self.floor_cpu_us_per_update))?;
        row("ratio to the floor", format!("{:.2}", self.ratio_to_floor))?;
        row("server CPU", format!("{:.1} % of a core", self.server_cpu_share * 100.0))?;
        row("updates per client and s", format!("{:.2}", self.updates_per_client_per_s))?;
        row("updates skipped", format!("{:.0}", self.updates_skipped))?;
        row("inputs missing", format!("{:.0}", self.inputs_missing))?;
        row("visible entities", format!("{:.1}", self.visible_mean))?;
        row("bytes per client and s", format!("{:.0}", self.down_bytes_per_client_per_s))?;
        row("bytes per client tick", format!("{:.1}", self.bytes_per_client_tick))?;
        row("bytes per entity update", format!("{:.2}", self.bytes_per_entity_update))?;
        row("gap between updates", self.gap_ms.to_string())?;
        row("tick, since the start", self.tick_ms.to_string())?;
        row("lateness, since the start", self.tick_lateness_ms.to_string())?;
        row("memory", format!("{:.0} KiB", self.rss_kib))?;
        row("memory per client", format!("{:.1} KiB", self.rss_kib_per_client))?;
        row("view hashes", format!("{} checked, {} wrong", self.hash_checks, self.hash_mismatches))?;
        row("load CPU", format!("{:.0} % of a core", self.load_cpu_share * 100.0))?;
        self.warn(f)
    }
}

impl Report {
    /// Says what spoils the figures.
    fn warn(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = ("server", self.load_cpu_share, self.core_wait_share);
        let floor = ("floor", self.floor_load_cpu_share, self.floor_core_wait_share);
        for (whose, load_cpu_share, core_wait_share) in [server, floor] {
            if load_cpu_share > LOAD_CPU_SHARE_MAX {
                let percent = load_cpu_share * 100.0;
                writeln!(f, "  The {whose}'s clients are saturated: {percent:.0} % of their core.")?;
            }
            if core_wait_share > CORE_WAIT_SHARE_MAX {
                let percent = core_wait_share * 100.0;
                writeln!(
                    f,
                    "  The machine is not quiet: the {whose} or its clients waited {percent:.0} % of it."
                )?;
            }
        }
        if self.floor_updates_per_client_per_s < f64::from(self.hz) * 0.98 {
            let updates = self.floor_updates_per_client_per_s;
            writeln!(f, "  The floor made only {updates:.1} updates per client and second.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.2}, p99 {:.2}, max {:.2} ms", self.p50, self.p99, self.max)
    }
}
