//! Owns the proof that the trainer counts, field by field, just the bits that a room wrote, however much it held back.

use std::time::Duration;
use tickwire_arena::{Arena, Input, Settings};
use tickwire_bot_client::recording::{Frames, write_end, write_frame, write_start};
use tickwire_bot_client::train::replay;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::*;

const PLAYERS: usize = 8;
const TICKS: u64 = 600;

/// Records one player; the others have no place for a frame.
struct Recorder {
    player: PlayerId,
    file: Vec<u8>,
}

impl Sinks for Recorder {
    fn has_place(&mut self, player: PlayerId) -> bool {
        player == self.player
    }
    fn frame(&mut self, _: PlayerId, frame: &[u8]) {
        write_frame(&mut self.file, Duration::ZERO, frame).expect("it is memory");
    }
    fn line(&mut self, _: PlayerId, line: String) {
        panic!("there is no console: {line}");
    }
    fn close(&mut self, _: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("closed with {code:?}: {reason}");
    }
}

fn join(room: &mut Room<Arena>) -> PlayerId {
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Arena::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "bot".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    };
    room.join(&hello, &[7; 16]).expect("there is room")
}

/// Runs about, turns, and fires now and then: each in its own way.
fn input(tick: Tick, number: usize) -> Input {
    let phase = tick.0 as usize + 17 * number;
    let way = |phase: usize| [127, 60, 0, -127][phase / 40 % 4];
    let buttons = if phase.is_multiple_of(50) { Input::FIRE } else { 0 };
    Input { move_x: way(phase), move_y: way(phase + 13), aim: (phase * 700) as u16, buttons }
}

/// A match as one player gets it, and the room that it was in.
fn played(player_bytes_per_second: u32) -> (Vec<u8>, Room<Arena>) {
    let mut room: Room<Arena> = Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: Settings::default(),
        seed: 3,
        start_tick: Tick(1),
        players_max: PLAYERS,
        player_bytes_per_second,
        rewind_ms_max: 250,
        resume_grace_ticks: 0,
        bots: None,
        epoch: 1,
    });
    let players: Vec<PlayerId> = (0..PLAYERS).map(|_| join(&mut room)).collect();
    let mut recorder = Recorder { player: players[0], file: Vec::new() };
    write_start(&mut recorder.file).expect("it is memory");
    for _ in 0..TICKS {
        let tick = room.next_tick();
        for (number, player) in players.iter().enumerate() {
            let command = Command {
                tick: tick.wire(),
                acked: Tick(tick.0 - 1).wire(),
                ack_delay: 0,
                seen: Moment::at(tick).wire(),
                input: input(tick, number),
            };
            room.receive(*player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
        }
        room.tick(&mut recorder);
    }
    write_end(&mut recorder.file, Duration::ZERO).expect("it is memory");
    (recorder.file, room)
}

/// Returns how many updates were held back.
fn check(player_bytes_per_second: u32) -> u64 {
    let (file, room) = played(player_bytes_per_second);
    let (trainer, traffic) = replay(Frames::new(&file[..]).expect("a recording")).expect("a whole one");
    assert_eq!(traffic.snapshots, TICKS);
    let counted = trainer.measure(&trainer.codes());
    let counted: Vec<(String, u64)> =
        counted.into_iter().map(|field| (field.name, field.recorded_bits)).collect();
    let written = room.usage().kinds.iter().flat_map(|kind| {
        kind.fields.iter().map(|field| (format!("{}.{}", kind.name, field.name), field.changed_bits))
    });
    assert_eq!(counted, written.collect::<Vec<_>>(), "{player_bytes_per_second} bytes per second");
    assert!(counted.iter().any(|(name, bits)| name == "Player.rockets" && *bits > 0), "owners' fields, too");
    room.counts().updates_held_back
}

#[test]
fn what_is_counted_is_what_was_written() {
    assert_eq!(check(1 << 20), 0);
}

#[test]
fn what_was_held_back_is_counted_when_it_is_told() {
    for bytes_per_second in [768, 1024, 1280, 1536] {
        let held = check(bytes_per_second);
        assert!(held > 100, "{held} of {bytes_per_second}: what the budget was chosen for");
    }
}
