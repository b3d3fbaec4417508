//! Owns the tests of how the benchmark is called, and of what its cheap clients say.

use crate::options::{Case, Options, Rate};
use crate::script::{Echo, Player, Script as _};
use clap::Parser as _;
use tickwire_shared::{Bytes, ServerMessage, Slack, SnapshotMessage, Tick, encode};

fn parsed(args: &str) -> Options {
    Options::parse_from(["workload"].into_iter().chain(args.split_whitespace()))
}

#[test]
fn latecomers_come_one_at_a_time_unless_told_otherwise() {
    // As cargo calls it.
    assert_eq!(parsed("--bench").latecomers(), 0);
    assert_eq!(parsed("--join --bench").latecomers(), 1);
    assert_eq!(parsed("--join 20 --bench").latecomers(), 20);
}

#[test]
fn views_of_ones_own_have_more_watchers_but_no_more_than_clients() {
    assert_eq!(parsed("--case w1").watchers(), 1);
    assert_eq!(parsed("--case w2").watchers(), 4);
    assert_eq!(parsed("--case w2 --watchers 7").watchers(), 7);
    assert_eq!(parsed("--case w2 --players 3").watchers(), 3);
    assert_eq!(parsed("--case w1").sized(Case::W2, 1000).watchers(), 4);
    assert!(Options::try_parse_from(["workload", "--watchers", "0"]).is_err());
}

#[test]
fn a_helper_is_told_all_that_matters_to_it() {
    let options =
        parsed("--case w2 --players 9 --rooms 2 --seconds 8 --hz 60 --lockstep --threads 3 --join 5");
    let told = Options::parse_from(["workload".to_owned()].into_iter().chain(options.to_args()));
    assert_eq!(told.to_args(), options.to_args());
    assert_eq!((told.clients(), told.watchers(), told.latecomers()), (18, 4, 5));
    assert_eq!(told.seconds, 8);
    assert_eq!((told.case, told.hz, told.lockstep, told.threads), (Case::W2, Rate::Hz60, true, Some(3)));
}

/// For longer than a number in a command takes to reach its full length, and with the same seed, as in the load.
#[test]
fn both_servers_are_told_as_much() {
    let (mut player, mut echo) = (Player::new(0, 30, 1), Echo::new(30, 1));
    for tick in 1..1000 {
        let tick = Tick(tick).wire();
        let body = Bytes(&[]);
        let snapshot = SnapshotMessage { tick, age: 1, input_age: 1, slack: Slack::NONE, hash: None, body };
        let frame = encode(&ServerMessage::Snapshot(snapshot));
        let (said, echoed) = (player.answer(&frame).unwrap(), echo.answer(&frame).unwrap());
        assert_eq!(said.len(), echoed.len(), "at tick {tick:?}");
    }
}
