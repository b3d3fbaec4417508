//! Owns the tests of how the kernel's account of a process is read.

use crate::core_times::{CoreTimes, CoreUse, stolen_us, stolen_us_in};
use std::time::Duration;
use tokio::time::Instant;

/// Longer than anything takes, on however busy a machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A process with so many steps of user time, so many more of kernel time, and threads with so many nanoseconds on the core and ready.
fn times<const N: usize>(steps: u64, kernel_steps: u64, threads: [(u32, u64, u64); N]) -> CoreTimes {
    // A name may hold blanks and brackets.
    let stat = format!("7 (a b) c) S 1 1 1 0 -1 4194304 95 0 0 0 {steps} {kernel_steps} 5 6 20 0 4");
    let schedstat = |(id, cpu_ns, wait_ns)| (id, format!("{cpu_ns} {wait_ns} 12\n"));
    CoreTimes::parsed(&stat, &threads.map(schedstat)).unwrap()
}

#[test]
fn what_cannot_be_read_is_an_error_or_no_account() {
    assert!(CoreTimes::parsed("7 (a) S 1", &[]).is_err());
    let stat = "7 (a) S 1 1 1 0 -1 4194304 95 0 0 0 12 30 5 6 20 0 4";
    let gone = CoreTimes::parsed(stat, &[(7, String::new())]).unwrap();
    assert_eq!(gone, CoreTimes::parsed(stat, &[]).unwrap());
}

#[test]
fn all_threads_count_those_too_that_are_new() {
    let before = times(1, 1, [(1, 5_000_000, 1000), (2, 9_000_000, 0)]);
    let after = times(3, 1, [(1, 6_000_000, 3000), (2, 20_000_000, 4000), (3, 500_000, 2000)]);
    assert_eq!(after.since(&before), CoreUse { cpu_us: 12_500, cpu_step_us: 0, wait_us: 8 });
}

#[test]
fn what_a_thread_took_along_is_told_in_steps() {
    let before = times(20, 30, [(1, 5_000_000, 0), (2, 400_000_000, 0)]);
    let after = times(50, 50, [(1, 105_000_000, 0)]);
    assert_eq!(after.since(&before), CoreUse { cpu_us: 500_000, cpu_step_us: 10_000, wait_us: 0 });
}

#[test]
fn without_the_exact_account_there_are_the_steps() {
    assert_eq!(
        times(1, 2, []).since(&times(0, 1, [])),
        CoreUse { cpu_us: 20_000, cpu_step_us: 10_000, wait_us: 0 }
    );
}

#[test]
fn what_a_host_took_is_told_of_all_cores_together() {
    let stat = "cpu  2580477 927230 489424 3147219 96058 0 94017 6070 0 0\ncpu0 1 1 1 1 1 1 1 9 0 0\n";
    assert_eq!(stolen_us_in(stat).unwrap(), 60_700_000);
    assert!(stolen_us_in("intr 1 2 3 4 5 6 7 8 9").is_err());
    stolen_us().unwrap();
}

/// Both accounts of this very process, whatever its other tests do.
#[test]
fn a_process_that_works_is_seen_to() {
    let before = CoreTimes::read(std::process::id()).unwrap();
    let begun = Instant::now();
    while CoreTimes::read(std::process::id()).unwrap().since(&before).cpu_us < 50_000 {
        assert!(begun.elapsed() < DEADLINE, "it does nothing else");
    }
}
