//! Owns the tests of the simulated network: each profile does what its figures say, in order, and the same way every time.

use std::time::Duration;
use tickwire_client::link::{Link, LinkProfile, Stalls};

const MS: Duration = Duration::from_millis(1);

/// Sends a piece of `bytes` every `period` for `time`; says when each was sent and when it arrived.
fn traffic(link: &mut Link, period: Duration, time: Duration, bytes: usize) -> Vec<(Duration, Duration)> {
    let count = (time.as_nanos() / period.as_nanos()) as u32;
    (0..count).map(|index| (period * index, link.send(period * index, bytes))).collect()
}

fn assert_near(what: &str, is: Duration, wanted: Duration, share: f64) {
    let off = is.abs_diff(wanted).as_secs_f64();
    assert!(off <= wanted.as_secs_f64() * share, "{what}: {is:?}, not about {wanted:?}");
}

#[test]
fn every_profile_is_as_late_as_it_says() {
    for profile in LinkProfile::ALL {
        let mut link = Link::new(LinkProfile { stalls: None, ..profile }, 7);
        let sent = traffic(&mut link, 1000 * MS, Duration::from_secs(20_000), 1);
        // The one byte's own time at the bottleneck is at most 4 us.
        let mut late: Vec<_> = sent.iter().map(|(sent, arrival)| *arrival - *sent - profile.delay).collect();
        late.sort();
        let percentile = |share: f64| late[(late.len() as f64 * share) as usize];
        let name = profile.name;
        assert_near(&format!("{name} p50"), percentile(0.5), profile.jitter_p99.mul_f64(0.046), 0.15);
        assert_near(&format!("{name} p90"), percentile(0.9), profile.jitter_p99.mul_f64(0.24), 0.15);
        assert_near(&format!("{name} p99"), percentile(0.99), profile.jitter_p99, 0.15);
        assert!(*late.last().unwrap() <= profile.jitter_max() + MS / 100, "{name}");
    }
}

#[test]
fn a_clean_link_is_exact() {
    let mut link = Link::new(LinkProfile::clean(31 * MS), 7);
    for (sent, arrival) in traffic(&mut link, MS, Duration::from_secs(10), 100_000) {
        assert_eq!(arrival, sent + 31 * MS);
    }
}

#[test]
fn nothing_passes_what_was_sent_before_it() {
    for profile in LinkProfile::ALL {
        let mut link = Link::new(profile, 3);
        let sent = traffic(&mut link, MS, Duration::from_secs(60), 200);
        assert!(sent.is_sorted_by_key(|(_, arrival)| *arrival), "{}", profile.name);
        assert!(sent.iter().all(|(sent, arrival)| *arrival >= *sent + profile.delay), "{}", profile.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_delays_and_another_one_others() {
    for profile in LinkProfile::ALL {
        let run = |seed| traffic(&mut Link::new(profile, seed), 16 * MS, Duration::from_secs(60), 200);
        assert_eq!(run(1), run(1), "{}", profile.name);
        assert_ne!(run(1), run(2), "{}", profile.name);
    }
}

#[test]
fn a_greedy_sender_gets_the_rate_and_no_more_than_the_buffer() {
    for profile in LinkProfile::ALL {
        let Some(rate) = profile.bytes_per_second else { continue };
        let mut link = Link::new(LinkProfile { stalls: None, ..profile }, 5);
        let (time, piece) = (Duration::from_secs(10), 1000);
        let (mut now, mut arrived_bytes) = (Duration::ZERO, 0);
        while now < time {
            while !link.is_full(now) {
                arrived_bytes += if link.send(now, piece) <= time { piece } else { 0 };
            }
            assert!(link.backlog_bytes(now) < profile.buffer_bytes + piece, "{}", profile.name);
            now += MS;
        }
        let share = arrived_bytes as f64 / (rate.get() as f64 * time.as_secs_f64());
        assert!((0.95..=1.0).contains(&share), "{}: {share} of its rate", profile.name);
    }
}

/// From when to when nothing arrived, for longer than `least`.
fn silences(arrivals: &[(Duration, Duration)], least: Duration) -> Vec<(Duration, Duration)> {
    let pairs = arrivals.windows(2).map(|pair| (pair[0].1, pair[1].1));
    pairs.filter(|(from, to)| *to - *from > least).collect()
}

#[test]
fn stalls_come_as_often_and_last_as_long_as_the_profile_says() {
    for profile in LinkProfile::ALL {
        let Some(Stalls { every, shortest, longest }) = profile.stalls else { continue };
        // Without jitter each silence is a stall.
        let mut link = Link::new(LinkProfile { jitter_p99: Duration::ZERO, ..profile }, 11);
        let time = Duration::from_secs(4000);
        let arrivals = traffic(&mut link, MS, time, 1);
        let silences = silences(&arrivals, 2 * MS);
        let mean_period = every + (shortest + longest) / 2;
        assert_near(profile.name, time / silences.len() as u32, mean_period, 0.05);
        let lengths: Vec<_> = silences.iter().map(|(from, to)| *to - *from).collect();
        let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
        assert!(*least >= shortest && *most <= longest + 2 * MS, "{}: {least:?} to {most:?}", profile.name);
        let (from, to) = silences[0];
        let burst = arrivals.iter().filter(|(_, arrival)| *arrival == to).count() as u128;
        assert!(
            burst.abs_diff((to - from).as_millis()) <= 2,
            "all that was held back comes at once: {burst}"
        );
    }
}

#[test]
fn both_directions_stand_still_together() {
    let profile = LinkProfile { jitter_p99: Duration::ZERO, ..LinkProfile::STALLING };
    let [up, down] = Link::pair(profile, 13).map(|mut link| {
        let arrivals = traffic(&mut link, MS, Duration::from_secs(100), 1);
        silences(&arrivals, 2 * MS)
    });
    assert!(up.len() > 10);
    assert_eq!(up, down);
    let [up, down] = Link::pair(LinkProfile::WIFI, 13)
        .map(|mut link| traffic(&mut link, 16 * MS, Duration::from_secs(10), 1));
    assert_ne!(up, down, "their jitter is their own");
}

#[test]
fn another_profile_holds_for_what_is_sent_from_then_on() {
    let mut link = Link::new(LinkProfile::clean(500 * MS), 1);
    let before = link.send(100 * MS, 10);
    link.set_profile(200 * MS, LinkProfile::clean(10 * MS));
    assert_eq!((before, link.backlog_bytes(200 * MS)), (600 * MS, 10));
    assert_eq!(link.send(200 * MS, 10), 600 * MS, "it does not pass what is under way");
    assert_eq!(link.send(700 * MS, 10), 710 * MS);
    assert_eq!(link.profile().delay, 10 * MS);
}
