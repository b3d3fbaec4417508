//! Owns the chat console: one spectator between lines of text and a room, both ways at once.

mod pace;
mod stdin;
mod transcript;

pub use stdin::stdin_lines;

use crate::Exit;
use pace::Pace;
use std::io::Write;
use std::pin::pin;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{ClientConfig, State};
use tickwire_shared::limits::CHAT_BYTES_MAX;
use tickwire_shared::{CloseCode, Game, Role, clean_text};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until, timeout};
use transcript::Transcript;

/// How long a server may take to let us in, once connected.
const JOIN_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a server may take to answer a goodbye.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);

/// What a console does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The room's game socket.
    pub url: String,
    /// What others shall call it.
    pub name: String,
}

/// How a console ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// By its user: end of input, Ctrl-C, or nobody reads its output any more.
    #[error("goodbye")]
    Left,
    /// There was no connection.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// By the server.
    #[error("the server closed the connection with {code}: {reason}")]
    Closed {
        /// The close code.
        code: u16,
        /// In the server's words.
        reason: String,
    },
    /// The connection broke.
    #[error("lost the connection: {0}")]
    Lost(String),
}

impl End {
    /// How the program ends with this.
    #[must_use]
    pub fn exit(&self) -> Exit {
        const NORMAL: u16 = CloseCode::Normal as u16;
        const RESTARTING: u16 = CloseCode::Restarting as u16;
        match self {
            Self::Left | Self::Closed { code: NORMAL | RESTARTING, .. } => Exit::Ok,
            Self::Unreachable(_) => Exit::NoConnection,
            Self::Closed { .. } | Self::Lost(_) => Exit::Failed,
        }
    }
}

/// Says `lines` in the room and writes what happens there to `out`, line by line, until the lines or the
/// connection end, or `interrupt` completes. At the end of the lines, all of them have been sent.
pub async fn run<G: Game>(
    plan: &Plan,
    lines: Receiver<String>,
    out: &mut impl Write,
    interrupt: impl Future<Output = ()>,
) -> End {
    let mut interrupt = pin!(interrupt);
    let config = ClientConfig::new(plan.name.clone(), Role::Spectator);
    let opened = tokio::select! {
        opened = Connection::<G>::open(&plan.url, config) => opened,
        () = &mut interrupt => return End::Left,
    };
    let connection = match opened {
        Ok(connection) => connection,
        Err(error) => return End::Unreachable(error.to_string()),
    };
    let mut console = Console { connection, lines, pace: Pace::new(), transcript: Transcript::new(out) };
    let end = tokio::select! {
        end = console.talk() => end,
        () = interrupt => End::Left,
    };
    if end == End::Left {
        // The user waits for the prompt: a server that does not answer is left alone.
        let _ = timeout(GOODBYE_TIME_MAX, console.connection.close()).await;
    }
    end
}

struct Console<'a, G: Game, W: Write> {
    connection: Connection<G>,
    lines: Receiver<String>,
    pace: Pace,
    transcript: Transcript<'a, W>,
}

impl<G: Game, W: Write> Console<'_, G, W> {
    async fn talk(&mut self) -> End {
        let join_by = Instant::now() + JOIN_TIME_MAX;
        loop {
            let client = self.connection.client();
            let (is_joined, is_known) = (*client.state() == State::Joined, client.player().is_some());
            tokio::select! {
                line = next_line(&self.pace, &mut self.lines), if is_joined => match line {
                    Some(line) => self.say(&line).await,
                    None => return End::Left,
                },
                () = sleep_until(join_by), if !is_known => {
                    return End::Unreachable("the server did not let us in in time".into());
                }
                step = self.connection.step() => {
                    // First what came, then that it was the last.
                    let printed = self.transcript.print_all(self.connection.client());
                    match step {
                        Ok(Step::Closed { code, reason }) => return End::Closed { code, reason },
                        Ok(_) if printed.is_err() => return End::Left,
                        Ok(_) => {}
                        Err(error) => return End::Lost(error.to_string()),
                    }
                }
            }
        }
    }

    async fn say(&mut self, line: &str) {
        let text = clean_text(line, CHAT_BYTES_MAX);
        if text.is_empty() {
            return;
        }
        self.pace.take();
        self.connection.client().say(&text);
        // An error is seen again, with its reason, by the next step.
        let _ = self.connection.flush().await;
    }
}

/// The next line, as soon as the room would take it.
async fn next_line(pace: &Pace, lines: &mut Receiver<String>) -> Option<String> {
    sleep_until(pace.free_at()).await;
    lines.recv().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_says_how_it_ended() {
        let closed = |code| End::Closed { code, reason: "why".into() };
        assert_eq!(End::Left.exit(), Exit::Ok);
        assert_eq!(closed(1000).exit(), Exit::Ok);
        assert_eq!(closed(1012).exit(), Exit::Ok);
        assert_eq!(closed(4403).exit(), Exit::Failed);
        assert_eq!(End::Lost("cut".into()).exit(), Exit::Failed);
        assert_eq!(End::Unreachable("refused".into()).exit(), Exit::NoConnection);
    }
}
