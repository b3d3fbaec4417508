//! Owns the tests of the playback: on links like those that players have, and after these stood still.

use super::*;

const TICK_HZ: u64 = 60;
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICK_HZ);
/// 144 pictures per second.
const PICTURE: Duration = Duration::from_micros(6_944);

/// A stream from a server to a client, and what is drawn of it.
struct Stream {
    one_way: Duration,
    /// How late the slowest of a hundred snapshots is.
    jitter_p99: Duration,
    random: u64,
    now: Duration,
    sent: u64,
    /// Nothing arrives before this.
    free_at: Duration,
    under_way: std::collections::VecDeque<(Duration, Tick)>,
    playback: Option<Playback>,
    pictures: Vec<Picture>,
}

#[derive(Copy, Clone, Debug)]
struct Picture {
    at: Duration,
    place: f64,
    /// Beyond the newest snapshot.
    is_beyond: bool,
    age: f64,
}

impl Stream {
    fn new(seed: u64, one_way_ms: u64, jitter_p99_ms: u64) -> Self {
        Self {
            one_way: Duration::from_millis(one_way_ms),
            jitter_p99: Duration::from_millis(jitter_p99_ms),
            random: seed,
            now: Duration::ZERO,
            sent: 0,
            free_at: Duration::ZERO,
            under_way: Default::default(),
            playback: None,
            pictures: vec![],
        }
    }

    /// `SplitMix64`, as a part of 1.
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mostly little, seldom much: exponential, of which one in a hundred is above 4.6 means.
    fn jitter(&mut self) -> Duration {
        let mean = self.jitter_p99.as_secs_f64() / 4.605;
        // By doubling instead of a logarithm, which the house does not allow.
        let (mut chance, mut halvings) = (1.0 - self.chance(), 0.0);
        while chance < 0.5 {
            (chance, halvings) = (chance * 2.0, halvings + 1.0);
        }
        let rest = (1.0 - chance) / (0.5 + 0.5 * chance);
        Duration::from_secs_f64(mean * (halvings * 0.693 + rest))
    }

    fn send(&mut self) {
        let at = TICK * self.sent as u32;
        let arrival = (at + self.one_way + self.jitter()).max(self.free_at);
        self.free_at = arrival;
        self.under_way.push_back((arrival, Tick(self.sent)));
        self.sent += 1;
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += PICTURE;
            while TICK * self.sent as u32 <= self.now {
                self.send();
            }
            while let Some((at, tick)) = self.under_way.front().copied().filter(|(at, _)| *at <= self.now) {
                self.under_way.pop_front();
                self.arrive(at, tick);
            }
            self.draw();
        }
    }

    fn arrive(&mut self, at: Duration, tick: Tick) {
        match &mut self.playback {
            Some(playback) => {
                playback.arrived(at, tick);
            }
            None => {
                let timeline = Timeline::new(TICK_HZ as u32, Tick(0), Duration::ZERO);
                self.playback = Some(Playback::start(timeline, at, tick));
            }
        }
    }

    fn draw(&mut self) {
        let Some(playback) = &self.playback else { return };
        let place = playback.position(self.now);
        let age = self.now.as_secs_f64() - place / TICK_HZ as f64;
        self.pictures.push(Picture { at: self.now, place, is_beyond: place > playback.newest, age });
    }

    /// Nothing arrives for a while, and then everything at once.
    fn stall(&mut self, time: Duration) {
        self.free_at = self.now + time;
        self.under_way.iter_mut().for_each(|(at, _)| *at = (*at).max(self.now + time));
    }

    /// The speed from picture to picture, 1 being right.
    fn speeds(&self) -> impl Iterator<Item = (Picture, f64)> {
        let ticks = PICTURE.as_secs_f64() * TICK_HZ as f64;
        self.pictures.windows(2).map(move |pair| (pair[1], (pair[1].place - pair[0].place) / ticks))
    }
}

