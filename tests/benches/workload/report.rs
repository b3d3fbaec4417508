//! Owns the result: medians over the rounds, and their names in JSON. How people see them stands in `table.rs`.

use crate::Outcome;
use crate::checks::Checks;
use crate::conductor::{Measured, Round};
use crate::explain::Explanation;
use crate::info::Rooms;
use crate::join_figures::{JoinFigures, Joins};
use crate::median::{median, medians, range, told};
use crate::options::{Options, name};
use crate::recorder::Quantiles;
use serde::Serialize;

/// The figures. Their names are those of the JSON object.
#[derive(Debug, Serialize)]
pub struct Report {
    pub case: String,
    pub players: usize,
    pub rooms: usize,
    pub hz: u32,
    pub seconds: u64,
    /// Whether all clients answered at once.
    pub lockstep: bool,
    pub rounds: usize,
    pub server_cpu_us_per_update: f64,
    pub floor_cpu_us_per_update: f64,
    /// Of each round by itself, because a machine's speed drifts: the median of the ratios is not the ratio of the medians.
    pub ratio_to_floor: f64,
    pub ratio_to_floor_min: f64,
    pub ratio_to_floor_max: f64,
    pub server_cpu_share: f64,
    /// WebSocket payload, as all bytes here.
    pub down_bytes_per_client_per_s: f64,
    pub bytes_per_client_tick: f64,
    pub bytes_per_entity_update: f64,
    pub visible_mean: f64,
    pub updates_per_client_per_s: f64,
    /// In the room that got the fewest.
    pub updates_per_client_per_s_min: f64,
    /// In the window, over all clients.
    pub updates_skipped: f64,
    pub inputs_missing: f64,
    pub gap_ms: Quantiles,
    /// Of the window's last 5 to 10 seconds, or of all of it and the time before if it is shorter; each quantile of the
    /// room where it is greatest.
    pub tick_ms: Quantiles,
    pub tick_lateness_ms: Quantiles,
    /// Simulation and encoding, if the server tells it. So too the shares.
    pub make_ms: Option<Quantiles>,
    pub make_cpu_share: Option<f64>,
    pub turn_cpu_share: Option<f64>,
    pub rss_kib: f64,
    pub rss_kib_per_client: f64,
    /// If it was wanted.
    pub rss_kib_per_idle_connection: Option<f64>,
    /// How many of the clients were real ones.
    pub watchers: usize,
    /// Of these, and of latecomers.
    #[serde(flatten)]
    pub checks: Checks,
    pub floor_updates_per_client_per_s: f64,
    pub floor_bytes_per_client_tick: f64,
    /// Of the whole window; it only writes in them, and reads between them.
    pub floor_tick_ms: Quantiles,
    pub load_cpu_share: f64,
    pub floor_load_cpu_share: f64,
    pub core_wait_share: f64,
    pub floor_core_wait_share: f64,
    /// What the machine's host kept from it in a window: 0 where there is no host. In steps of 10 ms.
    pub stolen_ms: f64,
    pub floor_stolen_ms: f64,
    /// By how much of themselves the costs are uncertain in each round: 0 if the kernel tells CPU time to the nanosecond.
    pub cpu_step_share: f64,
    pub floor_cpu_step_share: f64,
    #[serde(flatten)]
    pub joins: Option<JoinFigures>,
    pub explain: Option<Explanation>,
}

