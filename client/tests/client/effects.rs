//! Owns the tests of predicted events: told at once, once, and then confirmed or withdrawn.

use crate::sim::{Sim, ms};
use crate::toy::{Push, SHOUT};
use std::time::Duration;
use tickwire_client::{EffectId, Notice};
use tickwire_shared::{Game, Tick};

#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Predicted(EffectId, u32),
    Confirmed(EffectId, u32),
    Withdrawn(EffectId),
    Event(u32),
}

/// A quiet world on a link of 100 ms there and back.
fn quiet() -> Sim {
    let mut sim = Sim::new(1, Tick(1000), ms(100), ms(0));
    sim.is_lively = false;
    sim.run(ms(2000));
    while sim.client.poll_notice().is_some() {}
    sim
}

fn hear(sim: &mut Sim, heard: &mut Vec<(Duration, Heard)>) {
    while let Some(notice) = sim.client.poll_notice() {
        let what = match notice {
            Notice::Predicted { id, event } => Heard::Predicted(id, event),
            Notice::Confirmed { id, event } => Heard::Confirmed(id, event),
            Notice::Withdrawn { id } => Heard::Withdrawn(id),
            Notice::Event(event) => Heard::Event(event),
            _ => continue,
        };
        heard.push((sim.now, what));
    }
}

/// Shouts for one tick, and listens for a second. `meddle` is called after everything that happens, with the time since the shout.
fn shout(sim: &mut Sim, mut meddle: impl FnMut(&mut Sim, Duration)) -> Vec<(Duration, Heard)> {
    let (begin, tick) = (sim.now, sim.client.tick());
    let mut heard = Vec::new();
    sim.client.set_input(SHOUT);
    sim.run_with(ms(1000), |sim| {
        if sim.client.tick() > tick {
            sim.client.set_input(Push::default());
        }
        meddle(sim, sim.now - begin);
        hear(sim, &mut heard);
    });
    heard.iter_mut().for_each(|(at, _)| *at -= begin);
    heard
}

fn only(heard: &[(Duration, Heard)]) -> Vec<Heard> {
    heard.iter().map(|(_, what)| what.clone()).collect()
}

#[test]
fn it_is_told_at_once_and_confirmed_a_round_trip_later() {
    let mut sim = quiet();
    let tick = sim.client.tick().plus(1).0 as u32;
    let heard = shout(&mut sim, |_, _| ());
    let id = EffectId(0);
    assert_eq!(only(&heard), [Heard::Predicted(id, tick), Heard::Confirmed(id, tick)]);
    assert!(heard[0].0 < ms(40), "{heard:?}");
    assert!((100..220).contains(&(heard[1].0 - heard[0].0).as_millis()), "{heard:?}");
    let again = shout(&mut sim, |_, _| ());
    assert!(matches!(again[0].1, Heard::Predicted(EffectId(1), _)), "{again:?}");
}

#[test]
fn what_the_server_does_not_tell_is_withdrawn_with_the_snapshot_of_its_tick() {
    let mut sim = quiet();
    sim.server.game.is_mute = true;
    let tick = sim.client.tick().plus(1);
    let mut held = None;
    let heard =
        shout(&mut sim, |sim, _| held = held.or(sim.client.held().tick().filter(|held| *held >= tick)));
    assert_eq!(only(&heard), [Heard::Predicted(EffectId(0), tick.0 as u32), Heard::Withdrawn(EffectId(0))]);
    assert_eq!(held, Some(tick));
    assert!((100..220).contains(&(heard[1].0 - heard[0].0).as_millis()), "{heard:?}");
}

#[test]
fn a_corrected_replay_tells_nothing_twice() {
    let mut sim = quiet();
    let own = sim.server.game.own(sim.server.player).unwrap();
    let mut kicks = 0;
    let heard = shout(&mut sim, |sim, since| {
        // A correction every few milliseconds, from before the shout to after it.
        if since < ms(300) {
            sim.server.game.dots[own].vel.x += 0.02;
            kicks += 1;
        }
    });
    assert!(kicks > 5 && sim.client.stats().mispredictions >= 3, "{:?}", sim.client.stats());
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(matches!(heard[0].1, Heard::Predicted(EffectId(0), _)), "{heard:?}");
    assert!(matches!(heard[1].1, Heard::Confirmed(EffectId(0), _)), "{heard:?}");
}

#[test]
fn what_a_replay_no_longer_makes_is_withdrawn_before_its_tick_comes() {
    let mut sim = quiet();
    let own = sim.server.game.own(sim.server.player).unwrap();
    sim.server.game.dots[own].pushes += 1;
    let tick = sim.client.tick().plus(1);
    let mut held = None;
    let heard = shout(&mut sim, |sim, _| {
        if sim.client.stats().explained_corrections == 1 {
            held = held.or(sim.client.held().tick());
        }
    });
    assert_eq!(only(&heard), [Heard::Predicted(EffectId(0), tick.0 as u32), Heard::Withdrawn(EffectId(0))]);
    assert!(held.unwrap() < tick, "{held:?}");
}

#[test]
fn what_a_replay_newly_makes_is_told_then() {
    let mut sim = quiet();
    let own = sim.server.game.own(sim.server.player).unwrap();
    sim.server.game.dots[own].pushes = 1;
    sim.run(ms(500));
    sim.server.game.dots[own].pushes = 2;
    let heard = shout(&mut sim, |_, _| ());
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(matches!(heard[0].1, Heard::Predicted(EffectId(0), _)), "{heard:?}");
    assert!(matches!(heard[1].1, Heard::Confirmed(EffectId(0), _)), "{heard:?}");
    assert!((40..110).contains(&heard[0].0.as_millis()), "half a round trip later: {heard:?}");
}

#[test]
fn a_spectator_predicts_nothing_and_is_told_events_as_they_are() {
    let mut sim = Sim::of(tickwire_shared::Role::Spectator, 1, Tick(1000), ms(100), ms(0));
    sim.run(ms(1000));
    sim.server.notices.push(tickwire_shared::ServerMessage::Event(tickwire_shared::Bytes(&[9])));
    let heard = shout(&mut sim, |_, _| ());
    assert_eq!(only(&heard), [Heard::Event(9)]);
}
