//! Owns the TCP proxy that makes a loopback feel like a network: what comes in goes on when a [`LinkProfile`] says.
//!
//! It holds back and never loses: a sender that is faster than the link waits, as it would on TCP. Timers have a grain of
//! a millisecond, so that things come up to one later than the link says, and more on a busy machine; never earlier.
//! The handshake of TCP is the kernel's and is not delayed.

mod connection;
mod gate;
mod pump;

use gate::Gate;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tickwire_client::link::LinkProfile;
use tokio::net::lookup_host;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running proxy; its connections end when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    handle: Handle,
    gate: JoinHandle<()>,
}

/// Changes what a proxy does while it runs.
#[derive(Clone, Debug)]
pub struct Handle(Arc<watch::Sender<Control>>);

/// What all connections shall do now.
#[derive(Copy, Clone, Debug)]
struct Control {
    profile: LinkProfile,
    is_cut: bool,
    /// How often it was cut: who missed the moment still sees that it was.
    cuts: u64,
}

impl Proxy {
    /// Listens, and lets everyone who connects talk to `to` over a link of this profile. Each connection's jitter comes
    /// from `seed` and its number.
    ///
    /// # Errors
    /// If it cannot listen there.
    pub async fn bind(
        listen: SocketAddr,
        to: SocketAddr,
        profile: LinkProfile,
        seed: u64,
    ) -> io::Result<Self> {
        let listener = gate::listen(listen)?;
        let address = listener.local_addr()?;
        let control = watch::Sender::new(Control { profile, is_cut: false, cuts: 0 });
        let gate = Gate::new(listener, to, seed, control.subscribe());
        Ok(Self { address, handle: Handle(Arc::new(control)), gate: tokio::spawn(gate.run()) })
    }

    /// To change what it does.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.gate.abort();
    }
}

impl Handle {
    /// Ends all connections abruptly, with a reset at both ends, and resets new ones until [`Handle::restore`].
    pub fn cut(&self) {
        self.0.send_modify(|control| {
            control.is_cut = true;
            control.cuts += 1;
        });
    }

    /// Lets connections in again.
    pub fn restore(&self) {
        self.0.send_modify(|control| control.is_cut = false);
    }

    /// The link is like this from now on, for all connections; what is under way comes as it would have.
    pub fn set_profile(&self, profile: LinkProfile) {
        self.0.send_modify(|control| control.profile = profile);
    }
}

/// The address of `HOST:PORT`. IPv4 goes before IPv6: that is where servers of this repository listen unless they are told otherwise.
///
/// # Errors
/// If it has none.
pub async fn resolve(host: &str) -> io::Result<SocketAddr> {
    let found = lookup_host(host).await?;
    let none = || io::Error::new(io::ErrorKind::NotFound, "it has no address");
    found.min_by_key(SocketAddr::is_ipv6).ok_or_else(none)
}
