//! Owns the command line: options, log and exit codes of a server binary.

use crate::config::{ConfigError, ServerConfig};
use crate::lifecycle::run;
use crate::origin::AllowedOrigin;
use crate::page::PageFile;
use crate::room::BotFill;
use crate::signals::Signals;
use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};
use std::hash::{BuildHasher, RandomState};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use tickwire_shared::limits::{
    BOTS_PER_ROOM_MAX, RESUME_GRACE_SECONDS_MAX, REWIND_MS_MAX, REWIND_MS_MAX_DEFAULT, START_TICK_MAX,
};
use tickwire_shared::{Bots, Game, Tick};
use tokio::net::TcpListener;
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The exit code for a configuration that cannot work, from sysexits.h.
const EXIT_CONFIG: u8 = 78;
/// The exit code after a second signal.
const EXIT_INTERRUPTED: u8 = 130;
/// An authoritative multiplayer game server: clients connect with WebSockets, rooms open when somebody joins.
///
/// Serves HTTP and WebSockets on one port: GET /about says what is where, GET / is the page to play on, GET /info tells the state of all rooms as
/// JSON. Logs go to standard error, as much as RUST_LOG says (default: info). Once connections are accepted,
/// standard output says so in one line: listening on ws://ADDRESS:PORT. SIGTERM or SIGINT: every client is
/// told (close code 1012), and the server exits with code 0 within two seconds; a second signal exits at once.
#[derive(Debug, Parser)]
#[command(name = "tickwire-server", version)]
struct Options {
    /// The address and port to listen on. Port 0: any free one (the line on standard output says which).
    /// For other machines to reach the server: 0.0.0.0:9001, or [::]:9001.
    #[arg(long, env = "TICKWIRE_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9001")]
    listen: SocketAddr,

    /// How many people may play in one room. One more is refused with close code 4403; spectators and consoles have
    /// places of their own.
    #[arg(long, env = "TICKWIRE_ROOM_PLAYERS_MAX", value_name = "PLAYERS", default_value_t = 128,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    room_players_max: usize,

