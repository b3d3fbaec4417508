//! Owns one connection through the proxy: its two sockets, and how both end together.

use super::Control;
use super::gate::small_socket;
use super::pump::{End, Pump};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_client::link::Link;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How long the far end may take to accept.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// What a connection needs beside the socket that was accepted.
pub(super) struct Connection {
    /// The far end.
    pub(super) to: SocketAddr,
    /// There and back.
    pub(super) links: [Link; 2],
    pub(super) control: watch::Receiver<Control>,
    /// How often the proxy had been cut when this was accepted.
    pub(super) cuts: u64,
}

impl Connection {
    /// Carries bytes both ways until both ends have closed. Whatever else ends it, ends it with a reset for both.
    pub(super) async fn carry(self, mut near: TcpStream) {
        let Self { to, links, control, cuts } = self;
        let mut cut = control.clone();
        let mut far = None;
        let is_whole = tokio::select! {
            biased;
            _ = cut.wait_for(|control| control.cuts != cuts) => false,
            carried = carry(&mut near, &mut far, to, links, control) => carried.unwrap_or(false),
        };
        if !is_whole {
            reset(&near);
            far.iter().for_each(reset);
        }
    }
}

/// Says whether both ends closed. Leaves the far end's socket in `far`, so that it can be reset.
async fn carry(
    near: &mut TcpStream,
    far: &mut Option<TcpStream>,
    to: SocketAddr,
    links: [Link; 2],
    control: watch::Receiver<Control>,
) -> io::Result<bool> {
    let began = Instant::now();
    near.set_nodelay(true)?;
    let connected = timeout(CONNECT_TIME_MAX, small_socket(to)?.connect(to)).await??;
    connected.set_nodelay(true)?;
    let (near_reads, near_writes) = near.split();
    let (far_reads, far_writes) = far.insert(connected).split();
    let [up, down] = links.map(|link| Pump::new(link, began, control.clone()));
    let ends = tokio::try_join!(
        unless_reset(up.run(near_reads, far_writes)),
        unless_reset(down.run(far_reads, near_writes))
    );
    Ok(ends == Ok((End::Closed, End::Closed)))
}

/// A reset ends both directions; any other end leaves the other one to bring what is under way.
async fn unless_reset(run: impl Future<Output = End>) -> Result<End, End> {
    match run.await {
        End::Reset => Err(End::Reset),
        end => Ok(end),
    }
}

/// Lets the socket end with a reset once it is dropped.
pub(super) fn reset(stream: &TcpStream) {
    // If it cannot be set, the connection is gone already.
    let _ = stream.set_zero_linger();
}
