//! Owns the tests of what is measured of a client.

use crate::checks::Checks;
use crate::phase::Phase;
use crate::recorder::{Quantiles, Record, Recorder, Sample, Times};
use std::time::Duration;
use tokio::time::Instant;

const MS: Duration = Duration::from_millis(1);

#[test]
fn only_the_window_counts() {
    let (mut recorder, now) = (Recorder::new(Sample::of(0, 1, 10)), Instant::now());
    recorder.heard(1000, now);
    recorder.enter(Phase::Measuring, now);
    [10, 20, 30].into_iter().for_each(|bytes| recorder.heard(bytes, now));
    recorder.enter(Phase::Measured, now);
    recorder.heard(1000, now);
    recorder.enter(Phase::Joining, now);
    recorder.heard(1000, now);
    let record = recorder.end(now);
    assert_eq!((record.updates, record.bytes), (3, 60));
    assert_eq!(record.sizes, [10, 20, 30]);
}

#[test]
fn gaps_are_between_updates_and_a_silence_at_the_end_counts() {
    let (mut recorder, mut now) = (Recorder::new(Sample::of(0, 1, 10)), Instant::now());
    let mut after = |ms: u32| {
        now += ms * MS;
        now
    };
    recorder.enter(Phase::Measuring, after(0));
    [0, 30, 40, 30].into_iter().for_each(|gap| recorder.heard(1, after(gap)));
    recorder.enter(Phase::Measured, after(500));
    recorder.enter(Phase::Joining, after(9000));
    recorder.heard(1, after(70));
    let record = recorder.end(after(20));
    let near = |ms: f64, wanted: f64| (ms - wanted).abs() < 0.01 * wanted;
    let Quantiles { p50, p99, max } = record.gaps.ms();
    assert!(near(p50, 30.0) && near(p99, 500.0) && near(max, 500.0), "{p50}, {p99}, {max}");
    assert_eq!(record.join_gap_max, 9570 * MS, "it heard nothing since the window");
}

#[test]
fn records_add_up() {
    let checks = Checks { hash_checks: 3, hash_mismatches: 2, resyncs: 1 };
    let mut gaps = Times::default();
    gaps.record(20 * MS);
    let one = Record { updates: 2, bytes: 50, sizes: vec![20, 30], checks, join_gap_max: 9 * MS, gaps };
    let mut total = one.clone();
    let mut longer = Times::default();
    longer.record(90 * MS);
    total.add(&Record { join_gap_max: 5 * MS, gaps: longer, ..one });
    assert!(total.gaps.max() >= 90 * MS, "both gaps are in it");
    assert_eq!((total.updates, total.bytes), (4, 100));
    assert_eq!(total.sizes, [20, 30, 20, 30]);
    assert_eq!(total.checks, Checks { hash_checks: 6, hash_mismatches: 4, resyncs: 2 });
    assert_eq!(total.join_gap_max, 9 * MS);
}

/// Frames with a view hash, one in 30, are no more and no less among the sizes than among the frames.
#[test]
fn sizes_are_of_the_whole_window_and_of_all_that_comes_now_and_then() {
    let (clients, updates) = (1000, 300);
    let mut kept = Record::default();
    for number in 0..clients {
        let (mut recorder, now) = (Recorder::new(Sample::of(number, clients, updates)), Instant::now());
        recorder.enter(Phase::Measuring, now);
        let bytes = |update: u64| if update.is_multiple_of(30) { 30_000 } else { update as usize };
        (0..updates).for_each(|update| recorder.heard(bytes(update), now));
        kept.add(&recorder.end(now));
    }
    let mean = kept.sizes.iter().sum::<usize>() as f64 / kept.sizes.len() as f64;
    let truth = kept.bytes as f64 / kept.updates as f64;
    assert_eq!(kept.sizes.len(), 10_000);
    assert!((mean / truth - 1.0).abs() < 0.02, "{mean} instead of {truth}");
}
