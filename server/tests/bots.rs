//! Owns the proof of how a room is filled with bots, without any socket: when they come and make way, what they know, and that
//! chance is the seed's alone.

mod common;

use common::{Alley, Places, Whim};
use std::collections::{BTreeMap, BTreeSet};
use tickwire_server::BotFill;
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::limits::{BOT_RETURN_SECONDS, JOINS_PER_TICK_MAX};
use tickwire_shared::*;

/// Keeps what each is told of who comes and goes, and of what tick it had a snapshot last.
#[derive(Default)]
struct Mail {
    newest: BTreeMap<PlayerId, WireTick>,
    told: BTreeMap<PlayerId, Vec<String>>,
    closed: Vec<PlayerId>,
}

impl Sinks for Mail {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, player: PlayerId, frame: &[u8]) {
        let told = self.told.entry(player).or_default();
        let mut rest = frame;
        while !rest.is_empty() {
            let (message, after) = decode_prefix::<ServerMessage<'_>>(rest).expect("our own frame");
            match message {
                ServerMessage::Snapshot(snapshot) => drop(self.newest.insert(player, snapshot.tick)),
                ServerMessage::Joined { name, role, .. } => told.push(format!("+{name} {role:?}")),
                ServerMessage::Left { .. } => told.push("-".to_owned()),
                ServerMessage::Roster(members) => told.extend(members.into_iter().map(|member| member.name)),
                _ => {}
            }
            rest = after;
        }
    }
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, player: PlayerId, _: CloseCode, _: String, _: Vec<u8>) {
        self.closed.push(player);
    }
}

const GRACE_TICKS: u64 = 1000;
const RETURN_TICKS: u64 = (BOT_RETURN_SECONDS * Alley::TICK_RATE_HZ) as u64;

fn alley(bots: usize, players_max: usize, lamps_max: usize, seed: u64) -> Room<Alley> {
    alley_of(bots, players_max, Places { lamps_max, ..Places::default() }, seed)
}

fn alley_of(bots: usize, players_max: usize, settings: Places, seed: u64) -> Room<Alley> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings,
        seed,
        start_tick: Tick(7),
        players_max,
        player_bytes_per_second: 1 << 20,
        rewind_ms_max: 250,
        resume_grace_ticks: GRACE_TICKS,
        bots: Some(BotFill::new(bots)),
        epoch: 1,
    })
}

fn hello(name: &str, role: Role) -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        game: Alley::NAME.to_owned(),
        schema_hash: Layout::of::<Alley>().hash(),
        schema: None,
        name: name.to_owned(),
        role,
        ticket: None,
        resume: None,
    }
}

fn join(room: &mut Room<Alley>, name: &str) -> PlayerId {
    room.join(&hello(name, Role::Player), &[1; 16]).expect("there is a seat")
}

/// So many ticks, in which whoever is sent anything stays to be heard.
fn ticks(room: &mut Room<Alley>, ticks: u64) -> Mail {
    let mut mail = Mail::default();
    for _ in 0..ticks {
        room.tick(&mut mail);
        for (player, acked) in std::mem::take(&mut mail.newest) {
            let next = room.next_tick();
            let (seen, input) = (Moment::at(next).wire(), Whim::default());
            let command = Command { tick: next.wire(), acked, ack_delay: 0, seen, input };
            room.receive(player, ClientMessage::Command(command), Slack::NONE).expect("no offence");
        }
    }
    mail
}

/// People and bots.
fn crowd(room: &Room<Alley>) -> (usize, usize) {
    assert_eq!(room.game().players.len(), room.players() + room.bots().len(), "the game knows the same ones");
    (room.players(), room.bots().len())
}

fn names(room: &Room<Alley>) -> Vec<&str> {
    room.bots().map(|(_, name)| name).collect()
}

