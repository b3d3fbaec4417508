//! Owns a room's bots: players without a client, whose minds the game lends. They see what a client in their place would be sent.

use super::interest::SightLines;
use std::fmt;
use tickwire_shared::{
    Arrival, BOT_NAME_PREFIX, Bots, EntityId, Game, InputCounts, Layout, PlayerId, PlayerInput, Replicate,
    Sight, Snapshot, Tick, Viewer, Visible, key_parts,
};

/// Each with a number when all of them are here.
const NAMES: [&str; 32] = [
    "Ada", "Bela", "Cleo", "Dana", "Egon", "Fay", "Gus", "Hedy", "Ivo", "June", "Kit", "Lena", "Milo",
    "Nora", "Otto", "Pia", "Quin", "Rosa", "Sven", "Tess", "Udo", "Vera", "Wim", "Xenia", "Yuri", "Zoe",
    "Alma", "Bruno", "Cora", "Dino", "Elsa", "Finn",
];

/// That rooms are filled with the game's bots, and up to how many players.
pub struct BotFill<G: Game> {
    players: usize,
    mind: fn(number: usize, seed: u64) -> Box<dyn Mind<G>>,
}

impl<G: Game> BotFill<G> {
    /// While somebody plays or watches in a room, bots take part in the game until there are so many players. They make way for people,
    /// and come back for them.
    ///
    /// They are of the game's characters in turn, but for its [`SNIPER`](Bots::SNIPER), which nobody would like to meet.
    #[must_use]
    pub fn new(players: usize) -> Self
    where
        G: Bots,
    {
        Self { players, mind: mind::<G> }
    }

    /// How many players there shall be at least.
    #[must_use]
    pub fn players(&self) -> usize {
        self.players
    }
}

impl<G: Game> Copy for BotFill<G> {}
impl<G: Game> Clone for BotFill<G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: Game> fmt::Debug for BotFill<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BotFill").field("players", &self.players).finish_non_exhaustive()
    }
}

/// A bot's mind, of whatever type the game has for it: so a room of a game without bots is the same room.
trait Mind<G: Game>: Send {
    fn think(&mut self, sight: &Sight<'_, G>) -> G::Input;
}

struct MindOf<G: Bots>(G::Bot);

impl<G: Bots> Mind<G> for MindOf<G> {
    fn think(&mut self, sight: &Sight<'_, G>) -> G::Input {
        G::think(&mut self.0, sight)
    }
}

fn mind<G: Bots>(number: usize, seed: u64) -> Box<dyn Mind<G>> {
    let plays = |behaviour: &&&str| Some(**behaviour) != G::SNIPER;
    let playing = G::BEHAVIOURS.iter().filter(plays).count();
    let behaviour = G::BEHAVIOURS.iter().filter(plays).nth(number % playing.max(1));
    let bot = behaviour.and_then(|behaviour| G::bot(behaviour, seed));
    Box::new(MindOf::<G>(bot.expect("a game with bots has a character that plays")))
}

/// A player that is a bot.
struct Bot<G: Game> {
    player: PlayerId,
    name: String,
    mind: Box<dyn Mind<G>>,
    /// What it wants in the next tick, once it has seen one.
    input: Option<G::Input>,
    /// What it saw when it thought last.
    in_view: Vec<EntityId>,
}

/// The bots of one room.
pub(super) struct Crew<G: Game> {
    fill: Option<BotFill<G>>,
    /// What the room's chance comes from.
    seed: u64,
    /// In the order in which they came.
    bots: Vec<Bot<G>>,
    /// How many have come so far.
    hired: u64,
    /// None comes before this tick. Nothing is missing, or nobody needs to wait for it: `None`.
    due: Option<Tick>,
    eyes: Eyes<G>,
}

impl<G: Game> fmt::Debug for Crew<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<_> = self.members().collect();
        f.debug_struct("Crew").field("fill", &self.fill).field("members", &members).finish_non_exhaustive()
    }
}

/// The world right after a tick.
pub(super) struct World<'a, G: Game> {
    pub settings: &'a G::Settings,
    pub game: &'a G,
    pub layout: &'a Layout,
    /// Taken of this game, as it is.
    pub now: &'a Snapshot,
}

impl<G: Game> Crew<G> {
    pub fn new(fill: Option<BotFill<G>>, seed: u64) -> Self {
        Self { fill, seed, bots: Vec::new(), hired: 0, due: None, eyes: Eyes::default() }
    }

    /// How many bots there shall be beside so many people, where there may be `players_max` players.
    pub fn wanted(&self, people: usize, players_max: usize) -> usize {
        let players = self.fill.map_or(0, |fill| fill.players.min(players_max));
        players.saturating_sub(people)
    }

    /// Whether there can ever be any.
    pub fn is_on(&self) -> bool {
        self.fill.is_some()
    }

    pub fn len(&self) -> usize {
        self.bots.len()
    }

