//! A match without a server: it joins players, feeds their inputs to the rules and shows what comes of it.

#![allow(dead_code, reason = "each test uses its part")]

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use tickwire_arena::{Arena, Bot, Entity, Event, Input, Map, Player, Rect, Settings};
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::{
    Arrival, Audience, Bots, EntityId, Game, InputCounts, PlayerId, PlayerInput, Replicate, Sight, Tick,
    TickContext,
};

pub type Row = (usize, Vec<u32>);

pub struct Match {
    pub game: Arena,
    pub settings: Settings,
    pub tick: Tick,
    pub players: Vec<PlayerInput<Input>>,
    pub events: Vec<(Audience, Event)>,
}

impl Match {
    pub fn new(settings: Settings, seed: u64, players: usize) -> Self {
        let mut game = Arena::new(&settings, seed);
        let mut ids = SlotMap::<PlayerId, ()>::with_key();
        let players: Vec<_> = (0..players).map(|_| entry(ids.insert(()))).collect();
        for entry in &players {
            game.join(entry.player).expect("there is room");
        }
        let mut made = Self { game, settings, tick: Tick(0), players, events: vec![] };
        made.tick();
        made
    }

    /// One tick with the inputs in `players`; returns where its events begin.
    pub fn tick(&mut self) -> usize {
        let before = self.events.len();
        self.tick = self.tick.plus(1);
        let mut cx = TickContext::new(self.tick, &self.settings, &self.players, &mut self.events);
        self.game.tick(&mut cx);
        before
    }

    pub fn ticks(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| {
            self.tick();
        });
    }

    pub fn id(&self, index: usize) -> PlayerId {
        self.players[index].player
    }

    pub fn own_id(&self, index: usize) -> EntityId {
        self.game.own(self.id(index)).expect("it has joined")
    }

    pub fn own_entity(&self, index: usize) -> &Entity {
        let own = self.own_id(index);
        self.game.entities().find(|(id, _)| *id == own).expect("it is there").1
    }

    pub fn own(&self, index: usize) -> &Player {
        self.own_entity(index).player().expect("it is a player")
    }

    /// All rows, in an order that does not depend on ids.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<_> = self.game.entities().map(|(_, entity)| row(entity)).collect();
        rows.sort();
        rows
    }

    /// The same match, stored and restored.
    pub fn restored(&self) -> Self {
        let stored = serde_json::to_string(&self.game).expect("a match can be stored");
        let game = serde_json::from_str(&stored).expect("a stored match can be restored");
        let (settings, players, events) = (self.settings.clone(), self.players.clone(), self.events.clone());
        Self { game, settings, tick: self.tick, players, events }
    }

    pub fn count(&self, is_wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| is_wanted(event)).count()
    }

    pub fn pickups(&self) -> usize {
        self.game.entities().filter(|(_, entity)| matches!(entity, Entity::Pickup(_))).count()
    }
}

fn entry(player: PlayerId) -> PlayerInput<Input> {
    let (input, counts) = (Input::default(), InputCounts::default());
    PlayerInput { player, input, arrival: Arrival::OnTime, counts }
}

pub fn row(entity: &Entity) -> Row {
    let mut row = Vec::new();
    entity.write_row(&mut row);
    (entity.kind(), row)
}

pub struct Botmatch {
    pub room: Match,
    pub bots: Vec<Bot>,
}

impl Botmatch {
    /// A match on the default map, with one bot for each of these behaviours.
    pub fn new(seed: u64, behaviours: &[&str]) -> Self {
        let room = Match::new(Settings::default(), seed, behaviours.len());
        let seeds = (0..).map(|index| seed * 1000 + index);
        let bots = behaviours.iter().zip(seeds);
        let bots = bots.map(|(name, seed)| Arena::bot(name, seed).expect("it exists")).collect();
        Self { room, bots }
    }

    /// Lets every bot decide what it does in the next tick.
    pub fn think(&mut self) {
        let all: Vec<_> = self.room.game.entities().map(|(id, entity)| (id, entity.clone())).collect();
        for (index, bot) in self.bots.iter_mut().enumerate() {
            let own_id = self.room.own_id(index);
            let others: Vec<_> = all.iter().filter(|(id, _)| *id != own_id).cloned().collect();
            let own = Some((own_id, self.room.own_entity(index)));
            let sight =
                Sight { tick: self.room.tick.plus(1), settings: &self.room.settings, own, others: &others };
            self.room.players[index].input = Arena::think(bot, &sight);
        }
    }

    pub fn play(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.think();
            self.room.tick();
        }
    }

    pub fn scores(&self) -> Vec<i16> {
        (0..self.bots.len()).map(|index| self.room.own(index).score).collect()
    }
}

/// The default map, with nothing to pick up.
pub fn bare() -> Settings {
    Settings { map: Map { places: vec![], ..Map::default() } }
}

/// An empty hall, with a spawn point on its left and one on its right.
pub fn hall() -> Settings {
    let spawns = vec![Vec2::new(4.0, 5.0), Vec2::new(20.0, 5.0)];
    Settings { map: Map { size: Vec2::new(24.0, 10.0), walls: vec![], spawns, places: vec![] } }
}

/// Somebody who presses everything at random, often the extremes.
pub struct Monkey(Pcg32);

impl Monkey {
    pub fn new(seed: u64) -> Self {
        Self(Pcg32::seed_from_u64(seed))
    }

    /// Mostly what it held before: only who keeps going gets anywhere.
    pub fn next(&mut self, held: Input) -> Input {
        let dice = self.0.next_u32();
        if !dice.is_multiple_of(16) {
            return held;
        }
        let [move_x, move_y, buttons, edge] = self.0.next_u32().to_le_bytes();
        let (move_x, move_y) = (extreme(move_x, edge), extreme(move_y, edge >> 2));
        Input { move_x, move_y, aim: (dice >> 8) as u16, buttons }
    }
}

fn extreme(value: u8, edge: u8) -> i8 {
    match edge & 3 {
        0 => i8::MIN,
        1 => i8::MAX,
        2 => 0,
        _ => value as i8,
    }
}

/// Whether a player's circle is in a wall or beyond the map.
pub fn is_inside_a_wall(map: &Map, pos: Vec2) -> bool {
    let depth = |wall: &Rect| wall.nearest(pos).distance(pos) < 0.5;
    let room = Rect { min: Vec2::splat(0.5), max: map.size - 0.5 };
    map.walls.iter().any(depth) || !room.contains(pos)
}
