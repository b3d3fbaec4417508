//! Owns a cheap client: it reads of a frame only what it needs for its answer, so that a thousand of them fit on a core.

use crate::load::Part;
use crate::phase::Phase;
use crate::recorder::Record;
use crate::script::Script;
use crate::{Outcome, Socket, play_url, socket_config};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message};

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
