//! Owns the proof of what a room promises without any socket: who is let in, what is told to whom, and what is kept from whom.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::glam::Vec2;
use tickwire_shared::limits::{IDLE_SECONDS_MAX, NOTICES_QUEUED_MAX, UNACKED_SNAPSHOTS_MAX};
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Lamp {
        place: Vec2 = range(-100.0, 100.0, 1.0),
        oil: u8 = owner_only(int(0, 255)),
    }
}

/// Each player has a lamp, ten further right than the one before; it sees 15 far, and 25 far what it saw already.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Street {
    lamps: SlotMap<EntityId, Lamp>,
    players: SecondaryMap<PlayerId, EntityId>,
}

/// What a player does with its lamp.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Deed {
    #[default]
    Nothing,
    Blink,
    BreakIt,
    Walk(i8),
}

impl Game for Street {
    const NAME: &'static str = "street";
    const TICK_RATE_HZ: u32 = 20;
    type Settings = ();
    type Input = Deed;
    type Entity = Lamp;
    type Event = (Deed, PlayerId);

    fn new(_: &(), _: u64) -> Self {
        Self::default()
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        if self.players.len() == 6 {
            return Err(Refusal("the street is too short".to_owned()));
        }
        let place = Vec2::new(self.players.len() as f32 * 10.0, 0.0);
        let lamp = self.lamps.insert(Lamp { place, oil: 200 });
        self.players.insert(player, lamp);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.players.remove(player).and_then(|lamp| self.lamps.remove(lamp));
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for entry in cx.players() {
            let lamp = self.players[entry.player];
            match entry.input {
                Deed::Nothing => continue,
                Deed::Walk(way) => self.lamps[lamp].place.x += f32::from(way),
                Deed::Blink => cx.emit(Audience::SeersOf(lamp), (entry.input, entry.player)),
                Deed::BreakIt => {
                    self.lamps.remove(lamp);
                    cx.emit(Audience::SeersOf(lamp), (entry.input, entry.player));
                }
            }
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Lamp)> {
        self.lamps.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied().filter(|lamp| self.lamps.contains_key(*lamp))
    }
    fn place(lamp: &Lamp) -> Option<Vec2> {
        Some(lamp.place)
    }
    fn interest(&self, viewer: Viewer) -> Option<Interest> {
        let Viewer::Player(player) = viewer else { return None };
        // Indexed, not looked up: the room never asks for a player that has not joined.
        let _ = self.players[player];
        let center = self.lamps[self.own(player)?].place;
        Some(Interest { center, enter_radius: 15.0, leave_radius: 25.0 })
    }
}

/// Takes everything, and keeps it.
#[derive(Debug, Default)]
struct Mail {
    frames: BTreeMap<PlayerId, Vec<Vec<u8>>>,
    lines: Vec<(PlayerId, String)>,
    closed: Vec<(PlayerId, CloseCode)>,
}

impl Sinks for Mail {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        self.frames.entry(player).or_default().push(frame.to_vec());
    }
    fn line(&mut self, player: PlayerId, line: String) {
        self.lines.push((player, line));
    }
    fn close(&mut self, player: PlayerId, code: CloseCode, _: String, last: Vec<u8>) {
        self.closed.push((player, code));
        self.frames.entry(player).or_default().push(last);
    }
}

impl Mail {
    /// The events in all of a player's frames.
    fn events(&self, player: PlayerId) -> Vec<(Deed, PlayerId)> {
        let mut events = Vec::new();
        for frame in self.frames.get(&player).into_iter().flatten() {
            let mut rest = &frame[..];
            while !rest.is_empty() {
                let (message, after) = decode_prefix(rest).expect("our own frame");
                if let ServerMessage::Event(Bytes(bytes)) = message {
                    events.push(decode(bytes).expect("our own event"));
                }
                rest = after;
            }
        }
        events
    }
}

fn room() -> Room<Street> {
    let config = RoomConfig {
        name: "x".to_owned(),
        settings: (),
        seed: 0,
        start_tick: Tick(0),
        player_bytes_per_second: 1 << 20,
        rewind_ms_max: 250,
        players_max: 7,
        resume_grace_ticks: 0,
        bots: None,
        epoch: 1,
    };
    Room::new(config)
}

fn hello(name: &str) -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        game: Street::NAME.to_owned(),
        schema_hash: Layout::of::<Street>().hash(),
        schema: None,
        name: name.to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    }
}

/// A room with so many players, each with its first frame.
fn street(players: usize) -> (Room<Street>, Vec<PlayerId>) {
    let mut room = room();
    let joined = (0..players).map(|_| room.join(&hello("lamp"), &[7; 16]).expect("there is room")).collect();
    room.tick(&mut Mail::default());
    (room, joined)
}

