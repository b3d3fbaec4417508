//! Owns `feel` on the command line.

use super::proxy::link_profile;
use super::{raise_descriptor_limit, say, seconds, usage};
use crate::Exit;
use crate::feel::{self, Plan};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Bots;
use tokio::runtime::Runtime;

#[derive(Debug, Args)]
pub(super) struct FeelArgs {
    /// Which links, separated by commas: all, or of lan, wifi, 4g, transatlantic, bad-wifi and stalling
    #[arg(long, value_name = "PROFILES", default_value = "all")]
    profiles: String,
    /// How long each is measured
    #[arg(long, default_value = "20", value_parser = seconds)]
    seconds: Duration,
    /// How many bots there are to be shot at, in the sixteen rooms together
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=256))]
    bots: u64,
    /// How often each measured client's connection is cut afterwards
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1000))]
    cuts: u32,
    /// What jitter, stalls and bots come from
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    seed: u64,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Exit with 99 if any target is missed or was not measured
    #[arg(long)]
    strict: bool,
    /// Write feel.md and a plot of each link into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl FeelArgs {
    fn profiles(&self) -> Result<Vec<LinkProfile>, String> {
        match &*self.profiles {
            "all" => Ok(LinkProfile::ALL.to_vec()),
            names => names.split(',').map(link_profile).collect(),
        }
    }

    pub(super) fn run<G: Bots>(&self, runtime: &Runtime) -> Result<Exit, clap::Error> {
        let profiles =
            self.profiles().map_err(|error| usage(format!("--profiles {}: {error}", self.profiles)))?;
        raise_descriptor_limit()?;
        let plan = Plan { profiles, time: self.seconds, bots: self.bots, cuts: self.cuts, seed: self.seed };
        let measured = runtime.block_on(feel::run::<G>(&plan, |what| eprintln!("measuring {what}")));
        let written = measured.and_then(|all| {
            self.out.as_deref().map_or(Ok(()), |folder| feel::write(folder, &plan, &all))?;
            Ok(all)
        });
        let all = match written {
            Ok(all) => all,
            Err(failure) => {
                eprintln!("error: {failure}");
                return Ok(Exit::Failed);
            }
        };
        say(&if self.json { feel::json(&plan, &all) } else { feel::text(&all) });
        Ok(if self.strict && !feel::is_met(&all) { Exit::Failed } else { Exit::Ok })
    }
}
