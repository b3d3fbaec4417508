//! Owns the swarm against a real server: what it reports, and how it ends.

mod support;

use serde_json::Value;
use std::time::Duration;
use support::{Ended, Program, Server, bot_client};
use tickwire_bot_client::proxy::Proxy;
use tickwire_client::link::LinkProfile;
use tickwire_server::ServerConfig;
use tokio::time::sleep;

fn report(ended: &Ended) -> Value {
    let last = ended.stdout.lines().last().expect("a line of JSON");
    serde_json::from_str(last).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_on_a_clean_link_has_nothing_to_complain_about() {
    let server = Server::start().await;
    let ended =
        bot_client(&["swarm", "--url", &server.url, "--bots", "16", "--seconds", "3", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["bots"], &report["joined"]), (&16.into(), &16.into()));
    for zero in ["failed", "dropped", "hash_mismatches"] {
        assert_eq!(report[zero], 0, "{zero} in {report}");
    }
    for some in ["seconds", "updates_per_bot_per_s", "inputs", "hash_checks", "bytes_per_entity_update"] {
        assert!(report[some].as_f64().unwrap() > 0.0, "{some} in {report}");
    }
    for time in ["snapshot_gap_ms", "snapshot_age_ms", "input_ack_ms"] {
        assert!(report[time]["max"].as_f64() >= report[time]["p50"].as_f64(), "{time} in {report}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_table() {
    let server = Server::start().await;
    let ended = bot_client(&["swarm", "--url", &server.url, "--bots", "2", "--seconds", "0.5"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("2 bots, 0.5 s measured at 60 Hz\n"), "{}", ended.stdout);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_over_a_link_sees_the_right_world_later() {
    let server = Server::start().await;
    let args = ["swarm", "--url", &server.url, "--bots", "8", "--seconds", "3", "--link", "wifi", "--json"];
    let ended = bot_client(&args).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["joined"], &report["link"]), (&8.into(), &"wifi".into()), "{report}");
    assert_eq!((&report["hash_mismatches"], &report["dropped"]), (&0.into(), &0.into()), "{report}");
    assert!(report["hash_checks"].as_u64() > Some(0), "{report}");
    assert!(report["input_ack_ms"]["p50"].as_f64() >= Some(8.0), "two ways of 4 ms: {report}");
    let args = ["swarm", "--url", &server.url, "--bots", "1", "--seconds", "0.5", "--link", "lan"];
    let ended = bot_client(&args).await;
    assert!(
        ended.stdout.starts_with("1 bots, 0.5 s measured at 60 Hz, over the link lan\n"),
        "{}",
        ended.stdout
    );
    server.stop().await;
}

/// All bots at once, twice, the second time for longer than a try takes: nobody is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn bots_whose_connections_are_cut_come_back() {
    let server = Server::start().await;
    let (anywhere, to) = ("127.0.0.1:0".parse().unwrap(), server.url["ws://".len()..].parse().unwrap());
    let proxy = Proxy::bind(anywhere, to, LinkProfile::LAN, 1).await.unwrap();
    let url = format!("ws://{}", proxy.address);
    let mut swarm =
        Program::start(&["swarm", "--url", &url, "--bots", "8", "--seconds", "6", "--ramp", "0", "--json"]);
    swarm.see("8 bots play").await;
    for outage_ms in [0, 700] {
        proxy.handle().cut();
        sleep(Duration::from_millis(outage_ms)).await;
        proxy.handle().restore();
        sleep(Duration::from_millis(1500)).await;
    }
    let ended = swarm.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report = report(&ended);
    for (key, wanted) in [("joined", 8), ("dropped", 0), ("reconnects", 16), ("hash_mismatches", 0)] {
        assert_eq!(report[key], wanted, "{key} in {report}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_drops_the_bots() {
    let server = Server::start().await;
    let args = ["swarm", "--url", &server.url, "--bots", "4", "--seconds", "600", "--ramp", "0", "--json"];
    let mut swarm = Program::start(&args);
    swarm.see("4 bots play").await;
    server.stop().await;
    let ended = swarm.end().await;
    assert_eq!(ended.code, Some(99), "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["joined"], &report["dropped"]), (&4.into(), &4.into()));
    assert!(report["seconds"].as_f64().unwrap() < 600.0, "nobody is left: no reason to go on");
    assert!(ended.stderr.contains("4 of 4 bots lost the connection"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_window_early_and_the_report_is_of_what_was() {
    let server = Server::start().await;
    let args = ["swarm", "--url", &server.url, "--bots", "4", "--seconds", "600", "--ramp", "0", "--json"];
    let mut swarm = Program::start(&args);
    swarm.see("4 bots play").await;
    swarm.interrupt().await;
    let ended = swarm.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["joined"], &report["dropped"]), (&4.into(), &0.into()));
    assert!(report["inputs"].as_u64() > Some(0), "{report}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_before_the_window_leaves_nothing_to_report() {
    let server = Server::start().await;
    let mut swarm =
        Program::start(&["swarm", "--url", &server.url, "--bots", "9", "--ramp", "600", "--json"]);
    swarm.see("joining").await;
    swarm.interrupt().await;
    let ended = swarm.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""));
    assert!(ended.stderr.ends_with("interrupted before anything was measured\n"), "{}", ended.stderr);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_that_a_full_room_refuses_have_failed() {
    let server = Server::with(ServerConfig { room_players_max: 3, ..ServerConfig::default() }).await;
    let args = ["swarm", "--url", &server.url, "--bots", "5", "--seconds", "0.5", "--json"];
    let ended = bot_client(&args).await;
    assert_eq!(ended.code, Some(99), "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["joined"], &report["failed"]), (&3.into(), &2.into()), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 of 5 bots could not join"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the room is full"), "{}", ended.stderr);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_rooms_share_the_bots() {
    let server = Server::start().await;
    let args =
        ["swarm", "--url", &server.url, "--bots", "4", "--seconds", "1", "--room", "arena", "--rooms", "2"];
    let mut watcher = Program::start(&["console", &server.url, "--room", "arena-2"]);
    watcher.hear("* you are console").await;
    let ended = bot_client(&args).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let seen = watcher.end().await;
    let joined = seen.stdout.lines().filter(|line| line.ends_with(" joined"));
    assert_eq!(joined.collect::<Vec<_>>(), ["* bot-2 joined", "* bot-4 joined"]);
    server.stop().await;
}
