//! Owns the proof that the page plays in Firefox: it joins, moves as a key says, predicts, and draws.
//!
//! Only where it is asked for, by `TICKWIRE_FIREFOX=firefox-esr` (on Debian: `apt-get install firefox-esr`).

use crate::cdp::Cdp;
use crate::chromium::{announced, fresh_profile};
use crate::stage::config;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_server::{BotFill, ServerConfig};
use tickwire_tests::real::{PATIENCE, RealServer};
use tokio::time::{Instant, sleep, timeout};

/// A running browser with one page; it ends, and its profile goes, when this is dropped.
struct Firefox {
    process: Child,
    profile: PathBuf,
    bidi: Cdp,
    page: Value,
}

impl Firefox {
    async fn start(binary: &std::ffi::OsStr) -> Self {
        let profile = fresh_profile("firefox");
        let mut command = Command::new(binary);
        command
            .args(["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile"])
            .arg(&profile);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("TICKWIRE_FIREFOX names a Firefox");
        let address = timeout(PATIENCE, announced(&mut process, "WebDriver BiDi listening on ")).await;
        let Ok(address) = address else {
            let _ = process.kill();
            panic!("Firefox does not start in time");
        };
        let bidi = Cdp::connect(&format!("{address}/session")).await;
        bidi.call("", "session.new", json!({ "capabilities": {} })).await;
        bidi.call("", "session.subscribe", json!({ "events": ["log.entryAdded"] })).await;
        let page =
            bidi.call("", "browsingContext.getTree", json!({})).await["contexts"][0]["context"].clone();
        Self { process, profile, bidi, page }
    }

    async fn open(&self, url: &str) {
        let address = json!({ "context": self.page, "url": url, "wait": "complete" });
        self.bidi.call("", "browsingContext.navigate", address).await;
    }

    /// The value of a JavaScript expression; nothing if it throws, as while the page still loads.
    async fn eval(&self, expression: &str) -> Value {
        let text = format!("JSON.stringify({expression}) ?? 'null'");
        let target = json!({ "context": self.page });
        let asked = json!({ "expression": text, "target": target, "awaitPromise": true });
        let answer = self.bidi.call("", "script.evaluate", asked).await;
        answer["result"]["value"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    async fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(&format!("Boolean({expression})")).await != true {
            assert!(Instant::now() < deadline, "never true: {expression}\n{:?}", self.bidi.complaints(""));
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses a key, or lets it go.
    async fn key(&self, key: &str, what: &str) {
        let action = json!({ "type": "key", "id": "keyboard", "actions": [{ "type": what, "value": key }] });
        let actions = json!({ "context": self.page, "actions": [action] });
        self.bidi.call("", "input.performActions", actions).await;
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_too() {
    let Some(binary) = std::env::var_os("TICKWIRE_FIREFOX") else { return };
    let bots = Some(BotFill::new(8));
    let server = RealServer::start(ServerConfig { bots, ..config::<Arena>() }).await;
    let firefox = Firefox::start(&binary).await;
    firefox.open(&format!("http://{}/?room=lobby&name=Fay&play", server.address)).await;
    firefox.until("tickwire.state() == 'joined' && tickwire.own() && tickwire.scores().length == 8").await;
    let start = firefox.eval("tickwire.own()").await;
    // Where it starts a wall may be in the way.
    let far = format!("Math.hypot(tickwire.own().x - {}, tickwire.own().y - {}) > 1", start["x"], start["y"]);
    let mut has_moved = false;
    for key in ["d", "s", "a", "w"] {
        let commands = firefox.eval("tickwire.stats().commands").await;
        firefox.key(key, "keyDown").await;
        firefox.until(&format!("{far} || tickwire.stats().commands > {commands} + 60")).await;
        has_moved |= firefox.eval(&far).await == true;
        firefox.key(key, "keyUp").await;
    }
    assert!(has_moved, "no key moves the player");
    firefox.until("tickwire.frames > 300 && tickwire.stats().hash_checks > 3").await;
    let stats = firefox.eval("tickwire.stats()").await;
    assert_eq!(stats["hash_mismatches"], 0, "{stats}");
    let late = stats["inputs_late"].as_u64().unwrap_or(0) + stats["inputs_missing"].as_u64().unwrap_or(0);
    assert!(stats["mispredictions"].as_u64().expect("a number") <= late, "{stats}");
    assert_eq!(firefox.bidi.complaints(""), [""; 0]);
}
