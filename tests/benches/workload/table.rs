//! Owns how people see the result: a table, and sentences about what spoils it.

use crate::checks::Checks;
use crate::join_figures::Spread;
use crate::recorder::Quantiles;
use crate::report::Report;
use std::fmt;

/// Above this, clients read late by their own fault: gaps and updates say nothing about a server.
const LOAD_CPU_SHARE_MAX: f64 = 0.95;
/// Above this, somebody else is at work on the machine.
const CORE_WAIT_SHARE_MAX: f64 = 0.05;
/// Above this, the floor did not send what the server sent.
const FLOOR_BYTES_OFF_MAX: f64 = 0.02;
/// Above this, the cost is too uncertain to be compared.
const CPU_STEP_SHARE_MAX: f64 = 0.05;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, players, rooms, hz, seconds, rounds, .. } = self;
        let load = if self.lockstep { ", in lockstep" } else { "" };
        let whose = match rooms {
            1 => format!("{players} clients"),
            _ => format!("{rooms} rooms of {players} clients"),
        };
        writeln!(f, "{case}: {whose}, {hz} Hz, {seconds} s{load}, medians of {rounds} round(s)")?;
        self.costs(f)?;
        self.traffic(f)?;
        self.times(f)?;
        row(f, "memory", format!("{:.0} KiB", self.rss_kib))?;
        row(f, "memory per client", format!("{:.1} KiB", self.rss_kib_per_client))?;
        if let Some(kib) = self.rss_kib_per_idle_connection {
            row(f, "of an idle connection", format!("{kib:.1} KiB"))?;
        }
        let Checks { hash_checks, hash_mismatches, resyncs } = self.checks;
        row(f, "view hashes", format!("{hash_checks} checked, {hash_mismatches} wrong"))?;
        row(f, "full snapshots asked for", resyncs)?;
        row(f, "load CPU", format!("{:.0} % of a core", self.load_cpu_share * 100.0))?;
        self.joins(f)?;
        self.warn(f)?;
        self.explain.as_ref().map_or(Ok(()), |explanation| explanation.fmt(f))
    }
}

fn row(f: &mut fmt::Formatter<'_>, title: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {title:<26}{value}")
}

impl Report {
    fn costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.1} % of a core", share * 100.0);
        row(f, "server CPU per update", format!("{:.1} us", self.server_cpu_us_per_update))?;
        row(f, "floor CPU per update", format!("{:.1} us", self.floor_cpu_us_per_update))?;
        let (least, greatest) = (self.ratio_to_floor_min, self.ratio_to_floor_max);
        let rounds = match self.rounds {
            1 => String::new(),
            _ => format!(", of each round by itself; {least:.2} to {greatest:.2}"),
        };
        row(f, "ratio to the floor", format!("{:.2}{rounds}", self.ratio_to_floor))?;
        row(f, "server CPU", percent(self.server_cpu_share))?;
        if let Some(share) = self.make_cpu_share {
            row(f, "simulation and encoding", percent(share))?;
        }
        if let Some(share) = self.turn_cpu_share {
            row(f, "all that the rooms do", percent(share))?;
        }
        Ok(())
    }

    fn traffic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "updates per client and s", format!("{:.2}", self.updates_per_client_per_s))?;
        if self.rooms > 1 {
            row(f, "in the room with fewest", format!("{:.2}", self.updates_per_client_per_s_min))?;
        }
        row(f, "updates skipped", format!("{:.0}", self.updates_skipped))?;
        row(f, "inputs missing", format!("{:.0}", self.inputs_missing))?;
        row(f, "visible entities", format!("{:.1}", self.visible_mean))?;
        row(f, "bytes per client and s", format!("{:.0}", self.down_bytes_per_client_per_s))?;
        row(f, "bytes per client tick", format!("{:.1}", self.bytes_per_client_tick))?;
        row(f, "bytes per entity update", format!("{:.2}", self.bytes_per_entity_update))
    }

    fn times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "gap between updates", self.gap_ms)?;
        row(f, "tick", self.tick_ms)?;
        if let Some(make_ms) = self.make_ms {
            row(f, "simulation and encoding", make_ms)?;
        }
        row(f, "the floor's tick", self.floor_tick_ms)?;
        row(f, "lateness", self.tick_lateness_ms)
    }

    fn joins(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(joins) = &self.joins else { return Ok(()) };
        row(f, "join, to the first update", joins.join_first_frame_ms)?;
        if let Some(complete_ms) = joins.join_complete_ms {
            row(f, "join, to the whole view", complete_ms)?;
        }
        row(f, "longest gap of the others", format!("{:.2} ms", joins.join_gap_ms_max))?;
        let (lateness, before) = (joins.join_lateness_ms_max, joins.join_lateness_ms_max_before);
        row(f, "greatest lateness", format!("{lateness:.2} ms, before the joins {before:.2} ms"))?;
        row(f, "raised in a round by", format!("{:.2} ms at most", joins.join_lateness_ms_rise_max))?;
        row(f, "latecomers", format!("{}, with {} view hashes", joins.joins, joins.join_hash_checks))
    }

    /// Says what spoils the figures.
    fn warn(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = ("server", self.load_cpu_share, self.core_wait_share, self.cpu_step_share);
        let floor =
            ("floor", self.floor_load_cpu_share, self.floor_core_wait_share, self.floor_cpu_step_share);
        for (whose, load_cpu_share, core_wait_share, cpu_step_share) in [server, floor] {
            if load_cpu_share > LOAD_CPU_SHARE_MAX {
                let percent = load_cpu_share * 100.0;
                writeln!(f, "  The {whose}'s clients are saturated: {percent:.0} % of their core.")?;
            }
            if core_wait_share > CORE_WAIT_SHARE_MAX {
                let percent = core_wait_share * 100.0;
                writeln!(
                    f,
                    "  The machine is not quiet: the {whose} or its clients waited {percent:.0} % of it."
                )?;
            }
            if cpu_step_share > CPU_STEP_SHARE_MAX {
                let percent = cpu_step_share * 100.0;
                writeln!(f, "  The {whose}'s CPU is told in steps of {percent:.0} % of it: measure longer.")?;
            }
        }
        if self.stolen_ms > 0.0 {
            let (ms, seconds) = (self.stolen_ms, self.seconds);
            writeln!(
                f,
                "  The machine's host kept {ms:.0} ms of {seconds} s from it: so late are ticks that no server made late."
            )?;
        }
        if self.floor_updates_per_client_per_s < f64::from(self.hz) * 0.98 {
            let updates = self.floor_updates_per_client_per_s;
            writeln!(f, "  The floor made only {updates:.1} updates per client and second.")?;
        }
        let (bytes, floor_bytes) = (self.bytes_per_client_tick, self.floor_bytes_per_client_tick);
        if (floor_bytes / bytes - 1.0).abs() > FLOOR_BYTES_OFF_MAX {
            writeln!(f, "  The floor sent {floor_bytes:.1} bytes per client tick, the server {bytes:.1}.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.2}, p99 {:.2}, max {:.2} ms", self.p50, self.p99, self.max)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.2}, max {:.2} ms", self.p50, self.max)
    }
}
