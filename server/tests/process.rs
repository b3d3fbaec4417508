//! Owns the checks of the binary as its operator sees it: lines, exit codes, signals, memory, descriptors.

mod common;

use common::{BINARY, Closing, DEADLINE, Player, Process, Socket, http, open, raw_frame, say, until, within};
use futures_util::StreamExt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;
use tickwire_arena::{Arena, Input};
use tickwire_shared::{ClientMessage, Tick};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};

#[tokio::test]
async fn the_ready_line_is_all_that_stands_on_standard_output() {
    let mut server = Process::start(&[]);
    let text = http(server.address, "GET /about HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("Tickwire"), "{text}");
    let info = http(server.address, "GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(info.contains("application/json") && info.contains("\"game\":\"arena\""), "{info}");
    server.signal("TERM");
    assert_eq!(server.exit_code().await, Some(0));
    let mut rest = String::new();
    server.child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[tokio::test]
async fn the_page_of_the_game_is_in_the_program() {
    let server = Process::start(&[]);
    let page = http(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<!doctype html>"), "{page}");
    for (path, kind) in [("/game.js", "text/javascript"), ("/game_bg.wasm", "application/wasm")] {
        let head = http(server.address, &format!("HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains(&format!("content-type: {kind}")),
            "{head}"
        );
    }
}

/// Told to stop, it says goodbye.
#[tokio::test]
async fn sigterm_and_sigint_close_every_client_and_exit_with_0_in_two_seconds() {
    for signal in ["TERM", "INT"] {
        let mut server = Process::start(&["--room-players-max", "4"]);
        let mut player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
        let mut console = open(server.address, "/console/a").await;
        let start = Instant::now();
        server.signal(signal);
        assert_eq!(Closing::of(&mut player.socket).await.code, 1012);
        assert_eq!(Closing::of(&mut console).await.code, 1012);
        assert_eq!(server.exit_code().await, Some(0));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

/// Who has a seat and no connection cannot be told, and is not waited for.
#[tokio::test]
async fn a_kept_seat_does_not_hold_up_the_exit() {
    let mut server = Process::start(&["--resume-grace-seconds", "3600"]);
    let player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    assert_eq!(player.welcome.resume_grace_seconds, 3600);
    player.cut();
    until(|| async {
        http(server.address, "GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("\"detached\":1")
    })
    .await;
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_code().await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// For who cannot wait for the clients' goodbyes.
#[tokio::test]
async fn a_second_signal_exits_at_once() {
    let mut server = Process::start(&[]);
    let mut player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    server.signal("TERM");
    assert_eq!(Closing::of(&mut player.socket).await.code, 1012);
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_code().await, Some(130));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

/// Offences are counted, not told one by one: nobody can fill a disk from outside.
#[tokio::test]
async fn the_log_stays_short_whatever_clients_do() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("short.log");
    let mut command = Command::new(BINARY);
    command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]);
    command.env_remove("RUST_LOG").stderr(std::fs::File::create(&path).unwrap());
    let mut server = Process::spawn(command);
    for round in 0..100 {
        let mut socket = open(server.address, &format!("/play/room-{round}")).await;
        common::say(&mut socket, "garbage").await;
        Closing::of(&mut socket).await;
        http(server.address, "GET /play/%1b[31m HTTP/1.1\r\nhost: x\r\n\r\n").await;
        http(server.address, "nonsense\r\n\r\n").await;
    }
    server.signal("TERM");
    assert_eq!(server.exit_code().await, Some(0));
    let log = std::fs::read_to_string(path).unwrap();
    assert!(log.lines().count() < 10, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a JSON object per line");
        assert!(line["level"] == "INFO" && line["fields"]["message"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_room_starts_at_the_tick_it_is_told_to() {
    let server = Process::start(&["--start-tick", "4294967290", "--seed", "7"]);
    let player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    assert!(player.welcome.tick >= Tick(4_294_967_290));
    assert!(player.tick.since(Tick(4_294_967_290)) < 60);
}

/// What a start that fails leaves behind: exit code and standard error.
fn failed_start(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(BINARY);
    let output = command.args(arguments).envs(environment.iter().copied()).output().unwrap();
    assert!(output.stdout.is_empty(), "nothing was started");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_bad_configuration_is_one_sentence_and_78() {
    for (arguments, environment, key) in [
        (&["--listen", "here"][..], &[][..], "--listen"),
        (&["--listen", "127.0.0.1:99999"], &[], "--listen"),
        (&["--room-players-max", "0"], &[], "--room-players-max"),
        (&["--room-players-max", "many"], &[], "--room-players-max"),
        (&["--seed", "-1"], &[], "-1"),
        (&["--start-tick", "18446744073709551615"], &[], "--start-tick"),
        (&["--allow-origin", "play.example.com"], &[], "--allow-origin"),
        (
            &["--allow-origin", "https://a.example", "--allow-origin", "https://b.example/page"],
            &[],
            "--allow-origin",
        ),
        (&[], &[("TICKWIRE_ALLOW_ORIGIN", "https://a.example,b")], "--allow-origin"),
        (&["--log-format", "xml"], &[], "--log-format"),
        (&["--bots", "257"], &[], "--bots"),
        (&["--bots", "some"], &[], "--bots"),
        (&["--bots", "9", "--room-players-max", "8"], &[], "--bots 9"),
        (&[], &[("TICKWIRE_BOTS", "-1")], "--bots"),
        (&["--frobnicate"], &[], "--frobnicate"),
        (&["surplus"], &[], "surplus"),
        (&[], &[("TICKWIRE_LISTEN", "nowhere")], "--listen"),
        (&["--listen", "127.0.0.1:0"], &[("RUST_LOG", "tickwire=loud")], "RUST_LOG"),
    ] {
        let (code, sentence) = failed_start(arguments, environment);
        assert_eq!(code, Some(78), "{arguments:?}: {sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        assert!(sentence.contains(key), "{sentence}");
    }
}

#[test]
fn a_taken_port_is_one_sentence_and_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, sentence) = failed_start(&["--listen", &address], &[]);
    assert_eq!((code, sentence.lines().count()), (Some(1), 1), "{sentence}");
    assert!(sentence.contains(&address) && sentence.contains("in use"), "{sentence}");
}

#[test]
fn help_and_version_are_no_failures() {
    for argument in ["--help", "--version"] {
        let output = Command::new(BINARY).arg(argument).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty());
    }
}

/// By a peer that reads nothing: answers must not gather in the server's memory.
#[tokio::test]
async fn a_flood_of_pings_is_cut_off_and_memory_stays_flat() {
    let server = Process::start(&[]);
    let mut player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    let before = server.memory_kb("VmRSS");
    let pings = raw_frame(0x89, 125, &[7; 125]).repeat(1000);
    let stream = player.socket.get_mut();
    let mut sent = 0;
    let cut_off = timeout(DEADLINE, async {
        while stream.write_all(&pings).await.is_ok() {
            sent += pings.len();
        }
    });
    cut_off.await.expect("the server hangs up");
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let after = server.memory_kb("VmRSS");
    assert!(after < before + 4096, "from {before} to {after} KiB");
}

/// Two hundred headers that declare 16 MiB each reserve nothing.
#[tokio::test]
async fn declared_lengths_reserve_no_memory() {
    let server = Process::start(&["--room-players-max", "200"]);
    let mut sockets = Vec::new();
    for _ in 0..200 {
        sockets.push(open(server.address, "/play/a").await);
    }
    let before = server.memory_kb("VmSize");
    for socket in &mut sockets {
        socket.get_mut().write_all(&raw_frame(0x82, 16 << 20, &[])).await.unwrap();
    }
    for socket in &mut sockets {
        assert_eq!(Closing::of(socket).await.code, 1009);
    }
    let after = server.memory_kb("VmSize");
    assert!(after < before + 65_536, "from {before} to {after} KiB");
}

/// Buffers are sized for thousands: of the server's memory a console that says nothing takes little, and a player not much more, with
/// its part of the world and of its history.
#[tokio::test]
async fn a_connection_takes_little_memory() {
    let server = Process::start(&["--room-players-max", "64"]);
    play(join(&server, 1).await).await;
    let _first = consoles(&server, 1).await;
    let empty = server.memory_kb("VmRSS");
    let _idle = consoles(&server, IDLE).await;
    let idle = server.memory_kb("VmRSS");
    assert!(idle < empty + IDLE * 16, "{IDLE} consoles raise it from {empty} to {idle} KiB");
    let players = play(join(&server, PLAYING).await).await;
    let playing = server.memory_kb("VmRSS");
    assert!(playing < idle + PLAYING * 64, "{PLAYING} players raise it from {idle} to {playing} KiB");
    drop(players);
}

const IDLE: u64 = 200;
const PLAYING: u64 = 50;

/// So many consoles in one room, each of which was read from and written to: memory that was never touched does not count.
async fn consoles(server: &Process, count: u64) -> Vec<Socket> {
    let mut consoles = Vec::new();
    for _ in 0..count {
        let mut console = open(server.address, "/console/a").await;
        say(&mut console, Message::Ping(Bytes::new())).await;
        while !matches!(within(console.next()).await, Some(Ok(Message::Pong(_)))) {}
        consoles.push(console);
    }
    consoles
}

/// So many players in the same room.
async fn join(server: &Process, count: u64) -> Vec<Player> {
    let mut players = Vec::new();
    for _ in 0..count {
        players.push(Player::join_as::<Arena>(open(server.address, "/play/a").await).await);
    }
    players
}

/// Until the room's history is full.
async fn play(players: Vec<Player>) -> Vec<Player> {
    let play = |mut player: Player| async move {
        let end = player.tick.plus(180);
        until_tick(&mut player, end).await;
        player
    };
    players.into_iter().map(play).collect::<JoinSet<_>>().join_all().await
}

/// A process that was stopped for a while skips what it missed, and closes nobody for it.
#[tokio::test]
async fn a_pause_of_the_whole_process_is_survived_by_everyone() {
    let server = Process::start(&[]);
    let mut player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    let pause = Duration::from_secs(3);
    server.signal("STOP");
    let end = Instant::now() + pause;
    while Instant::now() < end {
        // Clients go on: at 60 Hz, as ever.
        player.send(&ClientMessage::<Input>::Resync).await;
        sleep(Duration::from_millis(16)).await;
    }
    server.signal("CONT");
    let before = player.tick;
    until_tick(&mut player, before.plus(120)).await;
    let info = http(server.address, "GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (_, body) = info.split_once("\r\n\r\n").unwrap();
    let info: serde_json::Value = serde_json::from_str(body).unwrap();
    let skipped = info["rooms"][0]["ticks_skipped"].as_u64().unwrap();
    assert!((100..300).contains(&skipped), "{skipped} of about 180 ticks were skipped");
}

async fn until_tick(player: &mut Player, tick: Tick) {
    while player.tick < tick {
        player.listen().await;
        player.command(Input::default()).await;
    }
}

/// Without a free descriptor the server waits, instead of trying all the time, and recovers.
#[tokio::test]
async fn running_out_of_descriptors_costs_no_processor_time() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\" --listen 127.0.0.1:0", BINARY]).stderr(Stdio::null());
    let server = Process::spawn(command);
    let mut player = Player::join_as::<Arena>(open(server.address, "/play/a").await).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(tokio::net::TcpStream::connect(server.address).await.unwrap());
    }
    let (cpu, start) = (server.cpu_ticks(), Instant::now());
    let before = player.tick;
    until_tick(&mut player, before.plus(60)).await;
    let used = server.cpu_ticks() - cpu;
    assert!(used < 50, "{used} hundredths of a second in {:?}", start.elapsed());
    drop(crowd);
    until(|| async { http(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("200 OK") })
        .await;
}
