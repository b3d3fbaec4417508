//! Owns the tests of the window: acks as clients send them, and a link of one bottleneck.

use super::*;

fn window(sent: &[u64]) -> Window {
    let sent = sent.iter().map(|tick| (Tick(*tick), 100)).collect();
    Window { sent, acked: Some(Tick(65_530)), ..Window::new(Tick(0)) }
}

#[test]
fn an_ack_frees_the_window_up_to_it_across_the_wrap() {
    let mut window = window(&[65_534, 65_535, 65_536, 65_540]);
    window.ack(Tick(65_536).wire(), Tick(65_541), 65_540.5, 0.0).unwrap();
    assert_eq!((window.sent.len(), window.acked), (1, Some(Tick(65_536))));
    window.ack(Tick(65_534).wire(), Tick(65_541), 65_540.7, 0.0).expect("an old ack is only a repetition");
    assert_eq!(window.sent.len(), 1);
}

#[test]
fn an_ack_of_what_was_never_sent_ends_the_session() {
    for never in [65_537, 65_541, 65_540 + 32_767] {
        let fault = window(&[65_535, 65_536, 65_540]).ack(Tick(never).wire(), Tick(65_541), 65_541.0, 0.0);
        assert_eq!(fault.unwrap_err().code, CloseCode::Malformed, "{never}");
    }
}

/// A link of one bottleneck, all in ticks.
#[derive(Copy, Clone)]
struct Link {
    one_way: fn(u64) -> f64,
    /// How long the bottleneck takes for a byte, in a tick.
    byte_ticks: fn(u64) -> f64,
    /// Added to every frame's way, by its number.
    jitter: fn(u64) -> f64,
    /// Nothing comes through between these.
    stall: (f64, f64),
    /// The same of the way of acks.
    ack_jitter: fn(u64) -> f64,
    ack_stall: (f64, f64),
    /// What the first frame has: the world.
    first_bytes: u64,
    /// Its client acks when so many frames have come since it last did.
    acks_each: usize,
}

const WIDE: Link = Link {
    one_way: |_| 3.0,
    byte_ticks: |_| 0.0005,
    jitter: |_| 0.0,
    stall: (0.0, 0.0),
    ack_jitter: |_| 0.0,
    ack_stall: (0.0, 0.0),
    first_bytes: 0,
    acks_each: 1,
};

/// What came of some ticks.
#[derive(Default)]
struct Outcome {
    /// How old frames were when they came, beyond the way there.
    ages: Vec<f64>,
    /// When they came.
    arrivals: Vec<f64>,
    bytes: Vec<f64>,
}

impl Outcome {
    /// How many bytes came per tick.
    fn bytes_per_tick(&self, ticks: std::ops::Range<u64>) -> f64 {
        let span = ticks.start as f64..ticks.end as f64;
        let came = self.arrivals.iter().zip(&self.bytes).filter(|(at, _)| span.contains(*at));
        came.map(|(_, bytes)| bytes).sum::<f64>() / (span.end - span.start)
    }

    /// The share of `ticks` whose frames came.
    fn came(&self, ticks: std::ops::Range<u64>) -> f64 {
        let span = ticks.start as f64..ticks.end as f64;
        self.arrivals.iter().filter(|at| span.contains(*at)).count() as f64 / (span.end - span.start)
    }
}

/// What a frame has that merges so many ticks: 100 bytes in each tick.
fn wanted_bytes(merged: u64) -> u64 {
    70 + 30 * merged.min(20)
}

/// A client that acks the newest frame at each of its ticks.
fn run(link: &Link, ticks: u64) -> Outcome {
    run_with(link, ticks, 0, 0.0)
}

/// The same with as much jitter each way in one of a hundred cases.
fn run_with(link: &Link, ticks: u64, seed: u64, jitter_p99: f64) -> Outcome {
    let jitter = |tick: u64, way: u64| late((seed << 33) + (tick << 1) + way, jitter_p99);
    let mut window = Window::new(Tick(0));
    let (mut free, mut last, mut last_ack, mut sent) = (0.0f64, 0.0f64, 0.0f64, 0);
    // When each frame comes; when each ack does.
    let (mut frames, mut acks) = (VecDeque::new(), VecDeque::<(f64, Tick, f64)>::new());
    let mut outcome = Outcome::default();
    let (mut newest, mut unacked) = (None, 0);
    for tick in 1..ticks {
        let now = tick as f64;
        let one_way = (link.one_way)(tick);
        while let Some((at, acked, waited)) = acks.front().copied().filter(|(at, ..)| *at <= now) {
            acks.pop_front();
            window.ack(Tick::wire(acked), Tick(tick), at, waited).expect("it was sent");
        }
        if window.has_place(Tick(tick)) {
            let wanted = if sent == 0 { link.first_bytes.max(100) } else { wanted_bytes(tick - sent) };
            let bytes = wanted.min(window.frame_bytes(Tick(tick))) as usize;
            window.note_sent(Tick(tick), bytes);
            sent = tick;
            free = free.max(now) + (link.byte_ticks)(tick) * bytes as f64;
            last = last.max(after(link.stall, free + one_way + (link.jitter)(tick) + jitter(tick, 0)));
            frames.push_back((last, Tick(tick), bytes));
        }
        // The client's tick of this tick lies somewhere in it.
        let client = now + 0.4;
        while let Some((at, frame, bytes)) = frames.front().copied().filter(|(at, ..)| *at <= client) {
            frames.pop_front();
            outcome.ages.push(at - frame.0 as f64 - one_way);
            outcome.arrivals.push(at);
            outcome.bytes.push(bytes as f64);
            newest = Some((frame, at));
            unacked += 1;
        }
        if let Some((newest, came)) = newest.filter(|_| unacked >= link.acks_each) {
            let waited = client - came;
            unacked = 0;
            last_ack = last_ack
                .max(after(link.ack_stall, client + one_way + (link.ack_jitter)(tick) + jitter(tick, 1)));
            // Looks find it a little later.
            acks.push_back(((last_ack * 4.0).ceil() / 4.0, newest, waited));
        }
    }
    outcome
}

