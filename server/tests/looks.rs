//! Owns the check that a room which is late leaves out its looks at sockets: whoever else needs the core needs it more.

mod common;

use common::{Player, http, open, until};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tickwire_server::{ServerConfig, run};
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::{EntityId, Game, PlayerId, Refusal, TickContext, replicate};
use tokio::net::TcpListener;

/// Of every two ticks the first takes this part of a period longer than there is, so that the second is late, and has time to spare.
const TOO_LONG: f64 = 0.3;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Nothing {
        none: bool = flag(),
    }
}

/// A game that is busy, if it is to be.
#[derive(Serialize, Deserialize)]
struct Mill {
    is_busy: bool,
    things: SlotMap<EntityId, Nothing>,
}

impl Game for Mill {
    const NAME: &'static str = "mill";
    const TICK_RATE_HZ: u32 = 20;
    /// Whether it is busy.
    type Settings = bool;
    type Input = ();
    type Entity = Nothing;
    type Event = ();

    fn new(is_busy: &bool, _: u64) -> Self {
        Self { is_busy: *is_busy, things: SlotMap::with_key() }
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        if self.is_busy && cx.tick.0.is_multiple_of(2) {
            // As a game that reckons: nothing else gets a turn meanwhile.
            let (_still_open, never) = std::sync::mpsc::channel::<()>();
            let period = Duration::from_secs(1) / Self::TICK_RATE_HZ;
            let _ = never.recv_timeout(period.mul_f64(1.0 + TOO_LONG));
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Nothing)> {
        self.things.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
}

/// A server of it, with one player in its only room.
async fn with_a_player(is_busy: bool) -> (SocketAddr, Player) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ServerConfig::<Mill> { settings: is_busy, ..ServerConfig::default() };
    tokio::spawn(run(listener, config, std::future::pending()));
    (address, Player::join_as::<Mill>(open(address, "/play/a").await).await)
}

/// Ticks that were made, and the time of looks between them, as of the last full second.
async fn told(server: SocketAddr) -> (u64, u64) {
    let info = http(server, "GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (_, body) = info.split_once("\r\n\r\n").expect("a head and a body");
    let info: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let number = |name: &str| info["rooms"][0][name].as_u64().expect("a number");
    (number("ticks"), number("look_us_total"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_in_time_looks_between_its_ticks() {
    let (server, _player) = with_a_player(false).await;
    until(|| async { told(server).await.1 > 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_late_does_without_looks() {
    let (server, mut player) = with_a_player(true).await;
    let second = u64::from(Mill::TICK_RATE_HZ);
    // The first tick of all may be in time.
    until(|| async { told(server).await.0 >= second }).await;
    let (ticks_before, look_us_before) = told(server).await;
    let end = player.tick.plus(3 * second);
    while player.tick < end {
        player.listen().await;
        player.command(()).await;
    }
    until(|| async { told(server).await.0 >= ticks_before + 2 * second }).await;
    let (ticks, look_us) = told(server).await;
    assert_eq!(look_us, look_us_before, "between {ticks_before} and {ticks} ticks");
}
