//! Owns what a server can be told before it starts, and what it refuses to start with.

use crate::origin::AllowedOrigin;
use crate::page::{self, PageFile};
use crate::room::BotFill;
use std::time::Duration;
use tickwire_shared::limits::{BOTS_PER_ROOM_MAX, REWIND_MS_MAX_DEFAULT, SETTINGS_BYTES_MAX};
use tickwire_shared::{Game, Layout, Schema, Tick, encode};

/// Everything about a server that its operator chooses.
#[derive(Clone, Debug)]
pub struct ServerConfig<G: Game> {
    /// The game's settings: the same in every room, sent to each client once.
    pub settings: G::Settings,
    /// What drives chance. Every room starts from it, so that a match can be repeated.
    pub seed: u64,
    /// The tick that a new room makes first: for tests of great tick numbers.
    pub start_tick: Tick,
    /// People who play in one room; further ones are refused.
    pub room_players_max: usize,
    /// With whom rooms are filled up, if at all.
    pub bots: Option<BotFill<G>>,
    /// Bytes that a player is sent per second in the long run. What does not fit waits, by priority.
    pub player_bytes_per_second: u32,
    /// Milliseconds that a room rewinds the world at most for what a player saw.
    pub rewind_ms_max: u32,
    /// Must be greater at each start of the server, so that clients can tell ticks of two starts apart.
    pub epoch: u64,
    /// The files of the page that is served at `/`. None: `/` is a text that says what is where.
    pub page: Vec<PageFile>,
    /// Whose pages may connect, besides the server's own. Programs that are not browsers always may.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// How much of everything there may be, and for how long.
    pub limits: Limits,
}

impl<G: Game> Default for ServerConfig<G> {
    fn default() -> Self {
        Self {
            settings: G::Settings::default(),
            seed: 0,
            start_tick: Tick(0),
            room_players_max: 128,
            bots: None,
            player_bytes_per_second: 256 * 1024,
            rewind_ms_max: REWIND_MS_MAX_DEFAULT,
            epoch: 0,
            page: Vec::new(),
            allowed_origins: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl<G: Game> ServerConfig<G> {
    /// Refuses what could only fail later, in front of players.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if G::TICK_RATE_HZ == 0 {
            return Err(ConfigError::TickRate);
        }
        Schema::try_of::<G>().and_then(Layout::new).map_err(ConfigError::Schema)?;
        self.check_bots()?;
        page::check(&self.page).map_err(ConfigError::Page)?;
        match encode(&self.settings).len() {
            bytes if bytes > SETTINGS_BYTES_MAX => Err(ConfigError::Settings(bytes)),
            _ => Ok(()),
        }
    }
}

impl<G: Game> ServerConfig<G> {
    /// A bot never has the place of somebody who could come.
    fn check_bots(&self) -> Result<(), ConfigError> {
        let players_max = self.room_players_max.min(BOTS_PER_ROOM_MAX);
        match self.bots.map_or(0, |bots| bots.players()) {
            players if players > players_max => Err(ConfigError::Bots { players, players_max }),
            _ => Ok(()),
        }
    }
}

/// The shell's limits; those of the protocol stand in [`tickwire_shared::limits`]. Tests shorten them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rooms at once. A join that would open one more is refused.
    pub rooms_max: usize,
    /// Connections at once, joined or not. One more is answered 503.
    pub connections_max: usize,
    /// Connections at once from one address (of IPv6: from one /64). One more is answered 429.
    /// The machine's own addresses are exempt: proxies and swarms come from there.
    pub connections_per_address_max: usize,
    /// Within this the head of an HTTP request must be there, and within twice this everything of HTTP be over.
    pub handshake_timeout: Duration,
    /// Within this, from the upgrade on, the Hello must be there.
    pub hello_timeout: Duration,
    /// A connection whose peer takes not one byte for this long is dropped.
    pub write_timeout: Duration,
    /// The seat of a cut connection is kept for this long. Zero: it is given up at once.
    pub resume_grace: Duration,
    /// A room without sessions ends after this.
    pub empty_room_timeout: Duration,
    /// A server that was told to stop waits this long for its connections to be closed well.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms_max: 1024,
            connections_max: 16_384,
            connections_per_address_max: 1024,
            handshake_timeout: Duration::from_secs(5),
            hello_timeout: Duration::from_secs(3),
            write_timeout: Duration::from_secs(10),
            resume_grace: Duration::from_secs(30),
            empty_room_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_millis(1500),
        }
    }
}

/// Why a server does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A game that makes no ticks.
    #[error("the game's TICK_RATE_HZ is 0: it must make at least one tick per second")]
    TickRate,
    /// A schema that cannot be laid out.
    #[error("the game's entities cannot be replicated: {0}")]
    Schema(String),
    /// A page that cannot be served.
    #[error("the page cannot be served: {0}")]
    Page(String),
    /// Settings above [`SETTINGS_BYTES_MAX`].
    #[error(
        "the game's settings take {0} bytes encoded: at most {SETTINGS_BYTES_MAX} can be sent to a client"
    )]
    Settings(usize),
    /// Rooms shall be filled up with bots beyond `room_players_max` or [`BOTS_PER_ROOM_MAX`].
    #[error(
        "--bots {players} is too many: rooms can be filled up to {players_max} players (see --room-players-max)"
    )]
    Bots {
        /// How many players there shall be at least.
        players: usize,
        /// And at most.
        players_max: usize,
    },
}
