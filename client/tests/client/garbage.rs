//! Owns the tests against a server that lies: whatever comes, the client errs or goes on, and never panics.

use crate::fake_server::FakeServer;
use crate::sim::{Random, client, ms};
use crate::toy::Toy;
use tickwire_client::Client;
use tickwire_shared::{Role, Tick};

/// The frames of a real session, from the Welcome on.
fn real_frames() -> Vec<Vec<u8>> {
    let mut server = FakeServer::new(Tick(65_500), ms(1));
    server.receive(ms(0), &client(Role::Player).poll_transmit().unwrap());
    (0..40).filter_map(|_| server.tick()).collect()
}

/// Uses everything that a frame can have spoilt.
fn use_it(client: &mut Client<Toy>, now: u64) {
    let mut others = Vec::new();
    client.update(ms(now));
    client.newest(&mut others);
    client.view(ms(now), &mut others);
    let _ = (client.own(), client.tick(), client.next_update(), client.names().count());
    if client.held().tick().is_some() {
        let _ = client.held().hash(client.layout());
    }
    while client.poll_transmit().is_some() {}
    while client.poll_notice().is_some() {}
}

/// Feeds real frames up to one that is spoilt, and then the rest if the client is willing.
fn feed(frames: &[Vec<u8>], spoilt: usize, spoil: impl FnOnce(&mut Vec<u8>)) -> bool {
    let mut client = client(Role::Player);
    client.update(ms(0));
    let mut frames = frames.to_vec();
    spoil(&mut frames[spoilt]);
    for (number, frame) in frames.iter().enumerate() {
        let now = 33 * number as u64;
        if client.receive(ms(now), frame).is_err() {
            return false;
        }
        use_it(&mut client, now);
    }
    true
}

#[test]
fn real_frames_are_accepted() {
    let frames = real_frames();
    assert_eq!(frames.len(), 40);
    assert!(feed(&frames, 0, |_| {}));
}

#[test]
fn every_truncation_is_an_error() {
    let frames = real_frames();
    for spoilt in [0, 1, 20] {
        for length in 0..frames[spoilt].len() {
            let is_whole_messages = feed(&frames, spoilt, |frame| frame.truncate(length));
            // Cut between two messages, the rest is a frame of its own.
            assert!(length > 0 || !is_whole_messages);
        }
    }
}

#[test]
fn flipped_bits_never_panic() {
    let frames = real_frames();
    let mut random = Random(7);
    let mut accepted = 0;
    for _ in 0..6000 {
        let spoilt = random.below(frames.len() as u64) as usize;
        let flips = 1 + random.below(3);
        accepted += u32::from(feed(&frames, spoilt, |frame| {
            for _ in 0..flips {
                let bit = random.below(frame.len() as u64 * 8) as usize;
                frame[bit / 8] ^= 1 << (bit % 8);
            }
        }));
    }
    assert!(accepted > 100, "most flips in a body are healed by a resync: {accepted}");
}

#[test]
fn random_bytes_never_panic() {
    let frames = real_frames();
    let mut random = Random(8);
    for _ in 0..6000 {
        let spoilt = random.below(5) as usize;
        feed(&frames, spoilt, |frame| {
            frame.clear();
            // The tag of a snapshot, often, so that some get further than the first byte.
            frame.push(if random.below(2) == 0 { 1 } else { random.next() as u8 });
            (0..random.below(60)).for_each(|_| frame.push(random.next() as u8));
        });
    }
}
