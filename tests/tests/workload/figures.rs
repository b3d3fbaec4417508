//! Owns the tests of what is told of many rounds and clients.

use crate::checks::Checks;
use crate::join_figures::{Arrival, JoinFigures, Joins, Spread};
use crate::median::{median, medians, range, told};
use crate::recorder::Quantiles;
use tickwire_client::Stats;

#[test]
fn the_middle_and_the_ends_are_found_in_any_order() {
    assert_eq!(median(&[9.0, 1.0, 5.0], |figure| *figure), 5.0);
    assert_eq!(median(&[9.0, 1.0, 5.0, 4.0], |figure| *figure), 4.5);
    assert_eq!(median(&[(1.0, 7.0)], |(_, figure)| *figure), 7.0);
    assert_eq!(range(&[5.0, 9.0, -1.0, 4.0], |figure| *figure), [-1.0, 9.0]);
}

#[test]
fn each_quantile_has_its_own_median() {
    let rounds = [(1.0, 20.0, 500.0), (3.0, 10.0, 600.0), (2.0, 30.0, 400.0)];
    let quantiles = medians(&rounds, |(p50, p99, max)| Quantiles { p50: *p50, p99: *p99, max: *max });
    assert_eq!(quantiles, Quantiles { p50: 2.0, p99: 20.0, max: 500.0 });
}

#[test]
fn what_one_round_does_not_tell_is_not_told() {
    assert_eq!(told(&[Some(1), Some(2)], |one| *one), Some(vec![1, 2]));
    assert_eq!(told(&[Some(1), None], |one| *one), None);
}

#[test]
fn only_views_that_were_checked_and_right_are_no_fault() {
    let right = Checks { hash_checks: 9, ..Checks::default() };
    assert_eq!(right.fault(), None);
    let fault = |checks: Checks| checks.fault().expect("a fault");
    assert!(fault(Checks::default()).contains("no view hash was checked"));
    assert!(fault(Checks { hash_mismatches: 1, ..right }).starts_with("1 view hashes did not match"));
    assert!(fault(Checks { resyncs: 2, ..right }).contains("2 full snapshot(s)"));
    // Even if nothing could be checked for it.
    assert!(fault(Checks { resyncs: 2, ..Checks::default() }).contains("2 full snapshot(s)"));
}

#[test]
fn a_clients_own_counts_are_taken_and_added() {
    let stats = Stats { hash_checks: 5, hash_mismatches: 4, resyncs: 3, snapshots: 2, ..Stats::default() };
    let mut sum = Checks { hash_checks: 10, hash_mismatches: 20, resyncs: 30 };
    sum.add(Checks::of(&stats));
    assert_eq!(sum, Checks { hash_checks: 15, hash_mismatches: 24, resyncs: 33 });
}

fn round(lateness_ms_max_before: f64, lateness_ms_max: f64, ms: [f64; 3]) -> Joins {
    let arrivals = ms.map(|ms| Arrival { first_frame_ms: ms, complete_ms: Some(10.0 * ms) }).into();
    let checks = Checks { hash_checks: 2, ..Checks::default() };
    Joins { arrivals, checks, lateness_ms_max_before, lateness_ms_max, gap_ms_max: 2.0 * lateness_ms_max }
}

/// The round that grew most need not be the one with the latest tick.
#[test]
fn the_worst_of_all_rounds_is_told() {
    let (grown, late) = (round(0.2, 3.0, [20.0, 30.0, 90.0]), round(7.0, 8.0, [10.0, 40.0, 50.0]));
    let figures = JoinFigures::of(&[&grown, &late]).unwrap();
    assert_eq!((figures.join_lateness_ms_max, figures.join_lateness_ms_max_before), (8.0, 7.0));
    assert!((figures.join_lateness_ms_rise_max - 2.8).abs() < 1e-9);
    assert_eq!(figures.join_gap_ms_max, 16.0);
    assert_eq!((figures.joins, figures.join_hash_checks), (6, 4));
    assert_eq!(figures.join_first_frame_ms, Spread { p50: 35.0, max: 90.0 });
    assert_eq!(figures.join_complete_ms, Some(Spread { p50: 350.0, max: 900.0 }));
}

#[test]
fn where_nobody_sees_all_no_view_is_complete() {
    let mut joins = round(0.1, 0.1, [1.0, 2.0, 3.0]);
    joins.arrivals[1].complete_ms = None;
    assert_eq!(JoinFigures::of(&[&joins]).unwrap().join_complete_ms, None);
    assert!(JoinFigures::of(&[]).is_none());
}
