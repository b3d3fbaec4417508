//! Owns the long runs of the simulator: a thousand seeds by default, and the seed of any failure.
//!
//! `TICKWIRE_SEEDS=20000` runs more; `TICKWIRE_SEED=573` runs that one alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use tickwire_arena::{Arena, Settings};
use tickwire_server::BotFill;
use tickwire_shared::Bots;
use tickwire_tests::ledger::Ledger;
use tickwire_tests::scenario::{Tally, arena_bot, chaos, clean, clerk};

const SEEDS: u64 = 1000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

/// Runs a match for each seed on all cores; fails with the seeds that failed.
fn for_seeds(what: &str, share: u64, run: impl Fn(u64) -> Result<Tally, String> + Sync) -> Tally {
    let only = number("TICKWIRE_SEED");
    let (first, end) = match only {
        Some(seed) => (seed, seed + 1),
        None => (0, (number("TICKWIRE_SEEDS").unwrap_or(SEEDS) / share).max(1)),
    };
    let next = AtomicU64::new(first);
    let (results, collected) = mpsc::channel();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (next, run, results) = (&next, &run, results.clone());
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let result = catch_unwind(AssertUnwindSafe(|| run(seed)))
                        .unwrap_or_else(|_| Err("panicked, see above".to_owned()));
                    results.send((seed, result)).expect("collected below");
                }
            });
        }
    });
    drop(results);
    let mut sum = Tally::default();
    let mut failed = Vec::new();
    for (seed, result) in collected {
        match result {
            Ok(tally) => sum = sum.plus(tally),
            Err(fault) => failed.push((seed, fault)),
        }
    }
    failed.sort();
    if let Some((seed, fault)) = failed.first() {
        let count = failed.len();
        let others: Vec<u64> = failed.iter().map(|(seed, _)| *seed).take(20).collect();
        panic!(
            "{what}: {count} of {} seeds failed, {others:?} among them; repeat with TICKWIRE_SEED={seed}: {fault}",
            end - first
        );
    }
    println!("{what}: {} seeds, {sum:?}", end - first);
    sum
}

#[test]
fn whatever_links_and_clients_do_every_view_is_exact_and_every_input_counts_once() {
    let sum = for_seeds("chaos", 1, chaos);
    if number("TICKWIRE_SEED").is_none() {
        // The runs must have met what they are about.
        assert!(
            sum.cuts > sum.resumes
                && sum.resumes > 0
                && sum.bad_tokens > 0
                && sum.closed > 0
                && sum.skipped > 0
                && sum.hashes > 0
                && sum.held_back > 0
                && sum.bots > 0,
            "{sum:?}"
        );
    }
}

/// In every other match.
fn bots<G: Bots>(seed: u64) -> Option<BotFill<G>> {
    (seed % 2 == 1).then(|| BotFill::new(1 + seed as usize % 16))
}

#[test]
fn on_a_clean_link_the_ledger_is_never_late_nor_mispredicted() {
    for_seeds("clean ledger", 4, |seed| clean::<Ledger>(seed, 0, clerk, bots(seed)));
}

#[test]
fn on_a_clean_link_the_arena_is_never_late_nor_mispredicted() {
    for_seeds("clean arena", 8, |seed| clean::<Arena>(seed, Settings::default(), arena_bot, bots(seed)));
}