/// When something comes, if it would come during a stall without it.
fn after(stall: (f64, f64), at: f64) -> f64 {
    if (stall.0..stall.1).contains(&at) { stall.1 } else { at }
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

/// Half of all are late by less than 0.046 of `p99`, one in a hundred by more than it: as in the client's link profiles.
fn late(tick: u64, p99: f64) -> f64 {
    // The finisher of SplitMix64 (S. Vigna, 2015).
    let mixed = (tick ^ (tick >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
    p99 * ((1.0 / (1.0 - share).sqrt() - 1.0) / 9.0).min(2.0)
}

const WAYS: [fn(u64) -> f64; 4] = [|_| 0.1, |_| 0.6, |_| 3.0, |_| 7.3];

#[test]
fn a_link_that_carries_all_gets_all() {
    for one_way in WAYS {
        for jitter in [|_| 0.0, |tick| (tick * 7 % 10) as f64 / 10.0, |tick| (tick * 7 % 10) as f64 / 2.5] {
            let outcome = run(&Link { one_way, jitter, ..WIDE }, 3000);
            let (came, way) = (outcome.came(100..2900), one_way(0));
            assert!(came > 0.985, "{way}: {came}");
            let small = outcome.bytes.iter().filter(|bytes| **bytes < 100.0).count();
            assert!(small < 60, "{way}: {small}");
        }
    }
}

#[test]
fn a_link_of_half_the_rate_gets_smaller_frames_and_they_are_fresh() {
    for (one_way, ticks_max) in WAYS.into_iter().zip([2.0, 2.0, 2.3, 3.2]) {
        let outcome = run(&Link { one_way, byte_ticks: |_| 0.02, ..WIDE }, 6000);
        let (ages, way) = (&outcome.ages[300..], one_way(0));
        let age = quantile(ages, 0.99);
        assert!(age <= ticks_max, "{way}: p99 {age}, p50 {}", quantile(ages, 0.5));
        let carried = outcome.bytes.iter().sum::<f64>() * 0.02 / 6000.0;
        assert!(carried > 0.9, "{way}: {carried} of what it carries");
    }
}

#[test]
fn a_link_of_a_quarter_of_the_rate_does_not_drown() {
    for one_way in WAYS {
        let outcome = run(&Link { one_way, byte_ticks: |_| 0.04, ..WIDE }, 6000);
        let (ages, way) = (&outcome.ages[300..], one_way(0));
        let age = quantile(ages, 0.99);
        assert!(age <= 7.5, "{way}: p99 {age}, p50 {}", quantile(ages, 0.5));
    }
}

#[test]
fn a_link_that_becomes_wide_again_soon_gets_all() {
    // A long link tells late, and it depends on the moment how much later it is asked.
    let moments: [fn(u64) -> f64; 3] = [
        |tick| if tick < 2000 { 0.03 } else { 0.0005 },
        |tick| if tick < 1980 { 0.03 } else { 0.0005 },
        |tick| if tick < 1953 { 0.03 } else { 0.0005 },
    ];
    for one_way in WAYS {
        for byte_ticks in moments {
            let outcome = run(&Link { one_way, byte_ticks, ..WIDE }, 3000);
            let came = outcome.arrivals.iter().zip(&outcome.bytes);
            let whole = came.filter(|(at, bytes)| **at > 2100.0 && **bytes >= 100.0).count();
            assert!(whole > 800, "{}: {whole} of 900, from 100 ticks after", one_way(0));
        }
    }
}

#[test]
fn a_link_that_becomes_longer_soon_gets_all_again() {
    let ways: [fn(u64) -> f64; 5] = [
        |tick| if tick < 1000 { 0.1 } else { 0.5 },
        |tick| if tick < 1000 { 0.1 } else { 0.7 },
        |tick| if tick < 1000 { 2.0 } else { 2.8 },
        |tick| if tick < 1000 { 0.1 } else { 3.1 },
        |tick| if tick < 1000 { 1.0 } else { 13.0 },
    ];
    for one_way in ways {
        let outcome = run(&Link { one_way, ..WIDE }, 1400);
        let came = outcome.came(1120..1400);
        assert!(came > 0.97, "{}: {came}", one_way(2000));
        let small = outcome.bytes.iter().filter(|bytes| **bytes < 100.0).count();
        assert!(small < 40, "{}: {small} frames had to be smaller", one_way(2000));
    }
}

#[test]
fn a_link_that_is_hardly_too_narrow_does_not_fill() {
    for one_way in WAYS {
        for byte_ticks in [|_| 0.01006, |_| 0.0102] {
            let outcome = run(&Link { one_way, byte_ticks, ..WIDE }, 12_000);
            let age = quantile(&outcome.ages[600..], 0.99);
            assert!(age <= 3.2, "{}: p99 {age} at {}", one_way(0), byte_ticks(0));
        }
    }
}

#[test]
fn after_a_stall_all_goes_on_at_once() {
    let stall = (1000.0, 1060.0);
    let outcome = run(&Link { stall, ..WIDE }, 1400);
    let after = outcome.came(1064..1400);
    assert!(after > 0.96, "{after}");
    let queued = outcome.arrivals.iter().filter(|at| **at == 1060.0).count();
    assert!(queued < 12, "{queued} old ones first");
}

#[test]
fn who_joins_over_a_narrow_link_is_not_drowned_before_its_first_ack() {
    for one_way in WAYS {
        // The world alone takes this link for 30 ticks, and each of the next eleven frames two.
        let outcome = run(&Link { one_way, byte_ticks: |_| 0.02, first_bytes: 1500, ..WIDE }, 1200);
        let oldest = quantile(&outcome.ages, 1.0);
        assert!(oldest < 30.0 + 11.0 * 2.0 + 20.0, "{}: {oldest}", one_way(0));
        let age = quantile(&outcome.ages[60..], 0.99);
        assert!(age < 3.2, "{}: p99 {age} after a second", one_way(0));
    }
}

#[test]
fn who_joins_over_a_long_link_waits_once_for_its_first_ack() {
    let ways: [fn(u64) -> f64; 3] = [|_| 3.0, |_| 7.5, |_| 12.0];
    for (one_way, pause_max) in ways.into_iter().zip([1.0, 6.5, 16.5]) {
        let outcome = run(&Link { one_way, first_bytes: 3000, ..WIDE }, 600);
        let pauses = outcome.arrivals.windows(2).map(|pair| pair[1] - pair[0]);
        let pauses: Vec<f64> = pauses.filter(|pause| *pause > 1.1).collect();
        let is_short = pauses.iter().all(|pause| *pause < pause_max);
        assert!(pauses.len() < 2 && is_short, "{}: {pauses:?}", one_way(0));
        assert!(outcome.came(50..580) > 0.99, "{}: {}", one_way(0), outcome.came(50..580));
    }
}

#[test]
fn who_acks_only_each_fourth_snapshot_over_a_narrow_link_is_not_left_waiting() {
    for one_way in WAYS {
        for byte_ticks in [|_| 0.012, |_| 0.02, |_| 0.04] {
            let outcome = run(&Link { one_way, byte_ticks, acks_each: 4, first_bytes: 300, ..WIDE }, 3000);
            let pause = outcome.arrivals.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
            assert!(pause < 45.0, "{}: a pause of {pause} ticks at {}", one_way(0), byte_ticks(0));
        }
    }
}

#[test]
fn a_link_that_was_too_narrow_gets_all_again_whatever_its_jitter() {
    for seed in 0..40 {
        let link =
            Link { one_way: |_| 1.6, byte_ticks: |tick| if tick < 300 { 0.02 } else { 0.0005 }, ..WIDE };
        let outcome = run_with(&link, 6000, seed, 2.4);
        let came = outcome.bytes_per_tick(4000..6000);
        assert!(came > 85.0, "seed {seed}: {came} bytes per tick of 100");
    }
}

#[test]
fn acks_that_come_unevenly_or_not_at_all_for_a_second_do_not_starve_a_narrow_link() {
    let jitters: [fn(u64) -> f64; 3] =
        [|tick| late(tick, 0.9), |tick| late(tick, 2.4), |tick| late(tick, 6.0)];
    for one_way in WAYS {
        for ack_jitter in jitters {
            let link =
                Link { one_way, ack_jitter, byte_ticks: |_| 0.02, ack_stall: (2000.0, 2060.0), ..WIDE };
            let outcome = run(&link, 6000);
            // In a few seconds chance tells more than over a minute.
            for (ticks, carried_min) in [(500..2000, 0.7), (2180..2480, 0.6), (2480..5900, 0.7)] {
                let carried = outcome.bytes_per_tick(ticks.clone()) * 0.02;
                assert!(carried > carried_min, "{}: {carried} of what it carries in {ticks:?}", one_way(0));
            }
            let [age, oldest] = [0.99, 1.0].map(|share| quantile(&outcome.ages[300..], share));
            assert!(age < 7.0 && oldest < 15.0, "{}: p99 {age}, {oldest}", one_way(0));
        }
    }
}
