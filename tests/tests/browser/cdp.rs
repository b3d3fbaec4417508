//! Owns the Chrome DevTools Protocol: commands and their answers, and what pages complain about, over one WebSocket. Firefox is driven over
//! it too: WebDriver BiDi has other commands, in the same form.
//!
//! By hand, because it is JSON with a number, and the tests use a few of its commands; a crate for all of it is larger than this repository.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tickwire_tests::real::PATIENCE;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Socket = WebSocketStream<TcpStream>;

/// A connection to a browser, shared by all its pages.
#[derive(Clone)]
pub struct Cdp(Arc<Shared>);

struct Shared {
    sink: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    /// Who waits for which answer.
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    /// What pages complained of, by session: uncaught exceptions, errors in the console, refusals by the policy.
    complaints: HashMap<String, Vec<String>>,
}

impl Cdp {
    pub async fn connect(url: &str) -> Self {
        let address = url.trim_start_matches("ws://").split('/').next().expect("a host");
        let stream = TcpStream::connect(address).await.expect("Chromium listens");
        stream.set_nodelay(true).expect("a live socket");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
        let (sink, stream) = socket.split();
        let state = Arc::new(Mutex::new(State::default()));
        tokio::spawn(read(stream, Arc::clone(&state)));
        Self(Arc::new(Shared { sink: tokio::sync::Mutex::new(sink), state }))
    }

    /// Sends a command to a session, or to the browser if that is empty, and waits for its result.
    ///
    /// # Panics
    /// If it fails.
    pub async fn call(&self, session: &str, method: &str, params: Value) -> Value {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut state = self.0.state.lock().expect("nobody panics with it");
            state.last_id += 1;
            let id = state.last_id;
            state.waiting.insert(id, answer);
            id
        };
        let mut command = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            command["sessionId"] = session.into();
        }
        let text = Message::text(command.to_string());
        self.0.sink.lock().await.send(text).await.expect("the browser is there");
        let answer = timeout(PATIENCE, answered).await.unwrap_or_else(|_| panic!("no answer to {method}"));
        answer.expect("the browser is there").unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What a page has complained of so far.
    pub fn complaints(&self, session: &str) -> Vec<String> {
        let state = self.0.state.lock().expect("nobody panics with it");
        state.complaints.get(session).cloned().unwrap_or_default()
    }
}

async fn read(mut stream: SplitStream<Socket>, state: Arc<Mutex<State>>) {
    while let Some(Ok(message)) = stream.next().await {
        let Ok(text) = message.to_text() else { continue };
        let Ok(message) = serde_json::from_str::<Value>(text) else { continue };
        state.lock().expect("nobody panics with it").take_in(&message);
    }
    // Who still waits learns that nothing comes any more.
    state.lock().expect("nobody panics with it").waiting.clear();
}

impl State {
    fn take_in(&mut self, message: &Value) {
        if let Some(id) = message["id"].as_u64() {
            let answer = match message.get("error") {
                Some(error) => Err(error.to_string()),
                None => Ok(message["result"].clone()),
            };
            if let Some(waiting) = self.waiting.remove(&id) {
                let _ = waiting.send(answer);
            }
        } else if let Some(complaint) = complaint(message) {
            let session = message["sessionId"].as_str().unwrap_or_default();
            self.complaints.entry(session.to_owned()).or_default().push(complaint);
        }
    }
}

/// What an event says that no sound page gives rise to.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            Some(format!("{} {}", details["text"], details["exception"]["description"]))
        }
        "Runtime.consoleAPICalled" if params["type"] == "error" || params["type"] == "assert" => {
            Some(params["args"].to_string())
        }
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            Some(format!("{} {}", params["entry"]["text"], params["entry"]["url"]))
        }
        "log.entryAdded" if params["level"] == "error" => Some(params["text"].to_string()),
        _ => None,
    }
}
