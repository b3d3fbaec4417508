//! Owns the tests of the workload benchmark: of what it reckons from what it measures. Its processes and sockets run only in it.

#![allow(dead_code, reason = "the rest of the benchmark, which is no test, uses it")]

mod calling;
mod figures;
mod kernel;
mod recording;

#[path = "../../benches/workload/checks.rs"]
mod checks;
#[path = "../../benches/workload/core_times.rs"]
mod core_times;
#[path = "../../benches/workload/dice.rs"]
mod dice;
#[path = "../../benches/workload/join_figures.rs"]
mod join_figures;
#[path = "../../benches/workload/median.rs"]
mod median;
#[path = "../../benches/workload/options.rs"]
mod options;
#[path = "../../benches/workload/phase.rs"]
mod phase;
#[path = "../../benches/workload/recorder.rs"]
mod recorder;
#[path = "../../benches/workload/script.rs"]
mod script;
#[path = "../../benches/workload/walker.rs"]
mod walker;
#[path = "../../benches/workload/world.rs"]
mod world;

/// As in the benchmark.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Error>;
