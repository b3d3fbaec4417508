//! Owns one server and its load: started, settled, weighed over a window, and ended.

use crate::Outcome;
use crate::core_times::{CoreUse, stolen_us};
use crate::helper::Helper;
use crate::load::{JOIN_INTERVAL, LoadFigures};
use crate::options::{Options, Role};
use crate::phase::Phase;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub const SERVER_CORE: usize = 0;
pub const LOAD_CORE: usize = 1;
/// From the last join until the window begins, at least.
const SETTLE_TIME_MIN: Duration = Duration::from_secs(5);
/// Quantiles in `GET /info` reach back so far at most: over 10 seconds, as of up to one second ago, and one to spare.
/// Before a window that is shorter, the load settles for longer: the joins must not be in them.
const TOLD_TIME_MAX: Duration = Duration::from_secs(12);
/// How long a helper may take for what needs no time.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// A server and its clients, running.
pub struct Pair {
    /// The server's.
    pub address: String,
    server: Helper,
    load: Helper,
    rss_ready_kib: u64,
}

/// What the kernel says of a window.
#[derive(Copy, Clone, Debug)]
pub struct Usage {
    seconds: f64,
    pub server: CoreUse,
    load: CoreUse,
    /// What the machine's host kept from both.
    stolen_us: u64,
    /// The server's memory at the end, and before the first client came.
    pub rss_kib: u64,
    rss_ready_kib: u64,
}

impl Usage {
    /// Of one core; 1 is all of it.
    pub fn server_share(&self) -> f64 {
        self.share(self.server.cpu_us)
    }

    /// Of one core; 1 is all of it.
    pub fn load_share(&self) -> f64 {
        self.share(self.load.cpu_us)
    }

    /// How much of the window the unluckier of the two waited for its core.
    pub fn core_wait_share(&self) -> f64 {
        self.share(self.server.wait_us.max(self.load.wait_us))
    }

    pub fn stolen_ms(&self) -> f64 {
        self.stolen_us as f64 / 1e3
    }

    fn share(&self, time_us: u64) -> f64 {
        time_us as f64 / 1e6 / self.seconds
    }

    /// What the clients have cost in memory.
    pub fn rss_grown_kib(&self) -> f64 {
        self.rss_kib as f64 - self.rss_ready_kib as f64
    }
}

impl Pair {
    /// Starts a server, which may need an order first, and its load; returns when all have joined and settled.
    pub async fn start(options: &Options, roles: [Role; 2], first_order: Option<&str>) -> Outcome<Self> {
        let [server, load] = roles;
        let mut server = Helper::start(server, options, SERVER_CORE, &[])?;
        if let Some(order) = first_order {
            server.order(order).await?;
        }
        let address = server.answer(ANSWER_TIME_MAX).await?;
        let rss_ready_kib = server.rss_kib()?;
        let mut load = Helper::start(load, options, LOAD_CORE, &["--server", &address])?;
        load.answer(ANSWER_TIME_MAX + 4 * JOIN_INTERVAL * options.clients() as u32).await?;
        let window = Duration::from_secs(options.seconds);
        sleep(SETTLE_TIME_MIN.max(TOLD_TIME_MAX.saturating_sub(window))).await;
        Ok(Self { address, server, load, rss_ready_kib })
    }

    /// Measures for so long.
    pub async fn measure(&mut self, window: Duration) -> Outcome<Usage> {
        let (begun, stolen_before) = (Instant::now(), stolen_us()?);
        let (server_before, load_before) = (self.server.core_times()?, self.load.core_times()?);
        self.load_goes_on_to(Phase::Measuring).await?;
        tokio::select! {
            () = sleep(window) => {}
            // It has nothing to say now: it has ended, and has said on standard error why.
            early = self.load.answer(2 * window) => {
                return Err(early.err().unwrap_or("the load spoke too early".into()));
            }
        }
        let (server, load) = (self.server.core_times()?, self.load.core_times()?);
        // At once: updates that are counted longer than their cost would make it seem smaller.
        self.load_goes_on_to(Phase::Measured).await?;
        Ok(Usage {
            server: server.since(&server_before),
            load: load.since(&load_before),
            stolen_us: stolen_us()? - stolen_before,
            seconds: begun.elapsed().as_secs_f64(),
            rss_kib: self.server.rss_kib()?,
            rss_ready_kib: self.rss_ready_kib,
        })
    }

    /// Gives the server an order, which it answers.
    pub async fn ask_server(&mut self, order: &str) -> Outcome<String> {
        self.server.order(order).await?;
        self.server.answer(ANSWER_TIME_MAX).await
    }

    /// Has the load go on to a phase.
    pub async fn load_goes_on_to(&mut self, phase: Phase) -> Outcome<()> {
        self.load.order(&serde_json::to_string(&phase)?).await
    }

    /// Ends both, and gives what the clients have measured.
    pub async fn finish(mut self) -> Outcome<LoadFigures> {
        self.load_goes_on_to(Phase::Over).await?;
        let figures = serde_json::from_str(&self.load.answer(ANSWER_TIME_MAX).await?)?;
        self.load.end().await?;
        self.server.end().await?;
        Ok(figures)
    }
}
