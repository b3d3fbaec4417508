//! Owns a server that turns bad: it passes everything on to a real one and back, until it is told to speak garbage.

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tickwire_shared::SUBPROTOCOL;
use tickwire_tests::real::PATIENCE;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

/// What game sockets carry from the real server to the page, before it is spoilt.
const GAME: &[u8] = b"GET /play/";

/// It ends with this.
pub struct Impostor {
    pub address: SocketAddr,
    garbage: watch::Sender<Option<Message>>,
    closes: mpsc::UnboundedReceiver<u16>,
    _accepting: JoinSet<()>,
}

/// What each connection needs.
#[derive(Clone)]
struct Role {
    server: SocketAddr,
    garbage: watch::Receiver<Option<Message>>,
    closes: mpsc::UnboundedSender<u16>,
}

impl Impostor {
    /// In front of this server.
    pub async fn of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let garbage = watch::Sender::new(None);
        let (close, closes) = mpsc::unbounded_channel();
        let role = Role { server, garbage: garbage.subscribe(), closes: close };
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, role));
        Self { address, garbage, closes, _accepting: accepting }
    }

    /// Says this to all pages that are connected, instead of what the server says next, and nothing else from then on.
    pub fn speak(&self, garbage: Message) {
        self.garbage.send_replace(Some(garbage));
    }

    /// Behaves again, towards who connects from now on.
    pub fn behave(&self) {
        self.garbage.send_replace(None);
    }

    /// The code that the next page closes with.
    pub async fn close_code(&mut self) -> u16 {
        timeout(PATIENCE, self.closes.recv()).await.expect("the page closes in time").expect("it accepts")
    }
}

async fn accept(listener: TcpListener, role: Role) {
    let mut running = JoinSet::new();
    while let Ok((page, _)) = listener.accept().await {
        let role = role.clone();
        running.spawn(async move {
            let mut start = [0; GAME.len()];
            // A request comes in one piece.
            if page.peek(&mut start).await.is_ok() && start == *GAME {
                role.play(page).await
            } else {
                role.pass(page).await
            }
        });
    }
}

impl Role {
    async fn pass(self, mut page: TcpStream) {
        if let Ok(mut server) = TcpStream::connect(self.server).await {
            let _ = copy_bidirectional(&mut page, &mut server).await;
        }
    }

    async fn play(mut self, page: TcpStream) {
        let (mut path, mut offer) = (String::new(), None);
        #[allow(clippy::result_large_err, reason = "the library's own type")]
        let note = |request: &Request, mut response: Response| {
            path = request.uri().path().to_owned();
            offer = request.headers().get(SEC_WEBSOCKET_PROTOCOL).cloned();
            let chosen = HeaderValue::from_static(SUBPROTOCOL);
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, chosen);
            Ok(response)
        };
        let Ok(mut page) = accept_hdr_async(page, note).await else { return };
        let Ok(stream) = TcpStream::connect(self.server).await else { return };
        let url = format!("ws://{}{path}", self.server);
        let mut request = url.into_client_request().expect("an address");
        // The page's Hello is in it.
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer.expect("a page's offer"));
        let Ok((mut server, _)) = client_async(request, stream).await else { return };
        self.garbage.mark_unchanged();
        loop {
            tokio::select! {
                Some(Ok(said)) = page.next() => {
                    if server.send(said).await.is_err() {
                        return;
                    }
                }
                Some(Ok(said)) = server.next() => {
                    if page.send(said).await.is_err() {
                        return;
                    }
                }
                Ok(()) = self.garbage.changed() => break,
                else => return,
            }
        }
        let garbage = self.garbage.borrow_and_update().clone();
        if let Some(garbage) = garbage {
            let _ = page.send(garbage).await;
            self.hear_out(page).await;
        }
    }

    /// Waits for the page to close.
    async fn hear_out(&self, mut page: WebSocketStream<TcpStream>) {
        while let Some(Ok(said)) = page.next().await {
            if let Message::Close(frame) = said {
                let _ = self.closes.send(frame.map_or(1005, |frame| frame.code.into()));
            }
        }
    }
}
