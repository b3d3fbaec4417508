//! The workload benchmark: owns what its processes have in common, and which of them this one is.
//!
//! It says what the server costs on the workload that all its peers were measured on, and what a bare WebSocket
//! server costs in its place:
//!
//!     cargo bench -p tickwire-tests --bench workload -- --case w2 --players 1000
//!
//! Server and clients are processes of their own, each on one core, so that the kernel's account of the server is the
//! server's alone. `conductor.rs` is where to start reading. Linux only: it needs `taskset` and `/proc`.

mod chart;
mod checks;
mod client;
mod conductor;
mod control;
mod core_times;
mod dice;
mod explain;
mod floor;
mod full;
mod helper;
mod http;
mod idle;
mod info;
mod join_figures;
mod joins;
mod latecomers;
mod load;
mod median;
mod options;
mod pair;
mod peers;
mod phase;
mod recorder;
mod report;
mod script;
mod server;
mod sweep;
mod table;
mod walker;
mod watcher;
mod world;

use clap::Parser;
use options::{Options, Rate, Role};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use world::World;

/// What a process of the benchmark can fail with: its conductor only tells it, and ends.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Error>;
/// An end of a connection, of the bare server or of a cheap client.
type Socket = WebSocketStream<TcpStream>;

/// For each connection, at the bare server and at cheap clients: what they read is smaller.
const READ_BUFFER_BYTES: usize = 4096;

fn main() -> ExitCode {
    let options = Options::parse();
    match play(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workload, {}: {error}", options::name(options.role));
            ExitCode::FAILURE
        }
    }
}

fn play(options: &Options) -> Outcome<()> {
    if options.role == Role::Server {
        return match options.hz {
            Rate::Hz30 => server::serve::<World<30>>(options),
            Rate::Hz60 => server::serve::<World<60>>(options),
        };
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match options.role {
            Role::Load => match options.hz {
                Rate::Hz30 => load::real::<World<30>>(options).await,
                Rate::Hz60 => load::real::<World<60>>(options).await,
            },
            Role::Latecomers => match options.hz {
                Rate::Hz30 => latecomers::serve::<World<30>>(options).await,
                Rate::Hz60 => latecomers::serve::<World<60>>(options).await,
            },
            Role::FloorLoad => load::floor(options).await,
            Role::Floor => floor::serve(options).await,
            Role::Consoles => idle::serve(options).await,
            Role::Conductor | Role::Server if options.sweep => sweep::sweep(options).await,
            Role::Conductor | Role::Server => conductor::conduct(options).await,
        }
    })
}

/// Where a client of a room goes.
fn play_url(server: SocketAddr, room: usize) -> String {
    format!("ws://{server}/play/workload-{room}")
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES)
}