    /// Who they are, and what they are called, in the order in which they came.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (PlayerId, &str)> {
        self.bots.iter().map(|bot| (bot.player, &bot.name[..]))
    }

    /// Whether one may come.
    pub fn is_due(&self, now: Tick) -> bool {
        self.due.is_none_or(|due| due <= now)
    }

    /// Lets none come before this tick, if nobody is waited for already: who leaves next must not put that off.
    pub fn wait(&mut self, until: Tick) {
        self.due.get_or_insert(until);
    }

    /// Nobody is missing, or whoever is may come at once.
    pub fn settle(&mut self) {
        self.due = None;
    }

    /// Takes a player in; returns what it is called.
    pub fn hire(&mut self, player: PlayerId) -> &str {
        let fill = self.fill.expect("a room without bots hires none");
        let number = self.bots.len();
        let mind = (fill.mind)(number, scattered(self.seed, self.hired));
        self.hired += 1;
        self.bots.push(Bot { player, name: name(number), mind, input: None, in_view: Vec::new() });
        &self.bots[number].name
    }

    /// Lets the youngest go: who has been here for longer has a place in the score that somebody fights for.
    pub fn dismiss(&mut self) -> Option<PlayerId> {
        self.bots.pop().map(|bot| bot.player)
    }

    /// Adds what they want in the tick that comes; leaves all inputs ordered by the index of the player's id.
    pub fn give(&self, inputs: &mut Vec<PlayerInput<G::Input>>) {
        if self.bots.is_empty() {
            return;
        }
        inputs.extend(self.bots.iter().map(|bot| {
            let arrival = if bot.input.is_some() { Arrival::OnTime } else { Arrival::Neutral };
            let (player, input) = (bot.player, bot.input.unwrap_or_default());
            PlayerInput { player, input, arrival, counts: InputCounts::default() }
        }));
        inputs.sort_unstable_by_key(|entry| key_parts(entry.player).0);
    }

    /// Lets each of them decide on the tick that comes. They see what a client would be sent: nothing that is too far away or that the game
    /// hides, and nothing that only owners are told.
    ///
    /// Each thinks in every tick, because that is how characters are written: one that turns its head by so much per tick would be slow
    /// if it were asked less often.
    pub fn think(&mut self, world: &World<'_, G>, sight_lines: &mut SightLines) {
        let World { settings, game, now, .. } = *world;
        self.eyes.open();
        for bot in &mut self.bots {
            let place = game.own(bot.player).and_then(|own| now.find(own));
            let own = place.map(|place| now.id(place));
            let viewer = Viewer::Player(bot.player);
            let is_in_view = |id| {
                let place = bot.in_view.binary_search_by_key(&key_parts(id).0, |other| key_parts(*other).0);
                place.is_ok_and(|place| bot.in_view[place] == id)
            };
            let visible = sight_lines.visible(game, viewer, own, now, is_in_view);
            bot.in_view.clear();
            match visible {
                Visible::These(places) => {
                    bot.in_view.extend(places.iter().map(|place| now.id(*place as usize)));
                }
                Visible::All if game.interest(viewer).is_some() => {
                    bot.in_view.extend(now.iter().map(|(id, _)| id));
                }
                Visible::All => {}
            }
            let others = self.eyes.others(world, visible, place);
            let body =
                place.map(|place| now.row(place)).map(|row| G::Entity::from_row(row.kind, row.columns));
            let sight = Sight { tick: now.tick().plus(1), settings, own: own.zip(body.as_ref()), others };
            bot.input = Some(bot.mind.think(&sight));
        }
    }
}

/// Memory for what bots see in one tick, one after the other.
struct Eyes<G: Game> {
    /// Everything there is, made for the first who sees all.
    all: Vec<(EntityId, G::Entity)>,
    /// Whose place in `all` and the last one are exchanged.
    moved: Option<usize>,
    some: Vec<(EntityId, G::Entity)>,
    row: Vec<u32>,
}

impl<G: Game> Default for Eyes<G> {
    fn default() -> Self {
        Self { all: Vec::new(), moved: None, some: Vec::new(), row: Vec::new() }
    }
}

impl<G: Game> Eyes<G> {
    /// Forgets the tick before.
    fn open(&mut self) {
        self.all.clear();
        self.moved = None;
    }

    /// What is visible, but for what stands at the place `own`.
    fn others(
        &mut self,
        world: &World<'_, G>,
        visible: Visible<'_>,
        own: Option<usize>,
    ) -> &[(EntityId, G::Entity)] {
        let Self { all, moved, some, row } = self;
        let World { layout, now, .. } = *world;
        let mut entity = |place: usize| {
            let row = layout.public(now.row(place), row);
            (now.id(place), G::Entity::from_row(row.kind, row.columns))
        };
        match visible {
            Visible::These(places) => {
                let others = places.iter().map(|place| *place as usize).filter(|place| Some(*place) != own);
                some.clear();
                some.extend(others.map(entity));
                some
            }
            Visible::All => {
                if all.is_empty() {
                    all.extend((0..now.len()).map(&mut entity));
                }
                // One copy serves for everybody: who looks stands at the end meanwhile, and is left out.
                let end = all.len();
                if let Some(place) = moved.take() {
                    all.swap(place, end - 1);
                }
                let Some(own) = own else { return all };
                *moved = Some(own);
                all.swap(own, end - 1);
                &all[..end - 1]
            }
        }
    }
}

/// What the bot with this number is called. Those before it are here as well.
fn name(number: usize) -> String {
    let (round, name) = (number / NAMES.len(), NAMES[number % NAMES.len()]);
    if round == 0 {
        return format!("{BOT_NAME_PREFIX}{name}");
    }
    format!("{BOT_NAME_PREFIX}{name}-{}", round + 1)
}

/// The seed of one of many, of which no two go together: `SplitMix64` (S. Vigna).
fn scattered(seed: u64, number: u64) -> u64 {
    let mut mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