    /// How many players a room has at least while somebody plays or watches: the game's own bots stand in for who is missing. One makes
    /// way for each person who joins, and comes back two seconds after somebody has left. 0: no bots.
    #[arg(long, env = "TICKWIRE_BOTS", value_name = "PLAYERS", default_value_t = 0,
          value_parser = RangedU64ValueParser::<usize>::new().range(..=BOTS_PER_ROOM_MAX as u64))]
    bots: usize,

    /// How many bytes a player is sent per second in the long run (two ticks' worth at once, or a sixteenth of a second's). What does
    /// not fit a frame waits, by the priority that the game gives it; a player's own entity never waits.
    #[arg(long, env = "TICKWIRE_PLAYER_BYTES_PER_SECOND", value_name = "BYTES", default_value_t = 262_144,
          value_parser = RangedU64ValueParser::<u32>::new().range(1024..=64 * 1024 * 1024))]
    player_bytes_per_second: u32,

    /// How many milliseconds a room rewinds the world at most, so that who aims at what it sees hits: what a player claims to have seen
    /// before that, or before what its measured delay explains, is taken as that. 0: hits count where everybody is now.
    #[arg(long, env = "TICKWIRE_REWIND_MS_MAX", value_name = "MILLISECONDS", default_value_t = REWIND_MS_MAX_DEFAULT,
          value_parser = RangedU64ValueParser::<u32>::new().range(..=u64::from(REWIND_MS_MAX)))]
    rewind_ms_max: u32,

    /// How many rooms there may be at once. A join that would open one more is refused.
    #[arg(long, env = "TICKWIRE_ROOMS_MAX", value_name = "ROOMS", default_value_t = 1024,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    rooms_max: usize,

    /// How many connections there may be at once, joined or not. One more is answered with HTTP status 503.
    #[arg(long, env = "TICKWIRE_CONNECTIONS_MAX", value_name = "CONNECTIONS", default_value_t = 16_384,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    connections_max: usize,

    /// How many of these may come from one address (of IPv6: from one /64). One more is answered with HTTP
    /// status 429. Addresses of this machine, such as a proxy's, are exempt.
    #[arg(long, env = "TICKWIRE_CONNECTIONS_PER_ADDRESS_MAX", value_name = "CONNECTIONS", default_value_t = 1024,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    connections_per_address_max: usize,

    /// How long the seat of a client whose connection was cut is kept, for it to come back to: its player stays in the game meanwhile.
    /// 0: seats are given up at once.
    #[arg(long, env = "TICKWIRE_RESUME_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 30,
          value_parser = RangedU64ValueParser::<u32>::new().range(..=u64::from(RESUME_GRACE_SECONDS_MAX)))]
    resume_grace_seconds: u32,

    /// A site whose pages may connect, besides the server's own page, such as https://play.example.com: may be given several times (in
    /// the environment: separated by commas). * stands for any. Programs that are not browsers may always connect.
    #[arg(long = "allow-origin", env = "TICKWIRE_ALLOW_ORIGIN", value_name = "URL", value_delimiter = ',')]
    allow_origins: Vec<AllowedOrigin>,

    /// What drives chance in every room: the same seed and the same inputs make the same match. Default: another
    /// one at each start.
    #[arg(long, env = "TICKWIRE_SEED", value_name = "NUMBER")]
    seed: Option<u64>,

    /// The number of the tick that a new room makes first. For tests of what happens after years.
    #[arg(long, env = "TICKWIRE_START_TICK", value_name = "TICK", default_value_t = 0,
          value_parser = RangedU64ValueParser::<u64>::new().range(..=START_TICK_MAX))]
    start_tick: u64,

    /// How log lines are written: for people, or one JSON object each.
    #[arg(long, env = "TICKWIRE_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Copy, Clone, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Options {
    fn config<G: Game>(&self, fill: Option<Fill<G>>) -> Result<ServerConfig<G>, Failure> {
        let bots = match (self.bots, fill) {
            (0, _) => None,
            (_, None) => return Err(Failure::NoBots(G::NAME)),
            (players, Some(fill)) => Some(fill(players)),
        };
        let mut config = ServerConfig {
            // Standard hash maps are seeded by the system's own source of chance.
            seed: self.seed.unwrap_or_else(|| RandomState::new().hash_one(())),
            start_tick: Tick(self.start_tick),
            room_players_max: self.room_players_max,
            bots,
            player_bytes_per_second: self.player_bytes_per_second,
            rewind_ms_max: self.rewind_ms_max,
            epoch: milliseconds_since_1970(),
            allowed_origins: self.allow_origins.clone(),
            ..ServerConfig::default()
        };
        config.limits.rooms_max = self.rooms_max;
        config.limits.connections_max = self.connections_max;
        config.limits.connections_per_address_max = self.connections_per_address_max;
        config.limits.resume_grace = Duration::from_secs(self.resume_grace_seconds.into());
        Ok(config)
    }
}

/// Why a server binary ends otherwise than well.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Options(String),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("--bots is of no use here: the game {0:?} has no bots")]
    NoBots(&'static str),
    #[error("RUST_LOG cannot be understood: {0}")]
    Log(String),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("the system does not let the server start: {0}")]
    System(#[from] std::io::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Options(_) | Self::Config(_) | Self::NoBots(_) | Self::Log(_) => {
                ExitCode::from(EXIT_CONFIG)
            }
            Self::Listen(..) | Self::System(_) => ExitCode::FAILURE,
        }
    }
}

/// Makes what `--bots` asks for.
type Fill<G> = fn(players: usize) -> BotFill<G>;

/// The whole of a server binary for the game `G`, with what the game has beyond its rules.
#[derive(Debug)]
pub struct CommandLine<G: Game> {
    fill: Option<Fill<G>>,
    page: Vec<PageFile>,
}

