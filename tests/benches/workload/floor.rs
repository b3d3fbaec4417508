//! Owns the bare server: what frames of the same sizes to as many clients cost without a game. Its ratio to the
//! real one is what the benchmark is about.

use crate::control::{Orders, say};
use crate::options::Options;
use crate::recorder::Times;
use crate::{Outcome, Socket, socket_config};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Takes in all clients, then writes to all of them at each tick, until the conductor is gone.
pub async fn serve(options: &Options) -> Outcome<()> {
    let mut orders = Orders::listen();
    let sizes: Vec<usize> = serde_json::from_str(&orders.next().await.ok_or("no sizes of frames")?)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&listener.local_addr()?.to_string())?;
    let sinks = tokio::select! {
        () = orders.end() => return Ok(()),
        sinks = admit(&listener, options.clients()) => sinks?,
    };
    tick(sinks, options.hz.hz(), &sizes, orders).await
}

async fn admit(listener: &TcpListener, clients: usize) -> Outcome<Vec<SplitSink<Socket, Message>>> {
    let mut sinks = Vec::new();
    while sinks.len() < clients {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (sink, stream) = accept_async_with_config(stream, Some(socket_config())).await?.split();
        tokio::spawn(read(stream));
        sinks.push(sink);
    }
    Ok(sinks)
}

async fn read(mut stream: SplitStream<Socket>) {
    while let Some(Ok(_)) = stream.next().await {}
}

/// Writes until the conductor is gone, and makes up for ticks that it missed, as the real server does within reason.
/// Frames are parts of one, so that nothing is paid for making them. At each order it says how long ticks took since the
/// one before.
async fn tick(
    mut sinks: Vec<SplitSink<Socket, Message>>,
    hz: u32,
    sizes: &[usize],
    mut orders: Orders,
) -> Outcome<()> {
    let bytes_max = *sizes.iter().max().ok_or("no sizes of frames")?;
    let longest = Bytes::from(vec![0; bytes_max]);
    let mut sizes = sizes.iter().cycle();
    let mut ticks = interval(Duration::from_secs(1) / hz);
    let mut times = Times::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            order = orders.next() => match order {
                Some(_) => {
                    say(&serde_json::to_string(&std::mem::take(&mut times).ms())?)?;
                    continue;
                }
                None => return Ok(()),
            },
        }
        let begun = Instant::now();
        for (sink, &bytes) in sinks.iter_mut().zip(&mut sizes) {
            // A client that is gone is for the load to complain about, if it should still be there.
            let _ = sink.send(Message::Binary(longest.slice(..bytes))).await;
        }
        times.record(begun.elapsed());
    }
}
