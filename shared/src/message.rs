//! Owns the messages between client and server, and the codes a connection closes with. Knows no sockets.

use crate::limits::{RESUME_TOKEN_BYTES, ROOM_NAME_BYTES_MAX};
use crate::{InputCounts, PlayerId, Schema, Tick, WireMoment, WireTick};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rises with every change of the protocol that an older client would not understand.
pub const PROTOCOL_VERSION: u16 = 3;

/// What a client sends: one message per WebSocket message, binary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage<I> {
    /// Always the first, and only once.
    Hello(Box<Hello>),
    /// One per tick.
    Command(Command<I>),
    /// A line to everyone in the room.
    Chat(String),
    /// "What I hold is wrong": asks for a full snapshot.
    Resync,
}

/// Who the client is and what it expects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the client.
    pub protocol: u16,
    /// [`Game::NAME`](crate::Game::NAME) of the client's game; must be the server's.
    pub game: String,
    /// [`Schema::hash`] of the client's schema; must be the server's.
    pub schema_hash: u64,
    /// The client's schema, if it wants to be told what differs when it is refused.
    pub schema: Option<Schema>,
    /// What others shall call the player. Cleaned and cut by the server.
    pub name: String,
    /// Whether to play or to watch.
    pub role: Role,
    /// Permission from a login or matchmaking service. Reserved: this version asks for none.
    pub ticket: Option<Vec<u8>>,
    /// From the last Welcome, to have the same seat again: then name and role are the seat's, and those here do not count.
    pub resume: Option<ResumeToken>,
}

/// What gives a client its seat back after its connection was cut: a secret of its own, good for one time.
pub type ResumeToken = [u8; RESUME_TOKEN_BYTES];

/// What a session does in a room.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Has inputs and, as a rule, an entity.
    Player,
    /// Sees what the game lets it see; its inputs are ignored.
    Spectator,
    /// Chat only, as lines of text: never in a Hello.
    Console,
}

/// A player's input for one tick, and what it holds.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command<I> {
    /// The tick that the input is for. One input counts for each tick: the first.
    pub tick: WireTick,
    /// The newest snapshot that the client has taken in; a command that has none yet repeats the Welcome's tick.
    pub acked: WireTick,
    /// How long that snapshot has been here, in sixteenths of a tick; 255 for that and all above. So the server knows how long the way is,
    /// whenever the client's tick comes.
    pub ack_delay: u8,
    /// What the player saw of the others when it decided: the moment that was drawn. For lag compensation; a lie gains nothing beyond
    /// what the room allows.
    pub seen: WireMoment,
    /// What the player wants.
    pub input: I,
}

/// What a server sends. One WebSocket message holds one or more of them, back to back; a snapshot stands before
/// everything that speaks of its tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage<'a> {
    /// The answer to a Hello.
    Welcome(Box<Welcome>),
    /// The world, as a difference to what the client holds.
    Snapshot(#[serde(borrow)] SnapshotMessage<'a>),
    /// A one-off fact of the game: an encoded `Game::Event`.
    Event(#[serde(borrow)] Bytes<'a>),
    /// A line from someone in the room.
    Chat(Chat),
    /// Someone just came in.
    Joined {
        /// Who.
        player: PlayerId,
        /// What to call it.
        name: String,
        /// What it does here.
        role: Role,
    },
    /// Someone is gone.
    Left {
        /// Who.
        player: PlayerId,
    },
    /// How this player's commands fared, whenever that changed, with a view hash.
    Inputs(InputCounts),
    /// So many events and notices did not fit the queue of this slow client.
    Missed {
        /// Events lost.
        events: u32,
        /// Chat, join and leave messages lost.
        notices: u32,
    },
    /// The server does not take this client; the connection closes with the same code.
    Refused {
        /// A close code.
        code: u16,
        /// In words, not cut to the length of a close frame.
        reason: String,
    },
    /// The session is over; the connection closes with the same code.
    Closed {
        /// A close code.
        code: u16,
        /// In words, not cut to the length of a close frame.
        reason: String,
    },
    /// Everyone who is in the room, in place of all that was told before: to a newcomer, and to who missed notices.
    Roster(Vec<Member>),
}

/// Someone in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub player: PlayerId,
    /// What to call it.
    pub name: String,
    /// What it does here.
    pub role: Role,
}

/// What a client needs to know before the first snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`PROTOCOL_VERSION`] of the server.
    pub protocol: u16,
    /// Who the client is now.
    pub player: PlayerId,
    /// What it does here.
    pub role: Role,
    /// The room's name.
    pub room: String,
    /// Ticks per second.
    pub tick_rate_hz: u32,
    /// The tick that the room makes next, in full: what 16-bit ticks are near to.
    pub tick: Tick,
    /// Greater for every room that opens, over restarts of the server too: ticks of different epochs are not comparable.
    pub epoch: u64,
    /// To be presented in the next Hello, should this connection be cut; in place of the one before. `None`: seats are not kept here.
    pub resume: Option<ResumeToken>,
    /// How long the seat is kept after a cut, in seconds.
    pub resume_grace_seconds: u32,
    /// The game's settings, encoded.
    pub settings: Vec<u8>,
    /// Kinds of entities and their columns: what a client that knows nothing of the game needs to read snapshots.
    pub schema: Schema,
}

