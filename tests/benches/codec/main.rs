//! The codec benchmark: owns which parts of a tick are counted, instruction by instruction.
//!
//! Valgrind counts the same instructions in every run, on a noisy machine too: a change of one percent shows. It says
//! nothing of system calls and little of caches: what a server costs in all is for the workload benchmark to say.
//! It needs valgrind and gungraun-runner: see docs/performance.md.

#![allow(missing_docs, reason = "the benchmark's macros make public items that cannot be documented")]

#[path = "../workload/dice.rs"]
mod dice;
mod room;
mod scene;
mod world;

use gungraun::prelude::*;
use room::Match;
use scene::{Plan, Reading, Taking, Writing};
use std::hint::black_box;

const W1: Plan = Plan { bodies: 128, walkers: 128, receivers: 1, sight_radius: None };
/// A circle of this radius holds 30 of 1000 bodies, away from the borders.
const W2: Plan = Plan { bodies: 1000, walkers: 1000, receivers: 100, sight_radius: Some(97.7) };
const W3: Plan = Plan { bodies: 10_016, walkers: 116, receivers: 16, sight_radius: None };

// What is measured hands back what it worked on, so that dropping it is not counted.

#[library_benchmark]
#[bench::w1_128_for_one(W1.writing())]
#[bench::w1_128_for_64(Plan { receivers: 64, ..W1 }.writing())]
#[bench::w2_1000_of_which_30_for_100(W2.writing())]
#[bench::w3_10016_of_which_116_move_for_16(W3.writing())]
fn write_delta(mut writing: Box<Writing>) -> Box<Writing> {
    black_box(writing.write());
    writing
}

#[library_benchmark]
#[bench::w1_128(W1.reading())]
fn read_delta(mut reading: Box<Reading>) -> Box<Reading> {
    reading.read();
    black_box(reading)
}

#[library_benchmark]
#[bench::of_10000(Taking::new(10_000))]
fn snapshot_take(mut taking: Box<Taking>) -> Box<Taking> {
    taking.take();
    black_box(taking)
}

#[library_benchmark]
#[bench::of_128_players(Match::new(128))]
fn room_tick(mut running: Box<Match>) -> Box<Match> {
    running.tick();
    black_box(running)
}

library_benchmark_group!(name = codec, benchmarks = [write_delta, read_delta, snapshot_take, room_tick]);
main!(library_benchmark_groups = codec);
