//! Owns how a connection comes about: the socket, the request for a WebSocket, and the Hello that goes with it.

use futures_util::SinkExt;
use std::time::Duration;
use tickwire_shared::limits::{OFFERED_HELLO_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use tickwire_shared::offer;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::UrlError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The handshakes of TCP and of the WebSocket, each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Allocated for each connection: a few frames, since a swarm has many connections.
const READ_BUFFER_BYTES: usize = 8 * 1024;
/// A frame that the kernel does not take waits here.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// A connection that takes nothing for so long that this is full has failed.
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// Where `ws://` leads without a port.
const WS_PORT: u16 = 80;

/// A client's end of a WebSocket.
pub(super) type Socket = WebSocketStream<TcpStream>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one that this shell can reach.
    #[error("{0}: only ws:// addresses are supported, as in ws://127.0.0.1:9001/play/lobby")]
    Scheme(String),
    /// No answer in time.
    #[error("no answer within {} seconds", CONNECT_TIMEOUT.as_secs())]
    Timeout,
    /// The connection failed or the server does not speak WebSocket there.
    #[error(transparent)]
    Socket(#[from] SocketError),
}

/// The request for a WebSocket at an address.
pub(super) fn request(url: &str) -> Result<Request, ConnectError> {
    match url.starts_with("ws://") {
        true => Ok(url.into_client_request()?),
        false => Err(ConnectError::Scheme(url.to_owned())),
    }
}

/// Waits until the far end accepts.
pub(super) async fn connect(request: &Request) -> Result<TcpStream, ConnectError> {
    let uri = request.uri();
    let host = uri.host().ok_or(SocketError::Url(UrlError::NoHostName))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let connecting = TcpStream::connect((host, uri.port_u16().unwrap_or(WS_PORT)));
    let stream = timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| ConnectError::Timeout)?;
    let stream = stream.map_err(SocketError::Io)?;
    stream.set_nodelay(true).map_err(SocketError::Io)?;
    Ok(stream)
}

/// Makes a WebSocket of a connection. The Hello is offered with the request; if it is too big for that, it is sent after.
pub(super) async fn upgrade(
    mut request: Request,
    stream: TcpStream,
    hello: Option<Vec<u8>>,
) -> Result<Socket, ConnectError> {
    let hello = hello.expect("a client that is new or coming back has one");
    let (offer, is_offered) = (offer(&hello), hello.len() <= OFFERED_HELLO_BYTES_MAX);
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer.parse().expect("base64url is plain"));
    let upgrading = client_async_with_config(request, stream, Some(socket_config()));
    let (mut socket, _) = timeout(CONNECT_TIMEOUT, upgrading).await.map_err(|_| ConnectError::Timeout)??;
    if !is_offered {
        socket.send(Message::binary(hello)).await?;
    }
    Ok(socket)
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(SERVER_FRAME_BYTES_MAX))
        .max_frame_size(Some(SERVER_FRAME_BYTES_MAX))
}
