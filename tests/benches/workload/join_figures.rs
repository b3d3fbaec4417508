//! Owns what the joins of latecomers were like, over all rounds.

use crate::checks::Checks;
use crate::median::median;
use serde::{Deserialize, Serialize};

/// How long a join took, from before the connection was opened.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Until the first snapshot was taken in.
    pub first_frame_ms: f64,
    /// Until all that there is was in view, and all who came together. `None` if nobody ever sees all.
    pub complete_ms: Option<f64>,
}

/// What the joins of one round were like.
#[derive(Clone, Debug)]
pub struct Joins {
    pub arrivals: Vec<Arrival>,
    /// Of the latecomers, in all that they saw until they left.
    pub checks: Checks,
    /// The greatest lateness of a tick, in the 5 to 10 seconds before the first join, and from these until after the
    /// last.
    pub lateness_ms_max_before: f64,
    pub lateness_ms_max: f64,
    /// The longest that any other client waited for an update.
    pub gap_ms_max: f64,
}

/// The middle one and the worst, in milliseconds.
#[derive(Copy, Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub p50: f64,
    pub max: f64,
}

/// What the joins of all rounds were like. The names are those of the JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct JoinFigures {
    pub joins: usize,
    pub join_hash_checks: u64,
    pub join_first_frame_ms: Spread,
    /// `None` if nobody ever sees all.
    pub join_complete_ms: Option<Spread>,
    /// Between two updates of any other client, from the first join until after the last.
    pub join_gap_ms_max: f64,
    /// Each the greatest of all rounds: until after the last join, and in the 5 to 10 seconds before the first.
    pub join_lateness_ms_max: f64,
    pub join_lateness_ms_max_before: f64,
    /// By how much the joins of one round raised its greatest lateness, at most. 0: they made no tick later than the latest before.
    pub join_lateness_ms_rise_max: f64,
}

impl JoinFigures {
    /// Of all rounds, if there is one.
    pub fn of(rounds: &[&Joins]) -> Option<Self> {
        let arrivals: Vec<Arrival> = rounds.iter().flat_map(|joins| &joins.arrivals).copied().collect();
        if arrivals.is_empty() {
            return None;
        }
        let greatest =
            |figure: fn(&Joins) -> f64| rounds.iter().map(|joins| figure(joins)).fold(0.0, f64::max);
        let complete_ms: Option<Vec<f64>> = arrivals.iter().map(|arrival| arrival.complete_ms).collect();
        Some(Self {
            joins: arrivals.len(),
            join_hash_checks: rounds.iter().map(|joins| joins.checks.hash_checks).sum(),
            join_first_frame_ms: Spread::of(&arrivals, |arrival| arrival.first_frame_ms),
            join_complete_ms: complete_ms.map(|all| Spread::of(&all, |ms| *ms)),
            join_gap_ms_max: greatest(|joins| joins.gap_ms_max),
            join_lateness_ms_max: greatest(|joins| joins.lateness_ms_max),
            join_lateness_ms_max_before: greatest(|joins| joins.lateness_ms_max_before),
            join_lateness_ms_rise_max: greatest(|joins| joins.lateness_ms_max - joins.lateness_ms_max_before),
        })
    }
}

impl Spread {
    fn of<T>(all: &[T], figure: impl Fn(&T) -> f64) -> Self {
        Self { p50: median(all, &figure), max: all.iter().map(figure).fold(0.0, f64::max) }
    }
}
