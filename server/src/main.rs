//! The `tickwire-server` binary: a server of the default game. A server of another game is this file with another name in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tickwire_server::command_line::<tickwire_arena::Arena>()
}
