//! Owns the state of a match, and the order in which a tick happens.

use crate::pickup::Stand;
use crate::rules::{PLAYER_RADIUS_METRES, TICK_RATE_HZ};
use crate::spawn::fresh_player;
use crate::{Entity, Event, Input, Player, Segment, Settings, Weapon, step};
use rand_core::SeedableRng;
use rand_pcg::Pcg32;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tickwire_shared::glam::Vec2;
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::{Audience, EntityId, Game, PlayerId, PredictContext, Refusal, Replicate, TickContext};

/// What a tick of this game is handed.
pub(crate) type Context<'a> = TickContext<'a, Arena>;

/// A match. The rules never go through `entities` in the order of ids: which ids are free is not
/// stored with a match, so a restored one hands out others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arena {
    pub(crate) entities: SlotMap<EntityId, Entity>,
    /// One per player in the room.
    pub(crate) seats: SecondaryMap<PlayerId, Seat>,
    /// The shots in the air, oldest first.
    pub(crate) shots: VecDeque<EntityId>,
    /// One per place of the map, in its order.
    pub(crate) stands: Vec<Stand>,
    pub(crate) random: Pcg32,
}

/// What a player has beyond what is seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Its body, from join to leave.
    pub body: EntityId,
    /// While dead: until it comes back.
    pub respawn_in_ticks: u16,
}

/// A weapon that went off in this tick.
pub(crate) struct Firing {
    pub weapon: Weapon,
    pub shooter: PlayerId,
    pub from: Vec2,
    pub aim: Vec2,
}

/// Where a living player stands in this tick: a copy, for the many tests of who is near.
pub(crate) struct Body {
    pub id: EntityId,
    pub player: PlayerId,
    pub pos: Vec2,
}

impl Game for Arena {
    const NAME: &'static str = "arena";
    const VERSION: u32 = 2;
    const TICK_RATE_HZ: u32 = TICK_RATE_HZ;
    const CODES: &'static str = include_str!("../codes.txt");
    const PREDICTS: bool = true;

    type Settings = Settings;
    type Input = Input;
    type Entity = Entity;
    type Event = Event;

    /// # Panics
    /// If nobody can play on the settings' map.
    fn new(settings: &Settings, seed: u64) -> Self {
        if let Err(fault) = settings.map.check() {
            panic!("{fault}");
        }
        Self {
            entities: SlotMap::with_key(),
            seats: SecondaryMap::new(),
            shots: VecDeque::new(),
            stands: vec![Stand::default(); settings.map.places.len()],
            random: Pcg32::seed_from_u64(seed),
        }
    }

    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        // Comes in dead: the next tick's respawn finds it a place, before anybody is shown it.
        let body = self.entities.insert(Entity::Player(fresh_player(player)));
        self.seats.insert(player, Seat { body, respawn_in_ticks: 0 });
        Ok(())
    }

    fn leave(&mut self, player: PlayerId) {
        // Its shots fly on: who evades them must not be saved by a disconnect.
        let seat = self.seats.remove(player).expect("only who joined leaves");
        self.entities.remove(seat.body);
    }

    fn tick(&mut self, cx: &mut Context<'_>) {
        let firings = self.step_players(cx);
        let bodies = self.bodies();
        for firing in firings {
            self.fire(cx, &bodies, &firing);
        }
        self.fly_shots(cx, &bodies);
        self.serve_pickups(cx, &bodies);
        self.respawn_dead(cx);
        self.snap_players();
    }

    fn entities(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        self.entities.iter()
    }

    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.seats.get(player).map(|seat| seat.body)
    }

    fn keep_late(late: &Input, input: &mut Input) {
        input.buttons |= late.buttons;
    }

    fn predict(cx: &mut PredictContext<'_, Self>) {
        let Entity::Player(player) = &mut *cx.own else { return };
        if let Some(weapon) = step(cx.settings, player, cx.input) {
            let shot = Event::of_shot(&cx.settings.map, player, weapon);
            cx.emit(shot);
        }
    }

    fn is_same_event(predicted: &Event, told: &Event) -> bool {
        predicted.is_same_shot(told)
    }

    fn disturbances(entity: &Entity) -> u32 {
        entity.player().map_or(0, |player| player.disturbances.into())
    }

    fn teleported(from: &Entity, to: &Entity) -> bool {
        matches!((from.player(), to.player()), (Some(from), Some(to)) if !from.alive && to.alive)
    }

    fn describe(event: &Event, name: &dyn Fn(PlayerId) -> String) -> String {
        event.line(name)
    }
}

impl Arena {
    /// Moves everybody on by their own input, and nothing else: what a client predicts.
    fn step_players(&mut self, cx: &Context<'_>) -> Vec<Firing> {
        let mut firings = Vec::new();
        for entry in cx.players() {
            let body = self.seats[entry.player].body;
            let player = self.player_mut(body);
            if let Some(weapon) = step(cx.settings, player, &entry.input) {
                let aim = Vec2::from_angle(player.aim);
                firings.push(Firing { weapon, shooter: entry.player, from: player.pos, aim });
            }
        }
        firings
    }

    /// Lets a weapon go off. All weapons of a tick do, also those of who just fell: nobody gains by the order
    /// of players.
    fn fire(&mut self, cx: &mut Context<'_>, bodies: &[Body], firing: &Firing) {
        match firing.weapon {
            Weapon::Launcher => {
                self.launch(firing);
                let shooter = firing.shooter;
                cx.emit(Audience::Only(shooter), Event::Launched { shooter });
            }
            Weapon::Rail => self.rail(cx, bodies, firing),
        }
    }

    /// Puts every body on the wire's grid. Shots and pick-ups are on it since they were made.
    fn snap_players(&mut self) {
        for seat in self.seats.values() {
            self.entities[seat.body].snap();
        }
    }

    fn bodies(&self) -> Vec<Body> {
        let bodies = self.seats.iter().map(|(player, seat)| (player, seat.body, self.player(seat.body)));
        let living = bodies.filter(|(_, _, body)| body.alive);
        living.map(|(player, id, body)| Body { id, player, pos: body.pos }).collect()
    }

    /// The living player that a shot of `shooter` hits first on this way, and at what part of it.
    pub(crate) fn first_body(
        &self,
        bodies: &[Body],
        way: Segment,
        radius: f32,
        shooter: PlayerId,
    ) -> Option<(EntityId, f32)> {
        let reach = PLAYER_RADIUS_METRES + radius;
        // Most players are far away: four comparisons tell.
        let near = way.bounds().grown(reach);
        bodies
            .iter()
            .filter(|body| near.contains(body.pos) && body.player != shooter)
            .filter_map(|body| Some((body.id, way.enters_circle(body.pos, reach)?)))
            .filter(|(id, _)| self.player(*id).alive)
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    pub(crate) fn player(&self, body: EntityId) -> &Player {
        self.entities[body].player().expect("a body is a player")
    }

    pub(crate) fn player_mut(&mut self, body: EntityId) -> &mut Player {
        let Entity::Player(player) = &mut self.entities[body] else { panic!("a body is a player") };
        player
    }
}
