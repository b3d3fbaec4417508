//! Owns the rewinding of the world to what a player saw when it acted: lag compensation, as far as a room allows it.
//!
//! The idea is Valve's (Y. Bernier, "Latency Compensating Methods in Client/Server In-game Protocol Design and
//! Optimization", 2001): who aims well at what it sees shall hit, however long its way to the server is. Here a command says
//! what moment was drawn, and the server draws that moment again, by the same function, from the snapshots that this client got.

use crate::{
    EntityId, Game, History, Layout, Moment, PlayerId, Replicate, Row, SlotTable, Snapshot, Tick, between,
};
use std::marker::PhantomData;

/// What a room knows of what its players saw.
pub trait Hindsight {
    /// What a player saw when it gave the input of this tick; `None` if it has not acted yet.
    fn seen(&self, player: PlayerId) -> Option<Seen<'_>>;
}

/// What a player saw.
#[derive(Copy, Clone, Debug)]
pub struct Seen<'a> {
    /// The game's layout.
    pub layout: &'a Layout,
    /// The rows of all ticks of late.
    pub history: &'a History<Snapshot>,
    /// What is in the player's view.
    pub table: &'a SlotTable,
    /// What was drawn, as far as the room believes it.
    pub moment: Moment,
    /// What the player says was drawn.
    pub claimed: Moment,
    /// The snapshot that the client drew from: the last one that it had got up to that moment.
    pub from: Tick,
    /// And the next one, if the client had got it.
    pub to: Option<Tick>,
}

/// The world as one player saw it: see [`TickContext::rewound`](crate::TickContext::rewound).
pub struct Rewound<'a, G: Game> {
    player: PlayerId,
    now: Tick,
    seen: Option<Seen<'a>>,
    game: PhantomData<G>,
}

/// A hit, and what was rewound for it.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize)]
pub struct HitRecord {
    /// The tick in which it counted.
    pub tick: Tick,
    /// Who hit.
    pub shooter: PlayerId,
    /// What.
    pub target: EntityId,
    /// How many ticks before that tick the moment lies that the shooter says it saw.
    pub claimed_ticks: f64,
    /// How many ticks the target was rewound; 0 if it was not.
    pub rewound_ticks: f64,
}

impl<'a, G: Game> Rewound<'a, G> {
    pub(crate) fn new(player: PlayerId, now: Tick, seen: Option<Seen<'a>>) -> Self {
        Self { player, now, seen, game: PhantomData }
    }

    /// An entity as the player saw it, or `None` if it is to be taken as it is now: the player's own, what was never sent to it, what is not
    /// there any more, and what has [teleported](Game::teleported) since (nobody is hit where it is not any more by a leap).
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<G::Entity> {
        let Seen { layout, history, table, moment, from, to, .. } = self.seen?;
        if table.own() == Some(id) || table.since(id).is_none_or(|since| since > from) {
            return None;
        }
        let row = |tick: Tick| history.get(tick)?.get(id);
        let (newest, _) = history.newest()?;
        let unbroken = (from.0..newest.0).map(Tick).all(|tick| goes_on::<G>(row(tick), row(tick.plus(1))));
        if !unbroken {
            return None;
        }
        // What has waited since then, or began to wait with the next snapshot, was drawn on from the row that the player had of it.
        let held = table.row_tick(id, from).min(from);
        let to = to.filter(|to| table.row_tick(id, *to) >= *to).and_then(|to| Some((to, row(to)?)));
        let part = f32::from(moment.part) / 256.0;
        Some(between::<G>(layout, (held, row(held)?), to, (moment.tick, part)))
    }

    /// What is to be remembered of a hit on an entity.
    #[must_use]
    pub fn record(&self, target: EntityId, was_rewound: bool) -> HitRecord {
        let ago = |moment: Moment| Moment::at(self.now).since(moment);
        HitRecord {
            tick: self.now,
            shooter: self.player,
            target,
            claimed_ticks: self.seen.map_or(0.0, |seen| ago(seen.claimed)),
            rewound_ticks: self.seen.filter(|_| was_rewound).map_or(0.0, |seen| ago(seen.moment)),
        }
    }
}

/// Whether an entity was there at both of two ticks, and came from one to the other without a leap.
fn goes_on<G: Game>(from: Option<Row<'_>>, to: Option<Row<'_>>) -> bool {
    let (Some(from), Some(to)) = (from, to) else { return false };
    from == to || from.kind == to.kind && !G::teleported(&entity::<G>(from), &entity::<G>(to))
}

fn entity<G: Game>(row: Row<'_>) -> G::Entity {
    G::Entity::from_row(row.kind, row.columns)
}
