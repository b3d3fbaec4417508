//! Owns the tests of cuts: what makes a client come back, how it asks for its seat, and what it is when it has it again.

use crate::fake_server::FakeServer;
use crate::sim::{Sim, client, ms};
use crate::toy::Toy;
use std::time::Duration;
use tickwire_client::{Client, ClientConfig, Malformed, Notice, State};
use tickwire_shared::limits::RECONNECT_QUICK_TRIES;
use tickwire_shared::{Role, ServerMessage, Tick, append_message, encode, key_from_parts};

/// A client that plays on a server that keeps seats.
fn playing(round_trip: Duration) -> Sim {
    let mut sim = Sim::new(7, Tick(65_500), round_trip, ms(0));
    sim.server.token = Some([1; 16]);
    sim.run(ms(2000));
    assert_eq!(sim.client.state(), &State::Joined);
    while sim.client.poll_notice().is_some() {}
    sim
}

fn attempt(client: &Client<Toy>) -> (u32, Duration) {
    match client.state() {
        State::Reconnecting { attempt, at, .. } => (*attempt, *at),
        state => panic!("{state:?}"),
    }
}

fn closed(client: &Client<Toy>) -> (u16, String) {
    match client.state() {
        State::Closed { code, reason } => (*code, reason.clone()),
        state => panic!("{state:?}"),
    }
}

#[test]
fn after_a_cut_all_is_as_before_one_round_trip_after_the_connection_is_back() {
    let mut sim = playing(ms(60));
    sim.cut();
    let lost_at = sim.now;
    sim.client.connection_lost(sim.now, 1006, "cut");
    assert_eq!(attempt(&sim.client), (1, lost_at), "at once");
    assert_eq!(sim.client.next_update(), None);
    assert!(sim.client.own().is_some(), "what there was to see stays");
    let (player, tick) = (sim.client.player(), sim.client.tick());
    sim.run(ms(400));
    assert_eq!(sim.client.tick(), tick, "no ticks without a server");
    sim.reconnect();
    assert_eq!(sim.client.state(), &State::Resuming);
    let full = sim.client.stats().full_snapshots;
    sim.run(ms(60 + 34));
    assert_eq!((sim.client.state(), sim.client.player()), (&State::Joined, player));
    assert_eq!(sim.client.stats().full_snapshots, full + 1);
    let stats = sim.client.stats();
    assert_eq!(stats.reconnects, 1);
    assert!(stats.last_resume.is_some_and(|time| time >= ms(460) && time <= ms(494)), "{stats:?}");
    let before = sim.client.stats().clone();
    sim.run(ms(3000));
    let stats = sim.client.stats();
    assert_eq!((stats.hash_mismatches, stats.resyncs, stats.mispredictions), (0, 0, 0), "{stats:?}");
    assert!(stats.inputs.applied > before.inputs.applied + 80, "{stats:?}");
    assert_eq!(stats.inputs.late, before.inputs.late, "{stats:?}");
    let notices: Vec<_> = std::iter::from_fn(|| sim.client.poll_notice()).collect();
    assert!(matches!(notices[..], [Notice::Lost { code: 1006, .. }, Notice::Resumed]));
}

/// The fake server asserts that no tick is commanded twice, and that each Hello presents the last token.
#[test]
fn many_cuts_in_a_row_repeat_no_tick_and_each_presents_the_last_token() {
    let mut sim = playing(ms(40));
    for round in 0..50 {
        sim.cut();
        sim.client.connection_lost(sim.now, 1006, "cut");
        sim.run(ms(round * 7));
        sim.reconnect();
        sim.run(ms(200 + round));
        assert_eq!(sim.client.state(), &State::Joined);
    }
    assert_eq!(sim.client.stats().reconnects, 50);
    assert_eq!(sim.client.stats().hash_mismatches, 0);
}

#[test]
fn silence_is_a_cut_and_so_is_a_new_connection_without_an_answer() {
    let mut sim = playing(ms(40));
    sim.cut();
    sim.run(ms(2900));
    assert_eq!(sim.client.state(), &State::Joined);
    sim.run(ms(150));
    assert_eq!(attempt(&sim.client).0, 1);
    sim.client.reconnect(sim.now);
    assert_eq!(sim.client.next_update(), Some(sim.now + ms(3000)));
    sim.now += ms(3000);
    sim.client.update(sim.now);
    let (attempt, at) = attempt(&sim.client);
    assert_eq!(attempt, 2);
    assert!(at > sim.now && at <= sim.now + ms(100), "{at:?}");
}