#[test]
fn the_first_who_comes_is_not_alone_and_each_further_one_takes_a_bots_place() {
    let mut room = alley(4, 64, 64, 1);
    ticks(&mut room, 3);
    assert_eq!(crowd(&room), (0, 0), "nobody plays for nobody");
    let first = join(&mut room, "Bot Zoe");
    let mail = ticks(&mut room, 1);
    assert_eq!(crowd(&room), (1, 3));
    assert_eq!(mail.told[&first], ["Zoe", "+Bot Ada Player", "+Bot Bela Player", "+Bot Cleo Player"]);
    let youngest = room.bots().last().map(|(player, _)| player);
    let second = join(&mut room, "bob");
    assert_eq!((crowd(&room), names(&room)), ((2, 2), vec!["Bot Ada", "Bot Bela"]), "at once");
    assert!(room.game().own(youngest.expect("three of them")).is_none());
    let mail = ticks(&mut room, 1);
    assert_eq!(mail.told[&first], ["-", "+bob Player"]);
    assert_eq!(mail.told[&second], ["Zoe", "bob", "Bot Ada", "Bot Bela"], "nothing of who made way");
    for name in ["c", "d", "e"] {
        join(&mut room, name);
    }
    ticks(&mut room, 2 * RETURN_TICKS);
    assert_eq!(crowd(&room), (5, 0), "people may be more");
    assert!(room.bots().all(|(_, name)| is_bot_name(name)));
}

#[test]
fn one_comes_back_a_while_after_somebody_has_left() {
    let mut room = alley(3, 64, 64, 1);
    let (stays, goes) = (join(&mut room, "stays"), join(&mut room, "goes"));
    ticks(&mut room, 1);
    assert_eq!(crowd(&room), (2, 1));
    room.leave(goes);
    ticks(&mut room, RETURN_TICKS);
    assert_eq!(crowd(&room), (1, 1), "not at once");
    let mail = ticks(&mut room, 1);
    assert_eq!((crowd(&room), names(&room)), ((1, 2), vec!["Bot Ada", "Bot Bela"]));
    assert_eq!(mail.told[&stays], ["+Bot Bela Player"]);
    // Who leaves next does not put it off; who comes does.
    let [goes, follows] = ["goes", "follows"].map(|name| join(&mut room, name));
    ticks(&mut room, 1);
    room.leave(goes);
    ticks(&mut room, RETURN_TICKS / 2);
    room.leave(follows);
    ticks(&mut room, RETURN_TICKS / 2);
    assert_eq!(crowd(&room), (1, 0));
    ticks(&mut room, 1);
    assert_eq!(crowd(&room), (1, 2));
    for _ in 0..4 {
        let comes = join(&mut room, "comes");
        ticks(&mut room, RETURN_TICKS + 1);
        assert_eq!(crowd(&room), (2, 1));
        room.leave(comes);
        ticks(&mut room, RETURN_TICKS - 1);
        assert_eq!(crowd(&room), (1, 1), "the place has not been free for that long");
    }
}

#[test]
fn a_bot_never_has_a_seat_that_somebody_could_have() {
    let mut room = alley(64, 3, 3, 1);
    join(&mut room, "a");
    ticks(&mut room, 1);
    assert_eq!(crowd(&room), (1, 2), "no more than the room holds");
    join(&mut room, "b");
    join(&mut room, "c");
    assert_eq!(crowd(&room), (3, 0), "the game has three places, too, and refused nobody");
    let rejection = room.join(&hello("d", Role::Player), &[1; 16]).expect_err("full");
    assert_eq!((rejection.code, &rejection.reason[..]), (CloseCode::Refused, "the room is full: 3 of 3"));
    assert_eq!(room.game().joins_refused, 0);
}

#[test]
fn a_seat_that_is_kept_is_somebodys() {
    let mut room = alley(3, 64, 64, 1);
    let (cut, _) = (join(&mut room, "cut"), join(&mut room, "other"));
    ticks(&mut room, 1);
    room.detach(cut);
    ticks(&mut room, GRACE_TICKS);
    assert_eq!(crowd(&room), (2, 1));
    ticks(&mut room, RETURN_TICKS + 1);
    assert_eq!((crowd(&room), room.counts().expired), ((1, 2), 1), "nobody came back to it");
}

