//! Owns the links between a swarm and its server: a proxy in this process for each server, and the addresses that lead through.

use super::Plan;
use crate::proxy::{Proxy, resolve};
use crate::url::split;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use tickwire_client::link::LinkProfile;

/// A link that each bot's connection goes through.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    /// What it is like.
    pub profile: LinkProfile,
    /// What its jitter and stalls come from; each bot's are other ones.
    pub seed: u64,
}

/// What lies between the bots and the server, as long as it lives.
pub struct Links {
    /// The rooms' game sockets, as the bots see them.
    pub urls: Vec<String>,
    _proxies: Vec<Proxy>,
}

impl Links {
    /// Lays what the plan wants. An error says why there is no way to a server.
    pub async fn lay(plan: &Plan) -> Result<Self, String> {
        let Some(link) = plan.link else { return Ok(Self { urls: plan.urls.clone(), _proxies: Vec::new() }) };
        let mut proxies = BTreeMap::new();
        let mut urls = Vec::new();
        for url in &plan.urls {
            let (host, path) = split(url);
            if !proxies.contains_key(host) {
                let proxy = proxy(host, link).await.map_err(|error| format!("{url}: {error}"))?;
                proxies.insert(host, proxy);
            }
            urls.push(format!("ws://{}{path}", proxies[host].address));
        }
        Ok(Self { urls, _proxies: proxies.into_values().collect() })
    }
}

async fn proxy(host: &str, link: LinkPlan) -> std::io::Result<Proxy> {
    let to = match has_port(host) {
        true => resolve(host).await?,
        false => resolve(&format!("{host}:80")).await?,
    };
    Proxy::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), to, link.profile, link.seed).await
}

/// The colons of an IPv6 address stand in brackets.
fn has_port(host: &str) -> bool {
    host.rsplit(']').next().is_some_and(|end| end.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_an_address() {
        let with = ["127.0.0.1:9001", "localhost:1", "[::1]:9001"];
        let without = ["127.0.0.1", "localhost", "[::1]"];
        assert!(with.into_iter().all(has_port) && !without.into_iter().any(has_port));
    }
}