/// Its own sleep is not the server's silence: what came meanwhile waits to be read.
#[test]
fn a_client_that_slept_does_not_take_the_server_for_dead() {
    let mut sim = playing(ms(40));
    let now = sim.now + ms(60_000);
    sim.client.update(now);
    assert_eq!(sim.client.state(), &State::Joined);
}

#[test]
fn only_what_the_network_may_have_caused_is_worth_coming_back_from() {
    for code in [1001, 1006, 1013, 4408] {
        let mut sim = playing(ms(0));
        let reason = "so".to_owned();
        sim.client.receive(sim.now, &encode(&ServerMessage::Closed { code, reason })).unwrap();
        assert_eq!(attempt(&sim.client).0, 1, "{code}");
        sim.client.connection_lost(sim.now, 1006, "and then the socket");
        assert_eq!(attempt(&sim.client).0, 1, "that is known");
        sim.client.receive(sim.now, &[255]).expect("the old connection's bytes are of no interest");
    }
    for code in [1000, 1011, 1012, 4400, 4403, 4409, 4426, 4429] {
        let mut sim = playing(ms(0));
        sim.client.connection_lost(sim.now, code, "so");
        assert_eq!(closed(&sim.client), (code, "so".to_owned()));
    }
}

#[test]
fn without_a_token_or_the_wish_a_cut_is_the_end() {
    let mut sim = Sim::new(7, Tick(10), ms(0), ms(0));
    sim.run(ms(500));
    sim.cut();
    sim.run(ms(10_000));
    assert_eq!(sim.client.state(), &State::Joined, "its shell has to say so");
    sim.client.connection_lost(sim.now, 1006, "cut");
    assert_eq!(closed(&sim.client), (1006, "cut".to_owned()));

    let mut server = FakeServer::new(Tick(7), Duration::ZERO);
    server.token = Some([1; 16]);
    let config = ClientConfig { resume: false, ..ClientConfig::new("tester", Role::Player) };
    let mut client = Client::<Toy>::new(config);
    let mut frame = Vec::new();
    append_message(&mut frame, &ServerMessage::Welcome(Box::new(server.welcome(Tick(7)))), 4096);
    client.receive(ms(0), &frame).unwrap();
    client.connection_lost(ms(1), 1006, "cut");
    assert_eq!(closed(&client).0, 1006);
}

/// 5 s of grace, and 10 s in which the server may not have noticed.
#[test]
fn it_tries_until_the_seat_is_gone_for_certain() {
    let mut sim = playing(ms(0));
    let lost_at = sim.now;
    sim.client.connection_lost(sim.now, 1006, "cut");
    let mut tries = 0;
    while let State::Reconnecting { at, .. } = *sim.client.state() {
        assert!(at >= sim.now && at <= sim.now + ms(2000));
        sim.now = at;
        sim.client.reconnect_failed(sim.now);
        tries += 1;
    }
    let quick = RECONNECT_QUICK_TRIES;
    assert!((quick + 5..quick + 20).contains(&tries), "{tries}");
    assert!(sim.now > lost_at + ms(13_000) && sim.now <= lost_at + ms(15_000));
    let (code, reason) = closed(&sim.client);
    assert!(code == 1006 && reason.ends_with("cut"), "{code} {reason}");
}

#[test]
fn a_refused_token_is_the_end_and_a_server_in_trouble_is_not() {
    let refused = |code| encode(&ServerMessage::Refused { code, reason: "no seat".to_owned() });
    let mut sim = playing(ms(0));
    sim.client.connection_lost(sim.now, 1006, "cut");
    sim.client.reconnect(sim.now);
    sim.client.receive(sim.now, &refused(4408)).unwrap();
    assert_eq!(attempt(&sim.client).0, 2, "the Hello was late");
    sim.client.reconnect(sim.now);
    sim.client.receive(sim.now, &refused(4401)).unwrap();
    assert_eq!(closed(&sim.client), (4401, "no seat".to_owned()));
}

#[test]
fn a_seat_that_is_not_the_own_one_is_not_taken() {
    let mut sim = playing(ms(0));
    sim.client.connection_lost(sim.now, 1006, "cut");
    sim.client.reconnect(sim.now);
    let mut welcome = sim.server.welcome(Tick(70_000));
    welcome.player = key_from_parts(99, 1);
    let mut frame = Vec::new();
    append_message(&mut frame, &ServerMessage::Welcome(Box::new(welcome)), 4096);
    assert!(sim.client.receive(sim.now, &frame).is_err());
    let body = sim.server.tick().expect("a frame without a welcome");
    assert_eq!(
        sim.client.receive(sim.now, &body),
        Err(Malformed("a snapshot before the welcome")),
        "what is held is of another connection"
    );
    assert_eq!(client(Role::Player).state(), &State::Joining);
}
