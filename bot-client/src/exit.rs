//! Owns the exit codes of the program.

use std::process::ExitCode;

/// How the program ends, for whoever started it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// The command line makes no sense.
    Usage = 1,
    /// There is no server, or it let nobody in.
    NoConnection = 2,
    /// It ran, and something that must not happen did: the code that load testers use for a threshold missed.
    Failed = 99,
    /// Ctrl-C, before there was anything to tell.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
