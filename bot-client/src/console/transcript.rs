//! Owns how what happens in a room reads on a terminal.

use std::io::{Result, Write};
use tickwire_client::{Client, Notice};
use tickwire_shared::{Chat, Game, PlayerId, clean_text};

/// Bytes of a line. An event's is the longest, and the game's own.
const LINE_BYTES_MAX: usize = 1024;

/// Writes what a client is told, a line each.
#[derive(Debug)]
pub struct Transcript<'a, W> {
    out: &'a mut W,
}

impl<'a, W: Write> Transcript<'a, W> {
    pub fn new(out: &'a mut W) -> Self {
        Self { out }
    }

    /// Writes all that the client was told since the last time.
    pub fn print_all<G: Game>(&mut self, client: &mut Client<G>) -> Result<()> {
        // Who is told of together with the Welcome has been here before.
        let mut is_greeting = false;
        while let Some(notice) = client.poll_notice() {
            is_greeting |= matches!(notice, Notice::Welcome(_));
            let own = client.player();
            let name = |player| client.name(player);
            if let Some(line) = line(&notice, own, is_greeting, &name) {
                self.print(&line)?;
            }
        }
        Ok(())
    }

    /// The line is cleaned here too: a terminal obeys what it shows, and a server may be anybody's.
    fn print(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{}", clean_text(line, LINE_BYTES_MAX))?;
        self.out.flush()
    }
}

/// A notice as a line; `None` if there is nothing to tell: how a session ends is told by whoever ends it.
fn line<G: Game>(
    notice: &Notice<G>,
    own: Option<PlayerId>,
    is_greeting: bool,
    name_of: &dyn Fn(PlayerId) -> String,
) -> Option<String> {
    Some(match notice {
        Notice::Welcome(welcome) => format!("* this is {}", welcome.room),
        Notice::Joined { player, name, .. } if Some(*player) == own => format!("* you are {name}"),
        Notice::Joined { name, .. } if is_greeting => format!("* {name} is here"),
        Notice::Joined { name, .. } => format!("* {name} joined"),
        Notice::Left { name, .. } => format!("* {name} left"),
        Notice::Event(event) | Notice::Confirmed { event, .. } => G::describe(event, name_of),
        Notice::Chat(Chat { name, text, .. }) => format!("{name}: {text}"),
        Notice::Missed { events, notices } => {
            format!("* too slow: {events} events and {notices} other lines are missing")
        }
        // A line cannot be taken back: it waits for the server's word.
        Notice::Predicted { .. } | Notice::Withdrawn { .. } => return None,
        Notice::Lost { .. } => "* the connection is lost".to_owned(),
        Notice::Resumed => "* the connection is back".to_owned(),
        Notice::Refused { .. } | Notice::Closed { .. } => return None,
    })
}