#[test]
fn what_is_drawn_is_as_fresh_as_the_link_allows_and_mostly_known() {
    let links = [("lan", 1, 0), ("wifi", 8, 8), ("4g", 35, 15), ("transatlantic", 45, 3), ("bad", 60, 40)];
    for (name, one_way_ms, jitter_ms) in links {
        for seed in 0..10 {
            let mut stream = Stream::new(seed, one_way_ms, jitter_ms);
            stream.run(Duration::from_secs(5));
            stream.pictures.clear();
            stream.run(Duration::from_secs(60));
            let oldest = (one_way_ms + jitter_ms) as f64 / 1000.0 + 2.0 / TICK_HZ as f64;
            let mean =
                stream.pictures.iter().map(|picture| picture.age).sum::<f64>() / stream.pictures.len() as f64;
            let too_old = stream.pictures.iter().filter(|picture| picture.age > oldest).count();
            let beyond = stream.pictures.iter().filter(|picture| picture.is_beyond).count();
            let share = |count: usize| count as f64 / stream.pictures.len() as f64;
            assert!(mean <= oldest, "{name}, seed {seed}: {mean} s old, {oldest} s allowed");
            assert!(share(too_old) < 0.02, "{name}, seed {seed}: {} too old", share(too_old));
            assert!(share(beyond) < 0.015, "{name}, seed {seed}: {} drawn beyond", share(beyond));
            let fast = stream.speeds().find(|(_, speed)| !(0.5 - 1e-6..1.1 + 1e-6).contains(speed));
            assert!(fast.is_none(), "{name}, seed {seed}: {fast:?}");
        }
    }
}

#[test]
fn after_a_stall_it_is_right_again_at_once_and_never_in_fast_motion() {
    for stall_ms in [100, 200, 300, 400, 700, 1500, 5000] {
        for seed in 0..10 {
            let mut stream = Stream::new(seed, 30, 8);
            stream.run(Duration::from_secs(5));
            let usual = stream.pictures.last().expect("drawn").age;
            stream.pictures.clear();
            stream.stall(Duration::from_millis(stall_ms));
            let end = stream.now + Duration::from_millis(stall_ms);
            stream.run(Duration::from_millis(stall_ms) + Duration::from_secs(3));
            let what = format!("stall of {stall_ms} ms, seed {seed}");
            // A cut is a single picture that is far ahead; motion is anything that lasts.
            let fast: Vec<_> = stream.speeds().filter(|(_, speed)| *speed > 1.1 + 1e-6).collect();
            assert!(fast.len() <= 1, "{what}: {fast:?}");
            assert!(stream.speeds().all(|(_, speed)| speed >= 0.0), "{what}: never back");
            let furthest = stream.pictures.iter().filter(|picture| picture.at < end);
            let beyond = furthest.map(|picture| picture.age).fold(0.0, f64::max);
            let most = (stall_ms as f64 - 150.0).max(0.0) / 1000.0 + usual + 0.01;
            assert!(beyond < most, "{what}: it went on meanwhile: {beyond} s, {usual} s before");
            let later = |picture: &&Picture| picture.at > end + Duration::from_millis(1000);
            let oldest = stream.pictures.iter().filter(later).map(|picture| picture.age).fold(0.0, f64::max);
            assert!(oldest < usual + 0.015, "{what}: {oldest} s old, {usual} s before");
        }
    }
}

#[test]
fn beyond_the_newest_it_goes_on_for_a_quarter_of_a_second_and_holds() {
    let mut stream = Stream::new(1, 30, 3);
    stream.run(Duration::from_secs(3));
    stream.stall(Duration::from_secs(2));
    stream.run(Duration::from_secs(1));
    let playback = stream.playback.as_ref().expect("it has begun");
    assert_eq!(stream.pictures.last().expect("drawn").place, playback.newest + 15.0);
}

#[test]
fn a_server_that_stood_still_is_waited_for() {
    let mut stream = Stream::new(2, 30, 3);
    stream.run(Duration::from_secs(3));
    let usual = stream.pictures.last().expect("drawn").age;
    // The same as a way that is longer by two seconds, all of a sudden and for good.
    stream.one_way += Duration::from_secs(2);
    stream.run(Duration::from_secs(4));
    let late = stream.pictures.last().expect("drawn").age - usual - 2.0;
    assert!(late.abs() < 0.02, "{late} s");
    assert!(stream.speeds().all(|(_, speed)| (0.0..1.1 + 1e-6).contains(&speed)));
}

#[test]
fn a_way_that_gets_longer_or_shorter_is_followed() {
    let mut stream = Stream::new(3, 30, 3);
    stream.run(Duration::from_secs(5));
    let usual = stream.pictures.last().expect("drawn").age;
    stream.one_way += Duration::from_millis(60);
    stream.run(Duration::from_secs(8));
    let longer = stream.pictures.last().expect("drawn").age - usual - 0.060;
    assert!(longer.abs() < 0.01, "{longer} s");
    stream.one_way -= Duration::from_millis(60);
    stream.run(Duration::from_secs(8));
    let again = stream.pictures.last().expect("drawn").age - usual;
    assert!(again.abs() < 0.01, "{again} s");
    assert!(stream.speeds().all(|(_, speed)| (0.0..1.1 + 1e-6).contains(&speed)), "no cut");
}
