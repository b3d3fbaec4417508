//! The Tickwire protocol: what both ends of a connection must agree on, and nothing else.
//!
//! A game is one [`Game`] implementation. Its entities become rows of integers ([`replicate!`],
//! [`Layout`]), rows become [`Snapshot`]s, and a snapshot travels as the difference to what the receiver
//! already holds ([`DeltaWriter`], [`read_delta`]). This crate knows ticks and bytes: no socket,
//! clock, thread or log, so the same code runs in a server, a bot and a browser.

mod between;
mod bits;
mod bodies;
mod bots;
mod code;
mod columns;
mod delta;
mod drawn;
mod game;
mod held;
mod hindsight;
mod history;
mod layout;
pub mod limits;
mod message;
mod moment;
mod offer;
mod quantiser;
mod replicate;
mod rows;
mod schema;
mod slots;
mod snapshot;
mod spec;
mod tick;
mod training;
mod updates;
mod usage;
mod wire;
mod word_lengths;
mod wrappers;
mod writer;

pub use between::between;
pub use bits::{BitReader, BitWriter};
pub use bots::{Bots, Shot, Sight};
pub use code::{ClassCode, class};
pub use columns::{Columns, ScratchRow};
pub use delta::read_delta;
pub use drawn::{DrawnRow, Offset};
pub use game::{
    Arrival, Audience, EntityId, Game, InputCounts, Interest, PlayerId, PlayerInput, PredictContext, Refusal,
    TickContext, Viewer, key_from_parts, key_parts,
};
pub use glam;
pub use held::Held;
pub use hindsight::{Hindsight, HitRecord, Rewound, Seen};
pub use history::History;
pub use layout::Layout;
pub use message::{
    BOT_NAME_PREFIX, Bytes, Chat, ClientMessage, CloseCode, Command, Hello, Member, PROTOCOL_VERSION,
    ResumeToken, Role, ServerMessage, Slack, SnapshotMessage, Welcome, clean_text, is_bot_name, is_resumable,
    is_room_name,
};
pub use moment::{Moment, WireMoment};
pub use offer::{Offer, SUBPROTOCOL, offer, read_offer};
pub use quantiser::Quantiser;
pub use replicate::{Choice, Replicate};
pub use schema::{Field, FieldKind, Kind, Predict, Schema};
pub use slotmap;
pub use slots::SlotTable;
pub use snapshot::{Row, Snapshot, row_hash};
pub use spec::{Angle, Flag, Int, Key, OneOf, Range, Spec, angle, choice, flag, int, key, range};
pub use tick::{Tick, WireTick};
pub use training::{Codes, FieldBits, Trainer};
pub use usage::{FieldUsage, KindUsage, PartBits, Usage};
pub use wire::{Malformed, append, append_message, decode, decode_prefix, encode};
pub use wrappers::{Optional, OwnerOnly, optional, owner_only};
pub use writer::{DeltaWriter, Entering, Receiver, Source, Update, Visible};
