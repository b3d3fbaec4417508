//! Owns what is shown while a swarm runs, on stderr: a bar on a terminal, a line a second elsewhere.

use super::Plan;
use super::board::{Board, Phase};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::convert::Infallible;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;
use tokio::time::{Instant, interval_at};

const BAR_PERIOD: Duration = Duration::from_millis(200);
const LINE_PERIOD: Duration = Duration::from_secs(1);

/// Shows how it goes until it is dropped.
pub async fn follow(plan: &Plan, board: &Board) -> Infallible {
    let screen = Screen::new();
    let period = screen.period();
    let mut ticker = interval_at(Instant::now() + period, period);
    let mut course = Course { plan, phase: Phase::Joining, since: Instant::now(), snapshots: 0 };
    loop {
        ticker.tick().await;
        screen.show(&course.look(board, period));
    }
}

/// One look at a running swarm.
struct Look {
    /// Of the current phase.
    done: f64,
    text: String,
}

struct Course<'a> {
    plan: &'a Plan,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// As of the last look.
    snapshots: u64,
}

impl Course<'_> {
    fn look(&mut self, board: &Board, period: Duration) -> Look {
        if self.phase != board.phase() {
            (self.phase, self.since) = (board.phase(), Instant::now());
        }
        match self.phase {
            Phase::Joining => self.joining(board),
            Phase::Measuring | Phase::Over => self.measuring(board, period),
        }
    }

    fn joining(&mut self, board: &Board) -> Look {
        let (tally, bots) = (board.tally(), self.plan.bots);
        self.snapshots = board.snapshots();
        let arrived = bots - tally.joining;
        let text =
            format!("joining: {} of {bots} bots are in, {} failed", arrived - tally.failed, tally.failed);
        Look { done: arrived as f64 / bots as f64, text }
    }

    fn measuring(&mut self, board: &Board, period: Duration) -> Look {
        let (tally, snapshots) = (board.tally(), board.snapshots());
        let here = tally.settling + tally.playing;
        let rate = (snapshots - self.snapshots) as f64 / period.as_secs_f64() / here.max(1) as f64;
        self.snapshots = snapshots;
        let (gone, total) = (self.since.elapsed().as_secs_f64(), self.plan.duration.as_secs_f64());
        let text = format!(
            "{gone:.0} of {total:.0} s: {here} bots play, {} failed, {} dropped, {rate:.1} updates/s per bot",
            tally.failed, tally.dropped
        );
        Look { done: gone / total, text }
    }
}

/// Where it is shown.
enum Screen {
    Bar(ProgressBar),
    Lines,
}

impl Screen {
    fn new() -> Self {
        if !stderr().is_terminal() {
            return Self::Lines;
        }
        let style = ProgressStyle::with_template("{bar:24} {msg}").expect("a template that is right");
        let bar = ProgressBar::new(1000).with_style(style).with_finish(ProgressFinish::AndClear);
        Self::Bar(bar)
    }

    fn period(&self) -> Duration {
        match self {
            Self::Bar(_) => BAR_PERIOD,
            Self::Lines => LINE_PERIOD,
        }
    }

    fn show(&self, look: &Look) {
        match self {
            Self::Bar(bar) => {
                bar.set_position((look.done * 1000.0) as u64);
                bar.set_message(look.text.clone());
            }
            // Nobody reads it any more: no reason to stop.
            Self::Lines => drop(writeln!(stderr(), "{}", look.text)),
        }
    }
}
