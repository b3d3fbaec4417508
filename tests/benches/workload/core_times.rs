//! Owns the kernel's account of a process: how long it had a core, and how long it waited for one; and of what the machine had to go without.

use crate::Outcome;
use std::collections::BTreeMap;
use std::fs;

/// The unit of times in /proc/PID/stat. `sysconf(_SC_CLK_TCK)` says so on every Linux that there is; to ask it would
/// take unsafe code.
const CLOCK_TICK_US: u64 = 10_000;
/// By how much two honest accounts may differ: user and kernel time are both cut to whole steps, and the two are not read at once.
const DIFFERENCE_US_MAX: u64 = 3 * CLOCK_TICK_US;

/// How a process and its core got on so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreTimes {
    /// On the core, in user and kernel mode, threads included that have ended. The kernel tells it in steps.
    stepped_us: u64,
    /// Of each thread that there is, by its id. None at all if this kernel keeps no such account.
    threads: BTreeMap<u32, ThreadTimes>,
}

/// Told to the nanosecond.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
struct ThreadTimes {
    cpu_ns: u64,
    /// Ready to run while somebody else had the core.
    wait_ns: u64,
}

/// The same of a while.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct CoreUse {
    pub cpu_us: u64,
    /// By how much that is uncertain: 0 if it was told to the nanosecond.
    pub cpu_step_us: u64,
    /// 0 if this kernel keeps no such account.
    pub wait_us: u64,
}

impl CoreTimes {
    /// What the kernel says of a process now.
    pub fn read(process: u32) -> Outcome<Self> {
        let mut threads = Vec::new();
        for thread in fs::read_dir(format!("/proc/{process}/task"))?.flatten() {
            let id = thread.file_name().to_string_lossy().parse()?;
            // A thread may end while its account is asked for.
            threads.push((id, fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default()));
        }
        Self::parsed(&fs::read_to_string(format!("/proc/{process}/stat"))?, &threads)
    }

    /// The same from what stands in /proc/PID/stat and, by the id of each thread, in /proc/PID/task/TID/schedstat.
    pub fn parsed(stat: &str, threads: &[(u32, String)]) -> Outcome<Self> {
        let times = |(id, text): &(u32, String)| Some((*id, ThreadTimes::parsed(text)?));
        Ok(Self { stepped_us: stepped_us(stat)?, threads: threads.iter().filter_map(times).collect() })
    }

    /// What was between an earlier reading and this one.
    ///
    /// A thread that ended in between has taken its exact account with it, which the account in steps shows: then that counts.
    pub fn since(&self, before: &Self) -> CoreUse {
        let mut sum = ThreadTimes::default();
        for (id, now) in &self.threads {
            let before = before.threads.get(id).copied().unwrap_or_default();
            // An id may be another thread's by now.
            sum.cpu_ns += now.cpu_ns.saturating_sub(before.cpu_ns);
            sum.wait_ns += now.wait_ns.saturating_sub(before.wait_ns);
        }
        let (cpu_us, wait_us) = (sum.cpu_ns / 1000, sum.wait_ns / 1000);
        let stepped_us = self.stepped_us - before.stepped_us;
        match cpu_us.abs_diff(stepped_us) {
            0..=DIFFERENCE_US_MAX if !self.threads.is_empty() => CoreUse { cpu_us, cpu_step_us: 0, wait_us },
            _ => CoreUse { cpu_us: stepped_us, cpu_step_us: CLOCK_TICK_US, wait_us },
        }
    }
}

impl ThreadTimes {
    /// Of /proc/PID/task/TID/schedstat.
    fn parsed(schedstat: &str) -> Option<Self> {
        let mut fields = schedstat.split_whitespace().map(str::parse);
        Some(Self { cpu_ns: fields.next()?.ok()?, wait_ns: fields.next()?.ok()? })
    }
}

/// User and kernel time of /proc/PID/stat.
fn stepped_us(stat: &str) -> Outcome<u64> {
    // Its second field is a name in brackets, which may hold blanks.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/PID/stat is not as expected")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let Some([utime, stime]) = fields.get(11..13) else { return Err("/proc/PID/stat is too short".into()) };
    Ok((utime.parse::<u64>()? + stime.parse::<u64>()?) * CLOCK_TICK_US)
}

/// For how long the cores of a virtual machine were ready to run, and its host ran something else. The kernel tells it in steps.
pub fn stolen_us() -> Outcome<u64> {
    stolen_us_in(&fs::read_to_string("/proc/stat")?)
}

/// The same from what stands in /proc/stat.
pub fn stolen_us_in(stat: &str) -> Outcome<u64> {
    let all = stat.lines().next().filter(|line| line.starts_with("cpu "));
    let steps = all.and_then(|all| all.split_whitespace().nth(8)).ok_or("/proc/stat is not as expected")?;
    Ok(steps.parse::<u64>()? * CLOCK_TICK_US)
}
