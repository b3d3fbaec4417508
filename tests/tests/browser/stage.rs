//! Owns what the browser's tests have in common: a server with the page, one Chromium, and the way onto it.

use crate::chromium::Chromium;
use crate::page::Page;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_server::{PageFile, ServerConfig};
use tickwire_shared::Game;
use tickwire_tests::real::{PATIENCE, RealServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// A server of the arena, and a browser.
pub struct Stage {
    pub server: RealServer,
    pub chromium: Chromium,
}

impl Stage {
    pub async fn new() -> Self {
        Self::of(config::<Arena>()).await
    }

    /// With another server.
    pub async fn of<G: Game>(config: ServerConfig<G>) -> Self {
        let (server, chromium) = tokio::join!(RealServer::start(config), Chromium::start());
        Self { server, chromium }
    }

    /// A page that has joined the lobby of this stage's server.
    pub async fn join(&self, name: &str) -> Page {
        self.join_at(self.server.address, name).await
    }

    /// The same, by way of another address.
    pub async fn join_at(&self, address: SocketAddr, name: &str) -> Page {
        let page = self.open_at(address, name).await;
        page.until("tickwire.state() == 'joined' && tickwire.own()").await;
        page
    }

    /// A page that tries to.
    pub async fn open_at(&self, address: SocketAddr, name: &str) -> Page {
        Page::open(&self.chromium, &format!("http://{address}/?room=lobby&name={name}&play")).await
    }

    /// A page that only watches the lobby.
    pub async fn watch(&self, name: &str) -> Page {
        let url = format!("http://{}/?room=lobby&name={name}&watch", self.server.address);
        let page = Page::open(&self.chromium, &url).await;
        page.until("tickwire.state() == 'joined'").await;
        page
    }

    /// What the server says about itself.
    pub async fn info(&self) -> Value {
        let mut stream = TcpStream::connect(self.server.address).await.expect("the server listens");
        stream.write_all(b"GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }

    /// Waits until the server says of itself what is wanted.
    pub async fn until_info(&self, mut is_wanted: impl FnMut(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let info = self.info().await;
            if is_wanted(&info) {
                return;
            }
            assert!(Instant::now() < deadline, "{info}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A configuration with the arena's page.
pub fn config<G: Game>() -> ServerConfig<G> {
    let files = tickwire_web_page::FILES.iter().map(|file| PageFile {
        path: file.path,
        content_type: file.content_type,
        bytes: file.bytes,
        gzip: file.gzip,
        etag: file.etag,
    });
    ServerConfig { page: files.collect(), ..ServerConfig::default() }
}
