//! Owns the description of what is replicated: fields with their ranges and steps, the hash of the whole,
//! and the readable difference between two of them. Knows no values.

use crate::limits::DIFFERENCES_MAX;
use serde::{Deserialize, Serialize};

/// How a column of a row relates to the value that the game sees. A column is an integer from 0 to [`FieldKind::max`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FieldKind {
    /// A number in `min..=max`: column = round((value - min) / step).
    Range {
        /// Value of column 0.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Distance of two neighbouring values.
        step: f64,
    },
    /// An angle in radians, one full turn over 2^`bits` columns; wraps around.
    Angle {
        /// Width of the column.
        bits: u8,
    },
    /// A whole number: column = value - min.
    Int {
        /// Value of column 0.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// False is 0, true is 1.
    Flag,
    /// One of these names, by its place in the list.
    Choice {
        /// The names, in order.
        names: Vec<String>,
    },
    /// The index half of a player's or entity's id.
    KeyIndex,
    /// The generation half of a player's or entity's id.
    KeyGeneration,
}

impl FieldKind {
    /// The greatest value of the column.
    #[must_use]
    pub fn max(&self) -> u32 {
        match self {
            Self::Range { min, max, step } => ((max - min) / step).round() as u32,
            Self::Angle { bits } => u32::MAX >> (32 - u32::from(*bits)),
            Self::Int { min, max } => (max - min) as u32,
            Self::Flag => 1,
            Self::Choice { names } => names.len().saturating_sub(1) as u32,
            Self::KeyIndex | Self::KeyGeneration => u32::MAX,
        }
    }

    /// How many bits hold every value of the column.
    #[must_use]
    pub fn bits(&self) -> u32 {
        32 - self.max().leading_zeros()
    }
}

impl std::fmt::Display for FieldKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Range { min, max, step } => write!(f, "{min:?}..={max:?} by {step:?}"),
            Self::Angle { bits } => write!(f, "angle of {bits} bits"),
            Self::Int { min: 0, max: 255 } => write!(f, "u8"),
            Self::Int { min: 0, max: 65_535 } => write!(f, "u16"),
            Self::Int { min, max } => write!(f, "int {min}..={max}"),
            Self::Flag => write!(f, "flag"),
            Self::Choice { names } => write!(f, "one of {}", names.join("|")),
            Self::KeyIndex => write!(f, "id index"),
            Self::KeyGeneration => write!(f, "id generation"),
        }
    }
}

/// What both ends expect a column to be, before they are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Predict {
    /// As it was.
    Hold,
    /// Going on as it went between the last two rows that the client holds.
    Linear,
    /// Moving by what another field of the same row, its rate per second, now says: that field's name.
    Rate(String),
}

/// One column of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The field's name in the game; a vector's parts are `pos.x`, `pos.y`.
    pub name: String,
    /// What the column means.
    pub kind: FieldKind,
    /// What is expected of it.
    pub predict: Predict,
    /// Whether only the entity's own player is told.
    pub owner_only: bool,
    /// The prefix code of its residuals: each class's length in bits, from class 0 to the column's width
    /// ([`FieldKind::bits`]). Empty: the built-in code.
    pub code: Vec<u8>,
}

impl Field {
    fn summary(&self) -> String {
        let predict = match &self.predict {
            Predict::Hold => None,
            Predict::Linear => Some("linear".to_owned()),
            Predict::Rate(rate) => Some(format!("moved by {rate}")),
        };
        let owner = self.owner_only.then(|| "owner only".to_owned());
        let code = (!self.code.is_empty()).then(|| format!("code {:?}", self.code));
        let notes: Vec<String> = predict.into_iter().chain(owner).chain(code).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        format!("{}{notes}", self.kind)
    }
}

/// One kind of entity: its name and its columns, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    /// The kind's name in the game.
    pub name: String,
    /// Its columns.
    pub fields: Vec<Field>,
}

/// Everything about a game that both ends must agree on before the first snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// [`Game::NAME`](crate::Game::NAME).
    pub game: String,
    /// [`Game::VERSION`](crate::Game::VERSION).
    pub version: u32,
    /// [`Game::TICK_RATE_HZ`](crate::Game::TICK_RATE_HZ).
    pub tick_rate_hz: u32,
    /// The kinds of entities; a row names its kind by its place here.
    pub kinds: Vec<Kind>,
}

impl Schema {
    /// The schema of a game.
    ///
    /// # Panics
    /// If the game's codes are not for its fields: see [`Schema::try_of`].
    #[must_use]
    pub fn of<G: crate::Game>() -> Self {
        Self::try_of::<G>().unwrap_or_else(|fault| panic!("{}: {fault}", G::NAME))
    }

    /// The schema of a game, whose codes may be those of an older version of it.
    ///
    /// # Errors
    /// In words, if [`Game::CODES`](crate::Game::CODES) names a field that there is not, or cannot be understood.
    pub fn try_of<G: crate::Game>() -> Result<Self, String> {
        let mut schema = Self {
            game: G::NAME.to_owned(),
            version: G::VERSION,
            tick_rate_hz: G::TICK_RATE_HZ,
            kinds: <G::Entity as crate::Replicate>::kinds(),
        };
        schema.set_codes(G::CODES).map_err(|fault| format!("CODES: {fault}"))?;
        Ok(schema)
    }

