//! Owns the proxy's listening socket: who comes in, who is turned away.

use super::Control;
use super::connection::{Connection, reset};
use crate::seed::nth_seed;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_client::link::Link;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Connections at once; one more is reset. As many as a swarm has bots.
const CONNECTIONS_MAX: usize = 65_536;
/// Connections that wait to be accepted.
const BACKLOG_CONNECTIONS: u32 = 1024;
/// How long nobody is accepted when the system has no file left for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes that the kernel takes, each way, of each of the two sockets (Linux doubles the figure for its own bookkeeping).
/// Left alone it takes megabytes, and a sender would not notice that the link is full.
const SOCKET_BUFFER_BYTES: u32 = 16 * 1024;

/// Takes connections in.
pub(super) struct Gate {
    listener: TcpListener,
    to: SocketAddr,
    seed: u64,
    control: watch::Receiver<Control>,
    connections: JoinSet<()>,
    accepted: u64,
}

impl Gate {
    pub(super) fn new(
        listener: TcpListener,
        to: SocketAddr,
        seed: u64,
        control: watch::Receiver<Control>,
    ) -> Self {
        Self { listener, to, seed, control, connections: JoinSet::new(), accepted: 0 }
    }

    /// Accepts for ever. Dropping it ends the connections, too.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                Some(_) = self.connections.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.admit(stream),
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
            }
        }
    }

    fn admit(&mut self, near: TcpStream) {
        let Control { profile, is_cut, cuts } = *self.control.borrow();
        if is_cut || self.connections.len() >= CONNECTIONS_MAX {
            return reset(&near);
        }
        let links = Link::pair(profile, nth_seed(self.seed, self.accepted));
        self.accepted += 1;
        let connection = Connection { to: self.to, links, control: self.control.clone(), cuts };
        self.connections.spawn(connection.carry(near));
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionReset)
}

/// A listener whose connections have small buffers: they take theirs from it.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = small_socket(address)?;
    // As tokio does it: a port may be taken again while old connections linger. On Windows it means something else.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_CONNECTIONS)
}

/// A socket for this kind of address, with small buffers.
pub(super) fn small_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    Ok(socket)
}
