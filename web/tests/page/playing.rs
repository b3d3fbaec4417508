//! Owns tests of a match: joining, moving, talking, and the figures of all that.

use crate::world::{TestPage, World};
use serde_json::Value;
use tickwire_arena::Input;
use tickwire_shared::limits::OFFERED_HELLO_BYTES_MAX;
use tickwire_shared::{ClientMessage, SUBPROTOCOL, decode};
use tickwire_web::{Page, id_number};

/// Walks in circles and shoots.
fn lively(world: &mut World) {
    let turn = (world.now_ms / 700.0) as i64 % 4;
    let (x, y) = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][turn as usize];
    for (number, seat) in world.seats.iter_mut().enumerate() {
        let aim = (world.now_ms * (7.0 + number as f64)) % 65_536.0;
        seat.page.set_input(&[x, y, aim, f64::from(u8::from(number % 2 == 0))]);
    }
}

#[test]
fn pages_play_a_match_without_a_misprediction() {
    let mut world = World::new(3);
    for name in ["ann", "bob", "cid", "dee"] {
        world.join(name, false);
    }
    world.run(20_000.0, lively);
    let now_ms = world.now_ms;
    for seat in &mut world.seats {
        let figures = seat.figures(now_ms);
        assert_eq!(seat.page.state(), "joined");
        assert_eq!(
            (&figures["mispredictions"], &figures["inputs_late"]),
            (&0.into(), &0.into()),
            "{figures}"
        );
        assert_eq!(figures["hash_mismatches"], 0);
        assert!(figures["hash_checks"].as_u64().unwrap() > 20, "{figures}");
        assert!(figures["snapshots"].as_u64().unwrap() > 1100, "{figures}");
        assert!(figures["round_trip_ms"].as_f64().is_some_and(|ms| ms < 40.0), "{figures}");
        assert!(figures["slack_ticks"].as_f64().is_some_and(|ticks| ticks > 0.0), "{figures}");
        assert_eq!(seat.told("welcome"), 1);
    }
    assert!(world.seats.iter().any(|seat| seat.told("predicted") > 5), "shots are shown at once");
    assert!(world.seats.iter().any(|seat| seat.told("confirmed") > 5), "and told by the server");
}

#[test]
fn all_bytes_are_attributed() {
    let mut world = World::new(4);
    world.join("ann", false);
    world.join("bob", false);
    world.run(5000.0, lively);
    let now_ms = world.now_ms;
    for seat in &mut world.seats {
        let usage = seat.page.client().usage().expect("a page counts").clone();
        assert_eq!(usage.bits_total(), usage.bytes * 8);
        let figures = seat.figures(now_ms);
        let spent: f64 =
            figures["spent"].as_array().unwrap().iter().map(|spent| spent["bytes"].as_f64().unwrap()).sum();
        assert_eq!(Some(spent), figures["bytes_down"].as_f64());
    }
}

#[test]
fn a_page_attributes_bytes_as_the_room_does() {
    let mut world = World::new(9);
    world.join("ann", false);
    world.run(5000.0, lively);
    while world.seats[0].is_awaited() {
        world.run(1.0, |_| {});
    }
    let (told, read) = (world.room.usage(), world.seats[0].page.client().usage().expect("a page counts"));
    assert_eq!(read.kinds, told.kinds);
    assert_eq!((read.bits.clone(), read.frames, read.bytes), (told.bits.clone(), told.frames, told.bytes));
}

#[test]
fn each_snapshot_is_a_sample() {
    let mut world = World::new(5);
    world.join("ann", false);
    world.run(2000.0, lively);
    let samples = world.seats[0].page.samples();
    let snapshots = world.seats[0].page.client().stats().snapshots as usize;
    assert_eq!(samples.len(), snapshots * tickwire_web::SAMPLE_NUMBERS);
    let last = samples.chunks(tickwire_web::SAMPLE_NUMBERS).next_back().expect("there are some");
    assert!((15.0..=18.0).contains(&last[1]), "a gap of a tick: {last:?}");
    assert!(world.seats[0].page.samples().is_empty(), "they are taken");
}

#[test]
fn pages_talk_and_know_who_is_there() {
    let mut world = World::new(6);
    let (ann, bob) = (world.join("ann", false), world.join("bob", true));
    world.run(500.0, |_| {});
    world.seats[bob].page.say("hello <b>there</b>");
    world.run(500.0, |_| {});
    let chat = world.seats[ann].news.iter().find(|news| news["what"] == "chat").expect("it was said");
    assert_eq!((&chat["name"], &chat["text"]), (&"bob".into(), &"hello <b>there</b>".into()));
    let roster: Vec<Value> = serde_json::from_str(&world.seats[ann].page.roster_json()).expect("JSON");
    let roles: Vec<_> = roster.iter().map(|member| (&member["name"], &member["role"])).collect();
    assert_eq!(roles, [(&"ann".into(), &"player".into()), (&"bob".into(), &"spectator".into())]);
    let own = world.seats[ann].page.client().player().map(id_number);
    assert_eq!(roster[0]["player"].as_f64(), own);
    let settings = world.seats[ann].page.settings_json().expect("it has joined");
    let settings: Value = serde_json::from_str(&settings).expect("JSON");
    assert_eq!(settings["map"]["size"], serde_json::json!([80, 60]));
}

#[test]
fn the_clock_starts_by_the_way_of_the_request() {
    let mut world = World::new(7);
    // A way there and back to connect, and one for the request, of 100 ms each.
    let ann = world.join_after("ann", false, 200.0);
    world.run(20.0, |_| {});
    assert_eq!(world.seats[ann].page.state(), "joined");
    let now_ms = world.now_ms;
    let round_trip_ms = world.seats[ann].figures(now_ms)["round_trip_ms"].as_f64().expect("a guess");
    assert!((99.0..125.0).contains(&round_trip_ms), "{round_trip_ms}");
}

#[test]
fn a_hello_that_is_too_big_for_the_request_comes_as_a_message() {
    let name = "a".repeat(OFFERED_HELLO_BYTES_MAX);
    let mut page = Page::<TestPage>::new(&name, false, 1.0);
    assert_eq!(page.offer(0.0), SUBPROTOCOL);
    page.opened(1.0);
    let hello = page.poll(1.0).expect("the first message");
    assert!(
        matches!(decode::<ClientMessage<Input>>(&hello), Ok(ClientMessage::Hello(hello)) if hello.name == name)
    );
    assert!(page.poll(1.0).is_none(), "only once");
    let mut page = Page::<TestPage>::new("ann", false, 1.0);
    page.offer(0.0);
    page.opened(1.0);
    assert!(page.poll(1.0).is_none(), "it went with the request");
}
