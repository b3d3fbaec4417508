//! Owns the proof that what docs/your-own-game.md shows of `sees` and `weight` is code that runs, and does what the page says.

use serde::{Deserialize, Serialize};
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Runner {
        pos: Vec2 = range(0.0, 100.0, 0.01),
        hides: bool = flag(),
    }
}

#[derive(Default, Serialize, Deserialize)]
struct HideAndSeek {
    runners: SlotMap<EntityId, Runner>,
    players: SecondaryMap<PlayerId, EntityId>,
}

impl Game for HideAndSeek {
    const NAME: &'static str = "hide and seek";
    const TICK_RATE_HZ: u32 = 20;
    type Settings = ();
    type Input = ();
    type Entity = Runner;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        Self::default()
    }
    /// Every other one hides.
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let number = self.players.len();
        let runner = Runner { pos: Vec2::splat(number as f32), hides: number % 2 == 1 };
        let own = self.runners.insert(runner);
        self.players.insert(player, own);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.players.remove(player).and_then(|own| self.runners.remove(own));
    }
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Runner)> {
        self.runners.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    // As docs/your-own-game.md shows it, from here
    /// Who hides is seen by those who hide as well.
    fn sees(&self, viewer: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        let own = if let Viewer::Player(player) = viewer { self.own(player) } else { None };
        let hides = own.is_some_and(|own| self.runners[own].hides);
        (!hides).then_some(move |id| !self.runners[id].hides)
    }
    /// The nearer, the more often: ten metres away half as often as next to it.
    fn weight(&self, viewer: Viewer, id: EntityId) -> f32 {
        let own = if let Viewer::Player(player) = viewer { self.own(player) } else { None };
        own.map_or(1.0, |own| 10.0 / (10.0 + self.runners[own].pos.distance(self.runners[id].pos)))
    }
    // to here.
}

struct Nobody;

impl Sinks for Nobody {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, _: PlayerId, _: &[u8]) {}
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, _: PlayerId, _: CloseCode, _: String, _: Vec<u8>) {}
}

fn room() -> Room<HideAndSeek> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: (),
        seed: 0,
        start_tick: Tick(0),
        player_bytes_per_second: 1 << 20,
        rewind_ms_max: 250,
        players_max: 9,
        resume_grace_ticks: 0,
        bots: None,
        epoch: 1,
    })
}

fn join(room: &mut Room<HideAndSeek>, role: Role) -> PlayerId {
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: HideAndSeek::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "x".to_owned(),
        role,
        ticket: None,
        resume: None,
    };
    room.join(&hello, &[7; 16]).expect("there is room")
}

#[test]
fn the_page_shows_it_as_it_is() {
    let page = include_str!("../../docs/your-own-game.md");
    let (_, shown) = include_str!("hide_and_seek.rs").split_once("from here\n").expect("a start");
    let (shown, _) = shown.split_once("    // to here").expect("an end");
    assert!(page.contains(shown), "docs/your-own-game.md shows another `sees` or `weight`");
}

#[test]
fn who_hides_is_seen_by_those_who_hide() {
    let mut room = room();
    let players: Vec<PlayerId> = (0..5).map(|_| join(&mut room, Role::Player)).collect();
    let spectator = join(&mut room, Role::Spectator);
    room.tick(&mut Nobody);
    let seen = |player| room.held(player).expect("it has a view").len();
    assert_eq!(players.iter().map(|player| seen(*player)).collect::<Vec<_>>(), [3, 5, 3, 5, 3]);
    assert_eq!(seen(spectator), 3, "anybody may watch");
}

#[test]
fn the_nearer_weighs_more() {
    let mut room = room();
    let players: Vec<PlayerId> = (0..3).map(|_| join(&mut room, Role::Player)).collect();
    let own = |number: usize| room.game().own(players[number]).expect("it has a runner");
    let weight = |number| room.game().weight(Viewer::Player(players[0]), own(number));
    assert!(weight(0) > weight(1) && weight(1) > weight(2));
    assert_eq!(room.game().weight(Viewer::Spectator, own(2)), 1.0);
}
