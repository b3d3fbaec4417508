//! Owns the proof over real sockets that a cut costs nobody its seat: the real client and the real server, and between them a network
//! that fails. `TICKWIRE_CUTS=1000` cuts more often.

use futures_util::SinkExt;
use std::time::Duration;
use tickwire_client::net::{Connection, Step};
use tickwire_client::{ClientConfig, Notice, State};
use tickwire_server::ServerConfig;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::{
    Arrival, ClientMessage, EntityId, Game, Hello, Layout, PROTOCOL_VERSION, PlayerId, Refusal, ResumeToken,
    Role, TickContext, encode, replicate,
};
use tickwire_tests::real::{PATIENCE, RealServer, step_until};
use tickwire_tests::relay::{Relay, Weather};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

replicate! {
    /// How many inputs its player had applied, and how many of these it should not have had.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Count {
        applied: u32 = int(0, 1 << 30),
        twice: u32 = int(0, 1 << 30),
    }
}

/// Each input has a number; every number counts once.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Counter {
    counts: SlotMap<EntityId, Count>,
    players: SecondaryMap<PlayerId, (EntityId, u32)>,
}

impl Game for Counter {
    const NAME: &'static str = "counter";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = ();
    type Input = u32;
    type Entity = Count;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        Self::default()
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let count = self.counts.insert(Count { applied: 0, twice: 0 });
        self.players.insert(player, (count, 0));
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.players.remove(player).and_then(|(count, _)| self.counts.remove(count));
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players().iter().filter(|entry| entry.arrival == Arrival::OnTime) {
            let (count, last) = &mut self.players[entry.player];
            let count = &mut self.counts[*count];
            count.applied += 1;
            count.twice += u32::from(entry.input <= *last);
            *last = entry.input.max(*last);
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Count)> {
        self.counts.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).map(|(count, _)| *count)
    }
}

/// A player that never wants the same twice.
struct Player {
    connection: Connection<Counter>,
    wanted: u32,
    /// Ticks that its client made together with another, on a busy machine: for these it wanted the same.
    repeats: u64,
    resumed: u64,
    /// From when the network was fine again.
    slowest: Duration,
}

impl Player {
    async fn join(url: &str) -> Self {
        let config = ClientConfig::new("counts", Role::Player);
        let connection = Connection::open(url, config).await.expect("the server listens");
        let mut player = Self { connection, wanted: 0, repeats: 0, resumed: 0, slowest: Duration::ZERO };
        player.play(Duration::from_millis(300)).await;
        player
    }

    async fn step(&mut self) -> Step {
        self.wanted += 1;
        self.connection.client().set_input(self.wanted);
        let before = self.connection.client().stats().commands;
        let step = timeout(PATIENCE, self.connection.step()).await.expect("in time").expect("it comes back");
        self.repeats += (self.connection.client().stats().commands - before).saturating_sub(1);
        step
    }

    /// Plays for a while, whatever the network does.
    async fn play(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            let step = self.step().await;
            assert!(!matches!(step, Step::Closed { .. }), "{step:?}");
            self.resumed += u64::from(matches!(step, Step::Resumed { .. }));
        }
    }

    /// Plays until it has its seat again, from now on, when the network is fine.
    async fn come_back(&mut self) {
        let start = Instant::now();
        loop {
            match self.step().await {
                Step::Resumed { .. } => break,
                Step::Closed { code, reason } => panic!("closed with {code}: {reason}"),
                _ => {}
            }
        }
        self.resumed += 1;
        self.slowest = self.slowest.max(start.elapsed());
    }

    fn count(&mut self) -> Count {
        self.connection.client().own().expect("it is in the game").1.clone()
    }
}

