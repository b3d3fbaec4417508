//! Owns the listening socket: takes connections in, turns away what is too much, and serves HTTP on the rest.

use super::admission::{Admission, Crowded};
use super::http::{Peer, router};
use crate::lifecycle::Server;
use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::Game;
use tickwire_shared::limits::HTTP_HEAD_BYTES_MAX;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

/// How long no connection is accepted when the system has no file left for one. Trying at once, again and
/// again, would take a whole core and help nobody.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bytes that the kernel takes on its way to a peer (it doubles the figure for its own bookkeeping).
///
/// Left alone it takes megabytes for a peer that stopped reading, and then delivers a minute of the past.
/// This is enough for a megabyte per second over a tenth of a second of round trip.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Of these, how many may not have been sent yet: the rest is in flight. What waits here is late already.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 16 * 1024;
/// How long a peer may leave what was sent unacknowledged before the kernel gives it up; its own default is a quarter of an hour.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a silent peer is believed to be there before the kernel asks, and how often it asks. Sessions are
/// closed by the room long before; this is for consoles, which may be silent as long as they like.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));

/// Accepts connections for ever.
pub(crate) async fn accept<G: Game>(listener: TcpListener, server: Arc<Server<G>>) {
    let admission = Arc::new(Admission::new(server.limits()));
    let router = router(Arc::clone(&server));
    let mut is_paused = false;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                is_paused = false;
                server.tally().connection();
                admit(stream, address, &admission, &router, &server);
            }
            Err(error) if is_of_one_connection(&error) => debug!(%error, "a connection was gone at once"),
            Err(error) => {
                if !std::mem::replace(&mut is_paused, true) {
                    warn!(%error, "no connections can be accepted: trying ten times a second");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn admit<G: Game>(
    stream: TcpStream,
    address: SocketAddr,
    admission: &Arc<Admission>,
    router: &Router,
    server: &Server<G>,
) {
    let permit = match admission.admit(address.ip()) {
        Ok(permit) => Arc::new(permit),
        Err(crowded) => {
            server.tally().turned_away();
            return turn_away(&stream, crowded);
        }
    };
    if let Err(error) = tune(&stream) {
        return debug!(%error, "a connection was gone at once");
    }
    let http =
        serve_http(stream, Peer { address, permit }, router.clone(), server.limits().handshake_timeout);
    let shutdown = server.shutdown().clone();
    server.tasks().spawn(async move {
        shutdown.run_until_cancelled(http).await;
    });
}

fn turn_away(stream: &TcpStream, crowded: Crowded) {
    let status = match crowded {
        Crowded::Server => "503 Service Unavailable",
        Crowded::Address => "429 Too Many Requests",
    };
    let answer =
        format!("HTTP/1.1 {status}\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    // A fresh socket has room for these few bytes; if not, so be it.
    let _ = stream.try_write(answer.as_bytes());
}

/// Sets what must not be left to the system's defaults.
fn tune(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    // A frame is worth nothing later: it must not wait for the ack of the one before.
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
        socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT))?;
    }
    socket.set_tcp_keepalive(&KEEPALIVE)
}

/// Serves one request; if it is for a WebSocket, the stream lives on in that one's task.
async fn serve_http(stream: TcpStream, peer: Peer, router: Router, handshake_timeout: Duration) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request| {
        hyper::Request::extensions_mut(&mut request).insert(peer.clone());
        let answer = router.call(request);
        async move { answer.await.map(then_close) }
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(handshake_timeout)
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(handshake_timeout * 2, http).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "not HTTP"),
        Err(_) => debug!("too slow for HTTP"),
    }
}

/// Closes the connection after an answer, so that there are no idle ones to be kept an eye on.
///
/// Not by hyper's own switch: that would also say "close" in the answer to an upgrade, which strict clients refuse.
fn then_close(mut answer: Response) -> Response {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
