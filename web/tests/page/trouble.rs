//! Owns tests of what goes wrong: cuts, refusals, garbage, a bad network inside the page, clocks that jump.

use crate::world::{TestPage, World};
use tickwire_shared::{CloseCode, ServerMessage, encode};
use tickwire_web::Page;

#[test]
fn a_cut_page_comes_back_as_the_same_player() {
    let mut world = World::new(11);
    let ann = world.join("ann", false);
    world.run(1000.0, |_| {});
    let player = world.seats[ann].page.client().player();
    world.cut(ann, Some(1006));
    let state = world.seats[ann].state();
    assert_eq!(
        (&state["state"], &state["attempt"], &state["code"]),
        (&"lost".into(), &1.into(), &1006.into())
    );
    assert!(state["at_ms"].as_f64().is_some_and(|at| at <= world.now_ms + 0.001), "at once: {state}");
    world.run(300.0, |_| {});
    let now_ms = world.now_ms;
    world.seats[ann].page.offer(now_ms);
    world.seats[ann].page.lost(now_ms, 1006, "");
    let state = world.seats[ann].state();
    assert_eq!(state["attempt"], 2);
    assert!(state["at_ms"].as_f64().is_some_and(|at| at > now_ms), "not at once: {state}");
    world.run(200.0, |_| {});
    world.reopen(ann);
    world.run(500.0, |_| {});
    assert_eq!(world.seats[ann].page.state(), "joined");
    assert_eq!(world.seats[ann].page.client().player(), player);
    assert_eq!((world.seats[ann].told("lost"), world.seats[ann].told("resumed")), (1, 1));
    let figures = world.seats[ann].figures(now_ms);
    assert_eq!(figures["reconnects"], 1);
    assert_eq!(world.room.players(), 1);
}

#[test]
fn silence_is_a_loss_that_the_page_finds_out_by_itself() {
    let mut world = World::new(12);
    let ann = world.join("ann", false);
    world.run(1000.0, |_| {});
    // The room forgets the socket, and the page is told nothing.
    let player = world.seats[ann].player.take().expect("it has joined");
    world.room.detach(player);
    world.run(4000.0, |_| {});
    assert_eq!(world.seats[ann].page.state(), "lost");
}

#[test]
fn what_waited_in_the_pages_own_link_is_read_before_the_loss() {
    let mut world = World::new(13);
    let ann = world.join("ann", false);
    world.run(500.0, |_| {});
    let now_ms = world.now_ms;
    let page = &mut world.seats[ann].page;
    page.set_link(now_ms, 500.0, 0.0, 0.0);
    let reason = "the server is restarting".to_owned();
    page.receive(now_ms, &encode(&ServerMessage::Closed { code: 1012, reason: reason.clone() }));
    assert_eq!(page.state(), "joined", "it is still under way");
    page.lost(now_ms, 1012, "");
    let state = world.seats[ann].state();
    assert_eq!((&state["code"], &state["reason"]), (&1012.into(), &reason.into()));
}

#[test]
fn another_version_is_told_with_the_difference() {
    let mut page = Page::<TestPage>::new("ann", false, 1.0);
    page.offer(0.0);
    page.opened(0.0);
    let reason = "Player.hp: int 0..=100 here, int 0..=200 there".to_owned();
    let code = CloseCode::Version as u16;
    page.receive(10.0, &encode(&ServerMessage::Refused { code, reason: reason.clone() }));
    page.lost(11.0, code, "cut");
    let state: serde_json::Value = serde_json::from_str(&page.state_json()).expect("JSON");
    assert_eq!(
        (&state["state"], &state["code"], &state["reason"]),
        (&"closed".into(), &code.into(), &reason.into())
    );
    assert!(page.news_json().is_some_and(|news| news.contains("refused")));
}

