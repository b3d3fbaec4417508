//! Owns the console against a real server: what is said, what is heard, and how it ends.

mod support;

use support::{Program, Server};

async fn console(server: &Server, name: &str) -> Program {
    let mut console = Program::start(&["console", &server.url, "--name", name]);
    console.hear(&format!("* you are {name}")).await;
    console
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consoles_talk_and_see_each_other_come_and_go() {
    let server = Server::start().await;
    let mut alice = console(&server, "alice").await;
    let mut bob = Program::start(&["console", &format!("{}/play/lobby", server.url), "--name", "bob"]);
    bob.hear("* alice is here").await;
    alice.hear("* bob joined").await;
    alice.say("hello bob\n").await;
    bob.hear("alice: hello bob").await;
    bob.say("hello alice\n").await;
    alice.hear("bob: hello alice").await;
    let ended = bob.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    alice.hear("* bob left").await;
    let ended = alice.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "nothing is echoed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_lines_of_a_pipe_are_said_before_it_leaves() {
    let server = Server::start().await;
    let mut listener = console(&server, "listener").await;
    let mut pipe = Program::start(&["console", &server.url, "--name", "pipe"]);
    let lines: Vec<_> = (0..10).map(|number| format!("line {number}")).collect();
    pipe.say(&(lines.join("\n\n") + "\nwithout an end")).await;
    assert_eq!(pipe.end().await.code, Some(0));
    for line in &lines {
        listener.hear(&format!("pipe: {line}")).await;
    }
    listener.hear("pipe: without an end").await;
    listener.hear("* pipe left").await;
    assert_eq!(listener.end().await.code, Some(0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_properly() {
    let server = Server::start().await;
    let mut stays = console(&server, "stays").await;
    let goes = console(&server, "goes").await;
    goes.interrupt().await;
    stays.hear("* goes left").await;
    let ended = goes.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    stays.end().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_why_and_that_is_no_error() {
    let server = Server::start().await;
    let mut console = console(&server, "console").await;
    server.stop().await;
    console.hear("* the server closed the connection with 1012: the server is restarting").await;
    let ended = console.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_told() {
    let server = Server::start().await;
    let mut console = console(&server, "watcher").await;
    let swarm = Program::start(&["swarm", "--url", &server.url, "--bots", "2", "--seconds", "1"]);
    console.hear("* bot-1 joined").await;
    console.hear("bot-1 is in the arena").await;
    assert_eq!(swarm.end().await.code, Some(0));
    console.hear("* bot-1 left").await;
    console.end().await;
    server.stop().await;
}
