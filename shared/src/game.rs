//! Owns the plug: the one trait that a game implements, and what a room hands it each tick.

use crate::{Hindsight, HitRecord, Replicate, Rewound, Tick};
use glam::Vec2;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use slotmap::{Key, KeyData, new_key_type};
use std::fmt::Debug;

new_key_type! {
    /// A player of a room. Never denotes two players: a reused place gets a new generation.
    pub struct PlayerId;
    /// A replicated entity of a game. All ids of one game come from one slot map, so that an index is
    /// alive at most once and a reused index shows as a new generation.
    pub struct EntityId;
}

/// Index and generation of a slot map key: the two numbers that travel.
#[must_use]
pub fn key_parts(key: impl Key) -> (u32, u32) {
    let ffi = key.data().as_ffi();
    (ffi as u32, (ffi >> 32) as u32)
}

/// The key with this index and generation (whose lowest bit a slot map always sets).
#[must_use]
pub fn key_from_parts<K: Key>(index: u32, generation: u32) -> K {
    KeyData::from_ffi(u64::from(generation) << 32 | u64::from(index)).into()
}

/// Why a game does not take a player, in words for that player.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// How a player's input for this tick came about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    /// The player's command for this very tick was there.
    OnTime,
    /// It was not there; the player's last input is repeated.
    Repeated,
    /// It was not there for so long that the input is now `Default` (or none ever came).
    Neutral,
}

/// What became of a player's commands since it joined. All counts only grow.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputCounts {
    /// Commands that were the input of their tick.
    pub applied: u64,
    /// Commands that came after their tick had run: dropped, but for what [`Game::keep_late`] keeps.
    pub late: u64,
    /// Commands too many ticks ahead to be kept: dropped.
    pub early: u64,
    /// Commands for a tick that already had one: dropped.
    pub duplicate: u64,
    /// Ticks that ran without a command, after the player's first one.
    pub missing: u64,
    /// Of these, how many repeated the last input; the others were left without one.
    pub repeated: u64,
}

/// One player's share of a tick.
#[derive(Clone, Debug)]
pub struct PlayerInput<I> {
    /// Who.
    pub player: PlayerId,
    /// What the player wants, this tick.
    pub input: I,
    /// Whether that is what it sent for this tick, or a substitute.
    pub arrival: Arrival,
    /// How its commands fared so far.
    pub counts: InputCounts,
}

/// Who is told about an event.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every player and spectator of the room.
    Everyone,
    /// One player.
    Only(PlayerId),
    /// Everyone but one player.
    Except(PlayerId),
    /// Whoever sees this entity in the snapshot that the event travels with; if it is gone by then, whoever saw it in the snapshot
    /// before.
    SeersOf(EntityId),
}

/// Who looks at the world.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A player that has joined.
    Player(PlayerId),
    /// Somebody who only watches; the game knows nothing of it.
    Spectator,
}

/// What a player sees by distance: entities enter its view closer than they leave it, so that none flickers at the edge.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Interest {
    /// Where the player looks from.
    pub center: Vec2,
    /// What is at most this far away enters the view.
    pub enter_radius: f32,
    /// What is further away than this leaves it. At least `enter_radius`.
    pub leave_radius: f32,
}

/// What a room hands its game for one tick. A struct, so that the signature of [`Game::tick`] never changes.
pub struct TickContext<'a, G: Game> {
    /// The tick that is being made.
    pub tick: Tick,
    /// The room's settings, as sent to every client.
    pub settings: &'a G::Settings,
    players: &'a [PlayerInput<G::Input>],
    events: &'a mut Vec<(Audience, G::Event)>,
    hindsight: Option<(&'a dyn Hindsight, &'a mut Vec<HitRecord>)>,
}

impl<'a, G: Game> TickContext<'a, G> {
    /// A tick with these inputs (at most one per player, ordered by the index of the player's id); events are appended to `events`.
    pub fn new(
        tick: Tick,
        settings: &'a G::Settings,
        players: &'a [PlayerInput<G::Input>],
        events: &'a mut Vec<(Audience, G::Event)>,
    ) -> Self {
        Self { tick, settings, players, events, hindsight: None }
    }

    /// The same, with what players saw; what is recorded of hits is appended to `hits`.
    #[must_use]
    pub fn with_hindsight(self, hindsight: &'a dyn Hindsight, hits: &'a mut Vec<HitRecord>) -> Self {
        Self { hindsight: Some((hindsight, hits)), ..self }
    }

