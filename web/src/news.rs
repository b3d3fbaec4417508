//! Owns what happened, as the page is told of it: notices of the client as JSON.

use crate::id_number;
use crate::json::json;
use serde::{Serialize, Serializer};
use tickwire_client::{Client, Notice};
use tickwire_shared::{Game, PlayerId, Role};

/// One thing that happened. In JSON `what` names which; a player is a number, see [`id_number`].
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum News<E: Serialize> {
    Welcome { player: PlayerNumber, role: &'static str, room: String, tick_rate_hz: u32 },
    Joined { player: PlayerNumber, name: String, role: &'static str },
    Left { player: PlayerNumber, name: String },
    Event { event: E, line: String },
    Predicted { id: u64, event: E },
    Confirmed { id: u64, event: E, line: String },
    Withdrawn { id: u64 },
    Chat { player: PlayerNumber, name: String, text: String },
    Missed { events: u32, notices: u32 },
    Lost { code: u16, reason: String },
    Resumed,
    Refused { code: u16, reason: String },
    Closed { code: u16, reason: String },
}

/// Someone in the room.
#[derive(Serialize)]
struct Listed<'a> {
    player: PlayerNumber,
    name: &'a str,
    role: &'static str,
}

struct PlayerNumber(PlayerId);

impl Serialize for PlayerNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(id_number(self.0))
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Player => "player",
        Role::Spectator => "spectator",
        Role::Console => "console",
    }
}

/// All that happened since this was asked last, oldest first, as a JSON list; `None` if nothing did.
pub(crate) fn take_json<G: Game>(client: &mut Client<G>) -> Option<String> {
    let mut all = Vec::new();
    while let Some(notice) = client.poll_notice() {
        all.push(news(client, notice));
    }
    if all.is_empty() { None } else { json(&all) }
}

fn news<G: Game>(client: &Client<G>, notice: Notice<G>) -> News<G::Event> {
    let line = |event: &G::Event| G::describe(event, &|player| client.name(player));
    match notice {
        Notice::Welcome(welcome) => News::Welcome {
            player: PlayerNumber(welcome.player),
            role: role_name(welcome.role),
            room: welcome.room,
            tick_rate_hz: welcome.tick_rate_hz,
        },
        Notice::Joined { player, name, role } => {
            News::Joined { player: PlayerNumber(player), name, role: role_name(role) }
        }
        Notice::Left { player, name } => News::Left { player: PlayerNumber(player), name },
        Notice::Event(event) => News::Event { line: line(&event), event },
        Notice::Predicted { id, event } => News::Predicted { id: id.0, event },
        Notice::Confirmed { id, event } => News::Confirmed { id: id.0, line: line(&event), event },
        Notice::Withdrawn { id } => News::Withdrawn { id: id.0 },
        Notice::Chat(chat) => {
            News::Chat { player: PlayerNumber(chat.player), name: chat.name, text: chat.text }
        }
        Notice::Missed { events, notices } => News::Missed { events, notices },
        Notice::Lost { code, reason } => News::Lost { code, reason },
        Notice::Resumed => News::Resumed,
        Notice::Refused { code, reason } => News::Refused { code, reason },
        Notice::Closed { code, reason } => News::Closed { code, reason },
    }
}

/// Who is in the room, as a JSON list.
pub(crate) fn roster_json<G: Game>(client: &Client<G>) -> String {
    let listed = |(player, name, role)| Listed { player: PlayerNumber(player), name, role: role_name(role) };
    let all: Vec<Listed<'_>> = client.names().map(listed).collect();
    json(&all).unwrap_or_default()
}