/// One tick's difference for one client.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotMessage<'a> {
    /// The tick that the client holds afterwards.
    pub tick: WireTick,
    /// How many ticks before that the baseline lies: the snapshot before this one. 0: a full snapshot, from nothing.
    pub age: u8,
    /// How many ticks before that the newest command lies that was an input; 255 if it is older or there is none.
    pub input_age: u8,
    /// How early the latest command since the last snapshot came: the least, if there were several.
    pub slack: Slack,
    /// Every so often: the hash of what the client should hold now.
    pub hash: Option<u32>,
    /// What changed.
    #[serde(borrow)]
    pub body: Bytes<'a>,
}

/// Bytes that are borrowed from the frame they came in.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As one piece: the derived way goes byte by byte.
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Bytes)
    }
}

/// What the names of a server's own bots start with, and no others: a name that is wished for in a Hello loses it.
pub const BOT_NAME_PREFIX: &str = "Bot ";

/// Whether somebody of this name in a room is one of the server's own bots.
#[must_use]
pub fn is_bot_name(name: &str) -> bool {
    name.starts_with(BOT_NAME_PREFIX)
}

/// A line of chat, as it reaches everyone else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Who said it.
    pub player: PlayerId,
    /// What to call it: a listener may not have been told yet.
    pub name: String,
    /// What was said: cleaned, one line.
    pub text: String,
}

/// How much earlier than needed a command came, in sixteenths of a tick; negative if it came too late.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slack(i8);

impl Slack {
    /// No command came since the last snapshot.
    pub const NONE: Self = Self(i8::MIN);

    /// From a number of ticks. What is further than about 7.9 ticks away is cut to that.
    #[must_use]
    pub fn of_ticks(ticks: f64) -> Self {
        Self((ticks * 16.0).floor().clamp(-127.0, 127.0) as i8)
    }

    /// As a number of ticks, if there was a command.
    #[must_use]
    pub fn ticks(self) -> Option<f64> {
        (self != Self::NONE).then(|| f64::from(self.0) / 16.0)
    }

    /// Whether it says only that there is so much slack, or so little, or more.
    #[must_use]
    pub fn is_cut(self) -> bool {
        self.0.unsigned_abs() == 127
    }

    /// The lesser of two.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        match (self.ticks(), other.ticks()) {
            (Some(here), Some(there)) if there < here => other,
            (None, _) => other,
            _ => self,
        }
    }
}

/// Why a connection ends: the WebSocket close codes that Tickwire uses.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// 1000: the client said goodbye.
    Normal = 1000,
    /// 1002: not WebSocket.
    Protocol = 1002,
    /// 1003: a text message where only binary ones are understood.
    Text = 1003,
    /// 1007: a console line is not UTF-8.
    NotText = 1007,
    /// 1009: a message above its limit.
    TooBig = 1009,
    /// 1011: the room's game failed.
    RoomFailed = 1011,
    /// 1012: the server stops.
    Restarting = 1012,
    /// 1013: the client did not take in what was sent to it.
    TooSlow = 1013,
    /// 4400: a message is not what the protocol says.
    Malformed = 4400,
    /// 4401: a resume token that gives no seat: used, expired, forged, or of another room.
    Unauthorized = 4401,
    /// 4403: the game or the room does not take this player.
    Refused = 4403,
    /// 4408: nothing was heard for too long.
    Idle = 4408,
    /// 4409: another connection has taken the seat, with its resume token.
    Replaced = 4409,
    /// 4426: another protocol version or schema.
    Version = 4426,
    /// 4429: too many messages or bytes.
    TooMany = 4429,
}

/// Whether a session outlives a connection that ended with this close code: the network may have caused it. Both ends go by this.
///
/// 1001: an intermediary goes away; 1006: no close frame came.
#[must_use]
pub fn is_resumable(close_code: u16) -> bool {
    const TOO_SLOW: u16 = CloseCode::TooSlow as u16;
    const IDLE: u16 = CloseCode::Idle as u16;
    matches!(close_code, 1001 | 1006 | TOO_SLOW | IDLE)
}

/// A text from outside as one clean line: no control or direction-changing characters, no blanks around it,
/// at most `bytes_max` bytes.
#[must_use]
pub fn clean_text(text: &str, bytes_max: usize) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut line = String::new();
    for character in text.trim().chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !is_hidden(*c)) {
        if line.len() + character.len_utf8() > bytes_max {
            break;
        }
        line.push(character);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Whether a room can have this name: some lower-case letters, digits, `_` and `-`.
#[must_use]
pub fn is_room_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=ROOM_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_and_cut_between_characters() {
        assert_eq!(clean_text("  a\x1b[31mred\u{202e}\r\nb\t!  ", 99), "a[31mredb !");
        assert_eq!(clean_text("äöü", 5), "äö");
        assert_eq!(clean_text("ab  cd", 4), "ab");
        assert_eq!(clean_text("\u{200b}\n ", 9), "");
    }

    #[test]
    fn the_least_slack_counts() {
        let (early, late) = (Slack::of_ticks(1.25), Slack::of_ticks(-0.5));
        assert_eq!((early.least(late), late.least(early)), (late, late));
        assert_eq!((Slack::NONE.least(early), early.least(Slack::NONE)), (early, early));
        assert_eq!(late.ticks(), Some(-0.5));
        assert_eq!(Slack::of_ticks(-100.0).ticks(), Some(-127.0 / 16.0));
        assert_eq!(Slack::NONE.ticks(), None);
    }
}
