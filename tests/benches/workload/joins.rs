//! Owns the joins of latecomers: one after the other, when the window is over, and what they do to the others.

use crate::helper::Helper;
use crate::latecomer::Arrival;
use crate::load::Phase;
use crate::median::median;
use crate::options::{Options, Role};
use crate::pair::{LOAD_CORE, Pair};
use crate::{Outcome, info};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// In each round.
const JOINS: usize = 5;
/// Before a latecomer opens its connection, and after it has left.
const MARGIN: Duration = Duration::from_millis(250);
/// From opening its connection to leaving.
const STAY_TIME: Duration = Duration::from_secs(1);
/// Longer than a join may take: a view that is not complete by then never will be.
const JOIN_TIME_MAX: Duration = Duration::from_secs(20);
/// A room publishes its figures once in this.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(1);

/// What the joins of one round were like.
#[derive(Clone, Debug)]
pub struct Joins {
    arrivals: Vec<Arrival>,
    /// The greatest lateness of a tick, in the 5 to 10 seconds before the first join, and from these until after the
    /// last.
    lateness_ms_max_before: f64,
    lateness_ms_max: f64,
}

/// The middle one and the worst, in milliseconds.
#[derive(Copy, Clone, Debug, Serialize)]
pub struct Spread {
    pub p50: f64,
    pub max: f64,
}

/// What the joins of all rounds were like. The names are those of the JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct JoinFigures {
    pub join_first_frame_ms: Spread,
    /// `None` if nobody ever sees all.
    pub join_complete_ms: Option<Spread>,
    /// Between two updates of any other client, from the first join until after the last.
    pub join_gap_ms_max: f64,
    /// Until after the last join, and in the 5 to 10 seconds before the first: joins that have not raised it made no
    /// tick later than this.
    pub join_lateness_ms_max: f64,
    pub join_lateness_ms_max_before: f64,
}

impl Joins {
    /// Lets the latecomers come. What the other clients see of it is in the load's figures.
    pub async fn measure(pair: &mut Pair, options: &Options) -> Outcome<Self> {
        let mut latecomer = Helper::start(Role::Latecomer, options, LOAD_CORE, &["--server", &pair.address])?;
        latecomer.answer(JOIN_TIME_MAX).await?;
        // What has happened by now is published by then.
        sleep(PUBLISH_INTERVAL).await;
        let lateness_ms_max_before = lateness_ms_max(pair, options).await?;
        let mut lateness_ms_max_since = lateness_ms_max_before;
        pair.load_goes_on_to(Phase::Joining).await?;
        let mut arrivals = Vec::new();
        for _ in 0..JOINS {
            sleep(MARGIN).await;
            let leaves_at = Instant::now() + STAY_TIME;
            latecomer.order("join").await?;
            arrivals.push(serde_json::from_str(&latecomer.answer(JOIN_TIME_MAX).await?)?);
            sleep_until(leaves_at).await;
            latecomer.order("leave").await?;
            latecomer.answer(JOIN_TIME_MAX).await?;
            sleep(MARGIN).await;
            // After each, because a room forgets.
            lateness_ms_max_since = lateness_ms_max_since.max(lateness_ms_max(pair, options).await?);
        }
        latecomer.end().await?;
        sleep(PUBLISH_INTERVAL).await;
        let lateness_ms_max = lateness_ms_max_since.max(lateness_ms_max(pair, options).await?);
        Ok(Self { arrivals, lateness_ms_max_before, lateness_ms_max })
    }

    fn lateness_grown(&self) -> f64 {
        self.lateness_ms_max - self.lateness_ms_max_before
    }
}

async fn lateness_ms_max(pair: &Pair, options: &Options) -> Outcome<f64> {
    Ok(info::ask(&pair.address, options.rooms).await?.tick_lateness_ms().max)
}

impl JoinFigures {
    /// Of all rounds, each with the other clients' greatest gap while somebody joined.
    pub fn of(rounds: &[(&Joins, f64)]) -> Option<Self> {
        let arrivals: Vec<Arrival> =
            rounds.iter().flat_map(|(joins, _)| joins.arrivals.iter().copied()).collect();
        // The worst round, as its two figures belong together.
        let (latest, _) =
            rounds.iter().max_by(|(a, _), (b, _)| a.lateness_grown().total_cmp(&b.lateness_grown()))?;
        let complete_ms: Option<Vec<f64>> = arrivals.iter().map(|arrival| arrival.complete_ms).collect();
        Some(Self {
            join_first_frame_ms: Spread::of(&arrivals, |arrival| arrival.first_frame_ms),
            join_complete_ms: complete_ms.map(|all| Spread::of(&all, |ms| *ms)),
            join_gap_ms_max: rounds.iter().map(|(_, gap_ms_max)| *gap_ms_max).fold(0.0, f64::max),
            join_lateness_ms_max: latest.lateness_ms_max,
            join_lateness_ms_max_before: latest.lateness_ms_max_before,
        })
    }
}

impl Spread {
    fn of<T>(all: &[T], figure: impl Fn(&T) -> f64) -> Self {
        Self { p50: median(all, &figure), max: all.iter().map(figure).fold(0.0, f64::max) }
    }
}
