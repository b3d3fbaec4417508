//! Owns the checks of sockets that are their room's: great frames, slow readers, times of arrival, joins given up.

mod common;

use common::{
    Closing, DEADLINE, Flaws, Pit, Player, Served, Socket, Wish, forgetful, greet, serve, serve_with, until,
    within,
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use std::time::Duration;
use tickwire_server::ServerConfig;
use tickwire_shared::{ClientMessage, Command, Moment, encode};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const TICK: Duration = Duration::from_millis(20);

/// A server whose Welcome is longer than what the kernel takes at once.
async fn serve_great_frames() -> Served {
    let settings = Flaws { ballast: vec![7; 255 * 1024], ..Flaws::default() };
    serve_with(ServerConfig { settings, ..ServerConfig::default() }).await
}

/// A socket whose kernel holds little of what nobody reads.
async fn open_narrow(served: &Served) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let stream = within(socket.connect(served.address)).await.unwrap();
    let request = format!("ws://{}/play/a", served.address).into_client_request().unwrap();
    within(tokio_tungstenite::client_async(request, stream)).await.unwrap().0
}

async fn skipped_outbox(served: &Served) -> u64 {
    served.info().await["rooms"][0]["skipped_outbox"].as_u64().unwrap()
}

#[tokio::test]
async fn a_frame_beyond_the_sockets_buffer_arrives_whole_and_soon() {
    let served = serve_great_frames().await;
    for open in [served.open("/play/a").boxed(), open_narrow(&served).boxed()] {
        let socket = open.await;
        let start = Instant::now();
        let mut player = Player::join_as::<Pit>(socket).await;
        assert!(player.welcome.settings.len() > 255 * 1024, "all of it");
        assert!(start.elapsed() < DEADLINE / 4, "{:?}", start.elapsed());
        for _ in 0..3 {
            player.step(Wish::Grow).await;
        }
    }
}

/// Who does not read is skipped, costs the others nothing, and then goes on from where the world is.
#[tokio::test]
async fn a_blocked_reader_holds_up_nobody_and_gets_merged_frames() {
    let served = serve_great_frames().await;
    let mut slow = open_narrow(&served).await;
    greet::<Pit>(&mut slow).await;
    let mut other = Player::join(&served, "a").await;
    let mut tick = other.step(Wish::Grow).await;
    let end = tick.plus(75);
    while tick < end {
        let next = other.step(Wish::Grow).await;
        assert_eq!(next, tick.plus(1));
        tick = next;
    }
    assert!(skipped_outbox(&served).await > 20);

    let mut slow = Player::greeted(slow).await;
    let first = slow.tick;
    let second = slow.listen().await;
    assert!(second.since(first) > 50, "one frame for all that it missed: {first:?}, {second:?}");
    for step in 1..10 {
        assert_eq!(slow.step(Wish::Grow).await, second.plus(step));
    }
}

/// The middle one of the slacks that are told, in ticks, of commands that come so long after a tick.
async fn slack(player: &mut Player, ahead: u64, delay: Duration) -> f64 {
    let mut slacks = Vec::new();
    while slacks.len() < 21 {
        player.listen().await;
        sleep(delay).await;
        player.command_ahead(ahead, Wish::Grow).await;
        player.listen().await;
        slacks.extend(player.slack);
    }
    slacks.sort_by(f64::total_cmp);
    slacks[slacks.len() / 2]
}

/// Though sockets are read at ticks, a command's slack is that of when it came.
#[tokio::test]
async fn slack_tells_when_in_a_tick_a_command_came() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let soon = slack(&mut player, 3, Duration::ZERO).await;
    let later = slack(&mut player, 3, TICK / 2).await;
    assert!((2.0..3.0).contains(&soon), "{soon}");
    assert!((0.2..0.8).contains(&(soon - later)), "{soon}, {later}");
    let late = slack(&mut player, 0, Duration::ZERO).await;
    assert!((-1.0..0.0).contains(&late), "{late}");
}

/// As after a hiccup of the link: the first is for a later tick, the second for the very next.
#[tokio::test]
async fn two_commands_within_one_tick_are_both_in_time() {
    const ROUNDS: u64 = 12;
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    for _ in 0..ROUNDS {
        for _ in 0..3 {
            player.listen().await;
        }
        sleep(TICK / 5).await;
        player.command_ahead(2, Wish::Grow).await;
        sleep(TICK * 3 / 10).await;
        player.command_ahead(1, Wish::Grow).await;
    }
    until(|| async {
        let info = served.info().await;
        let count = |name: &str| info["rooms"][0][name].as_u64().unwrap();
        // A busy machine may be late for some; who never looks is late for each.
        count("inputs_applied") + count("inputs_late") == 2 * ROUNDS && count("inputs_late") < ROUNDS / 2
    })
    .await;
}

