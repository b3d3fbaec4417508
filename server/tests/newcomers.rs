//! Owns the proof that a great world is shown to few newcomers at once: all that each does not see yet is ranked for each of its frames.

use serde::{Deserialize, Serialize};
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::limits::{
    GREAT_WORLD_ENTITIES, GREAT_WORLD_NEWCOMERS_MAX, JOINS_PER_TICK_MAX, NEWCOMER_TICKS_MAX,
};
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::*;

replicate! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Grain {
        x: i32 = int(0, 0xffff),
        y: i32 = int(0, 0xffff),
    }
}

/// So many grains of sand, which lie there.
#[derive(Serialize, Deserialize)]
struct Beach(SlotMap<EntityId, Grain>);

impl Game for Beach {
    const NAME: &'static str = "beach";
    const TICK_RATE_HZ: u32 = 30;
    type Settings = u32;
    type Input = ();
    type Entity = Grain;
    type Event = ();

    fn new(grains: &u32, _: u64) -> Self {
        let mut beach = SlotMap::with_key();
        for number in 0..*grains as i32 {
            beach.insert(Grain { x: (number * 31) & 0xffff, y: (number * 17) & 0xffff });
        }
        Self(beach)
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Grain)> {
        self.0.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
}

/// Takes everything, and keeps nothing.
struct Sand;

impl Sinks for Sand {
    fn has_place(&mut self, _: PlayerId) -> bool {
        true
    }
    fn frame(&mut self, _: PlayerId, _: &[u8]) {}
    fn line(&mut self, _: PlayerId, _: String) {}
    fn close(&mut self, _: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("{code:?}: {reason}");
    }
}

fn beach(grains: usize) -> Room<Beach> {
    beach_that_keeps_seats(grains, 0)
}

fn beach_that_keeps_seats(grains: usize, resume_grace_ticks: u64) -> Room<Beach> {
    let mut room = Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: grains as u32,
        seed: 0,
        start_tick: Tick(1000),
        players_max: 100,
        player_bytes_per_second: 64 * 1024,
        rewind_ms_max: 250,
        resume_grace_ticks,
        bots: None,
        epoch: 1,
    });
    room.tick(&mut Sand);
    room
}

/// Lets in whom the room wants, and makes a tick. Says how many that were.
fn open_the_door(room: &mut Room<Beach>) -> usize {
    let joins = room.joins_max();
    for _ in 0..joins {
        join(room);
    }
    room.tick(&mut Sand);
    joins
}

fn join(room: &mut Room<Beach>) -> PlayerId {
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Beach::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "child".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    };
    room.join(&hello, &[7; 16]).expect("there is room")
}

#[test]
fn a_great_world_is_shown_to_few_newcomers_at_once() {
    let mut room = beach(GREAT_WORLD_ENTITIES + 1);
    assert_eq!(open_the_door(&mut room), GREAT_WORLD_NEWCOMERS_MAX);
    assert_eq!(open_the_door(&mut room), 0, "they do not see all yet");
    // Nobody acks, so nobody ever sees more: but nobody keeps the others out for ever.
    let waited = (0..).take_while(|_| open_the_door(&mut room) == 0).count() as u64;
    assert!(waited <= NEWCOMER_TICKS_MAX + 1, "{waited} ticks");
}

#[test]
fn a_small_one_is_shown_to_all() {
    let mut room = beach(GREAT_WORLD_ENTITIES);
    for _ in 0..3 {
        assert_eq!(open_the_door(&mut room), JOINS_PER_TICK_MAX);
    }
}

/// After a cut of the whole network all come back at once, and only few are let in in each tick.
#[test]
fn no_seat_expires_while_its_client_may_be_waiting_at_the_door() {
    let grace_ticks = 1;
    let mut room = beach_that_keeps_seats(GREAT_WORLD_ENTITIES + 1, grace_ticks);
    let cut = join(&mut room);
    room.tick(&mut Sand);
    room.detach(cut);
    let mut ticks = 0;
    while room.joins_max() > 0 {
        open_the_door(&mut room);
    }
    while room.joins_max() == 0 {
        room.tick(&mut Sand);
        ticks += 1;
        assert_eq!(room.counts().expired, 0, "after {ticks} ticks of {grace_ticks}");
    }
    assert!(ticks > grace_ticks, "the door was shut for {ticks} ticks only");
    room.tick(&mut Sand);
    assert_eq!(room.counts().expired, 1, "now nobody waits");
}
