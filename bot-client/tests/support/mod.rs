//! Owns what the process tests share: a real server in this process, and the binary with a deadline on every wait.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_server::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far above what anything here takes, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(60);

/// A server on a port of its own.
pub struct Server {
    pub url: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(ServerConfig::default()).await
    }

    pub async fn with(config: ServerConfig<Arena>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let running = tokio::spawn(async {
            tickwire_server::run(listener, config, shutdown).await.unwrap();
        });
        Self { url, stop, running }
    }

    /// Says goodbye to everyone with 1012, and ends.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(DEADLINE, self.running).await.expect("the server stops in time").unwrap();
    }
}

/// The address of a port that nobody listens on.
pub async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("ws://{}", listener.local_addr().unwrap())
}

/// A running `bot-client`; killed if the test ends before it.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

/// What a program left behind: its exit code, and what was not read of its output before.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bot-client"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, stdin, stdout, stderr }
    }

    /// Types this.
    pub async fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        stdin.write_all(text.as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
    }

    /// Reads stdout up to the first line that is this.
    pub async fn hear(&mut self, line: &str) {
        read_until(&mut self.stdout, |read| read == line, line).await;
    }

    /// Reads stdout up to the first line that begins like this; says how it goes on.
    pub async fn hear_after(&mut self, start: &str) -> String {
        let line = read_until(&mut self.stdout, |read| read.starts_with(start), start).await;
        line[start.len()..].to_owned()
    }

    /// Reads stderr up to the first line that contains this.
    pub async fn see(&mut self, part: &str) {
        read_until(&mut self.stderr, |read| read.contains(part), part).await;
    }

    /// Presses Ctrl-C.
    pub async fn interrupt(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    }

    /// Closes its input and waits for its end.
    pub async fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let (mut out, mut err) = (self.stdout.into_inner(), self.stderr.into_inner());
        let ended = async {
            let (_, _, status) = tokio::join!(
                out.read_to_string(&mut stdout),
                err.read_to_string(&mut stderr),
                self.child.wait()
            );
            status.unwrap()
        };
        let status: ExitStatus = timeout(DEADLINE, ended).await.expect("it ends in time");
        Ended { code: status.code(), stdout, stderr }
    }
}

/// Runs the program to its end.
pub async fn bot_client(args: &[&str]) -> Ended {
    Program::start(args).end().await
}

async fn read_until<R>(
    lines: &mut Lines<BufReader<R>>,
    is_wanted: impl Fn(&str) -> bool,
    wanted: &str,
) -> String
where
    R: AsyncRead + Unpin,
{
    let mut before = Vec::new();
    let found = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if is_wanted(&line) {
                return Some(line);
            }
            before.push(line);
        }
        None
    };
    let found = timeout(DEADLINE, found).await.ok().flatten();
    found.unwrap_or_else(|| panic!("waiting for {wanted:?}, after {before:#?}"))
}
