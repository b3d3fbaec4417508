//! Owns the report as people read it: an aligned table.

use super::{Percentiles, Report};
use std::fmt::{Display, Formatter, Result};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} bots, {:.1} s measured at {} Hz", self.bots, self.seconds, self.tick_rate_hz)?;
        match self.link {
            "" | "none" => writeln!(f, "\n")?,
            link => writeln!(f, ", over the link {link}\n")?,
        }
        self.write_bots(f)?;
        self.write_latencies(f)?;
        self.write_inputs(f)?;
        self.write_traffic(f)
    }
}

impl Report {
    fn write_bots(&self, f: &mut Formatter<'_>) -> Result {
        row(f, "joined", self.joined)?;
        row(f, "failed", self.failed)?;
        row(f, "dropped", self.dropped)?;
        row(f, "reconnects", self.reconnects)?;
        row(f, "updates/s per bot", format_args!("{:.2}", self.updates_per_bot_per_s))?;
        row(f, "worst bot's share of ticks", percent(self.updates_min_share))
    }

    fn write_latencies(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "\n  {:<28}{:>12}{:>12}{:>12}", "milliseconds", "p50", "p99", "max")?;
        latency_row(f, "snapshot gap", &self.snapshot_gap_ms)?;
        latency_row(f, "snapshot age", &self.snapshot_age_ms)?;
        latency_row(f, "input to ack", &self.input_ack_ms)?;
        latency_row(f, "swarm's own lag", &self.swarm_lag_ms)?;
        writeln!(f)
    }

    fn write_inputs(&self, f: &mut Formatter<'_>) -> Result {
        row(f, "inputs", self.inputs)?;
        let late = self.late_inputs as f64 / self.inputs.max(1) as f64;
        row(f, "late inputs", format_args!("{} ({})", self.late_inputs, percent(late)))?;
        row(f, "ticks without an input", self.missing_inputs)?;
        row(f, "the same, as bots saw it", self.input_misses)?;
        row(f, "mispredictions", self.mispredictions)?;
        row(f, "explained corrections", self.explained_corrections)?;
        row(f, "view hashes checked", self.hash_checks)?;
        row(f, "view hashes wrong", self.hash_mismatches)?;
        row(f, "full snapshots", self.full_snapshots)?;
        row(f, "resyncs", self.resyncs)?;
        writeln!(f)
    }

    fn write_traffic(&self, f: &mut Formatter<'_>) -> Result {
        row(f, "bytes/s down per bot", format_args!("{:.0}", self.down_bytes_per_bot_per_s))?;
        row(f, "bytes/s up per bot", format_args!("{:.0}", self.up_bytes_per_bot_per_s))?;
        // Without a line end: whoever prints the report ends its last line.
        write!(f, "  {:<28}{:>12.2}", "bytes per entity update", self.bytes_per_entity_update)
    }
}

fn row(f: &mut Formatter<'_>, name: &str, value: impl Display) -> Result {
    writeln!(f, "  {name:<28}{:>12}", value.to_string())
}

fn latency_row(f: &mut Formatter<'_>, name: &str, times: &Percentiles) -> Result {
    writeln!(f, "  {name:<28}{:>12.2}{:>12.2}{:>12.2}", times.p50, times.p99, times.max)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let report =
            Report { inputs: 200, late_inputs: 3, bytes_per_entity_update: 7.5, ..Report::default() };
        let text = report.to_string();
        assert!(text.contains("\n  late inputs                   3 (1.50 %)\n"), "{text}");
        let rows = text.lines().skip(2).filter(|line| !line.is_empty());
        assert!(rows.map(str::len).all(|width| width == 42 || width == 66), "{text}");
    }
}
