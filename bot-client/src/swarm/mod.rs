//! Owns a swarm's course: bots join one after the other, a window of time is measured, all leave.

mod board;
mod bot;
mod counts;
mod latency;
mod link;
mod progress;
mod report;
mod table;
mod window;

pub(crate) use bot::decide;
pub use latency::Percentiles;
pub use link::LinkPlan;
pub use report::Report;

use crate::seed::nth_seed;
use board::{Board, Phase};
use bot::{Bot, Life, WayIn};
use link::Links;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::Bots;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How long the last bot may take to join before the measured window starts without it.
const JOIN_TIME_MAX: Duration = Duration::from_secs(10);

/// What a swarm does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rooms' game sockets; bots are dealt out to them in turn. At least one.
    pub urls: Vec<String>,
    /// How many bots.
    pub bots: usize,
    /// Their character, one that the game knows.
    pub behaviour: String,
    /// What their whims come from.
    pub seed: u64,
    /// The time over which the joins are spread.
    pub ramp: Duration,
    /// The time that is measured, once all have joined.
    pub duration: Duration,
    /// What lies between the bots and the server; `None`: only what is there anyway.
    pub link: Option<LinkPlan>,
}

/// What came of a swarm.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The window was measured, to its end or until an interruption.
    Measured(Box<Report>),
    /// Interrupted while the bots were still joining.
    Interrupted,
    /// There is no link between the bots and the server, for this reason.
    NoLink(String),
}

/// Runs a swarm to its end, or until `interrupt` completes. All bots have left when it returns.
///
/// # Panics
/// If the plan has no room, or a behaviour that the game does not know.
pub async fn run<G: Bots>(plan: &Plan, interrupt: impl Future<Output = ()>) -> Outcome {
    let links = match Links::lay(plan).await {
        Ok(links) => links,
        Err(reason) => return Outcome::NoLink(reason),
    };
    let board = Arc::new(Board::new(plan.bots));
    let bots = spawn::<G>(plan, &links.urls, &board);
    let mut began = None;
    tokio::select! {
        () = conduct(plan, &board, &mut began) => {}
        () = interrupt => {}
        _ = progress::follow(plan, &board) => {}
    }
    let measured = began.map(|began: Instant| began.elapsed());
    board.set_phase(Phase::Over);
    let lives = bots.join_all().await;
    match measured {
        Some(time) => Outcome::Measured(Box::new(Report::new(time, G::TICK_RATE_HZ, &lives).over(plan.link))),
        None => Outcome::Interrupted,
    }
}

fn spawn<G: Bots>(plan: &Plan, urls: &[String], board: &Arc<Board>) -> JoinSet<Life> {
    let url = |index| &urls[index % urls.len()];
    (0..plan.bots).map(|index| bot::<G>(plan, index, url(index), board).live()).collect()
}

fn bot<G: Bots>(plan: &Plan, index: usize, url: &str, board: &Arc<Board>) -> Bot<G> {
    let mind = G::bot(&plan.behaviour, nth_seed(plan.seed, index as u64));
    let way_in = WayIn {
        name: format!("bot-{}", index + 1),
        url: url.to_owned(),
        delay: plan.ramp.mul_f64(index as f64 / plan.bots as f64),
    };
    Bot {
        way_in,
        mind: mind.expect("the plan's behaviour is one that the game knows"),
        board: Arc::clone(board),
        phases: board.phases(),
    }
}

/// Leads the bots through the phases; `began` is when the measured window started.
async fn conduct(plan: &Plan, board: &Board, began: &mut Option<Instant>) {
    // Too late: the window starts without those that are missing.
    let _ = timeout(plan.ramp + JOIN_TIME_MAX, board.wait_for(|tally| tally.underway() == 0)).await;
    *began = Some(Instant::now());
    board.set_phase(Phase::Measuring);
    let _ = timeout(plan.duration, board.wait_for(|tally| tally.underway() + tally.playing == 0)).await;
}