/// One tick in which one player does something, and all ack.
fn act(room: &mut Room<Street>, players: &[PlayerId], who: usize, deed: Deed) -> Mail {
    let tick = room.next_tick().wire();
    let acked = Tick(room.next_tick().0 - 1).wire();
    for (number, player) in players.iter().enumerate() {
        let input = if number == who { deed } else { Deed::Nothing };
        let command = ClientMessage::Command(Command {
            tick,
            acked,
            ack_delay: 0,
            seen: Moment::default().wire(),
            input,
        });
        room.receive(*player, command, Slack::NONE).expect("no offence");
    }
    let mut mail = Mail::default();
    room.tick(&mut mail);
    mail
}

#[test]
fn a_blink_is_heard_by_who_sees_the_lamp() {
    let (mut room, players) = street(5);
    let mail = act(&mut room, &players, 2, Deed::Blink);
    let heard: Vec<bool> = players.iter().map(|player| !mail.events(*player).is_empty()).collect();
    assert_eq!(heard, [false, true, true, true, false]);
}

#[test]
fn the_end_of_a_lamp_is_heard_by_who_saw_it() {
    let (mut room, players) = street(5);
    let mail = act(&mut room, &players, 0, Deed::BreakIt);
    let heard: Vec<bool> = players.iter().map(|player| !mail.events(*player).is_empty()).collect();
    assert_eq!(heard, [true, true, false, false, false]);
    assert_eq!(mail.events(players[1]), [(Deed::BreakIt, players[0])]);
}

/// Acks all that filled the window.
fn ack_the_window(room: &mut Room<Street>, player: PlayerId) {
    let newest = room.held(player).expect("it got frames").tick();
    let (tick, acked) = (room.next_tick().wire(), newest.wire());
    let command = ClientMessage::Command(Command {
        tick,
        acked,
        ack_delay: 0,
        seen: Moment::default().wire(),
        input: Deed::Nothing,
    });
    room.receive(player, command, Slack::NONE).expect("a late ack is one");
}

/// The second player's window is full; the lamp that it saw walks away, blinks there, and breaks.
#[test]
fn who_withholds_acks_hears_nothing_of_what_has_gone_out_of_sight() {
    let (mut room, players) = street(2);
    let loyal = &players[..1];
    (0..UNACKED_SNAPSHOTS_MAX).for_each(|_| drop(act(&mut room, loyal, 0, Deed::Nothing)));
    act(&mut room, loyal, 0, Deed::Blink);
    act(&mut room, loyal, 0, Deed::Walk(-100));
    let mut mail = act(&mut room, loyal, 0, Deed::Blink);
    for _ in 0..UNACKED_SNAPSHOTS_MAX {
        act(&mut room, loyal, 0, Deed::Nothing);
    }
    act(&mut room, loyal, 0, Deed::BreakIt);
    assert!(mail.events(players[1]).is_empty(), "it gets no frames");
    ack_the_window(&mut room, players[1]);
    room.tick(&mut mail);
    assert!(mail.frames.contains_key(&players[1]), "it gets one again");
    assert!(mail.events(players[1]).is_empty(), "{:?}", mail.events(players[1]));
}

#[test]
fn what_happened_in_view_waits_for_who_is_slow() {
    let (mut room, players) = street(2);
    let loyal = &players[..1];
    (0..UNACKED_SNAPSHOTS_MAX).for_each(|_| drop(act(&mut room, loyal, 0, Deed::Nothing)));
    act(&mut room, loyal, 0, Deed::Blink);
    act(&mut room, loyal, 0, Deed::BreakIt);
    ack_the_window(&mut room, players[1]);
    let mail = act(&mut room, loyal, 0, Deed::Nothing);
    assert_eq!(mail.events(players[1]), [(Deed::BreakIt, players[0])], "what blinked is not there any more");
}

#[test]
fn what_enters_closer_leaves_further() {
    let (mut room, players) = street(2);
    let sees_other = |room: &Room<Street>| room.held(players[0]).expect("it has a view").len() == 2;
    assert!(sees_other(&room), "10 away");
    act(&mut room, &players, 1, Deed::Walk(14));
    assert!(sees_other(&room), "24 away, and seen before");
    act(&mut room, &players, 1, Deed::Walk(2));
    assert!(!sees_other(&room), "26 away");
    act(&mut room, &players, 1, Deed::Walk(-6));
    assert!(!sees_other(&room), "20 away, and not seen before");
    act(&mut room, &players, 1, Deed::Walk(-5));
    assert!(sees_other(&room), "15 away");
}

#[test]
fn the_oil_is_told_to_its_owner_alone() {
    let (room, players) = street(2);
    for player in &players {
        let own = room.game().own(*player).expect("it has a lamp");
        for (id, row) in room.held(*player).expect("it has a view").iter() {
            assert_eq!(row.columns[2], if id == own { 200 } else { 0 });
        }
    }
}

