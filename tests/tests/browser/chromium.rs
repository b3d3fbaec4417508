//! Owns a Chromium of the test's own: how it is found, started with an empty profile, and ended.

use crate::cdp::Cdp;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tickwire_tests::real::PATIENCE;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;
use tokio::time::timeout;

/// Where else than at `chromium` the browser is.
const BINARY: &str = "TICKWIRE_CHROMIUM";

/// A running browser; it ends, and its profile goes, when this is dropped.
pub struct Chromium {
    process: Child,
    profile: PathBuf,
    pub cdp: Cdp,
}

impl Chromium {
    /// Starts one.
    ///
    /// # Panics
    /// If there is none, with the command that installs it.
    pub async fn start() -> Self {
        let profile = fresh_profile("chromium");
        let mut process = command(&profile).spawn().unwrap_or_else(|error| {
            panic!(
                "these tests need Chromium ({error}). On Debian, install it by: apt-get install chromium\n\
                 If it is somewhere else, say where: {BINARY}=/path/to/chromium"
            )
        });
        let url = timeout(PATIENCE, announced(&mut process, "DevTools listening on ")).await;
        let Ok(url) = url else {
            let _ = process.kill();
            panic!("Chromium does not start in time");
        };
        let cdp = Cdp::connect(&url).await;
        Self { process, profile, cdp }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its other processes end with it. Only what has ended no longer writes to the profile.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// An empty folder of this browser's own.
pub fn fresh_profile(browser: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("{browser}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&profile);
    std::fs::create_dir_all(&profile).expect("a place for the profile");
    profile
}

fn command(profile: &Path) -> Command {
    let binary = std::env::var_os(BINARY).unwrap_or_else(|| "chromium".into());
    let mut command = Command::new(binary);
    command.args(["--headless", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check"]);
    // Nothing of it goes to other machines.
    command.args([
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
    ]);
    // Containers have little shared memory; windows without a screen are not hidden.
    command.args(["--disable-dev-shm-usage", "--disable-backgrounding-occluded-windows", "--mute-audio"]);
    command.args(["--disable-gpu", "--hide-scrollbars", "--window-size=1280,720"]);
    if rustix::process::geteuid().is_root() {
        // It refuses to sandbox for root.
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The address that a browser says on standard error, after this, once it listens there.
pub async fn announced(process: &mut Child, listening: &str) -> String {
    let stderr = process.stderr.take().expect("it is piped");
    let stderr = ChildStderr::from_std(stderr).expect("a pipe");
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix(listening) {
            tokio::spawn(drain(lines));
            return url.to_owned();
        }
        said.push(line);
    }
    panic!("the browser ended at once, saying:\n{}", said.join("\n"));
}

/// Reads what it says from then on, so that it never waits for a reader.
async fn drain(mut lines: tokio::io::Lines<BufReader<ChildStderr>>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}
