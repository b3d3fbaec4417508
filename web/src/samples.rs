//! Owns what each snapshot was like, one sample for each, until the page takes them for its graph.

use std::collections::VecDeque;
use std::time::Duration;
use tickwire_client::Client;
use tickwire_shared::{FieldKind, Game};

/// Numbers of one sample: when the snapshot came (ms), how long after the one before (ms), how late by the ticks' schedule (ms), the
/// slack that it reported (ticks), whether it contradicted the prediction without a reason (0 or 1), whether with one (0 or 1), and by
/// how much (in the unit of the field that was furthest off). NaN for what is not known.
pub const SAMPLE_NUMBERS: usize = 7;
/// Samples that wait. The oldest makes room: a page that takes none draws no graph.
const SAMPLES_MAX: usize = 1024;

/// The samples, oldest first, and what the counts were at the last one.
#[derive(Default)]
pub(crate) struct Samples {
    waiting: VecDeque<[f64; SAMPLE_NUMBERS]>,
    snapshots: u64,
    mispredictions: u64,
    explained: u64,
}

impl Samples {
    /// A message was taken in: if it brought a snapshot, that is a sample.
    pub fn note<G: Game>(&mut self, now: Duration, client: &Client<G>) {
        let stats = client.stats();
        if stats.snapshots == self.snapshots {
            return;
        }
        let ms = |time: Option<Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
        let is_wrong = stats.mispredictions > self.mispredictions;
        let is_explained = stats.explained_corrections > self.explained;
        let size = (is_wrong || is_explained).then(|| correction_size(client));
        if self.waiting.len() == SAMPLES_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back([
            ms(Some(now)),
            ms(stats.last_snapshot_gap),
            ms(stats.last_snapshot_age),
            stats.slack_ticks.unwrap_or(f64::NAN),
            f64::from(u8::from(is_wrong)),
            f64::from(u8::from(is_explained)),
            size.flatten().unwrap_or(f64::NAN),
        ]);
        self.snapshots = stats.snapshots;
        self.mispredictions = stats.mispredictions;
        self.explained = stats.explained_corrections;
    }

    /// All that wait, one after the other.
    pub fn take(&mut self) -> Vec<f64> {
        self.waiting.drain(..).flatten().collect()
    }
}

/// The last correction in the unit of its field.
fn correction_size<G: Game>(client: &Client<G>) -> Option<f64> {
    let correction = client.stats().last_correction?;
    let field = client.layout().schema().kinds.get(correction.kind)?.fields.get(correction.column)?;
    let step = match field.kind {
        FieldKind::Range { step, .. } => step,
        FieldKind::Angle { bits } => std::f64::consts::TAU / f64::from(1u32 << bits),
        _ => 1.0,
    };
    Some(f64::from(correction.steps) * step)
}
