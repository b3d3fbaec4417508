//! Owns the sweep: all the sizes that the peers were measured at, one after the other, for the chart and its figures.

use crate::Outcome;
use crate::chart;
use crate::conductor::measure;
use crate::options::{Case, Options};
use std::fs;
use std::path::Path;

/// Cases and clients.
const SIZES: [(Case, usize); 8] = [
    (Case::W1, 16),
    (Case::W1, 64),
    (Case::W1, 128),
    (Case::W1, 256),
    (Case::W2, 250),
    (Case::W2, 500),
    (Case::W2, 1000),
    (Case::W3, 16),
];

/// Where the chart goes unless told otherwise: a benchmark is run in its package's folder, not in the repository's.
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

/// Measures all sizes, tells of each, and writes `cost.svg` and `cost.json`.
pub async fn sweep(options: &Options) -> Outcome<()> {
    let mut reports = Vec::new();
    for (number, (case, players)) in (1..).zip(SIZES) {
        eprintln!("size {number} of {}", SIZES.len());
        let report = measure(&options.sized(case, players)).await?;
        println!("{report}");
        report.check()?;
        reports.push(report);
    }
    let folder = options.out.as_deref().unwrap_or(Path::new(DOCS));
    fs::write(folder.join("cost.json"), serde_json::to_string_pretty(&reports)? + "\n")?;
    chart::draw(&folder.join("cost.svg"), &reports)
}
