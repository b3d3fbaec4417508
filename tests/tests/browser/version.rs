//! Owns the proof that a page of another version than the server's says what differs.

use crate::stage::{Stage, config};
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::{EntityId, Game, PlayerId, Refusal, TickContext, replicate};

replicate! {
    /// A player of another arena, who can fly.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Player {
        altitude: u32 = int(0, 100),
    }
}

/// An arena that the page was not made for.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub struct OtherArena(SlotMap<EntityId, Player>);

impl Game for OtherArena {
    const NAME: &'static str = "arena";
    const TICK_RATE_HZ: u32 = 60;
    type Settings = ();
    type Input = u8;
    type Entity = Player;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        Self::default()
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {}
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Player)> {
        self.0.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        None
    }
}

/// It is served by the server that it does not fit: as after an update, with the page still open.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_version_shows_what_differs() {
    let stage = Stage::of(config::<OtherArena>()).await;
    let page = stage.open_at(stage.server.address, "Ann").await;
    page.until("tickwire.state() == 'closed'").await;
    // The field that the page does not have, by its name, for people to read.
    page.until("document.body.innerText.includes('altitude')").await;
    assert_eq!(page.complaints(), [""; 0]);
}
