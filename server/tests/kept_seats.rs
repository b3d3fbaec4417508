//! Owns the proof of what a room does for a seat without a connection, without any socket: what stays, what waits, what is not told.

mod common;

use common::{Pit, Wish, hello};
use std::collections::BTreeMap;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::limits::{IDLE_SECONDS_MAX, INPUT_REPEATS_MAX_TICKS};
use tickwire_shared::*;

const GRACE_TICKS: u64 = 1000;
const FIRST: ResumeToken = [1; 16];
const SECOND: ResumeToken = [2; 16];

/// Takes everything, and keeps the last frame of each.
#[derive(Debug, Default)]
struct Mail {
    frames: BTreeMap<PlayerId, Vec<u8>>,
    closed: Vec<(PlayerId, CloseCode)>,
}

impl Sinks for Mail {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        self.frames.insert(player, frame.to_vec());
    }
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, player: PlayerId, code: CloseCode, _: String, _: Vec<u8>) {
        self.closed.push((player, code));
    }
}

impl Mail {
    /// What a player's frame of this tick has, by the names of its messages.
    fn told(&self, player: PlayerId) -> Vec<String> {
        let mut rest = self.frames.get(&player).map_or(&[][..], Vec::as_slice);
        let mut told = Vec::new();
        while !rest.is_empty() {
            let (message, after) = decode_prefix::<ServerMessage<'_>>(rest).expect("our own frame");
            told.push(match message {
                ServerMessage::Snapshot(snapshot) if snapshot.age == 0 => "full".to_owned(),
                ServerMessage::Snapshot(_) => "delta".to_owned(),
                ServerMessage::Chat(chat) => chat.text,
                other => format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
            });
            rest = after;
        }
        told
    }
}

fn room() -> Room<Pit> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: common::Flaws::default(),
        seed: 0,
        start_tick: Tick(0),
        players_max: 2,
        player_bytes_per_second: 1 << 20,
        resume_grace_ticks: GRACE_TICKS,
        rewind_ms_max: 250,
        bots: None,
        epoch: 1,
    })
}

fn tick(room: &mut Room<Pit>) -> Mail {
    let mut mail = Mail::default();
    room.tick(&mut mail);
    mail
}

fn command(room: &mut Room<Pit>, player: PlayerId, ahead: u64, input: Wish) {
    let next = room.next_tick();
    let command = Command {
        tick: next.plus(ahead).wire(),
        acked: Tick(next.0 - 1).wire(),
        ack_delay: 0,
        seen: Moment::at(next).wire(),
        input,
    };
    room.receive(player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
}

fn resume(room: &mut Room<Pit>, token: ResumeToken, next: ResumeToken) -> Result<PlayerId, CloseCode> {
    let hello = Hello { resume: Some(token), role: Role::Spectator, name: "else".to_owned(), ..hello() };
    room.join(&hello, &next).map_err(|rejection| rejection.code)
}

/// Two players; the first has the token [`FIRST`], and has used it to be heard.
fn two() -> (Room<Pit>, PlayerId, PlayerId) {
    let mut room = room();
    let kept = room.join(&Hello { name: "ann".to_owned(), ..hello() }, &FIRST).expect("there is room");
    let other = room.join(&hello(), &[9; 16]).expect("there is room");
    tick(&mut room);
    command(&mut room, kept, 0, Wish::Nothing);
    (room, kept, other)
}

fn depth(room: &Room<Pit>, player: PlayerId) -> u8 {
    let own = room.game().own(player).expect("it is in the game");
    room.game().entities().find(|(id, _)| *id == own).expect("it is there").1.depth
}

#[test]
fn others_are_told_nothing_and_the_seat_is_as_it_was() {
    let (mut room, kept, other) = two();
    room.detach(kept);
    room.detach(kept);
    let mail = tick(&mut room);
    assert_eq!(mail.told(other), ["delta"]);
    assert!(!mail.frames.contains_key(&kept), "nothing is written to it");
    assert_eq!((room.players(), room.counts().detached), (2, 1));
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(kept));
    let mail = tick(&mut room);
    assert_eq!(mail.told(other), ["delta"]);
    assert_eq!(mail.told(kept), ["Welcome", "Roster", "full", "Inputs"]);
    let (message, rest) = decode_prefix::<ServerMessage<'_>>(&mail.frames[&kept]).expect("our own");
    let ServerMessage::Welcome(welcome) = message else { panic!("{message:?}") };
    assert_eq!((welcome.player, welcome.role, welcome.resume), (kept, Role::Player, Some(SECOND)));
    assert_eq!(welcome.resume_grace_seconds, 20);
    let (message, _) = decode_prefix::<ServerMessage<'_>>(rest).expect("our own");
    let ServerMessage::Roster(members) = message else { panic!("{message:?}") };
    assert!(members.iter().any(|member| member.player == kept && member.name == "ann"), "{members:?}");
}

