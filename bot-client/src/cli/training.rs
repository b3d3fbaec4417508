//! Owns `record` and `train` on the command line: what can be typed for them, and what is printed.

use super::{BOTS_MAX, complain, interrupted, raise_descriptor_limit, say, seconds, usage, usual_ramp};
use super::{behaviour, print_complaints};
use crate::record::{self, End};
use crate::{Exit, play_url, swarm, train};
use clap::Args;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;
use tickwire_shared::Bots;
use tokio::runtime::Runtime;

#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// The server, as ws://HOST:PORT, or a room's whole address
    #[arg(long, default_value = "ws://127.0.0.1:9001")]
    url: String,
    /// The room to record, unless the address says it
    #[arg(long, default_value = "lobby")]
    room: String,
    /// How long to record, once the server has let us in
    #[arg(long, default_value = "60", value_parser = seconds)]
    seconds: Duration,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Bots that play meanwhile; the recording is what the first of them gets. 0: only watch what others play
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=BOTS_MAX))]
    bots: u32,
    /// The bots' character [default: the game's usual one]
    #[arg(long)]
    behaviour: Option<String>,
    /// What the bots' whims come from: same seed, same bots
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Recordings of the game, to train on
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to write the codes, for the game's CODES [default: only print what they would save]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A recording that is not trained on, to try the codes on
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl RecordArgs {
    pub(super) fn run<G: Bots>(&self, runtime: &Runtime) -> Result<Exit, clap::Error> {
        let url = play_url(&self.url, &self.room).map_err(usage)?;
        let behaviour = behaviour::<G>(self.behaviour.as_deref(), self.seed).map_err(usage)?;
        let bots = (self.bots > 0).then(|| swarm::Plan {
            urls: vec![url.clone()],
            bots: self.bots as usize,
            behaviour,
            seed: self.seed,
            ramp: usual_ramp(self.bots, self.seconds),
            duration: self.seconds,
            link: None,
        });
        raise_descriptor_limit()?;
        let plan = record::Plan { url, duration: self.seconds, bots };
        let create = || File::create(&self.out).map(BufWriter::new);
        let (recorded, others) = runtime.block_on(record::run::<G, _>(&plan, create, interrupted()));
        let mut exit = recorded.end.exit();
        if recorded.snapshots > 0 {
            let (snapshots, bytes, file) = (recorded.snapshots, recorded.bytes, self.out.display());
            say(&format!("{snapshots} snapshots, {bytes} bytes from the server: {file}"));
        }
        if recorded.end != End::Done {
            complain(&recorded.end.to_string());
        } else if let Some(swarm::Outcome::Measured(report)) = others {
            print_complaints(&report);
            exit = if report.exit() == Exit::Ok { exit } else { Exit::Failed };
        }
        Ok(exit)
    }
}

impl TrainArgs {
    pub(super) fn run(self) -> Exit {
        let plan = train::Plan { files: self.files, check: self.check };
        let training = match train::run(&plan) {
            Ok(training) => training,
            Err(error) => {
                complain(&error.to_string());
                return Exit::Usage;
            }
        };
        say(&format!("trained on {}", training.trained));
        if let Some(checked) = &training.checked {
            say(&format!("tried on {checked}"));
        }
        if let Some(out) = &self.out
            && let Err(error) = fs::write(out, train::text(&training))
        {
            complain(&format!("{}: {error}", out.display()));
            return Exit::Usage;
        }
        Exit::Ok
    }
}