#[test]
fn when_nobody_is_left_the_bots_go_and_whoever_comes_next_finds_them_at_once() {
    let mut room = alley(3, 64, 64, 1);
    for _ in 0..3 {
        let alone = join(&mut room, "alone");
        ticks(&mut room, 2);
        assert_eq!((crowd(&room), room.sessions()), ((1, 2), 1));
        room.leave(alone);
        ticks(&mut room, 1);
        assert_eq!(
            (crowd(&room), room.sessions()),
            ((0, 0), 0),
            "what has no session ends like any other room"
        );
        assert_eq!(room.game().entities().count(), 0);
    }
}

#[test]
fn who_watches_has_something_to_see_and_a_console_keeps_nobody_awake() {
    let mut room = alley(3, 64, 64, 1);
    let console = room.join_console("console").expect("there is a seat");
    ticks(&mut room, RETURN_TICKS + 1);
    assert_eq!(crowd(&room), (0, 0));
    let watches = room.join(&hello("eye", Role::Spectator), &[1; 16]).expect("there is a seat");
    let mail = ticks(&mut room, 1);
    assert_eq!(crowd(&room), (0, 3));
    assert_eq!(mail.told[&watches].len(), 2 + 3);
    room.leave(watches);
    ticks(&mut room, 1);
    assert_eq!((crowd(&room), room.sessions()), ((0, 0), 1));
    room.leave(console);
}

#[test]
fn who_is_refused_costs_no_bot_its_place() {
    let mut room = alley(3, 64, 64, 1);
    join(&mut room, "a");
    ticks(&mut room, 1);
    let wrong = Hello { protocol: 1, ..hello("old", Role::Player) };
    let token = Hello { resume: Some([9; 16]), ..hello("thief", Role::Player) };
    for hello in [wrong, token, hello("eye", Role::Spectator)] {
        let _ = room.join(&hello, &[1; 16]);
        assert_eq!(crowd(&room), (1, 2));
    }
}

/// The game has no place for who comes, in spite of the bot that made way.
#[test]
fn a_bot_that_made_way_in_vain_comes_back() {
    let mut room = alley_of(3, 64, Places { lamps_max: 64, unwelcome: Some(4), is_day: false }, 1);
    join(&mut room, "a");
    ticks(&mut room, 1);
    let unwelcome = room.join(&hello("fourth", Role::Player), &[1; 16]);
    assert_eq!(unwelcome.expect_err("the fourth is").code, CloseCode::Refused);
    ticks(&mut room, RETURN_TICKS);
    assert_eq!(crowd(&room), (1, 1));
    ticks(&mut room, 1);
    assert_eq!(crowd(&room), (1, 2));
}

/// The game has fewer places than there shall be players: it is asked now and then, and not in every tick.
#[test]
fn a_game_that_takes_no_more_is_left_alone_for_a_while() {
    let mut room = alley(8, 64, 3, 1);
    join(&mut room, "a");
    ticks(&mut room, 1);
    assert_eq!((crowd(&room), room.game().joins_refused), ((1, 2), 1));
    ticks(&mut room, 3 * RETURN_TICKS);
    assert_eq!((crowd(&room), room.game().joins_refused), ((1, 2), 4));
}

