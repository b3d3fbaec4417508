//! Owns the measure of how a game feels over each kind of link: real clients, through the real proxy, at a real server.

mod crowd;
mod figures;
mod narrow;
mod player;
mod plot;
mod report;
mod server;
mod watch;

pub use figures::{Figures, Row};
pub use narrow::NarrowRow;
pub use report::{is_met, json, markdown, text};

use crate::proxy::{Proxy, resolve};
use crowd::Crowd;
use figures::{REWIND_MAX, Record};
use player::Player;
use server::Server;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Bots;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use watch::Watch;

/// Clients that are measured, each on a link and in a room of its own: nobody else shoots what it shoots at. So many because each of
/// them has few slugs and seldom somebody in sight: it takes as many to fire a hundred shots in 20 s, and without a hundred there is no 99 %.
const SNIPERS: u64 = 16;
/// From one cut to the next: time to come back and to play on.
const CUT_INTERVAL: Duration = Duration::from_millis(2000);
/// How long the network is gone: from this, in steps that no rhythm of tries keeps to.
const OUTAGE_MIN: Duration = Duration::from_millis(50);
const OUTAGE_STEP: Duration = Duration::from_millis(137);
const OUTAGE_STEPS: u32 = 5;
/// From the last join until it is measured.
const SETTLING_TIME: Duration = Duration::from_secs(3);

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Over which links.
    pub profiles: Vec<LinkProfile>,
    /// For how long each.
    pub time: Duration,
    /// Bots that are shot at, in all rooms together.
    pub bots: u64,
    /// Cuts of each measured client, after that.
    pub cuts: u32,
    /// What jitter, stalls and bots come from.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Measured {
    /// Each link, in the order of the plan.
    pub links: Vec<Figures>,
    /// The link that is too narrow.
    pub narrow: NarrowRow,
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

/// Measures every link, one after the other, at servers of its own: one with lag compensation, one without. Then a link that is too
/// narrow for what is sent.
///
/// # Errors
/// The first thing that went wrong.
pub async fn run<G: Bots>(plan: &Plan, mut told: impl FnMut(&str)) -> Result<Measured, Failure> {
    let mut links = Vec::new();
    for profile in &plan.profiles {
        told(&format!("{}, with lag compensation", profile.name));
        let mut figures =
            over::<G>(plan, *profile, &Server::start(Some(REWIND_MAX)).await?, plan.cuts).await?;
        told(&format!("{}, without", profile.name));
        let without = over::<G>(plan, *profile, &Server::start(Some(Duration::ZERO)).await?, 0).await?;
        (figures.shots_without, figures.hits_without) = (without.shots, without.hits);
        links.push(figures);
    }
    told("a link at half the rate that it would need");
    Ok(Measured { links, narrow: narrow::measure::<G>(plan).await? })
}

/// Draws each link's plot into a folder, and writes the table beside them.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, plan: &Plan, all: &Measured) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("feel.md"), markdown(plan, all))?;
    for figures in &all.links {
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
    let to = resolve(&server.address).await?;
    let proxy = Proxy::bind(([127, 0, 0, 1], 0).into(), to, profile, plan.seed).await?;
    let (mut crowd, mut playing, mut watches) = (Crowd::default(), JoinSet::new(), Vec::new());
    for number in 0..SNIPERS {
        let watch = Arc::new(Watch::new(Instant::now()));
        let room = format!("feel-{number}");
        let seed = plan.seed + 1000 * number;
        crowd.enter::<G>(server, &room, plan.bots.div_ceil(SNIPERS), seed, &watch);
        let url = format!("ws://{}/play/{room}", proxy.address);
        let player = Player::<G>::join(&url, seed + 999, Arc::clone(&watch)).await.map_err(failed)?;
        playing.spawn(play(player, plan.time, cuts));
        watches.push(watch);
    }
    let cutter = cut(&proxy, &watches, SETTLING_TIME + plan.time, cuts);
    let mut figures = Figures::new(profile, G::TICK_RATE_HZ, plan.time);
    let records = crowd.around(async { tokio::join!(playing.join_all(), cutter).0 }).await;
    for record in records.map_err(failed)? {
        figures.add(record.map_err(failed)?);
    }
    Ok(figures)
}

async fn play<G: Bots>(mut player: Player<G>, time: Duration, cuts: u32) -> Result<Record, String> {
    player.settle(SETTLING_TIME).await?;
    player.measure(time).await?;
    player.survive(cuts, CUT_INTERVAL).await
}

/// Takes the network away and gives it back, again and again, for longer each time.
async fn cut(proxy: &Proxy, watches: &[Arc<Watch>], from: Duration, cuts: u32) {
    sleep(from + CUT_INTERVAL / 2).await;
    for number in 0..cuts {
        let outage = OUTAGE_MIN + OUTAGE_STEP * (number % OUTAGE_STEPS);
        proxy.handle().cut();
        sleep(outage).await;
        proxy.handle().restore();
        watches.iter().for_each(|watch| watch.note_restored());
        sleep(CUT_INTERVAL - outage).await;
    }
}