    /// Gives fields the prefix codes of a text: see [`Game::CODES`](crate::Game::CODES).
    ///
    /// # Errors
    /// In words, with the line, if it names no field or holds something else than numbers.
    pub fn set_codes(&mut self, text: &str) -> Result<(), String> {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, lengths) = line.split_once(':').ok_or_else(|| format!("`{line}` has no colon"))?;
            let (kind, field) = name.split_once('.').unwrap_or((name, ""));
            let kind = self.kinds.iter_mut().find(|other| other.name == kind);
            let field = kind.and_then(|kind| kind.fields.iter_mut().find(|other| other.name == field));
            let field = field.ok_or_else(|| format!("there is no field `{name}`"))?;
            let lengths = lengths.split_whitespace().map(str::parse).collect::<Result<Vec<u8>, _>>();
            field.code = lengths.map_err(|error| format!("`{line}`: {error}"))?;
        }
        Ok(())
    }

    /// A number that two schemas share only if they are equal: FNV-1a (64 bits) over the schema's encoding.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let bytes = crate::encode(self);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// What differs, in words: one line per difference, from the point of view of who holds `self`. Empty if equal.
    ///
    /// ```text
    /// Player.hp: u16 here, u8 there
    /// ```
    #[must_use]
    pub fn difference(&self, there: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        differ(&mut lines, "game", Some(self.game.clone()), Some(there.game.clone()));
        differ(&mut lines, "version", Some(self.version), Some(there.version));
        differ(&mut lines, "tick rate", Some(self.tick_rate_hz), Some(there.tick_rate_hz));
        for place in 0..self.kinds.len().max(there.kinds.len()) {
            match (self.kinds.get(place), there.kinds.get(place)) {
                (Some(here), Some(there)) if here.name == there.name => {
                    differ_fields(&mut lines, here, there);
                }
                (here, there) => {
                    let what = format!("kind {place}");
                    differ(&mut lines, &what, here.map(|kind| &kind.name), there.map(|kind| &kind.name));
                }
            }
        }
        let more = lines.len().saturating_sub(DIFFERENCES_MAX);
        if more > 0 {
            lines.truncate(DIFFERENCES_MAX);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

fn differ<T: PartialEq + std::fmt::Display>(
    lines: &mut Vec<String>,
    what: &str,
    here: Option<T>,
    there: Option<T>,
) {
    if here != there {
        let say = |side: Option<T>| side.map_or_else(|| "missing".to_owned(), |value| value.to_string());
        lines.push(format!("{what}: {} here, {} there", say(here), say(there)));
    }
}

fn differ_fields(lines: &mut Vec<String>, here: &Kind, there: &Kind) {
    let before = lines.len();
    let find =
        |kind: &Kind, name: &str| kind.fields.iter().find(|field| field.name == name).map(Field::summary);
    for field in &here.fields {
        let what = format!("{}.{}", here.name, field.name);
        differ(lines, &what, Some(field.summary()), find(there, &field.name));
    }
    for field in there.fields.iter().filter(|field| find(here, &field.name).is_none()) {
        let what = format!("{}.{}", here.name, field.name);
        differ(lines, &what, None, Some(field.summary()));
    }
    if lines.len() == before && here.fields != there.fields {
        let order =
            |kind: &Kind| kind.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" ");
        differ(lines, &format!("order of {}", here.name), Some(order(here)), Some(order(there)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(max: i64) -> Schema {
        let field = |name: &str, max| Field {
            name: name.to_owned(),
            kind: FieldKind::Int { min: 0, max },
            predict: Predict::Hold,
            owner_only: false,
            code: vec![],
        };
        let kinds =
            vec![Kind { name: "Player".to_owned(), fields: vec![field("hp", max), field("score", 255)] }];
        Schema { game: "test".to_owned(), version: 1, tick_rate_hz: 30, kinds }
    }

    #[test]
    fn a_difference_names_the_field_and_both_sides() {
        assert_eq!(schema(65_535).difference(&schema(255)), ["Player.hp: u16 here, u8 there"]);
        assert_ne!(schema(65_535).hash(), schema(255).hash());
    }

    #[test]
    fn codes_are_for_fields_that_there_are() {
        let mut coded = schema(255);
        coded.set_codes("# trained\n\n  Player.hp: 1 2\t3 3 \n").unwrap();
        assert_eq!(coded.kinds[0].fields[0].code, [1, 2, 3, 3]);
        assert_eq!(schema(255).difference(&coded), ["Player.hp: u8 here, u8 (code [1, 2, 3, 3]) there"]);
        assert_ne!(schema(255).hash(), coded.hash(), "who does not know the code cannot read it");
        let fault = |text| schema(255).set_codes(text).unwrap_err();
        assert_eq!(fault("Player.mana: 1 1"), "there is no field `Player.mana`");
        assert_eq!(fault("Sheep: 1 1"), "there is no field `Sheep`");
        assert_eq!(fault("Player.hp 1 1"), "`Player.hp 1 1` has no colon");
        assert!(fault("Player.hp: 1 256").starts_with("`Player.hp: 1 256`: "));
    }

    #[test]
    fn missing_fields_swapped_fields_and_kinds_are_named() {
        let here = schema(255);
        let mut there = here.clone();
        there.kinds[0].fields.remove(1);
        there.kinds.push(Kind { name: "Shot".to_owned(), fields: vec![] });
        assert_eq!(
            here.difference(&there),
            ["Player.score: u8 here, missing there", "kind 1: missing here, Shot there"]
        );
        let mut swapped = here.clone();
        swapped.kinds[0].fields.swap(0, 1);
        assert_eq!(here.difference(&swapped), ["order of Player: hp score here, score hp there"]);
        assert!(here.difference(&here.clone()).is_empty());
    }
}