#[test]
fn a_bot_sees_what_its_player_would_be_sent() {
    let mut room = alley(5, 64, 64, 1);
    // At 0; the bots at 10, 20, 30 and 40: every second one walks off.
    join(&mut room, "a");
    ticks(&mut room, 2);
    let wishes = |room: &Room<Alley>| -> Vec<Whim> {
        room.bots().map(|(player, _)| room.game().wishes[player]).collect()
    };
    let seen: Vec<u8> = wishes(&room).iter().map(|wish| wish.others).collect();
    assert_eq!(seen, [2, 2, 1, 1], "one to each side is within 15 m, and the last one is dark");
    for wish in wishes(&room) {
        assert_eq!((wish.own_oil, wish.others_oil), (200, 0), "only its own oil is told");
        assert_eq!(wish.tick, room.next_tick().0 - 1, "it was asked about the very tick that it acts in");
    }
    // The second and the fourth walk: whoever was in view is still so 20 m away, and no more at 26 m.
    for (walked, expected) in [(10, [2, 2, 1, 1]), (6, [1, 1, 1, 0])] {
        ticks(&mut room, walked);
        let seen: Vec<u8> = wishes(&room).iter().map(|wish| wish.others).collect();
        assert_eq!(seen, expected);
    }
}

/// Then they share one copy of the world, and it tells nobody's secrets.
#[test]
fn where_everybody_sees_everything_a_bot_sees_all_others() {
    let mut room = alley_of(9, 64, Places { lamps_max: 64, unwelcome: None, is_day: true }, 1);
    let [first, _] = ["a", "b"].map(|name| join(&mut room, name));
    for expected in [(2, 7), (3, 6)] {
        ticks(&mut room, 3);
        assert_eq!(crowd(&room), expected);
        for (bot, _) in room.bots() {
            let Whim { others, others_oil, own_oil, .. } = room.game().wishes[bot];
            assert_eq!((others, others_oil, own_oil), (8, 0, 200));
        }
        join(&mut room, "more");
    }
    assert_eq!(room.held(first).expect("it has a view").len(), 9);
}

#[test]
fn all_that_bots_do_comes_from_the_seed() {
    let play = |seed| {
        let mut room = alley(6, 64, 64, seed);
        let first = join(&mut room, "a");
        ticks(&mut room, 30);
        let second = join(&mut room, "b");
        ticks(&mut room, 30);
        room.leave(second);
        ticks(&mut room, 100);
        let own = room.game().own(first).expect("it plays");
        let wishes: Vec<(PlayerId, Whim)> =
            room.bots().map(|(player, _)| (player, room.game().wishes[player])).collect();
        (wishes, room.game().lamps[own].clone(), room.held(first))
    };
    let once = play(5);
    assert_eq!(once.0.len(), 5);
    assert_eq!(once, play(5));
    assert_ne!(once.0, play(6).0);
    let whims: BTreeSet<u8> = once.0.iter().map(|(_, wish)| wish.whim).collect();
    assert!(whims.len() > 2, "each has a mind of its own: {whims:?}");
}

#[test]
fn a_crowd_comes_in_by_and_by_and_everybody_has_another_name() {
    let mut room = alley(100, 128, 128, 1);
    let alone = join(&mut room, "Bot Ada");
    let mut told = Vec::new();
    for tick in 1..=13 {
        let mut mail = ticks(&mut room, 1);
        told.append(mail.told.get_mut(&alone).expect("a frame in each tick"));
        assert_eq!(room.bots().len(), (tick * JOINS_PER_TICK_MAX).min(99));
    }
    let mut names = names(&room);
    assert_eq!((names[0], names[32], names[98]), ("Bot Ada", "Bot Ada-2", "Bot Cleo-4"));
    assert_eq!(told.len(), 1 + 99, "{told:?}");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 99);
}

/// Whoever is told that a room is over is not followed by bots.
#[test]
fn a_room_that_closes_ends_its_people_only() {
    let mut room = alley(4, 64, 64, 1);
    let alone = join(&mut room, "a");
    ticks(&mut room, 1);
    let mut mail = Mail::default();
    room.close(CloseCode::Restarting, "the server is restarting", &mut mail);
    assert_eq!((mail.closed, room.sessions()), (vec![alone], 0));
    ticks(&mut room, 1);
    assert_eq!(crowd(&room), (0, 0));
}
