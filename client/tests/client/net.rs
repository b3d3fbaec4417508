//! Owns the tests of the native shell: a real socket to a server in the same process.

use crate::fake_server::{FakeServer, PERIOD};
use crate::toy::Toy;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tickwire_client::net::{ConnectError, Connection, ConnectionError, Step};
use tickwire_client::{ClientConfig, State};
use tickwire_shared::{Offer, Role, SUBPROTOCOL, ServerMessage, Tick, encode, read_offer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

type Socket = WebSocketStream<TcpStream>;

fn config() -> ClientConfig {
    ClientConfig::new("tester", Role::Player)
}

/// Takes a client in as the real server does, and gives the Hello that came with its request.
async fn accept(stream: TcpStream) -> (Socket, Vec<u8>) {
    let mut hello = None;
    #[expect(clippy::result_large_err, reason = "the library wants it so")]
    let choose = |request: &Request, mut response: Response| {
        let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
        hello = Some(read_offer(offers.iter().map(|offer| offer.to_str().unwrap())));
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        Ok(response)
    };
    let socket = accept_hdr_async(stream, choose).await.unwrap();
    let Some(Offer::Hello(hello)) = hello else { panic!("{hello:?}") };
    (socket, hello)
}

/// A connection to whatever `serve` does.
async fn open<F: Future<Output: Send + 'static> + Send + 'static>(
    serve: impl FnOnce(Socket, Vec<u8>) -> F + Send + 'static,
) -> (Connection<Toy>, JoinHandle<F::Output>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/play/test", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (socket, hello) = accept(stream).await;
        serve(socket, hello).await
    });
    (Connection::open(&url, config()).await.unwrap(), server)
}

/// Plays a number of ticks, and then closes.
async fn play(mut socket: Socket, hello: Vec<u8>, ticks: u64) -> FakeServer {
    let start = Instant::now();
    let mut server = FakeServer::new(Tick(65_530), PERIOD);
    server.receive(Duration::ZERO, &hello);
    for _ in 0..ticks {
        while let Ok(message) = timeout_at(start + server.next_at, socket.next()).await {
            server.receive(start.elapsed(), &message.unwrap().unwrap().into_data());
        }
        if let Some(frame) = server.tick() {
            socket.send(Message::binary(frame)).await.unwrap();
        }
    }
    let closed =
        ServerMessage::Closed { code: 1012, reason: "the server stops, and says so at length".into() };
    socket.send(Message::binary(encode(&closed))).await.unwrap();
    close(&mut socket, 1012, "the server stops").await;
    server
}

async fn close(socket: &mut Socket, code: u16, reason: &'static str) {
    socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

/// The close frame that the client sends.
async fn goodbye(mut socket: Socket, first: Message) -> (u16, String) {
    socket.send(first).await.unwrap();
    loop {
        if let Message::Close(Some(frame)) = socket.next().await.unwrap().unwrap() {
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

#[tokio::test]
async fn a_client_plays_over_a_socket_until_the_server_closes() {
    let (mut connection, server) = open(|socket, hello| play(socket, hello, 45)).await;
    let mut updates = 0;
    let closed = loop {
        match timeout(Duration::from_secs(10), connection.step()).await.unwrap().unwrap() {
            Step::Frame { bytes } => assert!(bytes > 0),
            Step::Updated => updates += 1,
            closed => break closed,
        }
    };
    let reason = "the server stops, and says so at length".to_owned();
    assert_eq!(closed, Step::Closed { code: 1012, reason });
    let stats = connection.client().stats().clone();
    let server = server.await.unwrap();
    assert!(updates > 5, "{updates}");
    assert!(stats.snapshots > 40 && stats.hash_mismatches == 0, "{stats:?}");
    assert!(server.counts.applied > 20, "{:?}", server.counts);
    assert!(matches!(connection.client().state(), State::Closed { code: 1012, .. }));
}

#[tokio::test]
async fn garbage_closes_the_connection_with_4400() {
    for garbage in [Message::binary(vec![255, 1, 2]), Message::text("hello")] {
        let (mut connection, server) = open(move |socket, _| goodbye(socket, garbage)).await;
        let error = connection.step().await.unwrap_err();
        assert!(matches!(error, ConnectionError::Malformed(_)), "{error}");
        let (code, reason) = server.await.unwrap();
        assert_eq!(code, 4400);
        assert!(!reason.is_empty());
    }
}

#[tokio::test]
async fn leaving_closes_with_1000() {
    let ping = Message::Ping(Vec::new().into());
    let (mut connection, server) = open(|socket, _| goodbye(socket, ping)).await;
    connection.step().await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(server.await.unwrap(), (1000, String::new()));
}

#[tokio::test]
async fn a_close_frame_and_a_lost_connection_are_told_apart() {
    let (mut connection, _server) =
        open(|mut socket, _| async move { close(&mut socket, 4429, "enough").await }).await;
    let expected = Step::Closed { code: 4429, reason: "enough".to_owned() };
    assert_eq!(connection.step().await.unwrap(), expected);
    assert_eq!(connection.step().await.unwrap(), expected, "and it stays closed");

    let (mut connection, _server) = open(|socket, _| async move { drop(socket) }).await;
    let lost = connection.step().await;
    assert!(
        matches!(lost, Err(ConnectionError::Socket(_)) | Ok(Step::Closed { code: 1006, .. })),
        "{lost:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_in_words() {
    let error = Connection::<Toy>::open("wss://example.org/play/a", config()).await.err().unwrap();
    assert!(matches!(error, ConnectError::Scheme(_)));
    assert!(error.to_string().contains("only ws://"), "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/play/test", listener.local_addr().unwrap());
    drop(listener);
    let error = Connection::<Toy>::open(&url, config()).await.err().unwrap();
    assert!(matches!(error, ConnectError::Socket(_)), "{error}");
}