impl<G: Game> Default for CommandLine<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: Game> CommandLine<G> {
    /// A server of the rules.
    #[must_use]
    pub fn new() -> Self {
        Self { fill: None, page: Vec::new() }
    }

    /// Whose rooms can be filled with the game's bots, as `--bots` says.
    #[must_use]
    pub fn with_bots(self) -> Self
    where
        G: Bots,
    {
        Self { fill: Some(BotFill::new), ..self }
    }

    /// Whose root is a page, of these files: see [`ServerConfig::page`].
    #[must_use]
    pub fn with_page(self, page: Vec<PageFile>) -> Self {
        Self { page, ..self }
    }

    /// Reads options and environment, serves until a signal comes.
    ///
    /// Exit codes: 0 after a signal, 78 for a bad configuration (one sentence on standard error, nothing was
    /// started), 1 if the address cannot be listened on, 130 after a second signal.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let options = match Options::try_parse() {
            Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                // Nobody to tell if standard output is closed.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            options => options.map_err(|error| Failure::Options(first_sentence(&error))),
        };
        let started = options.and_then(|options| {
            let config = options.config::<G>(self.fill)?;
            start(&options, ServerConfig { page: self.page, ..config })
        });
        match started {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("tickwire-server: {failure}");
                failure.exit_code()
            }
        }
    }
}

/// [`CommandLine`] for a game that has nothing but rules.
#[must_use]
pub fn command_line<G: Game>() -> ExitCode {
    CommandLine::<G>::new().run()
}

/// What is wrong, without the usage that clap adds: the sentence names the option.
fn first_sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let sentence = lines.collect::<Vec<_>>().join(" ");
    sentence.strip_prefix("error: ").unwrap_or(&sentence).to_owned()
}

fn start<G: Game>(options: &Options, config: ServerConfig<G>) -> Result<(), Failure> {
    config.check()?;
    log_to_stderr(options.log_format)?;
    #[cfg(unix)]
    raise_descriptor_limit(options.connections_max)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(options.listen, config));
    // A game that does not come back from its tick must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

/// Takes as many file descriptors as the system allows: one per connection, where the usual limit is 1024.
#[cfg(unix)]
fn raise_descriptor_limit(connections_max: usize) -> std::io::Result<()> {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX)?;
    if descriptors < connections_max as u64 {
        warn!(
            descriptors,
            connections_max, "the system allows fewer file descriptors than there may be connections"
        );
    }
    Ok(())
}

async fn serve<G: Game>(address: SocketAddr, config: ServerConfig<G>) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| Failure::Listen(address, error))?;
    let address = listener.local_addr()?;
    let has_page = !config.page.is_empty();
    let mut signals = Signals::install()?;
    info!(game = G::NAME, tick_rate_hz = G::TICK_RATE_HZ, seed = config.seed, %address, "serving");
    announce(address)?;
    if has_page {
        info!("to play: open http://{address} in a browser");
    }
    let shutdown = async move {
        signals.next().await;
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(EXIT_INTERRUPTED.into());
        });
    };
    run(listener, config, shutdown).await?;
    Ok(())
}

/// Says on standard output that the server is ready. Scripts wait for this line: it never changes.
fn announce(address: SocketAddr) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on ws://{address}")?;
    stdout.flush()?;
    info!("to see it at work: cargo run --release -p tickwire-bot-client -- swarm --url ws://{address}");
    Ok(())
}

fn log_to_stderr(format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let text = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter = filter.parse(text).map_err(|error| Failure::Log(error.to_string()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => {
            log.json().init();
            // Otherwise a game's panic would be told in lines that are no JSON.
            std::panic::set_hook(Box::new(|panic| error!("{panic}")));
        }
    }
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "a new epoch per start is the one thing that must come from outside"
)]
fn milliseconds_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
