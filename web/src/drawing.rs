//! Owns the array of what there is to draw: every entity as numbers, by the game's field tables.

use crate::json::json;
use serde::Serialize;
use std::f64::consts::TAU;
use std::time::Duration;
use tickwire_client::Client;
use tickwire_shared::slotmap::Key;
use tickwire_shared::{EntityId, Field, FieldKind, Game, Kind, Replicate, key_parts};

/// A flag of an entity: it is the player's own.
pub const OWN: u32 = 1;
/// A flag of an entity: it is drawn in the present, as this client predicts it.
pub const PREDICTED: u32 = 2;
/// A flag of an entity: it is not another one, but where the server's newest snapshot has the player's own.
pub const GHOST: u32 = 4;

/// How far the generation is above the index in an id as one number.
const GENERATION: f64 = (1u32 << 20) as f64;

/// A player's or an entity's id as one number; 0 for none. In JSON an id is an object: `version * 2^20 + idx` is this number.
#[must_use]
pub fn id_number(key: impl Key) -> f64 {
    let (index, generation) = if key.is_null() { (0, 0) } else { key_parts(key) };
    number(index, generation)
}

/// Exact: there are at most 2^16 entities, and so many players.
fn number(index: u32, generation: u32) -> f64 {
    f64::from(generation) * GENERATION + f64::from(index)
}

/// A kind of entities as the page is told of it.
#[derive(Serialize)]
struct KindNames {
    name: String,
    fields: Vec<FieldNames>,
}

/// One number of an entity.
#[derive(Serialize)]
struct FieldNames {
    name: String,
    /// What the number is the place of, if it is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

/// What the numbers of [`Drawing::draw`] mean, as JSON: for each kind of entity its name and its fields. The halves of a key are one
/// field, without a suffix.
pub(crate) fn kinds_json<G: Game>() -> String {
    let field = |field: &Field| match &field.kind {
        FieldKind::KeyIndex => None,
        FieldKind::KeyGeneration => {
            let name = field.name.trim_end_matches(".generation").to_owned();
            Some(FieldNames { name, names: Vec::new() })
        }
        FieldKind::Choice { names } => Some(FieldNames { name: field.name.clone(), names: names.clone() }),
        _ => Some(FieldNames { name: field.name.clone(), names: Vec::new() }),
    };
    let kinds: Vec<KindNames> = G::Entity::kinds()
        .iter()
        .map(|kind| KindNames {
            name: kind.name.clone(),
            fields: kind.fields.iter().filter_map(field).collect(),
        })
        .collect();
    json(&kinds).unwrap_or_default()
}

/// Memory for the array.
pub(crate) struct Drawing<G: Game> {
    kinds: Vec<Kind>,
    entities: Vec<(EntityId, G::Entity)>,
    row: Vec<u32>,
}

impl<G: Game> Drawing<G> {
    pub fn new() -> Self {
        Self { kinds: G::Entity::kinds(), entities: Vec::new(), row: Vec::new() }
    }

    /// Everything there is to draw: what is predicted (the own entity first), then all others, then the ghost. For each the id, the kind,
    /// the flags, and a number for each field of [`kinds_json`].
    pub fn draw(&mut self, client: &Client<G>, now: Duration) -> Vec<f64> {
        let mut numbers = Vec::new();
        let own = client.own().map(|(id, _)| id);
        let predicted = if client.is_predicting() { PREDICTED } else { 0 };
        client.predicted_view(now, &mut self.entities);
        self.append(&mut numbers, |id| if Some(id) == own { OWN | predicted } else { predicted });
        client.view(now, &mut self.entities);
        self.append(&mut numbers, |_| 0);
        if let Some((id, row)) = client.held().own().and_then(|id| Some((id, client.held().get(id)?))) {
            append_row(&mut numbers, &self.kinds, (id, OWN | GHOST), row.kind, row.columns);
        }
        numbers
    }

    fn append(&mut self, numbers: &mut Vec<f64>, flags: impl Fn(EntityId) -> u32) {
        for (id, entity) in &self.entities {
            self.row.clear();
            entity.write_row(&mut self.row);
            append_row(numbers, &self.kinds, (*id, flags(*id)), entity.kind(), &self.row);
        }
    }
}

fn append_row(
    numbers: &mut Vec<f64>,
    kinds: &[Kind],
    (id, flags): (EntityId, u32),
    kind: usize,
    columns: &[u32],
) {
    numbers.extend([id_number(id), kind as f64, f64::from(flags)]);
    let mut index = 0;
    for (field, &column) in kinds[kind].fields.iter().zip(columns) {
        numbers.push(match &field.kind {
            FieldKind::KeyIndex => {
                index = column;
                continue;
            }
            FieldKind::KeyGeneration => number(index, column),
            FieldKind::Range { min, step, .. } => min + f64::from(column) * step,
            FieldKind::Angle { bits } => f64::from(column) * TAU / f64::from(1u32 << bits),
            FieldKind::Int { min, .. } => *min as f64 + f64::from(column),
            FieldKind::Flag | FieldKind::Choice { .. } => f64::from(column),
        });
    }
}
