//! Owns the choice of the game: the only file here that names one.

use std::process::ExitCode;

fn main() -> ExitCode {
    tickwire_bot_client::command_line::<tickwire_arena::Arena>()
}
