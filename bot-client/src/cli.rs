//! Owns the command line: what can be typed, what it means, and what is printed at the end.

mod feel;
mod proxy;
mod training;

use crate::console::{self, End};
use crate::swarm::{self, Outcome, Report};
use crate::{Exit, UrlError, play_url};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use feel::FeelArgs;
use proxy::{ProxyArgs, link_profile};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Bots;
use training::{RecordArgs, TrainArgs};

/// Bots that join per second when nobody says how fast they shall come.
const JOINS_PER_SECOND: f64 = 100.0;
/// Bots of one process, and rooms they are spread over: above what a machine has sockets for.
const BOTS_MAX: i64 = 65_536;
/// A week: the longest soak test that still ends.
const SECONDS_MAX: f64 = 7.0 * 24.0 * 3600.0;

#[derive(Debug, Parser)]
#[command(name = "bot-client", version, about = "Headless Tickwire clients: bot swarm and chat console")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load a server with bots and report what players would feel
    ///
    /// The report is of the time from when all bots had joined. Late inputs are commands that came after their
    /// tick had run, as the server counts them; snapshot age is how much later than the quickest one a snapshot
    /// came; the swarm's own lag is how late this program ran its bots, which is not the server's fault.
    ///
    /// Exit code: 0 all well, 1 usage, 2 no bot could join, 99 a bot failed or was dropped or saw a wrong view
    /// hash, 130 interrupted before anything was measured.
    Swarm(SwarmArgs),
    /// Chat with a room from the terminal, as a spectator
    ///
    /// Lines of standard input are said in the room, no faster than it listens. End of input or Ctrl-C leaves.
    ///
    /// Exit code: 0 left, or the server said goodbye; 1 usage, 2 could not connect, 99 the connection was lost or
    /// the server threw us out.
    Console(ConsoleArgs),
    /// Stand between clients and a server, and be as slow and as fitful as a real network
    ///
    /// Standard output says where it listens, once it does: listening on ADDRESS:PORT. Ctrl-C ends it.
    ///
    /// Exit code: 0 ended by Ctrl-C; 1 usage, or it cannot listen there.
    Proxy(ProxyArgs),
    /// Measure how the game feels over each kind of link
    ///
    /// Starts the server program that lies beside this one, stands a proxy before it, and plays through that with clients that shoot exactly
    /// at what they see; then cuts their connections.
    ///
    /// Exit code: 0 measured; 1 usage; 99 there is no server to start, a client was thrown out, a file cannot be written, or a target is missed with `--strict`.
    Feel(FeelArgs),
    /// Record what a server sends to one client, for training
    ///
    /// The file holds every message of the server as it came: chat and names, too.
    ///
    /// Exit code: 0 recorded, 1 usage, or the file cannot be written; 2 could not connect, 99 the connection was lost (what
    /// came before is in the file) or a bot failed, 130 interrupted before anything was recorded.
    Record(RecordArgs),
    /// Train a game's prefix codes on recordings
    ///
    /// Prints what each field takes before and after. By context: what it would take with codes that also depend
    /// on how far the column went before, which the protocol does not have.
    ///
    /// Exit code: 0 trained, 1 usage, or a recording is of no use.
    Train(TrainArgs),
}

#[derive(Debug, Args)]
struct SwarmArgs {
    /// The server, as ws://HOST:PORT
    #[arg(long, default_value = "ws://127.0.0.1:9001")]
    url: String,
    /// How many bots
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=BOTS_MAX))]
    bots: u32,
    /// How long to measure, once all bots have joined
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// The room to join
    #[arg(long, default_value = "lobby")]
    room: String,
    /// Spread the bots over ROOM-1 to ROOM-K instead
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=BOTS_MAX))]
    rooms: u32,
    /// The bots' character [default: the game's usual one]
    #[arg(long)]
    behaviour: Option<String>,
    /// What the bots' whims come from: same seed, same bots
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
    /// Spread the joins over this time [default: a fifth of --seconds, at most 2 s; 100 joins a second at most]
    #[arg(long, value_name = "SECONDS", value_parser = seconds_or_none)]
    ramp: Option<Duration>,
    /// Let each bot's connection go over a link like this: lan, wifi, 4g, transatlantic, bad-wifi or stalling
    #[arg(long, value_name = "PROFILE", value_parser = link_profile)]
    link: Option<LinkProfile>,
    /// What the links' jitter and stalls come from: same seed, same links
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "link")]
    link_seed: u64,
}

