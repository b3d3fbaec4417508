//! Owns the proof that a game with codes of its own can be played, and that codes for another game are refused at the start.

use serde::{Deserialize, Serialize};
use tickwire_server::{ConfigError, ServerConfig, run};
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;
use tickwire_tests::real::{RealServer, step_until};

replicate! {
    /// It only grows.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Plant {
        height: f32 = range(0.0, 1000.0, 0.125),
        leaves: u8 = int(0, 255),
        water: u8 = owner_only(int(0, 9)),
    }
}

/// A garden with codes that are right, or, if `WITHERED`, those of an older garden.
#[derive(Serialize, Deserialize)]
struct Garden<const WITHERED: bool> {
    plants: SlotMap<EntityId, Plant>,
    owners: SecondaryMap<PlayerId, EntityId>,
}

const CODES: &str = "
    # Trained on nothing: every class has a word.
    Plant.height: 4 4 1 4 4 4 5 5 6 6 6 6 5 5
    Plant.leaves: 4 1 3 4 4 4 4 5 5
    Plant.water: 3 1 3 3 3
";

impl<const WITHERED: bool> Game for Garden<WITHERED> {
    const NAME: &'static str = "garden";
    const TICK_RATE_HZ: u32 = 60;
    const CODES: &'static str = if WITHERED { "Plant.roots: 1 1" } else { CODES };
    type Settings = ();
    type Input = ();
    type Entity = Plant;
    type Event = ();

    fn new(_: &(), _: u64) -> Self {
        Self { plants: SlotMap::with_key(), owners: SecondaryMap::new() }
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let plant = self.plants.insert(Plant { height: 0.0, leaves: 2, water: 9 });
        self.owners.insert(player, plant);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.owners.remove(player).and_then(|plant| self.plants.remove(plant));
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        for plant in self.plants.values_mut() {
            plant.height += if cx.tick.0.is_multiple_of(50) { 9.0 } else { 0.375 };
            plant.leaves = plant.leaves.wrapping_add(cx.tick.0.is_multiple_of(7).into());
            plant.water = if plant.water == 0 { 9 } else { plant.water - 1 };
            plant.snap();
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Plant)> {
        self.plants.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.owners.get(player).copied()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_with_codes_of_its_own_is_seen_as_it_is() {
    let fields = &Schema::of::<Garden<false>>().kinds[0].fields;
    assert!(fields.iter().all(|field| !field.code.is_empty()));
    let server = RealServer::start(ServerConfig::<Garden<false>>::default()).await;
    let mut first = server.join::<Garden<false>>("lobby", "ann", Role::Player).await;
    let _second = server.join::<Garden<false>>("lobby", "bob", Role::Player).await;
    step_until(&mut first, |client| client.stats().hash_checks >= 4).await;
    let stats = first.client().stats();
    assert_eq!((stats.hash_mismatches, stats.resyncs), (0, 0), "{stats:?}");
    server.stop().await;
}

#[tokio::test]
async fn codes_for_a_field_that_is_gone_keep_the_server_from_starting() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let refused = run(listener, ServerConfig::<Garden<true>>::default(), async {}).await;
    let error = refused.expect_err("there are no roots");
    assert_eq!(error, ConfigError::Schema("CODES: there is no field `Plant.roots`".to_owned()));
}

#[test]
#[should_panic(expected = "garden: CODES: there is no field `Plant.roots`")]
fn codes_for_a_field_that_is_gone_stop_a_client_with_their_names() {
    let _ = Schema::of::<Garden<true>>();
}