/// What was queued counts, once; then the last input is repeated for a while, and the new connection's commands go on from there.
#[test]
fn commands_that_arrived_count_and_no_tick_gets_two() {
    let (mut room, kept, _) = two();
    for ahead in 1..4 {
        command(&mut room, kept, ahead, Wish::Grow);
    }
    room.detach(kept);
    tick(&mut room);
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(kept));
    tick(&mut room);
    command(&mut room, kept, 0, Wish::Nothing);
    assert_eq!(room.input_counts(kept).expect("it is here").duplicate, 1);
    tick(&mut room);
    tick(&mut room);
    assert_eq!(depth(&room, kept), 3);
    room.detach(kept);
    (0..100).for_each(|_| drop(tick(&mut room)));
    assert_eq!(u32::from(depth(&room, kept)), 3 + INPUT_REPEATS_MAX_TICKS, "repeated, then neutral");
}

#[test]
fn chat_waits_for_who_is_cut_and_comings_do_not() {
    let (mut room, kept, other) = two();
    room.detach(kept);
    room.say(other, "are you there?");
    room.leave(other);
    let guest = room.join_console("guest").expect("there is room");
    tick(&mut room);
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(kept));
    room.leave(guest);
    let mail = tick(&mut room);
    assert_eq!(mail.told(kept), ["Welcome", "Roster", "full", "are you there?", "Left", "Inputs"]);
}

#[test]
fn a_spectator_comes_back_and_a_console_does_not() {
    let mut room = room();
    let watches = room.join(&Hello { role: Role::Spectator, ..hello() }, &FIRST).expect("watching is free");
    let console = room.join_console("guest").expect("there is room");
    tick(&mut room);
    room.detach(watches);
    room.detach(console);
    assert_eq!((room.sessions(), room.players()), (1, 0));
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(watches));
}

#[test]
fn who_never_had_a_welcome_has_nothing_to_come_back_with() {
    let mut room = room();
    let early = room.join(&hello(), &FIRST).expect("there is room");
    room.detach(early);
    assert_eq!(room.sessions(), 0);
    assert_eq!(resume(&mut room, FIRST, SECOND), Err(CloseCode::Unauthorized));
}

/// The network may have caused it: the connection ends, the seat does not.
#[test]
fn who_falls_silent_is_closed_and_may_come_back() {
    let (mut room, kept, other) = two();
    let mut mail = Mail::default();
    let idle_ticks = u64::from(IDLE_SECONDS_MAX * Pit::TICK_RATE_HZ);
    for _ in 0..idle_ticks + 2 {
        command(&mut room, other, 0, Wish::Nothing);
        room.tick(&mut mail);
    }
    assert_eq!(mail.closed, [(kept, CloseCode::Idle)]);
    assert_eq!((room.players(), room.counts().detached), (2, 1));
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(kept));
}

#[test]
fn a_seat_expires_on_its_tick_and_a_stop_is_no_close_for_it() {
    let (mut room, kept, other) = two();
    room.detach(kept);
    for _ in 0..GRACE_TICKS {
        command(&mut room, other, 0, Wish::Nothing);
        assert!(tick(&mut room).closed.is_empty());
        assert_eq!(room.players(), 2);
    }
    command(&mut room, other, 0, Wish::Nothing);
    assert_eq!(tick(&mut room).told(other).last().expect("a frame"), "Left");
    assert_eq!((room.players(), room.counts().expired), (1, 1));
    assert_eq!(resume(&mut room, FIRST, SECOND), Err(CloseCode::Unauthorized));
    assert_eq!(room.counts().resumes_refused, 1);

    let (mut room, kept, other) = two();
    room.detach(kept);
    let mut mail = Mail::default();
    room.close(CloseCode::Restarting, "", &mut mail);
    assert_eq!((mail.closed, room.sessions()), (vec![(other, CloseCode::Restarting)], 0));
}

/// Random ones, and the right one with one or two bits turned over.
#[test]
fn a_hundred_thousand_guesses_take_no_seat() {
    let (mut room, kept, _) = two();
    room.detach(kept);
    let mut chance = 1u64;
    let mut draw = || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        chance >> 33
    };
    let guesses: Vec<ResumeToken> = (0..100_000)
        .map(|number| match number % 2 {
            0 => std::array::from_fn(|_| draw() as u8),
            _ => {
                let (mut token, bits) = (FIRST, [draw() % 128, draw() % 127]);
                token[bits[0] as usize / 8] ^= 1 << (bits[0] % 8);
                let second = (bits[0] + 1 + bits[1]) % 128;
                token[second as usize / 8] ^= u8::from(number % 4 == 1) << (second % 8);
                token
            }
        })
        .collect();
    for guess in &guesses {
        let hello = Hello { resume: Some(*guess), ..hello_once() };
        assert_eq!(room.join(&hello, &SECOND).expect_err("a guess").code, CloseCode::Unauthorized);
    }
    assert_eq!(room.counts().resumes_refused, guesses.len() as u64);
    assert_eq!(resume(&mut room, FIRST, SECOND), Ok(kept), "it was not disturbed");
}

/// As [`hello`], without computing the layout each time.
fn hello_once() -> Hello {
    static HELLO: std::sync::LazyLock<Hello> = std::sync::LazyLock::new(hello);
    HELLO.clone()
}