#[derive(Debug, Args)]
struct ConsoleArgs {
    /// The server, as ws://HOST:PORT, or a room's whole address
    #[arg(default_value = "ws://127.0.0.1:9001")]
    url: String,
    /// The room to join, unless the address says it
    #[arg(long, default_value = "lobby")]
    room: String,
    /// What others shall call you
    #[arg(long, default_value = "console")]
    name: String,
}

/// The whole program, for a game: parses the command line, runs, prints, and says how it ended.
#[must_use]
pub fn command_line<G: Bots>() -> ExitCode {
    let exit = Cli::try_parse().and_then(run::<G>).unwrap_or_else(|error| {
        // Help and version are asked for; everything else that clap stops at is a mistake.
        let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        let _ = error.print();
        exit
    });
    exit.into()
}

/// Takes as many file descriptors as the system allows: one per bot, where the usual limit is 1024.
fn raise_descriptor_limit() -> std::io::Result<()> {
    #[cfg(unix)]
    rlimit::increase_nofile_limit(u64::MAX)?;
    Ok(())
}

fn run<G: Bots>(cli: Cli) -> Result<Exit, clap::Error> {
    // One thread: bots are cheap, and a swarm that moves between cores disturbs what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match cli.command {
        Command::Swarm(args) => {
            let plan = args.plan::<G>().map_err(usage)?;
            raise_descriptor_limit()?;
            let outcome = runtime.block_on(swarm::run::<G>(&plan, interrupted()));
            Ok(print_outcome(&outcome, args.json))
        }
        Command::Console(args) => {
            let url = play_url(&args.url, &args.room).map_err(usage)?;
            let plan = console::Plan { url, name: args.name };
            Ok(runtime.block_on(chat::<G>(&plan)))
        }
        Command::Feel(args) => args.run::<G>(&runtime),
        Command::Proxy(args) => args.run(&runtime),
        Command::Record(args) => args.run::<G>(&runtime),
        Command::Train(args) => Ok(args.run()),
    }
}

async fn chat<G: Bots>(plan: &console::Plan) -> Exit {
    let lines = console::stdin_lines();
    let end = console::run::<G>(plan, lines, &mut std::io::stdout(), interrupted()).await;
    match &end {
        End::Left => {}
        // A server that says goodbye is part of the talk.
        end if end.exit() == Exit::Ok => say(&format!("* {end}")),
        end => complain(&end.to_string()),
    }
    end.exit()
}

/// Waits for Ctrl-C.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler Ctrl-C simply kills: nothing to wait for.
        std::future::pending().await
    }
}

fn usage(error: impl std::fmt::Display) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n"))
}

/// A command line that clap takes and the game or the rooms do not.
#[derive(Debug, PartialEq, thiserror::Error)]
enum PlanError {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("--rooms needs a --url without a path")]
    PathAndRooms,
    #[error("there is no behaviour {wanted:?}; there are: {}", known.join(", "))]
    Behaviour { wanted: String, known: &'static [&'static str] },
}

impl SwarmArgs {
    fn plan<G: Bots>(&self) -> Result<swarm::Plan, PlanError> {
        Ok(swarm::Plan {
            urls: self.urls()?,
            bots: self.bots as usize,
            behaviour: behaviour::<G>(self.behaviour.as_deref(), self.seed)?,
            seed: self.seed,
            ramp: self.ramp.unwrap_or_else(|| usual_ramp(self.bots, self.seconds)),
            duration: self.seconds,
            link: self.link.map(|profile| swarm::LinkPlan { profile, seed: self.link_seed }),
        })
    }

