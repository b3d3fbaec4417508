//! Owns the tests of the beginning, of what travels beside snapshots, and of the end.

use crate::fake_server::{FakeServer, SETTINGS};
use crate::sim::{Sim, client, ms};
use crate::toy::Toy;
use std::time::Duration;
use tickwire_client::{Client, Malformed, Notice, State};
use tickwire_shared::{
    Bytes, Chat, CloseCode, EntityId, PlayerId, Role, ServerMessage, Tick, append_message, key_from_parts,
};

fn frame(messages: &[ServerMessage<'_>]) -> Vec<u8> {
    let mut frame = Vec::new();
    messages.iter().for_each(|message| append_message(&mut frame, message, 4096));
    frame
}

fn notices(client: &mut Client<Toy>) -> Vec<Notice<Toy>> {
    std::iter::from_fn(|| client.poll_notice()).collect()
}

#[test]
fn a_client_joins_and_holds_what_the_server_shows() {
    let mut sim = Sim::new(1, Tick(500), ms(40), ms(0));
    assert_eq!(sim.client.state(), &State::Joining);
    assert_eq!(sim.client.next_update(), None);
    sim.run(ms(3000));
    assert_eq!(sim.client.state(), &State::Joined);
    assert_eq!(sim.client.player(), Some(sim.server.player));
    assert_eq!(sim.client.settings(), Some(&SETTINGS));
    let stats = sim.client.stats();
    assert!(stats.snapshots > 80 && stats.full_snapshots == 1, "{stats:?}");
    assert_eq!((stats.hash_checks, stats.hash_mismatches), (stats.snapshots, 0));
    assert_eq!(stats.entity_updates, stats.snapshots * 2);
    assert_eq!((stats.input_misses, stats.inputs.missing, stats.inputs.late), (0, 0, 0), "{stats:?}");
    assert!(stats.last_input_ack.is_some_and(|ack| ack > ms(40) && ack < ms(150)), "{stats:?}");
    let mut others = Vec::new();
    sim.client.newest(&mut others);
    let walker = sim.server.game.walker;
    assert_eq!(others.iter().map(|(id, _)| *id).collect::<Vec<EntityId>>(), [walker]);
}

#[test]
fn every_command_acks_the_newest_snapshot() {
    let mut sim = Sim::new(2, Tick(10), ms(100), ms(0));
    sim.run(ms(2000));
    let acks: Vec<i64> = sim.server.commanded.iter().map(|(tick, acked)| tick.since(*acked)).collect();
    assert!(acks.len() > 40);
    assert!(acks.iter().all(|lead| (3..=8).contains(lead)), "{acks:?}");
    assert!(sim.server.commanded.is_sorted_by_key(|(_, acked)| *acked));
}

#[test]
fn a_spectator_acks_too_but_wants_nothing() {
    let mut sim = Sim::of(Role::Spectator, 3, Tick(10), ms(50), ms(0));
    sim.run(ms(1000));
    assert!(sim.server.commanded.len() > 20);
    assert!(sim.client.own().is_none());
    let mut others = Vec::new();
    sim.client.newest(&mut others);
    assert_eq!(others.len(), 2);
}

#[test]
fn an_event_comes_with_the_state_it_speaks_of() {
    let mut sim = Sim::new(4, Tick(10), ms(50), ms(0));
    sim.run(ms(500));
    notices(&mut sim.client);
    let tick = sim.server.next;
    sim.server.notices.push(ServerMessage::Event(Bytes(&[7])));
    let mut heard_at = None;
    sim.run_with(ms(200), |sim| {
        while let Some(notice) = sim.client.poll_notice() {
            assert!(matches!(notice, Notice::Event(7)));
            heard_at = sim.client.held().tick();
        }
    });
    assert_eq!(heard_at, Some(tick));
}

#[test]
fn the_roster_follows_joins_and_leaves() {
    let mut client = client(Role::Player);
    let player: PlayerId = key_from_parts(3, 1);
    let joined = ServerMessage::Joined { player, name: "Ann".to_owned(), role: Role::Spectator };
    let chat = Chat { player, name: "Ann".to_owned(), text: "hi".to_owned() };
    client.receive(ms(0), &frame(&[joined, ServerMessage::Chat(chat)])).unwrap();
    assert_eq!(client.names().collect::<Vec<_>>(), [(player, "Ann", Role::Spectator)]);
    client.receive(ms(0), &frame(&[ServerMessage::Left { player }])).unwrap();
    assert_eq!((client.names().count(), client.name(player)), (0, "player 3".to_owned()));
    let notices = notices(&mut client);
    assert!(matches!(&notices[0], Notice::Joined { name, .. } if name == "Ann"));
    assert!(matches!(&notices[1], Notice::Chat(chat) if chat.text == "hi"));
    assert!(matches!(&notices[2], Notice::Left { name, .. } if name == "Ann"));
}

#[test]
fn a_refusal_is_told_and_ends_the_session() {
    let mut client = client(Role::Player);
    let refused = ServerMessage::Refused { code: 4426, reason: "Dot.hp: u16 here, u8 there".to_owned() };
    client.receive(ms(0), &frame(&[refused])).unwrap();
    assert!(matches!(client.state(), State::Closed { code: 4426, .. }));
    client.disconnect(CloseCode::Normal as u16, "a later reason");
    assert!(matches!(client.state(), State::Closed { code: 4426, .. }));
    assert!(matches!(notices(&mut client)[..], [Notice::Refused { code: 4426, .. }]));
    client.receive(ms(0), &[255, 255, 255]).expect("nobody reads on after the end");
}

#[test]
fn a_welcome_must_be_of_this_game_and_the_only_one() {
    let server = FakeServer::new(Tick(7), Duration::ZERO);
    let welcome = server.welcome(Tick(7));
    let mut renamed = welcome.clone();
    renamed.schema.kinds[0].fields[0].name = "position".to_owned();
    let mut newer = welcome.clone();
    newer.protocol += 1;
    let mut endless = welcome.clone();
    endless.tick = Tick(u64::MAX);
    for wrong in [renamed, newer, endless] {
        let frame = frame(&[ServerMessage::Welcome(Box::new(wrong))]);
        assert!(client(Role::Player).receive(ms(0), &frame).is_err());
    }
    let mut client = client(Role::Player);
    let frame = frame(&[ServerMessage::Welcome(Box::new(welcome))]);
    client.receive(ms(0), &frame).unwrap();
    assert_eq!(client.receive(ms(0), &frame), Err(Malformed("a second welcome")));
}

#[test]
fn full_queues_drop_the_oldest_and_count() {
    let mut sim = Sim::new(5, Tick(10), ms(0), ms(0));
    sim.run(ms(500));
    while sim.client.poll_transmit().is_some() {}
    let before = sim.client.stats().messages_dropped;
    for line in 0..70 {
        sim.client.say(&format!("line {line}"));
    }
    assert_eq!(sim.client.stats().messages_dropped, before + 6);
    notices(&mut sim.client);
    let missed = frame(&vec![ServerMessage::Missed { events: 2, notices: 0 }; 520]);
    sim.client.receive(sim.now, &missed).unwrap();
    assert_eq!((sim.client.stats().events_missed, sim.client.stats().notices_dropped), (1040, 8));
    assert_eq!(notices(&mut sim.client).len(), 512);
}
