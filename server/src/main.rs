//! The `tickwire-server` binary: a server of the default game. A server of another game is this file with another name in it.

use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_server::CommandLine;

fn main() -> ExitCode {
    CommandLine::<Arena>::new().with_bots().run()
}