#[test]
fn garbage_ends_the_session_with_4400_and_nothing_else_happens() {
    let garbage: [&[u8]; 5] = [&[], &[255; 40], &[0], &[1, 2, 3, 4, 5, 6, 7, 8, 9], &[11, 1, 1]];
    for bytes in garbage {
        let mut world = World::new(14);
        let ann = world.join("ann", false);
        world.run(500.0, |_| {});
        let now_ms = world.now_ms;
        world.seats[ann].page.receive(now_ms, bytes);
        let state = world.seats[ann].state();
        assert_eq!((&state["state"], &state["code"]), (&"closed".into(), &4400.into()), "{bytes:?}");
        assert!(state["reason"].as_str().is_some_and(|reason| reason.contains(' ')), "a sentence: {state}");
        world.seats[ann].is_open = false;
        world.run(200.0, |world| {
            let now_ms = world.now_ms;
            let page = &mut world.seats[0].page;
            page.receive(now_ms, bytes);
            page.update(now_ms);
            page.draw(now_ms);
            assert!(page.poll(now_ms).is_none(), "nothing more is sent");
        });
    }
}

#[test]
fn garbage_in_place_of_a_welcome_ends_the_session_too() {
    for length in 0..64u8 {
        let mut page = Page::<TestPage>::new("ann", false, 1.0);
        page.offer(0.0);
        page.opened(0.0);
        let bytes: Vec<u8> = (0..length).map(|place| place.wrapping_mul(37).wrapping_add(length)).collect();
        page.receive(1.0, &bytes);
        page.update(2.0);
        page.draw(3.0);
        assert_eq!(page.state(), "closed", "{bytes:?}");
    }
}

#[test]
fn the_pages_link_delays_both_ways_and_nothing_is_lost() {
    let mut world = World::new(15);
    let ann = world.join("ann", false);
    world.run(1000.0, |_| {});
    let now_ms = world.now_ms;
    world.seats[ann].page.set_link(now_ms, 60.0, 20.0, 0.0);
    world.run(8000.0, |_| {});
    let now_ms = world.now_ms;
    let figures = world.seats[ann].figures(now_ms);
    let round_trip_ms = figures["round_trip_ms"].as_f64().expect("it is measured");
    assert!((115.0..=180.0).contains(&round_trip_ms), "twice 60 ms, and some jitter: {figures}");
    assert_eq!(
        (&figures["mispredictions"], &figures["hash_mismatches"]),
        (&0.into(), &0.into()),
        "{figures}"
    );
    world.seats[ann].page.set_link(now_ms, f64::NAN, -1.0, f64::NAN);
    world.run(4000.0, |_| {});
    let now_ms = world.now_ms;
    let figures = world.seats[ann].figures(now_ms);
    assert!(figures["round_trip_ms"].as_f64().is_some_and(|ms| ms < 40.0), "as before: {figures}");
    assert_eq!(world.seats[ann].page.state(), "joined");
}

#[test]
fn a_tab_that_slept_comes_back_without_a_storm() {
    let mut world = World::new(16);
    let ann = world.join("ann", false);
    world.run(2000.0, |_| {});
    let asleep = world.seats[ann].sent.len();
    // Once a second, as a hidden tab's timer is: what came meanwhile is read, and what is due is sent.
    for _ in 0..5 {
        world.seats[ann].is_open = false;
        let frames_wait = world.now_ms;
        world.run(1000.0, |_| {});
        world.seats[ann].is_open = true;
        assert!(world.now_ms > frames_wait);
        let before = world.seats[ann].sent.len();
        world.run(1.0, |_| {});
        let burst = world.seats[ann].sent.len() - before;
        assert!(burst <= 11, "{burst} commands at once");
    }
    assert!(world.seats[ann].sent.len() > asleep, "it kept its seat by what it sent");
    world.run(2000.0, |_| {});
    assert_eq!(world.seats[ann].page.state(), "joined");
    let now_ms = world.now_ms;
    let figures = world.seats[ann].figures(now_ms);
    assert!(figures["drawn_behind_ms"].as_f64().is_some_and(|ms| ms < 100.0), "in the present: {figures}");
}

#[test]
fn a_clock_that_is_none_harms_nobody() {
    let mut world = World::new(17);
    let ann = world.join("ann", false);
    world.run(500.0, |_| {});
    for now_ms in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        let page = &mut world.seats[ann].page;
        page.update(now_ms);
        page.draw(now_ms);
        page.set_input(&[now_ms, now_ms, now_ms, now_ms]);
    }
    world.run(500.0, |_| {});
    assert_eq!(world.seats[ann].page.state(), "joined");
}
