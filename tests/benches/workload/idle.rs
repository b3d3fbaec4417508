//! Owns idle connections: consoles that say and hear nothing, and how much of the server's memory each of them takes.

use crate::client::connect;
use crate::control::{Orders, say};
use crate::helper::Helper;
use crate::load::JOIN_INTERVAL;
use crate::options::{Case, Options, Role};
use crate::pair::{ANSWER_TIME_MAX, LOAD_CORE, SERVER_CORE};
use crate::{Outcome, Socket};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_shared::limits::SPECTATORS_PER_ROOM_MAX;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// From the last connection until the memory is read: a room's history is full by then.
const SETTLE_TIME: Duration = Duration::from_secs(5);

/// KiB of the server's memory for each of so many idle connections, at a server of its own that nobody plays at.
pub async fn measure(options: &Options, count: usize) -> Outcome<f64> {
    eprintln!("idle connections");
    // A console sees no world, so the smallest will do.
    let options = options.sized(Case::W1, options.players);
    let mut server = Helper::start(Role::Server, &options, SERVER_CORE, &[])?;
    let address = server.answer(ANSWER_TIME_MAX).await?;
    let more = ["--server", &address, "--idle", &count.to_string()];
    let mut consoles = Helper::start(Role::Consoles, &options, LOAD_CORE, &more)?;
    // One in each room: from now on all that grows is for connections.
    let rss_rooms_kib = settled_rss_kib(&server, &mut consoles, rooms(count)).await?;
    consoles.order("all").await?;
    let rss_kib = settled_rss_kib(&server, &mut consoles, count).await?;
    consoles.end().await?;
    server.end().await?;
    Ok((rss_kib as f64 - rss_rooms_kib as f64) / count as f64)
}

/// The server's memory when so many consoles have come.
async fn settled_rss_kib(server: &Helper, consoles: &mut Helper, count: usize) -> Outcome<u64> {
    consoles.answer(ANSWER_TIME_MAX + 4 * JOIN_INTERVAL * count as u32).await?;
    sleep(SETTLE_TIME).await;
    server.rss_kib()
}

/// How many rooms hold so many consoles beside the first in each.
fn rooms(count: usize) -> usize {
    count.div_ceil(SPECTATORS_PER_ROOM_MAX - 1)
}

/// Opens a console in each room, at the conductor's word all the others, and keeps them until it is gone.
pub async fn serve(options: &Options) -> Outcome<()> {
    let (server, count) = (options.server()?, options.idle.ok_or("how many connections?")?);
    let mut orders = Orders::listen();
    let _first = open(server, rooms(count), rooms(count)).await?;
    say("rooms")?;
    orders.next().await.ok_or("the conductor is gone")?;
    let _others = open(server, count, rooms(count)).await?;
    say("all")?;
    orders.end().await;
    Ok(())
}

/// So many consoles, in turns in so many rooms.
async fn open(server: SocketAddr, count: usize, rooms: usize) -> Outcome<Vec<Socket>> {
    let mut opening = JoinSet::new();
    for number in 0..count {
        let url = format!("ws://{server}/console/idle-{}", number % rooms);
        opening.spawn(async move {
            sleep(JOIN_INTERVAL * number as u32).await;
            greeted(connect(server, url).await?).await
        });
    }
    opening.join_all().await.into_iter().collect()
}

/// A console that the server has read from and written to once: memory that was never touched would not count.
async fn greeted(mut console: Socket) -> Outcome<Socket> {
    console.send(Message::Ping(Bytes::new())).await?;
    match console.next().await {
        Some(Ok(Message::Pong(_))) => Ok(console),
        Some(Ok(other)) => Err(format!("not a pong but {other:?}").into()),
        Some(Err(error)) => Err(error.into()),
        None => Err("the server closed the connection".into()),
    }
}
