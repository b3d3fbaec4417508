//! Owns the server that is measured: the real program, as a process of its own that ends with this one.

use super::Failure;
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What it says once it can be connected to.
const READY: &str = "listening on ws://";

/// A running server.
pub(super) struct Server {
    /// As HOST:PORT.
    pub address: String,
    _process: Child,
}

impl Server {
    /// Starts the server program beside this one, on a free port.
    pub async fn start(rewind_max: Option<Duration>) -> Result<Self, Failure> {
        let program = std::env::current_exe()?
            .with_file_name(format!("tickwire-server{}", std::env::consts::EXE_SUFFIX));
        let name = program.display().to_string();
        let mut command = Command::new(&program);
        command.args(["--listen", "127.0.0.1:0", "--seed", "1"]);
        if let Some(most) = rewind_max {
            command.args(["--rewind-ms-max", &most.as_millis().to_string()]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| Failure::NoServer(name.clone(), error))?;
        let output = process.stdout.take().expect("it was asked for");
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(address) = line.strip_prefix(READY) {
                return Ok(Self { address: address.to_owned(), _process: process });
            }
        }
        let ended = io::Error::other("it ended before it listened");
        Err(Failure::NoServer(name, ended))
    }
}
