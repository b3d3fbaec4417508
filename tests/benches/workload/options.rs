//! Owns the command line, of the benchmark as it is called and of the helpers that it starts.

use crate::Outcome;
use crate::world::Settings;
use clap::builder::RangedU64ValueParser;
use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the server costs on the common workload, and what a bare WebSocket server costs that sends as much.
///
/// Starts a real server on core 0 and its clients on core 1, measures, and does the same with the bare server:
/// in turns, because a machine's speed drifts, and in every second round the bare one first. Takes about 15 seconds and
/// twice --seconds per round.
#[derive(Clone, Debug, Parser)]
#[command(name = "workload")]
pub struct Options {
    /// What there is, and who sees what of it.
    #[arg(long, value_enum, default_value_t = Case::W1)]
    pub case: Case,

    /// How many clients play in each room. Each is an open file of the server and one of the load.
    #[arg(long, default_value_t = 64, value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub players: usize,

    /// How many rooms one server process holds.
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub rooms: usize,

    /// How long is measured, from 5 seconds after all have joined; later if it is less than 7 seconds, because what the
    /// server tells of its ticks is of the last 11 seconds at most, and joins are not to be in it.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,

    /// Ticks, snapshots and inputs per second.
    #[arg(long, value_enum, default_value_t = Rate::Hz30)]
    pub hz: Rate,

    /// All clients answer a frame at once, instead of each at its own time in the tick: easier on both servers, which
    /// then take in many commands for one waking, and on the bare one more so.
    #[arg(long)]
    pub lockstep: bool,

    /// How often both are measured; of all figures the medians are told.
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=99))]
    pub rounds: usize,

    /// Worker threads of the real server. Default: as the server's binary on one core.
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub threads: Option<usize>,

    /// How many of the clients are real ones, which take all in and check every view hash. Default: 1; in W2, where each has a view of
    /// its own, 4.
    #[arg(long, value_parser = watchers)]
    watchers: Option<usize>,

    /// After the window, so many more real clients join the first room, five times: how long do they wait, and what do the others
    /// notice? Without a number, one at a time.
    #[arg(long, value_name = "K", num_args = 0..=1, default_missing_value = "1",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub join: Option<usize>,

    /// Then open so many idle connections to a server of their own: how much memory does each take?
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub idle: Option<usize>,

    /// Tell where the bytes go, by kind and field, if the server explains it.
    #[arg(long)]
    pub explain: bool,

    /// Where to write the figures as one JSON object.
    #[arg(long)]
    pub json: Option<PathBuf>,

    /// Measure all the sizes that the peers were measured at; write `cost.json` and the chart `cost.svg`.
    #[arg(long, conflicts_with_all = ["case", "players", "rooms", "hz", "join", "idle", "explain", "json"])]
    pub sweep: bool,

    /// Where the sweep's files go. Default: docs.
    #[arg(long, requires = "sweep")]
    pub out: Option<PathBuf>,

    /// What `cargo bench` adds to every call.
    #[arg(long, hide = true)]
    bench: bool,

    /// What this process is.
    #[arg(long, hide = true, value_enum, default_value_t = Role::Conductor)]
    pub role: Role,

    /// Which server the load is for.
    #[arg(long, hide = true)]
    server: Option<SocketAddr>,
}

impl Options {
    pub fn settings(&self) -> Settings {
        Settings::of(self.case, self.players)
    }

    /// The same at another size.
    pub fn sized(&self, case: Case, players: usize) -> Self {
        Self { case, players, ..self.clone() }
    }

    /// Over all rooms.
    pub fn clients(&self) -> usize {
        self.rooms * self.players
    }

    /// How many of these are real ones.
    pub fn watchers(&self) -> usize {
        let default = match self.case {
            Case::W1 | Case::W3 => 1,
            Case::W2 => 4,
        };
        self.watchers.unwrap_or(default).min(self.clients())
    }

    /// How many there are in the first room beside them, at most.
    pub fn latecomers(&self) -> usize {
        self.join.unwrap_or_default()
    }

    /// What a helper has to know.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = vec![format!("--case={}", name(self.case)), format!("--hz={}", name(self.hz))];
        args.push(format!("--players={}", self.players));
        args.push(format!("--rooms={}", self.rooms));
        args.push(format!("--seconds={}", self.seconds));
        args.push(format!("--watchers={}", self.watchers()));
        args.extend(self.join.map(|at_once| format!("--join={at_once}")));
        args.extend(self.lockstep.then(|| "--lockstep".to_owned()));
        args.extend(self.threads.map(|threads| format!("--threads={threads}")));
        args
    }

    /// Which server the load is for.
    pub fn server(&self) -> Outcome<SocketAddr> {
        Ok(self.server.ok_or("a load needs a server")?)
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Everybody sees everybody.
    W1,
    /// Everybody sees about 32 around it.
    W2,
    /// Everybody sees 10,000 idle things too, of which 100 move at any time.
    W3,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rate {
    #[value(name = "30")]
    Hz30,
    #[value(name = "60")]
    Hz60,
}

impl Rate {
    pub fn hz(self) -> u32 {
        match self {
            Self::Hz30 => 30,
            Self::Hz60 => 60,
        }
    }
}

/// The processes of the benchmark.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Starts the others, measures them, and reports.
    Conductor,
    /// The real server.
    Server,
    /// Its clients.
    Load,
    /// More clients of it, which come later.
    Latecomers,
    /// The bare server.
    Floor,
    /// Its clients.
    FloorLoad,
    /// Idle connections to a real server.
    Consoles,
}

fn watchers(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("without a real client nobody checks what the server sends: at least 1".to_owned()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}

/// The name of a value on the command line.
pub fn name(value: impl ValueEnum) -> String {
    let named = value.to_possible_value().expect("no value is hidden");
    named.get_name().to_owned()
}
