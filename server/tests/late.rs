//! Owns the proof of what a room makes of commands that come after their tick, without any socket.

mod common;

use common::{Pit, Wish, hello};
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::limits::{INPUT_REPEATS_MAX_TICKS, LATE_INPUTS_KEPT_MAX_TICKS};
use tickwire_shared::*;

/// Takes everything, and keeps nothing.
struct Nowhere;

impl Sinks for Nowhere {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, _: PlayerId, _: &[u8]) {}
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, player: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("{player:?} is closed with {code:?}: {reason}");
    }
}

/// A room with one player, which has sent a command that wants nothing for each tick so far.
struct Alone {
    room: Room<Pit>,
    player: PlayerId,
}

impl Alone {
    fn new() -> Self {
        let mut room = Room::new(RoomConfig {
            name: "x".to_owned(),
            settings: common::Flaws::default(),
            seed: 0,
            start_tick: Tick(100),
            players_max: 1,
            player_bytes_per_second: 1 << 20,
            resume_grace_ticks: 0,
            rewind_ms_max: 250,
            bots: None,
            epoch: 1,
        });
        let player = room.join(&hello(), &[1; 16]).expect("there is room");
        room.tick(&mut Nowhere);
        let mut alone = Self { room, player };
        alone.command(0, Wish::Nothing);
        alone.room.tick(&mut Nowhere);
        alone
    }

    /// A command for the tick that runs next, or for one before.
    fn command(&mut self, late_ticks: u64, input: Wish) {
        let next = self.room.next_tick();
        let acked = self.room.held(self.player).expect("it got frames").tick();
        let command = Command {
            tick: Tick(next.0 - late_ticks).wire(),
            acked: acked.wire(),
            ack_delay: 0,
            seen: Moment::at(next).wire(),
            input,
        };
        self.room.receive(self.player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
    }

    /// How deep the player has dug after another tick.
    fn tick(&mut self) -> u8 {
        self.room.tick(&mut Nowhere);
        let game = self.room.game();
        let own = game.own(self.player).expect("it is in the game");
        game.entities().find(|(id, _)| *id == own).expect("it is there").1.depth
    }

    fn late(&self) -> u64 {
        self.room.input_counts(self.player).expect("it is here").late
    }
}

#[test]
fn what_was_pressed_too_late_counts_in_the_next_input_once() {
    let mut alone = Alone::new();
    alone.command(1, Wish::Grow);
    alone.command(0, Wish::Nothing);
    assert_eq!((alone.tick(), alone.late()), (1, 1));
    alone.command(0, Wish::Nothing);
    assert_eq!(alone.tick(), 1, "no second time");
}

#[test]
fn it_counts_where_no_command_came_at_all_and_is_not_repeated() {
    let mut alone = Alone::new();
    alone.command(1, Wish::Grow);
    assert_eq!([(); 3].map(|()| alone.tick()), [1, 1, 1]);
}

/// Where the input is the default for want of any other, a press would be one of a player who looks nowhere.
#[test]
fn it_waits_for_an_input_of_the_players_own_but_not_for_long() {
    for (waits_ticks, depth) in [(2, 1), (LATE_INPUTS_KEPT_MAX_TICKS + 1, 0)] {
        let mut alone = Alone::new();
        (0..=INPUT_REPEATS_MAX_TICKS).for_each(|_| assert_eq!(alone.tick(), 0));
        alone.command(1, Wish::Grow);
        (0..waits_ticks).for_each(|_| assert_eq!(alone.tick(), 0));
        alone.command(0, Wish::Nothing);
        assert_eq!(alone.tick(), depth, "after {waits_ticks} ticks");
    }
}

#[test]
fn however_many_are_late_one_tick_gets_one_input() {
    let mut alone = Alone::new();
    alone.tick();
    for late_ticks in [2, 1] {
        alone.command(late_ticks, Wish::Grow);
    }
    assert_eq!([(); 2].map(|()| alone.tick()), [1, 1]);
    assert_eq!(alone.late(), 2);
}

#[test]
fn what_the_game_does_not_keep_is_lost() {
    let mut alone = Alone::new();
    alone.command(1, Wish::Panic);
    assert_eq!(alone.tick(), 0);
}

#[test]
fn what_was_pressed_long_ago_is_not_wanted_any_more() {
    for (late_ticks, depth) in [(LATE_INPUTS_KEPT_MAX_TICKS, 1), (LATE_INPUTS_KEPT_MAX_TICKS + 1, 0)] {
        let mut alone = Alone::new();
        alone.command(late_ticks, Wish::Grow);
        assert_eq!(alone.tick(), depth, "{late_ticks} ticks late");
    }
}