async fn server() -> RealServer {
    RealServer::start(ServerConfig::<Counter>::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cut_is_survived_as_the_same_player_with_every_input_once() {
    let cuts = std::env::var("TICKWIRE_CUTS").map_or(50, |text| text.parse().expect("a number of cuts"));
    let server = server().await;
    let relay = Relay::to(server.address).await;
    let mut player = Player::join(&relay.url("lobby")).await;
    let who = player.connection.client().player();
    let mut applied = player.count().applied;
    for round in 0..cuts {
        player.play(Duration::from_millis(100 + round % 50)).await;
        relay.cut();
        player.come_back().await;
        assert_eq!(player.connection.client().player(), who);
        assert!(player.count().applied >= applied, "it is the same game");
        applied = player.count().applied;
    }
    player.play(Duration::from_millis(500)).await;
    let count = player.count();
    let stats = player.connection.client().stats().clone();
    println!(
        "{cuts} cuts, slowest way back {:?}, {} of {} commands applied",
        player.slowest, count.applied, stats.commands
    );
    assert_eq!((stats.reconnects, player.resumed), (cuts, cuts));
    assert!(
        u64::from(count.twice) <= player.repeats && u64::from(count.applied) <= stats.commands,
        "{count:?} {stats:?}"
    );
    assert_eq!((stats.hash_mismatches, stats.resyncs), (0, 0), "{stats:?}");
    assert!(stats.hash_checks > 0 && count.applied > 200, "{count:?} {stats:?}");
    player.connection.close().await.expect("a proper goodbye");
    let report = server.stop().await;
    assert_eq!((report.rooms_opened, report.rooms_failed), (1, 0));
}

/// No reset and no goodbye: only that nothing comes any more. The server still has the old connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_dark_is_noticed_by_its_silence() {
    let server = server().await;
    let relay = Relay::to(server.address).await;
    let mut player = Player::join(&relay.url("lobby")).await;
    let who = player.connection.client().player();
    relay.set(Weather::Dark);
    let start = Instant::now();
    while !matches!(player.step().await, Step::Lost { code: 1006, .. }) {}
    assert!((2.9..4.0).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    let is_told = std::iter::from_fn(|| player.connection.client().poll_notice())
        .any(|notice| matches!(notice, Notice::Lost { .. }));
    assert!(is_told);
    sleep(Duration::from_millis(500)).await;
    relay.set(Weather::Fine);
    player.come_back().await;
    assert_eq!(player.connection.client().player(), who);
    player.play(Duration::from_millis(500)).await;
    assert!(u64::from(player.count().twice) <= player.repeats);
}

/// A cut in every phase of connecting: TCP, HTTP, Hello, Welcome.
#[tokio::test(flavor = "multi_thread")]
async fn cuts_while_it_comes_back_cost_nothing_either() {
    let server = server().await;
    let relay = Relay::to(server.address).await;
    let mut player = Player::join(&relay.url("lobby")).await;
    let who = player.connection.client().player();
    for round in 0..20u64 {
        player.play(Duration::from_millis(120)).await;
        relay.cut();
        for _ in 0..4 {
            let _ = timeout(Duration::from_micros(700 * round), player.step()).await;
            relay.cut();
        }
        timeout(PATIENCE, async {
            while *player.connection.client().state() != State::Joined {
                player.step().await;
            }
        })
        .await
        .expect("it comes back");
        assert_eq!(player.connection.client().player(), who);
    }
    player.play(Duration::from_millis(500)).await;
    assert!(u64::from(player.count().twice) <= player.repeats);
    assert!(player.connection.client().stats().reconnects >= 20);
}

/// Presents a token as another program would that has got hold of it.
async fn take_seat(server: &RealServer, url: &str, token: ResumeToken) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Counter::NAME.to_owned(),
        schema_hash: Layout::of::<Counter>().hash(),
        schema: None,
        name: String::new(),
        role: Role::Player,
        ticket: None,
        resume: Some(token),
    };
    let hello = encode(&ClientMessage::<u32>::Hello(Box::new(hello)));
    socket.send(Message::binary(hello)).await.expect("sent");
    socket
}

/// Whoever brings the token last has the seat; the other one stays away.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_replaced_does_not_come_back() {
    let server = server().await;
    let url = server.url("lobby");
    let mut first = Player::join(&url).await;
    let notice = std::iter::from_fn(|| first.connection.client().poll_notice())
        .find_map(|notice| if let Notice::Welcome(welcome) = notice { Some(welcome) } else { None });
    let token = notice.expect("it was welcome").resume.expect("seats are kept");
    let _second = take_seat(&server, &url, token).await;
    let end = timeout(PATIENCE, async {
        loop {
            if let Step::Closed { code, .. } = first.step().await {
                return code;
            }
        }
    });
    assert_eq!(end.await.expect("in time"), 4409);
    assert_eq!(first.connection.client().stats().reconnects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_wish_a_cut_is_the_end() {
    let server = server().await;
    let relay = Relay::to(server.address).await;
    let config = ClientConfig { resume: false, ..ClientConfig::new("counts", Role::Player) };
    let mut connection = Connection::<Counter>::open(&relay.url("lobby"), config).await.expect("open");
    step_until(&mut connection, |client| client.held().tick().is_some()).await;
    relay.cut();
    let end = timeout(PATIENCE, async {
        loop {
            match connection.step().await {
                Ok(Step::Closed { .. }) | Err(_) => return,
                Ok(_) => {}
            }
        }
    });
    end.await.expect("in time");
    assert!(matches!(connection.client().state(), State::Closed { code: 1006, .. }));
}