impl Report {
    pub fn of(options: &Options, rounds: &[Round], idle_kib: Option<f64>) -> Self {
        let clients = options.clients() as f64;
        let per_client = |measured: &Measured| measured.updates_per_second() / clients;
        let seconds = |round: &Round| round.real.load.window_seconds;
        let tick_bytes = |round: &Round| round.real.bytes_per_update();
        let hz = options.hz.hz();
        let joins: Vec<&Joins> = rounds.iter().filter_map(|round| round.joins.as_ref()).collect();
        let mut checks = Checks::default();
        rounds.iter().for_each(|round| checks.add(round.real.load.checks));
        joins.iter().for_each(|joins| checks.add(joins.checks));
        let [ratio_to_floor_min, ratio_to_floor_max] = range(rounds, Round::ratio_to_floor);
        let share = |share: fn(&Rooms, u32) -> Option<f64>| {
            told(rounds, |round| share(&round.rooms, hz)).map(|told| median(&told, |one| *one))
        };
        Self {
            case: name(options.case),
            players: options.players,
            rooms: options.rooms,
            hz,
            seconds: options.seconds,
            lockstep: options.lockstep,
            rounds: rounds.len(),
            server_cpu_us_per_update: median(rounds, |round| round.real.cpu_us_per_update()),
            floor_cpu_us_per_update: median(rounds, |round| round.floor.cpu_us_per_update()),
            ratio_to_floor: median(rounds, Round::ratio_to_floor),
            ratio_to_floor_min,
            ratio_to_floor_max,
            server_cpu_share: median(rounds, |round| round.real.usage.server_share()),
            down_bytes_per_client_per_s: median(rounds, |round| {
                round.real.load.bytes as f64 / clients / seconds(round)
            }),
            bytes_per_client_tick: median(rounds, tick_bytes),
            bytes_per_entity_update: median(rounds, |round| tick_bytes(round) / round.rooms.visible_mean()),
            visible_mean: median(rounds, |round| round.rooms.visible_mean()),
            updates_per_client_per_s: median(rounds, |round| per_client(&round.real)),
            updates_per_client_per_s_min: median(rounds, |round| {
                round.real.load.room_updates_min as f64 / options.players as f64 / seconds(round)
            }),
            updates_skipped: median(rounds, |round| round.rooms.frames_skipped() as f64),
            inputs_missing: median(rounds, |round| round.rooms.inputs_missing() as f64),
            gap_ms: medians(rounds, |round| round.real.load.gap_ms),
            tick_ms: medians(rounds, |round| round.rooms.tick_ms()),
            tick_lateness_ms: medians(rounds, |round| round.rooms.tick_lateness_ms()),
            make_ms: told(rounds, |round| round.rooms.make_ms()).map(|told| medians(&told, |one| *one)),
            make_cpu_share: share(Rooms::make_share),
            turn_cpu_share: share(Rooms::turn_share),
            rss_kib: median(rounds, |round| round.real.usage.rss_kib as f64),
            rss_kib_per_client: median(rounds, |round| round.real.usage.rss_grown_kib() / clients),
            rss_kib_per_idle_connection: idle_kib,
            watchers: options.watchers(),
            checks,
            floor_updates_per_client_per_s: median(rounds, |round| per_client(&round.floor)),
            floor_bytes_per_client_tick: median(rounds, |round| round.floor.bytes_per_update()),
            floor_tick_ms: medians(rounds, |round| round.floor_tick_ms),
            load_cpu_share: median(rounds, |round| round.real.usage.load_share()),
            floor_load_cpu_share: median(rounds, |round| round.floor.usage.load_share()),
            core_wait_share: median(rounds, |round| round.real.usage.core_wait_share()),
            floor_core_wait_share: median(rounds, |round| round.floor.usage.core_wait_share()),
            stolen_ms: median(rounds, |round| round.real.usage.stolen_ms()),
            floor_stolen_ms: median(rounds, |round| round.floor.usage.stolen_ms()),
            cpu_step_share: median(rounds, |round| round.real.cpu_step_share()),
            floor_cpu_step_share: median(rounds, |round| round.floor.cpu_step_share()),
            joins: JoinFigures::of(&joins),
            explain: told(rounds, |round| round.explained.clone()).map(|all| Explanation::of(&all)),
        }
    }

    /// Fails if the real clients did not see what the server meant, or never could tell; latecomers by themselves, too.
    pub fn check(&self) -> Outcome<()> {
        let unseen = self.joins.as_ref().filter(|joins| joins.join_hash_checks == 0);
        let unseen = unseen.map(|_| "no view hash of a latecomer was checked".to_owned());
        self.checks.fault().or(unseen).map_or(Ok(()), |fault| Err(fault.into()))
    }
}
