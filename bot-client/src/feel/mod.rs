//! Owns the measure of how a game feels over each kind of link: real clients, through the real proxy, at a real server.

mod figures;
mod player;
mod plot;
mod report;
mod server;

pub use figures::{Figures, Row};
pub use report::{json, markdown, text};

use crate::proxy::{Proxy, resolve};
use player::{Player, Watch};
use server::Server;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Bots;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Clients that are measured, each on a link of its own.
const SNIPERS: u64 = 4;
/// Between two cuts: time to come back and to play on.
const CUT_INTERVAL: Duration = Duration::from_millis(1500);
/// From the last join until it is measured.
const SETTLING_TIME: Duration = Duration::from_secs(3);

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Over which links.
    pub profiles: Vec<LinkProfile>,
    /// For how long each.
    pub time: Duration,
    /// Bots that are shot at, beside the measured clients.
    pub bots: u64,
    /// Cuts of each measured client, after that.
    pub cuts: u32,
    /// What jitter, stalls and bots come from.
    pub seed: u64,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no server to start.
    #[error("{0} cannot be started ({1}): build it with `cargo build --release -p tickwire-server`")]
    NoServer(String, io::Error),
    /// A client could not join, or was thrown out.
    #[error("over {0}: {1}")]
    Client(&'static str, String),
    /// A port or a file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A plot.
    #[error("a plot cannot be drawn: {0}")]
    Plot(String),
}

/// Measures every link, one after the other, at servers of its own: one with lag compensation, one without.
///
/// # Errors
/// The first thing that went wrong.
pub async fn run<G: Bots>(plan: &Plan, mut told: impl FnMut(&str)) -> Result<Vec<Figures>, Failure> {
    let mut all = Vec::new();
    for profile in &plan.profiles {
        told(&format!("{}, with lag compensation", profile.name));
        let mut figures = over::<G>(plan, *profile, &Server::start(Some(250)).await?, plan.cuts).await?;
        told(&format!("{}, without", profile.name));
        let without = over::<G>(plan, *profile, &Server::start(Some(0)).await?, 0).await?;
        (figures.shots_without, figures.hits_without) = (without.shots, without.hits);
        all.push(figures);
    }
    Ok(all)
}

/// Draws each link's plot into a folder, and writes the table beside them.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, plan: &Plan, all: &[Figures]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("feel.md"), markdown(plan, all))?;
    for figures in all {
        let path = folder.join(format!("feel-{}.svg", figures.profile.name));
        plot::draw(&path, figures).map_err(|error| Failure::Plot(error.to_string()))?;
    }
    Ok(())
}

async fn over<G: Bots>(
    plan: &Plan,
    profile: LinkProfile,
    server: &Server,
    cuts: u32,
) -> Result<Figures, Failure> {
    let failed = |reason: String| Failure::Client(profile.name, reason);
    let direct = format!("ws://{}/play/feel", server.address);
    let watch = Arc::new(Watch::new(Instant::now()));
    let mut crowd = JoinSet::new();
    for number in 0..plan.bots {
        let (url, seed, watch) = (direct.clone(), plan.seed + number, Arc::clone(&watch));
        let is_observer = number == 0;
        crowd.spawn(async move { player::wander::<G>(&url, seed, is_observer.then_some(&*watch)).await });
    }
    let to = resolve(&server.address).await?;
    let proxy = Proxy::bind(([127, 0, 0, 1], 0).into(), to, profile, plan.seed).await?;
    let url = format!("ws://{}/play/feel", proxy.address);
    let mut players = Vec::new();
    for number in 0..SNIPERS {
        let player = Player::<G>::join(&url, plan.seed + 100 + number, Arc::clone(&watch)).await;
        players.push(player.map_err(failed)?);
    }
    let mut playing = JoinSet::new();
    for mut player in players {
        let time = plan.time;
        playing.spawn(async move {
            player.settle(SETTLING_TIME).await?;
            player.measure(time).await?;
            player.survive(cuts, CUT_INTERVAL).await
        });
    }
    let cutter = async {
        sleep(SETTLING_TIME + plan.time + CUT_INTERVAL / 2).await;
        for _ in 0..cuts {
            proxy.handle().cut();
            proxy.handle().restore();
            watch.note_cut();
            sleep(CUT_INTERVAL).await;
        }
    };
    let (records, ()) = tokio::join!(playing.join_all(), cutter);
    let mut figures = Figures::new(profile, G::TICK_RATE_HZ, plan.time);
    for record in records {
        figures.add(record.map_err(failed)?);
    }
    Ok(figures)
}
