//! Owns what the socket tests share: a tiny game, a server of it, and clients that know only the protocol.

#![allow(dead_code, unused_imports, reason = "each test binary uses its part of it")]

mod alley;
mod game;
mod player;
mod process;

pub use alley::{Alley, Places, Whim};
pub use game::{Flaws, Pit, Wish};
pub use player::{Closing, Player, greet, hello, present};
pub use process::{BINARY, Process};

use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_server::{Report, ServerConfig, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::sync::CancellationToken;

/// Longer than anything takes, on however busy a machine.
pub const DEADLINE: Duration = Duration::from_secs(10);

pub type Socket = WebSocketStream<TcpStream>;

/// A server in this process, on a port of its own.
pub struct Served {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Report>,
}

pub async fn serve() -> Served {
    serve_with(ServerConfig::default()).await
}

/// A configuration that keeps no seat of who is gone.
pub fn forgetful() -> ServerConfig<Pit> {
    let mut config = ServerConfig::default();
    config.limits.resume_grace = Duration::ZERO;
    config
}

pub async fn serve_with(config: ServerConfig<Pit>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let told = shutdown.clone().cancelled_owned();
    let task = tokio::spawn(async move { run(listener, config, told).await.unwrap() });
    Served { address, shutdown, task }
}

impl Served {
    pub async fn stop(self) -> Report {
        self.shutdown.cancel();
        within(self.task).await.unwrap()
    }

    /// The whole answer to one HTTP request.
    pub async fn http(&self, request: &str) -> String {
        http(self.address, request).await
    }

    pub async fn info(&self) -> serde_json::Value {
        self.json("/info").await
    }

    pub async fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.http(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("JSON")
    }

    pub async fn open(&self, path: &str) -> Socket {
        open(self.address, path).await
    }
}

/// Waits, but not for ever.
pub async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(DEADLINE, work).await.expect("it takes far too long")
}

/// Asks again and again until the answer is yes.
pub async fn until<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    within(async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

pub async fn http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

/// All that comes until the end of the stream.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is an end, too.
    let _ = within(stream.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

pub async fn open(address: SocketAddr, path: &str) -> Socket {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("ws://{address}{path}").into_client_request().unwrap();
    within(tokio_tungstenite::client_async(request, stream)).await.unwrap().0
}

/// The same for a client that lists these subprotocols.
pub async fn open_offering(address: SocketAddr, path: &str, protocols: &str) -> Socket {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    within(tokio_tungstenite::client_async(request, stream)).await.unwrap().0
}

/// The next text message.
pub async fn line(socket: &mut Socket) -> String {
    within(async {
        loop {
            match socket.next().await.expect("the socket is open").unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no text: {other}"),
            }
        }
    })
    .await
}

pub async fn say(socket: &mut Socket, message: impl Into<Message>) {
    within(socket.send(message.into())).await.unwrap();
}

/// A WebSocket frame of a client, masked with zeros; `declared` is the length that it claims.
pub fn raw_frame(first_byte: u8, declared: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte];
    match declared {
        0..=125 => frame.push(0x80 | declared as u8),
        126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(declared as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&declared.to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}
