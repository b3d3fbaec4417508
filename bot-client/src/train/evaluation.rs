//! Owns what codes come to on recordings: the figures, and the table that people read.

use super::Traffic;
use std::fmt::{Display, Formatter, Result};
use tickwire_shared::FieldBits;

/// How trained codes do on recordings.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The names of the recordings.
    pub files: Vec<String>,
    /// Field by field.
    pub fields: Vec<FieldBits>,
    /// What was recorded.
    pub traffic: Traffic,
}

/// Four ways to write the same residuals: with the built-in code, as they were recorded, with the trained codes, and
/// with codes that also depend on how far the column went before.
type Ways<T> = [T; 4];

impl Evaluation {
    /// Bytes of everything that was sent, per entity in view and snapshot: what the swarm reports, too.
    #[must_use]
    pub fn bytes_per_entity_update(&self) -> Ways<f64> {
        let recorded = self.bits()[1];
        self.bits().map(|bits| {
            // Only the residuals change; a body's last bits, which fill a byte, even out.
            let saved_bytes = (recorded as f64 - bits as f64) / 8.0;
            (self.traffic.bytes as f64 - saved_bytes) / self.traffic.entity_updates.max(1) as f64
        })
    }

    /// What share of all bytes the trained codes save of the built-in one's: negative if they cost more.
    #[must_use]
    pub fn saved(&self) -> f64 {
        let [built_in, _, trained, _] = self.bytes_per_entity_update();
        1.0 - trained / built_in
    }

    /// What share of all bytes would be saved beyond that if the codes also depended on how far the column went before.
    #[must_use]
    pub fn saved_by_context(&self) -> f64 {
        let [.., trained, context] = self.bytes_per_entity_update();
        1.0 - context / trained
    }

    fn bits(&self) -> Ways<u64> {
        self.fields.iter().map(ways).fold([0; 4], |sum, bits| [0, 1, 2, 3].map(|way| sum[way] + bits[way]))
    }
}

fn ways(field: &FieldBits) -> Ways<u64> {
    [field.built_in_bits, field.recorded_bits, field.trained_bits, field.context_bits]
}

impl Display for Evaluation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Traffic { snapshots, entity_updates, .. } = self.traffic;
        let files = self.files.join(", ");
        writeln!(f, "{files}: {snapshots} snapshots, {entity_updates} entity updates\n")?;
        let heads = ["residuals", "built-in", "recorded", "trained", "by context"];
        writeln!(f, "  {:<28}{}", "bits per residual", heads.map(|head| format!("{head:>12}")).concat())?;
        for field in self.fields.iter().filter(|field| field.residuals > 0) {
            write_bits(f, &field.name, field.residuals, ways(field))?;
        }
        write_bits(f, "all", self.fields.iter().map(|field| field.residuals).sum(), self.bits())?;
        let bytes = self.bytes_per_entity_update().map(|bytes| format!("{bytes:>12.3}")).concat();
        writeln!(f, "\n  {:<40}{bytes}", "bytes per entity update")?;
        let (trained, context) = (percent(self.saved()), percent(self.saved_by_context()));
        writeln!(f, "  {:<40}{:>36}{:>12}", "saved, each of the one before", trained, context)?;
        if self.saved() < 0.0 {
            writeln!(f, "\n  Here the trained codes are worse than the built-in one.")?;
        }
        Ok(())
    }
}

fn write_bits(f: &mut Formatter<'_>, name: &str, residuals: u64, bits: Ways<u64>) -> Result {
    let each = bits.map(|bits| format!("{:>12.2}", bits as f64 / residuals.max(1) as f64)).concat();
    writeln!(f, "  {name:<28}{residuals:>12}{each}")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(trained_bits: u64) -> Evaluation {
        let field = FieldBits {
            name: "Player.aim".to_owned(),
            code: vec![1, 1],
            residuals: 100,
            built_in_bits: 800,
            recorded_bits: 800,
            trained_bits,
            context_bits: 300,
        };
        let traffic = Traffic { snapshots: 10, entity_updates: 200, bytes: 150 };
        Evaluation { files: vec!["play.rec".to_owned()], fields: vec![field], traffic }
    }

    #[test]
    fn what_is_saved_counts_against_everything_that_was_sent() {
        let evaluation = evaluation(400);
        assert_eq!(evaluation.bytes_per_entity_update(), [0.75, 0.75, 0.5, 0.4375]);
        let saved = [evaluation.saved(), evaluation.saved_by_context()].map(|share| (share * 1e4).round());
        assert_eq!(saved, [3333.0, 1250.0]);
        let table = evaluation.to_string();
        assert!(
            table.contains("Player.aim                           100        8.00        8.00        4.00")
        );
        assert!(!table.contains("worse"), "{table}");
    }

    #[test]
    fn what_got_worse_is_called_worse() {
        let table = evaluation(900).to_string();
        assert!(table.contains("-8.3 %") && table.contains("worse than the built-in one"), "{table}");
    }
}