#[tokio::test]
async fn one_tick_takes_in_a_bounded_part_of_a_flood() {
    let served = serve().await;
    let mut player = Player::join(&served, "a").await;
    let command = Command {
        tick: player.tick.plus(3).wire(),
        acked: player.tick.wire(),
        ack_delay: 0,
        seen: Moment::at(player.tick).wire(),
        input: Wish::Grow,
    };
    let command = Message::binary(encode(&ClientMessage::Command(command)));
    for _ in 0..300 {
        player.socket.feed(command.clone()).await.unwrap();
    }
    player.socket.flush().await.unwrap();
    let mut ticks_with_commands = 0;
    // As many as come without an ack.
    for _ in 0..4 {
        player.listen().await;
        ticks_with_commands += usize::from(player.slack.is_some());
    }
    assert!(ticks_with_commands >= 3, "{ticks_with_commands}");
}

/// It is sent nothing else that a pong could travel with.
#[tokio::test]
async fn a_ping_to_a_silent_console_is_answered() {
    let served = serve().await;
    let mut console = served.open("/console/a").await;
    for round in 0..3u8 {
        console.send(Message::Ping(vec![round].into())).await.unwrap();
        let pong = within(console.next()).await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(vec![round].into()));
    }
}

const UPGRADE: &str = "host: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Who hangs up on the way in leaves nobody behind, at whatever moment.
#[tokio::test]
async fn a_join_that_is_given_up_leaves_nobody_behind() {
    let served = serve_with(forgetful()).await;
    let mut stayer = Player::join(&served, "a").await;
    for round in 0..60 {
        let mut console = TcpStream::connect(served.address).await.unwrap();
        console.write_all(format!("GET /console/a HTTP/1.1\r\n{UPGRADE}").as_bytes()).await.unwrap();
        let mut player = served.open("/play/a").await;
        greet::<Pit>(&mut player).await;
        sleep(Duration::from_millis(round % 30)).await;
    }
    until(|| async { served.info().await["rooms"][0]["sessions"] == 1 }).await;
    stayer.step(Wish::Grow).await;
}

/// Whether their joins were read by then or not.
#[tokio::test]
async fn joins_under_way_are_told_that_the_server_stops() {
    let served = serve().await;
    let mut joining = Vec::new();
    for _ in 0..60 {
        let mut socket = served.open("/play/a").await;
        greet::<Pit>(&mut socket).await;
        joining.push(socket);
    }
    let all = futures_util::future::join_all(joining.iter_mut().map(Closing::of));
    let (closings, report) = tokio::join!(all, served.stop());
    for closing in closings {
        assert_eq!((closing.code, closing.last.is_some()), (1012, true), "{closing:?}");
    }
    assert!(report.is_clean);
}

/// The game panics over one of them; each is told, whichever room of that name it came to.
#[tokio::test]
async fn joins_under_way_are_told_that_the_room_failed() {
    let settings = Flaws { panics_at_join: true, ..Flaws::default() };
    let served = serve_with(ServerConfig { settings, ..ServerConfig::default() }).await;
    let mut joining = Vec::new();
    for _ in 0..30 {
        let mut socket = served.open("/play/a").await;
        greet::<Pit>(&mut socket).await;
        joining.push(socket);
    }
    for closing in futures_util::future::join_all(joining.iter_mut().map(Closing::of)).await {
        assert_eq!(closing.code, 1011, "{closing:?}");
        assert_eq!(closing.last.map(|(said, ..)| said), Some("Refused"));
    }
}

/// The kernel takes what it can of a great frame; then nothing moves any more.
#[tokio::test]
async fn a_peer_that_takes_nothing_is_dropped_in_time() {
    let settings = Flaws { ballast: vec![7; 255 * 1024], ..Flaws::default() };
    let mut config = ServerConfig { settings, ..forgetful() };
    config.limits.write_timeout = Duration::from_millis(300);
    let served = serve_with(config).await;
    let mut stuck = open_narrow(&served).await;
    greet::<Pit>(&mut stuck).await;
    until(|| async { served.info().await["closed"]["1013"] == 1 }).await;
    until(|| async { served.info().await["rooms"][0]["sessions"] == 0 }).await;
}
