//! Owns how the program behaves when it is called wrongly, or where there is no server.

mod support;

use support::{bot_client, nowhere};

#[tokio::test]
async fn what_cannot_be_understood_is_a_usage_error() {
    for args in [
        &[][..],
        &["dance"],
        &["swarm", "--bots", "none"],
        &["swarm", "--bots", "0"],
        &["swarm", "--url", "http://127.0.0.1:9001"],
        &["swarm", "--room", "no room"],
        &["console", "127.0.0.1:9001"],
        &["record"],
        &["record", "--out", "x", "--seconds", "0"],
        &["record", "--out", "x", "--bots", "-1"],
        &["record", "--out", "x", "--bots", "1", "--behaviour", "dancer"],
        &["record", "--out", "x", "--url", "http://127.0.0.1:9001"],
        &["train"],
        &["train", "--out", "x"],
        &["train", "there-is-no-such-file"],
        &["swarm", "--link-seed", "2"],
        &["proxy"],
        &["proxy", "--profile", "wifi", "--listen", "9001"],
        &["proxy", "--profile", "wifi", "--listen", "192.0.2.1:0"],
        &["proxy", "--profile", "wifi", "--to", "nowhere"],
        &["proxy", "--profile", "wifi", "--seed", "-1"],
    ] {
        let ended = bot_client(args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["swarm", "--help"], &["train", "--help"], &["--version"]] {
        let ended = bot_client(args).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test]
async fn an_unknown_behaviour_is_answered_by_those_there_are() {
    let ended = bot_client(&["swarm", "--behaviour", "dancer"]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    for known in <tickwire_arena::Arena as tickwire_shared::Bots>::BEHAVIOURS {
        assert!(ended.stderr.contains(known), "{known} in {}", ended.stderr);
    }
}

#[tokio::test]
async fn an_unknown_link_is_answered_by_those_there_are() {
    for (args, option) in
        [(["swarm", "--link", "dsl"], "--link"), (["proxy", "--profile", "dsl"], "--profile")]
    {
        let ended = bot_client(&args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}");
        assert!(ended.stderr.contains(option), "{option} in {}", ended.stderr);
        for known in tickwire_client::link::LinkProfile::ALL {
            assert!(ended.stderr.contains(known.name), "{} in {}", known.name, ended.stderr);
        }
    }
}

#[tokio::test]
async fn without_a_server_there_is_one_sentence() {
    let url = nowhere().await;
    for args in [&["swarm", "--bots", "2", "--seconds", "1", "--url", &url][..], &["console", &url]] {
        let ended = bot_client(args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("refused"), "{}", ended.stderr);
    }
}
