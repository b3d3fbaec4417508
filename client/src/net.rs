//! Owns the native shell: one WebSocket on tokio around one [`Client`]. The only module of this crate that waits, or reads a clock.

mod dial;

pub use dial::ConnectError;

use crate::client::ABNORMAL;
use crate::{Client, ClientConfig, State};
use dial::{Socket, connect, request, upgrade};
use futures_util::{SinkExt, StreamExt};
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tickwire_shared::{CloseCode, Game, Malformed};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message};

/// How long a goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a connection came to a bad end.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The server broke the protocol.
    #[error("the server sent a malformed message: {0}")]
    Malformed(#[from] Malformed),
    /// The connection failed.
    #[error(transparent)]
    Socket(#[from] SocketError),
}

/// What one step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame of the server was taken in.
    Frame {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It was time for the client's next tick.
    Updated,
    /// The connection is lost, and the server keeps the seat: the next steps connect again.
    Lost {
        /// The close code; 1006 if there was none.
        code: u16,
        /// In words.
        reason: String,
    },
    /// The client is back in its seat, on a new connection. This, too, was a frame of the server.
    Resumed {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The connection is closed, and will not be opened again.
    Closed {
        /// The close code; 1006 if there was none.
        code: u16,
        /// In words.
        reason: String,
    },
}

type Trying<T> = Pin<Box<dyn Future<Output = Result<T, ConnectError>> + Send>>;

/// The connection, or what there is of it.
enum Link {
    Up(Box<Socket>),
    /// Until the far end has accepted.
    Connecting(Trying<TcpStream>),
    /// Until it is a WebSocket. The Hello is under way.
    Upgrading(Trying<Socket>),
    Down,
}

/// A client and its connection. If that is lost and the server keeps the seat, it connects again by itself.
pub struct Connection<G: Game> {
    url: String,
    link: Link,
    client: Client<G>,
    opened: Instant,
    /// The last frame, if somebody wants it: to keep one costs the socket a buffer.
    kept: Option<Bytes>,
    /// A loss that the next step tells of.
    lost: Option<Step>,
}

impl<G: Game> Connection<G> {
    /// Connects to a room, `ws://host:port/play/ROOM`. The Hello goes with the request.
    ///
    /// # Errors
    /// If the address is of another kind, or there is no server, or it does not accept, or then not answer, within 5 seconds.
    pub async fn open(url: &str, config: ClientConfig) -> Result<Self, ConnectError> {
        let stream = connect(&request(url)?).await?;
        let mut client = Client::new(config);
        let opened = Instant::now();
        client.update(Duration::ZERO);
        let socket = Box::new(upgrade(request(url)?, stream, client.poll_transmit()).await?);
        Ok(Self { url: url.to_owned(), link: Link::Up(socket), client, opened, kept: None, lost: None })
    }

    /// The client.
    pub fn client(&mut self) -> &mut Client<G> {
        &mut self.client
    }

    /// The client's time: since the connection was opened for the first time.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    /// From now on [`Connection::frame`] has the last frame of the server.
    pub fn keep_frames(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// What the last [`Step::Frame`] or [`Step::Resumed`] was about, byte for byte; empty unless [`Connection::keep_frames`]. For
    /// recorders.
    #[must_use]
    pub fn frame(&self) -> &[u8] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// Waits for the next frame or the client's next tick, hands it to the client, and sends what is to be sent. Without a connection,
    /// waits until there is one again.
    ///
    /// Dropping the future loses nothing but its report.
    ///
    /// # Errors
    /// If the connection fails for good or the server breaks the protocol (which closes the connection with 4400).
    pub async fn step(&mut self) -> Result<Step, ConnectionError> {
        loop {
            self.flush().await?;
            if let Some(lost) = self.lost.take().or_else(|| self.let_go()) {
                return Ok(lost);
            }
            if let Link::Up(_) = self.link {
                break;
            }
            if let State::Closed { .. } = self.client.state() {
                return Ok(self.last_step());
            }
            self.come_back().await;
        }
        let step = match self.next_message().await {
            None => {
                self.client.update(self.now());
                if let State::Closed { .. } = self.client.state() {
                    // By itself: there is nothing to be read of why.
                    self.link = Link::Down;
                    return Ok(self.last_step());
                }
                Step::Updated
            }
            Some(Ok(message)) => self.take(message).await?,
            Some(Err(error)) => self.failed(error)?,
        };
        if let Some(lost) = self.let_go() {
            return Ok(lost);
        }
        if !matches!(step, Step::Closed { .. }) {
            self.flush().await?;
        }
        Ok(step)
    }

    /// Waits until the next try is due, and makes it. What is under way is kept: dropping the future loses nothing.
    async fn come_back(&mut self) {
        if let (Link::Down, State::Reconnecting { at, .. }) = (&self.link, self.client.state()) {
            sleep_until(self.opened + *at).await;
            let url = self.url.clone();
            self.link = Link::Connecting(Box::pin(async move { connect(&request(&url)?).await }));
        }
        match &mut self.link {
            Link::Connecting(connecting) => {
                let connected = connecting.await;
                self.accepted(connected);
            }
            Link::Upgrading(upgrading) => {
                let upgraded = upgrading.await;
                self.upgraded(upgraded);
            }
            Link::Up(_) | Link::Down => {}
        }
    }

    /// The far end has accepted: only now does the client's time to the answer begin.
    fn accepted(&mut self, connected: Result<TcpStream, ConnectError>) {
        let now = self.now();
        self.link = match (connected, request(&self.url)) {
            (Ok(stream), Ok(request)) => {
                self.client.reconnect(now);
                Link::Upgrading(Box::pin(upgrade(request, stream, self.client.poll_transmit())))
            }
            _ => {
                self.client.reconnect_failed(now);
                Link::Down
            }
        };
    }

    fn upgraded(&mut self, upgraded: Result<Socket, ConnectError>) {
        self.link = match upgraded {
            Ok(socket) => Link::Up(Box::new(socket)),
            Err(error) => {
                self.client.connection_lost(self.now(), ABNORMAL, &error.to_string());
                Link::Down
            }
        };
    }

    /// Gives the connection up if the client has, and says so.
    fn let_go(&mut self) -> Option<Step> {
        let State::Reconnecting { code, reason, .. } = self.client.state() else { return None };
        let Link::Up(_) = self.link else { return None };
        let lost = Step::Lost { code: *code, reason: reason.clone() };
        self.link = Link::Down;
        Some(lost)
    }

    /// The next message; `None` if the client's next tick is due before it comes.
    async fn next_message(&mut self) -> Option<Result<Message, SocketError>> {
        let Link::Up(socket) = &mut self.link else { return Some(Err(SocketError::AlreadyClosed)) };
        let next = socket.next();
        let message = match self.client.next_update() {
            Some(due) => timeout_at(self.opened + due, next).await.ok()?,
            None => next.await,
        };
        Some(message.unwrap_or(Err(SocketError::ConnectionClosed)))
    }

    async fn take(&mut self, message: Message) -> Result<Step, ConnectionError> {
        let now = self.now();
        if let (Some(kept), Message::Binary(frame)) = (&mut self.kept, &message) {
            kept.clone_from(frame);
        }
        let was_resuming = *self.client.state() == State::Resuming;
        let taken = match &message {
            Message::Binary(frame) => self.client.receive(now, frame),
            Message::Text(_) => Err(Malformed("a text message where only binary ones are understood")),
            Message::Close(frame) => return Ok(self.closed(frame.as_ref()).await),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        };
        if let Err(malformed) = taken {
            self.say_goodbye(CloseCode::Malformed as u16, malformed.0).await;
            return Err(malformed.into());
        }
        // A busy server must not keep the client from its ticks.
        self.client.update(now);
        let bytes = message.len();
        let is_back = was_resuming && *self.client.state() == State::Joined;
        Ok(if is_back { Step::Resumed { bytes } } else { Step::Frame { bytes } })
    }

    /// The end by a close frame. The reason in the last message, if there was one, was not cut to fit it.
    async fn closed(&mut self, frame: Option<&CloseFrame>) -> Step {
        let (code, reason) = match frame {
            Some(frame) => (u16::from(frame.code), frame.reason.as_str()),
            None => (ABNORMAL, "the server closed the connection without a reason"),
        };
        self.client.connection_lost(self.now(), code, reason);
        if let Link::Up(socket) = &mut self.link {
            // The socket has its answer ready; if it does not get through, the connection ends all the same.
            let _ = timeout(CLOSE_TIMEOUT, socket.flush()).await;
        }
        self.last_step()
    }

    /// The end without a close frame.
    fn failed(&mut self, error: SocketError) -> Result<Step, ConnectionError> {
        self.client.connection_lost(self.now(), ABNORMAL, "the connection was lost");
        match error {
            SocketError::ConnectionClosed | SocketError::AlreadyClosed => Ok(self.last_step()),
            error => match self.client.state() {
                State::Closed { code: ABNORMAL, .. } => Err(error.into()),
                _ => Ok(self.last_step()),
            },
        }
    }

    /// How the client sees it that the connection is over.
    fn last_step(&self) -> Step {
        match self.client.state() {
            State::Closed { code, reason } => Step::Closed { code: *code, reason: reason.clone() },
            State::Reconnecting { code, reason, .. } => Step::Lost { code: *code, reason: reason.clone() },
            state => unreachable!("the client was told just before, and is {state:?}"),
        }
    }

    /// Sends what the client wants to send, if there is a connection. Dropping the future loses nothing.
    ///
    /// # Errors
    /// If the connection fails for good, and nothing is left to be read of why.
    pub async fn flush(&mut self) -> Result<(), ConnectionError> {
        let Link::Up(socket) = &mut self.link else { return Ok(()) };
        match send(socket, &mut self.client).await {
            Ok(()) => {}
            // Why it closed is still to be read.
            Err(
                SocketError::ConnectionClosed
                | SocketError::AlreadyClosed
                | SocketError::Protocol(_)
                | SocketError::Io(_),
            ) => {}
            Err(error) => {
                self.failed(error)?;
                self.lost = self.let_go();
            }
        }
        Ok(())
    }

    /// Leaves the room: closes with 1000. Without a connection there is nobody to tell, and the server keeps the seat for its time.
    ///
    /// # Errors
    /// If the connection fails before.
    pub async fn close(mut self) -> Result<(), ConnectionError> {
        self.flush().await?;
        self.say_goodbye(CloseCode::Normal as u16, "").await;
        Ok(())
    }

    async fn say_goodbye(&mut self, code: u16, reason: &'static str) {
        self.client.disconnect(code, reason);
        let Link::Up(socket) = &mut self.link else { return };
        let frame = CloseFrame { code: WireCloseCode::from(code), reason: reason.into() };
        // The connection ends here either way: there is nobody to tell that the goodbye did not get through.
        let _ = timeout(CLOSE_TIMEOUT, async {
            Socket::close(socket, Some(frame)).await?;
            while let Some(Ok(_)) = socket.next().await {}
            Ok::<_, SocketError>(())
        })
        .await;
    }
}

async fn send<G: Game>(socket: &mut Socket, client: &mut Client<G>) -> Result<(), SocketError> {
    loop {
        // Only what the socket takes at once leaves the client, so a dropped future drops no message.
        poll_fn(|cx| socket.poll_ready_unpin(cx)).await?;
        let Some(message) = client.poll_transmit() else { break };
        socket.start_send_unpin(Message::binary(message))?;
    }
    socket.flush().await
}