#[test]
fn a_full_room_a_full_game_and_another_version_refuse() {
    let (mut room, _) = street(6);
    assert_eq!(
        room.join(&hello("x"), &[7; 16]).expect_err("the game is full").reason,
        "the street is too short"
    );
    let old = Hello { protocol: 9, ..hello("x") };
    let rejection = room.join(&old, &[7; 16]).expect_err("another version");
    assert_eq!((rejection.code, &*rejection.reason), (CloseCode::Version, "protocol 3 here, 9 there"));
    let stranger = Hello { game: "tag".to_owned(), ..hello("x") };
    assert_eq!(
        room.join(&stranger, &[7; 16]).expect_err("another game").reason,
        "game street here, tag there"
    );
    let mut schema = Schema::of::<Street>();
    schema.kinds[0].fields[2].kind = FieldKind::Int { min: 0, max: 65_535 };
    let other = Hello { schema_hash: schema.hash(), schema: Some(schema), ..hello("x") };
    let rejection = room.join(&other, &[7; 16]).expect_err("another schema");
    assert_eq!(rejection.code, CloseCode::Version);
    assert!(
        rejection.reason.starts_with("Lamp.oil: u8 (owner only) here, u16 (owner only) there"),
        "{rejection}"
    );
    assert_eq!(room.players(), 6, "nobody is left behind");
}

#[test]
fn a_spectator_is_never_taken_for_a_player() {
    let (mut room, _) = street(6);
    let watches =
        room.join(&Hello { role: Role::Spectator, ..hello("eye") }, &[7; 16]).expect("watching is free");
    room.tick(&mut Mail::default());
    let held = room.held(watches).expect("it has a view");
    assert_eq!(held.len(), 6, "near and far");
    assert!(held.iter().all(|(_, row)| row.columns[2] == 0), "and no oil");
}

/// Who is here, each time that a frame says it.
fn rosters_of(frame: &[u8]) -> Vec<Vec<PlayerId>> {
    let (mut rest, mut rosters) = (frame, Vec::new());
    while !rest.is_empty() {
        let (message, after) = decode_prefix(rest).expect("our own frame");
        if let ServerMessage::Roster(members) = message {
            rosters.push(members.iter().map(|member| member.player).collect());
        }
        rest = after;
    }
    rosters
}

#[test]
fn who_missed_comings_and_goings_is_told_who_is_here() {
    let (mut room, players) = street(1);
    let mut mail = Mail::default();
    (0..UNACKED_SNAPSHOTS_MAX).for_each(|_| room.tick(&mut mail));
    for _ in 0..NOTICES_QUEUED_MAX {
        let guest = room.join_console("guest").expect("there is room");
        room.leave(guest);
    }
    let stays = room.join_console("stays").expect("there is room");
    let mut rosters = Vec::new();
    for _ in 0..2 * Street::TICK_RATE_HZ {
        ack_the_window(&mut room, players[0]);
        let mut mail = Mail::default();
        room.tick(&mut mail);
        for frame in mail.frames.get(&players[0]).into_iter().flatten() {
            rosters.extend(rosters_of(frame));
        }
    }
    assert_eq!(rosters.len(), 1);
    assert!(rosters[0].len() == 2 && rosters[0].contains(&stays), "{rosters:?}");
}

#[test]
fn consoles_and_players_talk_and_names_are_told_apart() {
    let (mut room, players) = street(2);
    let console = room.join_console("lamp\x1b[31m").expect("there is room");
    room.say(console, "  hello\u{7} there ");
    room.say(console, "\n");
    room.receive(players[0], ClientMessage::Chat("hi".to_owned()), Slack::NONE).expect("no offence");
    let mut mail = Mail::default();
    room.tick(&mut mail);
    assert_eq!(mail.lines, [(console, "lamp: hi".to_owned())]);
    let frame = String::from_utf8_lossy(&mail.frames[&players[1]][0]).into_owned();
    assert!(frame.contains("hello there") && frame.contains("lamp[31m"), "{frame}");
    let flood = (0..100).map(|_| room.say(console, "spam")).count();
    assert!(room.counts().chats_dropped > flood as u64 - 10);
}

#[test]
fn who_acks_nothing_gets_no_more_than_the_window_and_then_the_door() {
    let (mut room, players) = street(2);
    let mut mail = Mail::default();
    let acked = Tick(0).wire();
    for _ in 0..=IDLE_SECONDS_MAX * Street::TICK_RATE_HZ + 1 {
        // The first speaks, and never acks more than the first snapshot; the second is silent.
        let command = Command {
            tick: room.next_tick().wire(),
            acked,
            ack_delay: 0,
            seen: Moment::default().wire(),
            input: Deed::Nothing,
        };
        room.receive(players[0], ClientMessage::Command(command), Slack::NONE).expect("no offence");
        room.tick(&mut mail);
    }
    assert!(
        mail.frames[&players[0]].len() < UNACKED_SNAPSHOTS_MAX,
        "its acks came at once: nothing explains more"
    );
    let mut closed = mail.closed.clone();
    closed.sort();
    assert_eq!(closed, [(players[0], CloseCode::TooSlow), (players[1], CloseCode::Idle)]);
    assert_eq!(room.sessions(), 0);
}