    /// Exactly one input for each player that has joined, always in the same order.
    #[must_use]
    pub fn players(&self) -> &'a [PlayerInput<G::Input>] {
        self.players
    }

    /// This player's input, if it has joined.
    #[must_use]
    pub fn input(&self, player: PlayerId) -> Option<&'a PlayerInput<G::Input>> {
        let index = |player| key_parts(player).0;
        let place = self.players.binary_search_by_key(&index(player), |entry| index(entry.player)).ok()?;
        Some(&self.players[place]).filter(|entry| entry.player == player)
    }

    /// The world as a player saw it when it gave its input for this tick: for tests of what its shot hits at once. As far back as the
    /// room's limit and the player's measured delay allow. Without a room, everything is as it is now.
    #[must_use]
    pub fn rewound(&self, player: PlayerId) -> Rewound<'a, G> {
        let seen = self.hindsight.as_ref().and_then(|(hindsight, _)| hindsight.seen(player));
        Rewound::new(player, self.tick, seen)
    }

    /// Remembers what was rewound for a hit, for whoever doubts it later: see the server's `GET /hits/ROOM`.
    pub fn record_hit(&mut self, record: HitRecord) {
        if let Some((_, hits)) = &mut self.hindsight {
            hits.push(record);
        }
    }

    /// Tells `audience` a one-off fact, in the same frame as the snapshot of this tick.
    pub fn emit(&mut self, audience: Audience, event: G::Event) {
        self.events.push((audience, event));
    }
}

/// One predicted step of a player's own entity, and of what is predicted along with it: what [`Game::predict`] works on.
pub struct PredictContext<'a, G: Game> {
    /// The tick that is being predicted.
    pub tick: Tick,
    /// The room's settings.
    pub settings: &'a G::Settings,
    /// Whose prediction this is.
    pub player: PlayerId,
    /// The player's input for this tick.
    pub input: &'a G::Input,
    /// The player's own entity, to be moved one tick on.
    pub own: &'a mut G::Entity,
    /// What [`Game::predicts_along`] chose, ordered by the index of the ids: to be moved one tick on, too.
    pub others: &'a mut [(EntityId, G::Entity)],
    /// What [`PredictContext::emit`] said.
    pub events: &'a mut Vec<G::Event>,
}

impl<G: Game> PredictContext<'_, G> {
    /// Tells the player at once what the server will emit for this tick, if it sees the tick in the same way: its own shots. The
    /// client then waits for that event ([`Game::is_same_event`]) and confirms or withdraws this one. Replays come here
    /// again, and nobody is told twice.
    pub fn emit(&mut self, event: G::Event) {
        self.events.push(event);
    }

    /// One of [`PredictContext::others`].
    pub fn other(&mut self, id: EntityId) -> Option<&mut G::Entity> {
        self.others.iter_mut().find(|(other, _)| *other == id).map(|(_, entity)| entity)
    }
}

