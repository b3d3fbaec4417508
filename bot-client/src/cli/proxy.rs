//! Owns `proxy` on the command line, and what a link's name means there.

use super::{interrupted, raise_descriptor_limit, say, usage};
use crate::Exit;
use crate::proxy::{Proxy, resolve};
use clap::Args;
use std::net::SocketAddr;
use tickwire_client::link::LinkProfile;
use tokio::runtime::Runtime;

#[derive(Debug, Args)]
pub(super) struct ProxyArgs {
    /// The address and port to listen on. Port 0: any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The server behind it
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9001")]
    to: String,
    /// What the way there is like: lan, wifi, 4g, transatlantic, bad-wifi or stalling
    #[arg(long, value_name = "PROFILE", value_parser = link_profile)]
    profile: LinkProfile,
    /// What jitter and stalls come from: same seed, same links
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl ProxyArgs {
    pub(super) fn run(&self, runtime: &Runtime) -> Result<Exit, clap::Error> {
        raise_descriptor_limit()?;
        runtime.block_on(async {
            let to = resolve(&self.to).await.map_err(|error| usage(format!("--to {}: {error}", self.to)))?;
            let proxy = Proxy::bind(self.listen, to, self.profile, self.seed).await;
            let proxy = proxy.map_err(|error| usage(format!("--listen {}: {error}", self.listen)))?;
            say(&format!("listening on {}", proxy.address));
            interrupted().await;
            Ok(Exit::Ok)
        })
    }
}

/// The profile of this name.
pub(super) fn link_profile(name: &str) -> Result<LinkProfile, String> {
    LinkProfile::named(name).ok_or_else(|| {
        let known = LinkProfile::ALL.map(|profile| profile.name).join(", ");
        format!("there is no such link; there are: {known}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        _args: ProxyArgs,
    }

    #[test]
    fn help_names_every_profile() {
        let help = Cli::command().render_long_help().to_string();
        for profile in LinkProfile::ALL {
            assert!(help.contains(profile.name), "{} in {help}", profile.name);
        }
    }
}
