//! Owns a helper's end of the pipes to the conductor: orders come in line by line, and answers go out.

use std::io::Write;
use tokio::sync::mpsc;

/// The conductor's orders. They end with the conductor, however it ends: then a helper ends too.
pub struct Orders(mpsc::UnboundedReceiver<String>);

impl Orders {
    /// Listens in a thread of its own, which costs nothing while the conductor is silent.
    pub fn listen() -> Self {
        let (sender, orders) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    // Nobody listens any more: the process is about to end.
                    break;
                }
            }
        });
        Self(orders)
    }

    /// The next order; `None` if there will be none.
    pub async fn next(&mut self) -> Option<String> {
        self.0.recv().await
    }

    /// Comes when there are no orders any more.
    pub async fn end(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// Tells the conductor a line.
pub fn say(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