/// The rules of one game. Deterministic: same settings, seed and inputs, same game. No clock, no I/O, no
/// iteration over hash maps, no `sin` or `cos` outside of glam.
///
/// The whole state serialises, so that a room can be stored, restored and moved.
pub trait Game: Sized + Send + Serialize + DeserializeOwned + 'static {
    /// The game's name on the wire: a client of another game is refused.
    const NAME: &'static str;
    /// Raise it when rules, `Input`, `Event` or `Settings` change; the entities' layout is hashed anyway.
    const VERSION: u32 = 1;
    /// Ticks per second. A step is one tick: there is no time step to pass around.
    const TICK_RATE_HZ: u32;
    /// Prefix codes that were trained on recorded play, in the text that `bot-client train` writes: for a field a
    /// line, `Kind.field: ` and the length of each class's word. Empty, and for fields not named: the built-in code.
    const CODES: &'static str = "";
    /// Whether [`Game::predict`] is implemented.
    const PREDICTS: bool = false;
    /// Whether [`Game::predicts_along`] is implemented. If not, nothing is spent on asking it.
    const PREDICTS_ALONG: bool = false;

    /// Map, rules: sent to each client once, when it joins. Must not change afterwards.
    type Settings: Clone + Debug + Default + Serialize + DeserializeOwned + Send + Sync;
    /// What a player wants in one tick. `Default` is hands off. Fixed-size integers are best: a client
    /// can send any value that the type allows (NaN too, if it holds floats), and no zero-sized elements.
    type Input: Copy + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send;
    /// What players see: made by [`replicate!`](crate::replicate).
    type Entity: Replicate;
    /// One-off facts: hit, killed, picked up.
    type Event: Clone + Debug + Serialize + DeserializeOwned + Send;

    /// A fresh game. `seed` drives everything that is random.
    fn new(settings: &Self::Settings, seed: u64) -> Self;

    /// A player comes in, between two ticks.
    ///
    /// # Errors
    /// A [`Refusal`] is shown to the player, whose connection then closes.
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal>;

    /// A player that joined is gone for good, between two ticks.
    fn leave(&mut self, player: PlayerId);

    /// One tick. At its end the game snaps what it replicates to the wire's grid ([`Replicate::snap`]),
    /// so that client and server go on from bit-identical values.
    fn tick(&mut self, cx: &mut TickContext<'_, Self>);

    /// Everything that players may see, each id once.
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Self::Entity)>;

    /// The entity that this player steers and predicts, if it has one now.
    fn own(&self, player: PlayerId) -> Option<EntityId>;

    /// Where an entity is, for interest by distance (of a world in three dimensions: two that matter). `None`: distance
    /// does not matter, everyone may see it.
    fn place(_entity: &Self::Entity) -> Option<Vec2> {
        None
    }

    /// How far somebody sees, and from where. `None`: everything.
    fn interest(&self, _viewer: Viewer) -> Option<Interest> {
        None
    }

    /// What somebody may know of at all, be it near or far: asked once per tick and viewer, for a test of single entities. What is
    /// not seen never enters a frame. `None`: everything.
    ///
    /// Anybody may watch: what spectators must not see, this must hide from them.
    fn sees(&self, _viewer: Viewer) -> Option<impl Fn(EntityId) -> bool> {
        None::<fn(EntityId) -> bool>
    }

    /// How much it matters to somebody to hear of an entity, compared with others: of weight 2, twice as often as of weight 1. Asked
    /// only if not everything fits a frame; a viewer's own entity always comes first. At least 0.01 counts.
    fn weight(&self, _viewer: Viewer, _id: EntityId) -> f32 {
        1.0
    }

    /// A command came too late for its tick: what of it must not be lost goes into the next input, be it sent or repeated. For presses, so that
    /// a click in a hiccup of the network still fires, a little later; what is held all the same, such as the direction of a walk, the
    /// next commands bring anyway. Only for commands that are at most [`LATE_INPUTS_KEPT_MAX_TICKS`](crate::limits::LATE_INPUTS_KEPT_MAX_TICKS)
    /// late: nobody wants the shots of long ago. A `late` of `Default` must leave `input` as it is.
    fn keep_late(_late: &Self::Input, _input: &mut Self::Input) {}

    /// The step of a player's own entity, run by the client ahead of the server. The server's [`Game::tick`]
    /// must move that entity by the same code. The result is snapped to the wire's grid afterwards.
    fn predict(_cx: &mut PredictContext<'_, Self>) {}

    /// Whether a client predicts another entity along with its player's own: a ball that the player can push. Such an entity is in
    /// [`PredictContext::others`] and is drawn in the present, where the player is. [`Game::predict`] must move it as
    /// the server's [`Game::tick`] would if nobody else did anything. Asked at each snapshot; at most
    /// [`PREDICTED_ALONG_MAX`](crate::limits::PREDICTED_ALONG_MAX) are.
    fn predicts_along(_own: &Self::Entity, _id: EntityId, _other: &Self::Entity) -> bool {
        false
    }

    /// Whether what the server told is the event that [`PredictContext::emit`] predicted. Events that can end otherwise than
    /// predicted (a beam that hits somebody) should compare who and what, and not how it ended.
    fn is_same_event(predicted: &Self::Event, told: &Self::Event) -> bool {
        crate::encode(predicted) == crate::encode(told)
    }

    /// A number in the entity that the rules change whenever something other than its player's own input
    /// changed it (a hit, a push, a respawn). A correction that comes with another number is an
    /// explained one, not a misprediction.
    fn disturbances(_entity: &Self::Entity) -> u32 {
        0
    }

    /// Whether the way between two states must not be drawn (a respawn, a teleport).
    fn teleported(_from: &Self::Entity, _to: &Self::Entity) -> bool {
        false
    }

    /// An event as a line of text, for terminals and logs. `name` gives a player's name.
    fn describe(event: &Self::Event, _name: &dyn Fn(PlayerId) -> String) -> String {
        format!("{event:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_parts() {
        let mut map = slotmap::SlotMap::<EntityId, ()>::with_key();
        let first = map.insert(());
        map.remove(first);
        let second = map.insert(());
        assert_ne!(first, second);
        for key in [first, second] {
            let (index, generation) = key_parts(key);
            assert_eq!(key_from_parts::<EntityId>(index, generation), key);
        }
        assert_eq!(key_parts(first).0, key_parts(second).0, "the place is reused, the generation is not");
    }
}