    fn urls(&self) -> Result<Vec<String>, PlanError> {
        if self.rooms == 1 {
            return Ok(vec![play_url(&self.url, &self.room)?]);
        }
        let rooms = (1..=self.rooms).map(|number| play_url(&self.url, &format!("{}-{number}", self.room)));
        let urls = rooms.collect::<Result<Vec<_>, _>>()?;
        if urls[0] == self.url {
            return Err(PlanError::PathAndRooms);
        }
        Ok(urls)
    }
}

/// The wanted character, or the usual one.
fn behaviour<G: Bots>(wanted: Option<&str>, seed: u64) -> Result<String, PlanError> {
    let wanted = wanted.or(G::BEHAVIOURS.first().copied()).unwrap_or_default();
    match G::bot(wanted, seed) {
        Some(_) => Ok(wanted.to_owned()),
        None => Err(PlanError::Behaviour { wanted: wanted.to_owned(), known: G::BEHAVIOURS }),
    }
}

fn usual_ramp(bots: u32, seconds: Duration) -> Duration {
    let least = Duration::from_secs_f64(f64::from(bots) / JOINS_PER_SECOND);
    (seconds / 5).min(Duration::from_secs(2)).max(least)
}

fn seconds(text: &str) -> Result<Duration, String> {
    seconds_or_none(text)
        .and_then(|time| if time.is_zero() { Err("must be above 0".into()) } else { Ok(time) })
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("must be a number from 0 to {SECONDS_MAX}"))
}

/// Prints the report to stdout and what went wrong to stderr.
fn print_outcome(outcome: &Outcome, json: bool) -> Exit {
    let report = match outcome {
        Outcome::Measured(report) => report,
        Outcome::Interrupted => {
            complain("interrupted before anything was measured");
            return Exit::Interrupted;
        }
        Outcome::NoLink(reason) => {
            complain(&format!("no link could be laid to {reason}"));
            return Exit::NoConnection;
        }
    };
    // A script gets its object in any case; people are spared a table of zeros.
    if json {
        say(&report.to_json());
    } else if report.joined > 0 {
        say(&report.to_string());
    }
    print_complaints(report);
    Report::exit(report)
}

fn print_complaints(report: &Report) {
    report.complaints.iter().for_each(|sentence| complain(sentence));
}

/// Whoever closed our stdout does not want the rest: nothing to fail for.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn complain(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "{sentence}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swarm_args(line: &str) -> SwarmArgs {
        let words = ["bot-client", "swarm"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Command::Swarm(args) => args,
            _ => unreachable!(),
        }
    }

    #[test]
    fn one_room_keeps_its_name_and_several_are_numbered() {
        let urls = |line| swarm_args(line).urls();
        assert_eq!(urls("--url ws://h:1 --room a").unwrap(), ["ws://h:1/play/a"]);
        assert_eq!(urls("--url ws://h/play/x").unwrap(), ["ws://h/play/x"]);
        let two = ["ws://h:1/play/a-1", "ws://h:1/play/a-2"];
        assert_eq!(urls("--url ws://h:1 --room a --rooms 2").unwrap(), two);
        assert_eq!(urls("--url ws://h/play/x --rooms 2"), Err(PlanError::PathAndRooms));
    }

    #[test]
    fn joins_are_spread_and_never_a_stampede() {
        let ramp = |bots, seconds| usual_ramp(bots, Duration::from_secs(seconds)).as_secs_f64();
        assert_eq!([ramp(16, 3), ramp(100, 10), ramp(100, 60), ramp(500, 10)], [0.6, 2.0, 2.0, 5.0]);
    }

    #[test]
    fn times_are_seconds_within_reason() {
        assert_eq!(swarm_args("--seconds 0.5 --ramp 0").seconds, Duration::from_millis(500));
        for wrong in ["0", "nan", "inf", "1e9", "x", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
