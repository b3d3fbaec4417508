//! Owns the check of a server binary for a game that has nothing but rules: this program is one, if it is started as such.

mod common;

use common::Pit;
use std::process::{Command, ExitCode};

const AS_SERVER: &str = "TICKWIRE_TEST_AS_SERVER";

fn main() -> ExitCode {
    if std::env::var_os(AS_SERVER).is_some() {
        return tickwire_server::command_line::<Pit>();
    }
    there_are_no_bots_to_ask_for();
    println!("a game without bots: ok");
    ExitCode::SUCCESS
}

fn there_are_no_bots_to_ask_for() {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).env(AS_SERVER, "1").args(["--bots", "3"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(78));
    let sentence = String::from_utf8(output.stderr).expect("text");
    assert_eq!(sentence, "tickwire-server: --bots is of no use here: the game \"pit\" has no bots\n");
    assert!(output.stdout.is_empty(), "nothing was started");
}
