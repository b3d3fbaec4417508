//! Owns a client that plays by the protocol and understands just enough of it to go on.

use super::{Pit, Served, Socket, Wish, within};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use std::time::Duration;
use tickwire_shared::{
    ClientMessage, Command, Game, Hello, Layout, Moment, PROTOCOL_VERSION, ResumeToken, Role, ServerMessage,
    Tick, Welcome, decode_prefix, encode,
};
use tokio_tungstenite::tungstenite::Message;

/// The Hello of a client that belongs here.
pub fn hello() -> Hello {
    hello_of::<Pit>()
}

pub fn hello_of<G: Game>() -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        game: G::NAME.to_owned(),
        schema_hash: Layout::of::<G>().hash(),
        schema: None,
        name: "digger".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    }
}

/// How a server ended a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Closing {
    /// Of the close frame.
    pub code: u16,
    /// Of the close frame.
    pub reason: String,
    /// Name, code and reason of the last message before it, if that was a Refused or Closed.
    pub last: Option<(&'static str, u16, String)>,
}

impl Closing {
    /// Reads to the end. Whatever else comes before is passed over.
    pub async fn of(socket: &mut Socket) -> Self {
        let mut last = None;
        loop {
            match within(socket.next()).await {
                Some(Ok(Message::Binary(bytes))) => last = last_words(&bytes),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Self { code: frame.code.into(), reason: frame.reason.to_string(), last };
                }
                Some(Ok(_)) => {}
                end => panic!("no close frame: {end:?}"),
            }
        }
    }
}

fn last_words(mut bytes: &[u8]) -> Option<(&'static str, u16, String)> {
    let mut last = None;
    while !bytes.is_empty() {
        let (message, rest) = decode_prefix::<ServerMessage<'_>>(bytes).unwrap();
        last = match message {
            ServerMessage::Refused { code, reason } => Some(("Refused", code, reason)),
            ServerMessage::Closed { code, reason } => Some(("Closed", code, reason)),
            _ => None,
        };
        bytes = rest;
    }
    last
}

/// A client that has joined.
pub struct Player {
    pub socket: Socket,
    pub welcome: Welcome,
    /// Of the newest snapshot.
    pub tick: Tick,
    /// What the newest snapshot says of the commands before it, if there were any.
    pub slack: Option<f64>,
}

impl Player {
    pub async fn join(served: &Served, room: &str) -> Self {
        Self::join_as::<Pit>(served.open(&format!("/play/{room}")).await).await
    }

    pub async fn join_as<G: Game>(mut socket: Socket) -> Self {
        greet::<G>(&mut socket).await;
        Self::greeted(socket).await
    }

    /// A client that comes back with a token.
    pub async fn resume(served: &Served, room: &str, token: ResumeToken) -> Self {
        Self::greeted(present(served, room, token).await).await
    }

    /// The token of its Welcome.
    pub fn token(&self) -> ResumeToken {
        self.welcome.resume.expect("the server keeps seats")
    }

    /// Ends its connection in the way of a broken network: with a reset, and nothing else.
    pub fn cut(self) {
        socket2::SockRef::from(self.socket.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Waits for the answer to a Hello.
    pub async fn greeted(mut socket: Socket) -> Self {
        let frame = next_frame(&mut socket).await;
        let (message, rest) = decode_prefix::<ServerMessage<'_>>(&frame).unwrap();
        let ServerMessage::Welcome(welcome) = message else { panic!("no welcome: {message:?}") };
        let (tick, slack) = snapshot(rest, welcome.tick).expect("the first snapshot comes with the welcome");
        Self { socket, welcome: *welcome, tick, slack }
    }

    /// Waits for the next snapshot, and acks it with a wish.
    pub async fn step(&mut self, wish: Wish) -> Tick {
        self.listen().await;
        self.wish(wish).await;
        self.tick
    }

    /// Waits for the next snapshot.
    pub async fn listen(&mut self) -> Tick {
        loop {
            let frame = next_frame(&mut self.socket).await;
            if let Some((tick, slack)) = snapshot(&frame, self.tick) {
                (self.tick, self.slack) = (tick, slack);
                return tick;
            }
        }
    }

    pub async fn wish(&mut self, wish: Wish) {
        self.command(wish).await;
    }

    /// Acks the newest snapshot, with any game's input.
    pub async fn command<I: Serialize>(&mut self, input: I) {
        self.command_ahead(3, input).await;
    }

    /// As [`Player::command`], for a tick that is so far ahead of the newest snapshot.
    pub async fn command_ahead<I: Serialize>(&mut self, ticks: u64, input: I) {
        let command = Command {
            tick: self.tick.plus(ticks).wire(),
            acked: self.tick.wire(),
            ack_delay: 0,
            seen: Moment::at(self.tick).wire(),
            input,
        };
        self.send(&ClientMessage::Command(command)).await;
    }

    pub async fn send<I: Serialize>(&mut self, message: &ClientMessage<I>) {
        within(self.socket.send(Message::binary(encode(message)))).await.unwrap();
    }
}

/// Says hello with a resume token.
pub async fn present(served: &Served, room: &str, token: ResumeToken) -> Socket {
    let mut socket = served.open(&format!("/play/{room}")).await;
    let hello = Hello { resume: Some(token), name: "somebody else".to_owned(), ..hello() };
    let hello = ClientMessage::<Wish>::Hello(Box::new(hello));
    within(socket.send(Message::binary(encode(&hello)))).await.unwrap();
    socket
}

/// Says hello.
pub async fn greet<G: Game>(socket: &mut Socket) {
    let hello = ClientMessage::<Wish>::Hello(Box::new(hello_of::<G>()));
    within(socket.send(Message::binary(encode(&hello)))).await.unwrap();
}

async fn next_frame(socket: &mut Socket) -> Vec<u8> {
    loop {
        match within(socket.next()).await.expect("the socket is open").unwrap() {
            Message::Binary(bytes) => return bytes.to_vec(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("no frame: {other}"),
        }
    }
}

/// Tick and slack of a frame's snapshot, if it has one.
fn snapshot(mut frame: &[u8], near: Tick) -> Option<(Tick, Option<f64>)> {
    while !frame.is_empty() {
        let (message, rest) = decode_prefix::<ServerMessage<'_>>(frame).unwrap();
        if let ServerMessage::Snapshot(snapshot) = message {
            return Some((snapshot.tick.near(near), snapshot.slack.ticks()));
        }
        frame = rest;
    }
    None
}
