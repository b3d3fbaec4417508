//! Owns the recorder and the trainer against a real server: what is recorded trains codes that a schema takes.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::{Ended, Program, Server, bot_client, nowhere};
use tickwire_arena::Arena;
use tickwire_bot_client::recording::Frames;
use tickwire_server::ServerConfig;
use tickwire_shared::{Layout, Schema};

/// A file of one test's own.
fn file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

async fn record(server: &Server, file: &Path, seconds: &str, bots: &str) -> Ended {
    let out = file.to_str().unwrap();
    bot_client(&["record", "--url", &server.url, "--seconds", seconds, "--bots", bots, "--out", out]).await
}

async fn train(args: &[&Path]) -> Ended {
    let args: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
    bot_client(&[&["train"], &args[..]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_trains_codes_that_the_game_takes() {
    let server = Server::start().await;
    let (first, other, codes) = (file("first.rec"), file("other.rec"), file("codes.txt"));
    for file in [&first, &other] {
        let ended = record(&server, file, "2", "8").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stdout.contains(" snapshots, "), "{}", ended.stdout);
    }
    server.stop().await;
    let ended = train(&[&first, Path::new("--check"), &other, Path::new("--out"), &codes]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for part in ["trained on first.rec: ", "tried on other.rec: ", "Player.aim ", "Player.rockets "] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    let text = fs::read_to_string(&codes).unwrap();
    let mut schema = Schema::of::<Arena>();
    schema.set_codes(&text).unwrap();
    let coded = |field: &tickwire_shared::Field| field.name == "aim" && !field.code.is_empty();
    assert!(schema.kinds[0].fields.iter().any(coded), "aim moves enough to have a code of its own: {text}");
    Layout::new(schema).expect("trained codes are whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spectator_records_what_others_play() {
    let server = Server::start().await;
    let watched = file("watched.rec");
    let args = ["swarm", "--url", &server.url, "--bots", "4", "--seconds", "600", "--ramp", "0"];
    let mut swarm = Program::start(&args);
    swarm.see("4 bots play").await;
    let ended = record(&server, &watched, "1", "0").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    swarm.interrupt().await;
    assert_eq!(swarm.end().await.code, Some(0));
    server.stop().await;
    let ended = train(&[&watched]).await;
    assert!(ended.code == Some(0) && ended.stdout.contains("Player.vel.x "), "{}", ended.stdout);
    assert!(!ended.stdout.contains("Player.rockets "), "only owners are told: {}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_and_a_lost_server_leave_whole_recordings() {
    let server = Server::start().await;
    let (stopped, lost) = (file("stopped.rec"), file("lost.rec"));
    let start = |file: &Path| {
        let out = file.to_str().unwrap();
        Program::start(&["record", "--url", &server.url, "--seconds", "600", "--bots", "2", "--out", out])
    };
    let (mut first, mut second) = (start(&stopped), start(&lost));
    // A line a second: then there is something to keep.
    first.see("1 bots play").await;
    second.see("1 bots play").await;
    first.interrupt().await;
    assert_eq!(first.end().await.code, Some(0));
    server.stop().await;
    let ended = second.end().await;
    assert_eq!(ended.code, Some(99), "{}", ended.stderr);
    assert!(ended.stderr.contains("1012: the server is restarting"), "{}", ended.stderr);
    for file in [stopped, lost] {
        let frames = Frames::new(fs::File::open(file).unwrap()).unwrap();
        let frames: Result<Vec<_>, _> = frames.collect();
        assert!(frames.expect("it is whole").len() > 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_is_cut_off_is_refused_in_one_sentence() {
    let server = Server::start().await;
    let (whole, cut) = (file("whole.rec"), file("cut.rec"));
    assert_eq!(record(&server, &whole, "0.5", "2").await.code, Some(0));
    server.stop().await;
    let bytes = fs::read(&whole).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 9]).unwrap();
    let text = file("text.rec");
    fs::write(&text, "I am somebody's notes, and longer than the start of a recording").unwrap();
    let refused: [(&[&Path], &str); 3] = [
        (&[&whole, &cut], "cut.rec: the recording is cut off after "),
        (&[&whole, Path::new("--check"), &cut], "cut.rec: the recording is cut off after "),
        (&[&text], "text.rec: this is no recording of this version of bot-client"),
    ];
    for (args, sentence) in refused {
        let ended = train(args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_seat_an_older_recording_is_left_alone() {
    let older = file("older.rec");
    fs::write(&older, "precious").unwrap();
    let out = older.to_str().unwrap();
    let ended = bot_client(&["record", "--url", &nowhere().await, "--out", out]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("could not connect: ") && ended.stderr.lines().count() == 1);
    let full = Server::with(ServerConfig { room_players_max: 0, ..ServerConfig::default() }).await;
    let ended = record(&full, &older, "1", "1").await;
    assert_eq!(ended.code, Some(99), "{}", ended.stderr);
    assert!(ended.stderr.contains("the room is full"), "{}", ended.stderr);
    full.stop().await;
    assert_eq!(fs::read_to_string(&older).unwrap(), "precious");
}
