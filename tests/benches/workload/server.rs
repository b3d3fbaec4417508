//! Owns the real server's process: the library, on a runtime like that of the server's binary.

use crate::Outcome;
use crate::control::{Orders, say};
use crate::options::Options;
use crate::world::Settings;
use tickwire_server::{ServerConfig, run};
use tickwire_shared::Game;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const SEED: u64 = 1;

/// Serves until the conductor is gone.
pub fn serve<G: Game<Settings = Settings>>(options: &Options) -> Outcome<()> {
    let mut builder = Builder::new_multi_thread();
    // Without it there are as many threads as cores that the process may run on: here, one.
    if let Some(threads) = options.threads {
        builder.worker_threads(threads);
    }
    builder.enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        say(&listener.local_addr()?.to_string())?;
        let config = ServerConfig::<G> {
            settings: options.settings(),
            seed: SEED,
            room_players_max: options.players + options.latecomers(),
            ..ServerConfig::default()
        };
        let mut orders = Orders::listen();
        run(listener, config, async { orders.end().await }).await?;
        Ok(())
    })
}
