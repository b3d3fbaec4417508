//! Owns the joins of latecomers, when the window is over: when they come and go, and what they do to the others.

use crate::checks::Checks;
use crate::helper::Helper;
use crate::join_figures::{Arrival, Joins};
use crate::options::{Options, Role};
use crate::pair::{LOAD_CORE, Pair};
use crate::phase::Phase;
use crate::{Outcome, info};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// In each round.
const JOINS: usize = 5;
/// Before latecomers open their connections, and after they have left.
const MARGIN: Duration = Duration::from_millis(250);
/// From opening their connections to leaving.
const STAY_TIME: Duration = Duration::from_secs(1);
/// Longer than a join may take: a view that is not complete by then never will be.
const JOIN_TIME_MAX: Duration = Duration::from_secs(20);
/// A room publishes its figures once in this.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(1);

/// Lets latecomers come, again and again. What the other clients see of it is in the load's figures.
pub async fn measure(pair: &mut Pair, options: &Options) -> Outcome<Joins> {
    let mut latecomers = Helper::start(Role::Latecomers, options, LOAD_CORE, &["--server", &pair.address])?;
    latecomers.answer(JOIN_TIME_MAX).await?;
    // What has happened by now is published by then.
    sleep(PUBLISH_INTERVAL).await;
    let lateness_ms_max_before = lateness_ms_max(pair, options).await?;
    let mut lateness_ms_max_since = lateness_ms_max_before;
    pair.load_goes_on_to(Phase::Joining).await?;
    let (mut arrivals, mut checks) = (Vec::new(), Checks::default());
    for _ in 0..JOINS {
        sleep(MARGIN).await;
        let leave_at = Instant::now() + STAY_TIME;
        latecomers.order("join").await?;
        let arrived: Vec<Arrival> = serde_json::from_str(&latecomers.answer(JOIN_TIME_MAX).await?)?;
        arrivals.extend(arrived);
        sleep_until(leave_at).await;
        latecomers.order("leave").await?;
        checks.add(serde_json::from_str(&latecomers.answer(JOIN_TIME_MAX).await?)?);
        sleep(MARGIN).await;
        // After each, because a room forgets.
        lateness_ms_max_since = lateness_ms_max_since.max(lateness_ms_max(pair, options).await?);
    }
    latecomers.end().await?;
    sleep(PUBLISH_INTERVAL).await;
    let lateness_ms_max = lateness_ms_max_since.max(lateness_ms_max(pair, options).await?);
    // The load tells the others' gap when it is over.
    Ok(Joins { arrivals, checks, lateness_ms_max_before, lateness_ms_max, gap_ms_max: 0.0 })
}

async fn lateness_ms_max(pair: &Pair, options: &Options) -> Outcome<f64> {
    Ok(info::ask(&pair.address, options.rooms).await?.tick_lateness_ms().max)
}
