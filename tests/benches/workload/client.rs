//! Owns a cheap client: it reads of a frame only what it needs for its answer, so that a thousand of them fit on a core.

use crate::load::{Part, Phase};
use crate::recorder::Record;
use crate::walker::{Input, Walker};
use crate::world::NAME;
use crate::{Outcome, Socket, play_url, socket_config};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tickwire_shared::{
    ClientMessage, Command, Hello, Moment, PROTOCOL_VERSION, Role, ServerMessage, SnapshotMessage, Tick,
    decode_prefix, encode,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message};

/// How far ahead of the newest snapshot a client's commands are. The next tick is one ahead, a client may take a tick until
/// it answers, and the load may take most of a tick until it has read all frames.
const COMMAND_AHEAD_TICKS: u64 = 3;

/// What a cheap client says.
pub trait Script {
    /// The first message, if it does not wait for the server's.
    fn hello(&mut self) -> Option<Vec<u8>>;
    /// The answer to a frame.
    fn answer(&mut self, frame: &[u8]) -> Outcome<Vec<u8>>;
}

/// What the bare server's clients say: as much as an input, and nothing that has to be understood.
pub struct Echo;

impl Script for Echo {
    fn hello(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn answer(&mut self, _frame: &[u8]) -> Outcome<Vec<u8>> {
        Ok(vec![0; 16])
    }
}

/// What a player of the workload says.
pub struct Player {
    schema_hash: u64,
    hz: u32,
    walker: Walker,
    /// The newest snapshot's, in full.
    tick: Tick,
}

impl Player {
    pub fn new(schema_hash: u64, hz: u32, seed: u64) -> Self {
        Self { schema_hash, hz, walker: Walker::new(seed), tick: Tick(0) }
    }

    fn command(&mut self, snapshot: &SnapshotMessage<'_>) -> Vec<u8> {
        self.tick = snapshot.tick.near(self.tick);
        let tick = self.tick.plus(COMMAND_AHEAD_TICKS).wire();
        let input = self.walker.input(self.hz);
        let seen = Moment::at(self.tick).wire();
        encode(&ClientMessage::Command(Command { tick, acked: snapshot.tick, ack_delay: 0, seen, input }))
    }
}

impl Script for Player {
    fn hello(&mut self) -> Option<Vec<u8>> {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: NAME.to_owned(),
            schema_hash: self.schema_hash,
            schema: None,
            name: String::new(),
            role: Role::Player,
            ticket: None,
            resume: None,
        };
        Some(encode(&ClientMessage::<Input>::Hello(Box::new(hello))))
    }

    fn answer(&mut self, frame: &[u8]) -> Outcome<Vec<u8>> {
        let mut rest = frame;
        // But for the first frame, the snapshot is the first message: nothing else is decoded.
        loop {
            let (message, after) = decode_prefix::<ServerMessage<'_>>(rest)?;
            match message {
                ServerMessage::Snapshot(snapshot) => return Ok(self.command(&snapshot)),
                ServerMessage::Welcome(welcome) => self.tick = welcome.tick,
                ServerMessage::Refused { reason, .. } | ServerMessage::Closed { reason, .. } => {
                    return Err(reason.into());
                }
                _ => {}
            }
            rest = after;
        }
    }
}

/// Answers each frame, at its own time in the tick, until the load is over; an error if the connection ends before.
pub async fn play(
    server: SocketAddr,
    room: usize,
    mut script: impl Script,
    mut part: Part,
) -> Outcome<Record> {
    let mut socket = connect(server, play_url(server, room)).await?;
    if let Some(hello) = script.hello() {
        socket.send(Message::binary(hello)).await?;
    }
    let mut answer = None;
    let mut answer_due = pin!(sleep(Duration::ZERO));
    loop {
        tokio::select! {
            biased;
            message = socket.next() => {
                let frame = binary(message)?;
                let next = Message::binary(script.answer(&frame)?);
                part.heard(frame.len());
                // There is one answer to each frame, so that of the frame before is due now if it was not yet.
                if let Some(last) = answer.replace(next) {
                    socket.send(last).await?;
                }
                answer_due.as_mut().reset(Instant::now() + part.answer_delay());
            }
            () = &mut answer_due, if answer.is_some() => {
                if let Some(answer) = answer.take() {
                    socket.send(answer).await?;
                }
            }
            phase = part.next_phase() => match phase {
                Phase::Over => return Ok(part.end()),
                phase => part.enter(phase),
            },
        }
    }
}

/// Opens a WebSocket.
pub async fn connect(server: SocketAddr, url: String) -> Outcome<Socket> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(client_async_with_config(url, stream, Some(socket_config())).await?.0)
}

fn binary(message: Option<Result<Message, SocketError>>) -> Outcome<Bytes> {
    match message {
        Some(Ok(Message::Binary(frame))) => Ok(frame),
        Some(Ok(other)) => Err(format!("not a frame but {other:?}").into()),
        Some(Err(error)) => Err(error.into()),
        None => Err("the server closed the connection".into()),
    }
}
