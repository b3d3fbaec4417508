//! Owns where the bytes go, as the real server explains it in `GET /explain/ROOM`: summed over the rooms, and told
//! per client tick.

use crate::{Outcome, http};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

const NOT_FOUND: u16 = 404;
const OK: u16 = 200;

/// What all rooms have sent, by part: bits, since they were opened. Parts have names, so that a server may tell of
/// more of them, or of fewer, than this knows.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    frames: u64,
    bytes: u64,
    bits: BTreeMap<String, u64>,
    /// Rows by kind and what became of them.
    rows: BTreeMap<String, u64>,
}

/// The answer for one room.
#[derive(Deserialize)]
struct Answer {
    frames: u64,
    bytes: u64,
    bits: BTreeMap<String, u64>,
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    name: String,
    entered: u64,
    changed: u64,
    group_bits: u64,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    entered_bits: u64,
    changed_bits: u64,
}

/// Asks for all these rooms; `None` if the server does not explain.
pub async fn ask(address: &str, rooms: impl Iterator<Item = &str>) -> Outcome<Option<Explained>> {
    let mut explained = Explained::default();
    for room in rooms {
        match http::get(address, &format!("/explain/{room}")).await? {
            (OK, body) => explained.take_in(serde_json::from_str(&body)?),
            (NOT_FOUND, _) => return Ok(None),
            (status, body) => return Err(format!("GET /explain/{room} was answered {status}: {body}").into()),
        }
    }
    Ok(Some(explained))
}

impl Explained {
    fn take_in(&mut self, answer: Answer) {
        self.frames += answer.frames;
        self.bytes += answer.bytes;
        answer.bits.into_iter().for_each(|(part, bits)| self.part(part, bits));
        for Kind { name, entered, changed, group_bits, fields } in answer.kinds {
            *self.rows.entry(format!("{name}, entered")).or_default() += entered;
            *self.rows.entry(format!("{name}, changed")).or_default() += changed;
            self.part(format!("{name}: which groups changed"), group_bits);
            for Field { name: field, entered_bits, changed_bits } in fields {
                self.part(format!("{name}.{field}, entered"), entered_bits);
                self.part(format!("{name}.{field}, changed"), changed_bits);
            }
        }
    }

    fn part(&mut self, part: String, bits: u64) {
        *self.bits.entry(part).or_default() += bits;
    }

    /// What was sent in between.
    pub fn since(self, before: &Self) -> Self {
        Self {
            frames: self.frames - before.frames,
            bytes: self.bytes - before.bytes,
            bits: changes(self.bits, &before.bits, |now, before| now - before),
            rows: changes(self.rows, &before.rows, |now, before| now - before),
        }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
            bits: changes(self.bits, &other.bits, |one, other| one + other),
            rows: changes(self.rows, &other.rows, |one, other| one + other),
        }
    }
}

type Counts = BTreeMap<String, u64>;

fn changes(counts: Counts, by: &Counts, change: fn(u64, u64) -> u64) -> Counts {
    let changed = |(name, count)| {
        let by = by.get(&name).copied().unwrap_or_default();
        (name, change(count, by))
    };
    counts.into_iter().map(changed).collect()
}

/// Where the bytes went in all rounds together. The names are those of the JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    bytes_per_client_tick: f64,
    /// The greatest first.
    parts: Vec<Part>,
    rows_per_client_tick: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Serialize)]
struct Part {
    name: String,
    bytes_per_client_tick: f64,
    /// Of all bytes; 1 is all of them.
    share: f64,
}

impl Explanation {
    pub fn of(rounds: &[Explained]) -> Self {
        let total = rounds[1..].iter().fold(rounds[0].clone(), Explained::and);
        let frames = total.frames.max(1) as f64;
        let told: u64 = total.bits.values().sum();
        // Negative if the server tells of more than it has sent.
        let untold = ((total.bytes * 8) as f64 - told as f64, "(not explained)".to_owned());
        let told = total.bits.into_iter().filter(|(_, bits)| *bits > 0);
        let parts = told.map(|(name, bits)| (bits as f64, name));
        let part = |(bits, name): (f64, String)| Part {
            name,
            bytes_per_client_tick: bits / 8.0 / frames,
            share: bits / 8.0 / total.bytes.max(1) as f64,
        };
        let mut parts: Vec<Part> = parts.chain((untold.0 != 0.0).then_some(untold)).map(part).collect();
        parts.sort_by(|a, b| b.share.total_cmp(&a.share));
        Self {
            bytes_per_client_tick: total.bytes as f64 / frames,
            parts,
            rows_per_client_tick: total.rows.into_iter().map(|(name, n)| (name, n as f64 / frames)).collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:<34}{:>10}{:>10}", "where the bytes go", "per tick", "share")?;
        for Part { name, bytes_per_client_tick, share } in &self.parts {
            writeln!(f, "  {name:<34}{bytes_per_client_tick:>10.3}{:>8.1} %", share * 100.0)?;
        }
        writeln!(f, "  {:<34}{:>10.3}", "all", self.bytes_per_client_tick)?;
        for (name, rows) in &self.rows_per_client_tick {
            writeln!(f, "  {:<34}{rows:>10.3}", format!("rows of {name}"))?;
        }
        Ok(())
    }
}
