//! Owns the life of a server: it starts, serves until it is told to stop, and stops in good order.

use crate::config::{ConfigError, Limits, ServerConfig};
use crate::directory::Directory;
use crate::net::door::Join;
use crate::net::listener;
use crate::net::tally::Tally;
use crate::origin::AllowedOrigin;
use crate::page::PageFile;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tickwire_shared::Game;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// How often the log says what happened since, if anything did.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(60);

/// What a server did, once it has stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Connections accepted.
    pub connections: u64,
    /// Rooms opened.
    pub rooms_opened: u64,
    /// Rooms whose game panicked.
    pub rooms_failed: u64,
    /// Whether every connection was closed well before [`Limits::shutdown_timeout`] was over.
    pub is_clean: bool,
}

/// Serves a game on `listener` until `shutdown` is there; then nobody is let in any more, and every client is
/// told with code 1012. Done within [`Limits::shutdown_timeout`].
///
/// # Errors
/// If the configuration can only fail.
pub async fn run<G: Game>(
    listener: TcpListener,
    config: ServerConfig<G>,
    shutdown: impl Future<Output = ()>,
) -> Result<Report, ConfigError> {
    config.check()?;
    let server = Arc::new(Server::new(config));
    // Also if this future is dropped, nothing of the server lives on.
    let _guard = server.shutdown.clone().drop_guard();
    tokio::select! {
        () = shutdown => {}
        () = listener::accept(listener, Arc::clone(&server)) => {}
        () = summarise(&server) => {}
    }
    Ok(server.stop().await)
}

/// What all tasks of a server share.
pub(crate) struct Server<G: Game> {
    limits: Limits,
    page: Vec<PageFile>,
    allowed_origins: Vec<AllowedOrigin>,
    directory: Arc<Directory<G>>,
    tally: Tally,
    guests: AtomicU64,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl<G: Game> Server<G> {
    fn new(mut config: ServerConfig<G>) -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Self {
            limits: config.limits.clone(),
            page: std::mem::take(&mut config.page),
            allowed_origins: std::mem::take(&mut config.allowed_origins),
            directory: Arc::new(Directory::new(config, tasks.clone(), shutdown.clone())),
            tally: Tally::default(),
            guests: AtomicU64::new(0),
            tasks,
            shutdown,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The files of the page; none if there is no page.
    pub(crate) fn page(&self) -> &[PageFile] {
        &self.page
    }

    /// Whose pages may connect, besides the server's own.
    pub(crate) fn allowed_origins(&self) -> &[AllowedOrigin] {
        &self.allowed_origins
    }

    pub(crate) fn directory(&self) -> &Directory<G> {
        &self.directory
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// A name for somebody who gave none.
    pub(crate) fn guest_name(&self) -> String {
        format!("guest-{}", self.guests.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) async fn join(&self, room: &str, join: Join) {
        self.directory.join(room, join).await;
    }

    /// What the server waits for when it stops.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Cancelled when the server stops.
    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    async fn stop(&self) -> Report {
        info!("stopping");
        self.shutdown.cancel();
        self.tasks.close();
        let is_clean = timeout(self.limits.shutdown_timeout, self.tasks.wait()).await.is_ok();
        if !is_clean {
            warn!(tasks = self.tasks.len(), "not everything ended in time");
        }
        let (rooms_opened, rooms_failed) = self.directory.totals();
        let connections = self.tally.counts().connections;
        info!(connections, rooms_opened, rooms_failed, "stopped");
        Report { connections, rooms_opened, rooms_failed, is_clean }
    }
}

/// Logs the counts now and then, for ever.
async fn summarise<G: Game>(server: &Server<G>) {
    let mut interval = interval(SUMMARY_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = server.tally.counts();
    loop {
        interval.tick().await;
        let counts = server.tally.counts();
        if counts != last {
            info!(?counts, rooms = ?server.directory.totals(), "so far");
            last = counts;
        }
    }
}
