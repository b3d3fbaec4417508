//! Owns the account of where the bytes of snapshots go: by part of a frame, and by kind and field.

use crate::layout::Layout;
use serde::{Deserialize, Serialize};

/// Bits spent on snapshots, over all receivers. All counts only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Frames.
    pub frames: u64,
    /// Their bytes, with everything that travels in them.
    pub bytes: u64,
    /// Bits by part of a frame. All parts and all kinds together are all bytes.
    pub bits: PartBits,
    /// By kind, in the schema's order.
    pub kinds: Vec<KindUsage>,
}

/// What is not spent on rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartBits {
    /// The snapshot message around its body, and a client's greeting.
    pub envelope: u64,
    /// The list of what left.
    pub left: u64,
    /// The list of what entered, without the rows; how much waits.
    pub entered: u64,
    /// Which entity is the own one.
    pub own: u64,
    /// The list of what was held back.
    pub held_back: u64,
    /// The bits that say of active slots whether they changed.
    pub active: u64,
    /// The list of other slots that changed.
    pub woken: u64,
    /// The bits that say whether anything changed of what only owners are told.
    pub owner: u64,
    /// What fills the last byte of a body.
    pub padding: u64,
    /// Events, chat, comings and goings, reports.
    pub notices: u64,
}

/// What is spent on the rows of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindUsage {
    /// The kind's name.
    pub name: String,
    /// Whole rows.
    pub entered: u64,
    /// Rows of which changes were told.
    pub changed: u64,
    /// Bits that say the kind, and which groups of columns changed.
    pub group_bits: u64,
    /// By field.
    pub fields: Vec<FieldUsage>,
}

/// What is spent on one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldUsage {
    /// The field's name.
    pub name: String,
    /// Bits in whole rows.
    pub entered_bits: u64,
    /// Bits in changes. What only the owner is told is always told as a change.
    pub changed_bits: u64,
}

impl Usage {
    /// Nothing spent yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let kinds = layout.schema().kinds.iter().map(|kind| KindUsage {
            name: kind.name.clone(),
            fields: kind
                .fields
                .iter()
                .map(|field| FieldUsage { name: field.name.clone(), ..FieldUsage::default() })
                .collect(),
            ..KindUsage::default()
        });
        Self { kinds: kinds.collect(), ..Self::default() }
    }

    /// The sum of all parts and kinds: eight times [`Usage::bytes`].
    #[must_use]
    pub fn bits_total(&self) -> u64 {
        let PartBits { envelope, left, entered, own, held_back, active, woken, owner, padding, notices } =
            &self.bits;
        let parts = envelope + left + entered + own + held_back + active + woken + owner + padding + notices;
        parts + self.row_bits()
    }

    /// The sum of all kinds.
    pub(crate) fn row_bits(&self) -> u64 {
        let of_kind = |kind: &KindUsage| {
            let fields = kind.fields.iter().map(|field| field.entered_bits + field.changed_bits);
            kind.group_bits + fields.sum::<u64>()
        };
        self.kinds.iter().map(of_kind).sum()
    }
}
