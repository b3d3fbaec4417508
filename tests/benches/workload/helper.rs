//! Owns a helper process from the conductor's end: pinned to a core, spoken to by lines, weighed by the kernel.

use crate::Outcome;
use crate::core_times::CoreTimes;
use crate::options::{Options, Role, name};
use std::fs;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long a helper that was told to end may take.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// This binary in another role. Killed if it is dropped.
pub struct Helper {
    role: Role,
    child: Child,
    pid: u32,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    /// Starts it with these options and some more.
    pub fn start(role: Role, options: &Options, core: usize, more: &[&str]) -> Outcome<Self> {
        let mut child = Command::new("taskset")
            .args(["-c", &core.to_string()])
            .arg(std::env::current_exe()?)
            .args(options.to_args())
            .args(["--role", &name(role)])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("taskset cannot be started: {error}"))?;
        // taskset becomes what it starts: the id stays.
        let pid = child.id().ok_or("a helper ended at once")?;
        let orders = child.stdin.take().expect("it was piped");
        let answers = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        Ok(Self { role, child, pid, orders, answers })
    }

    /// Gives it an order.
    pub async fn order(&mut self, line: &str) -> Outcome<()> {
        self.orders.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(self.orders.flush().await?)
    }

    /// Waits for its next line.
    pub async fn answer(&mut self, time_max: Duration) -> Outcome<String> {
        let who = name(self.role);
        let answer = timeout(time_max, self.answers.next_line()).await;
        let answer = answer.map_err(|_| format!("the {who} did not answer in {} s", time_max.as_secs()))?;
        Ok(answer?.ok_or_else(|| format!("the {who} has ended"))?)
    }

    /// Lets it end by itself.
    pub async fn end(mut self) -> Outcome<()> {
        drop(self.orders);
        let status = timeout(END_TIME_MAX, self.child.wait()).await;
        let who = name(self.role);
        match status.map_err(|_| format!("the {who} did not end in time"))?? {
            status if status.success() => Ok(()),
            status => Err(format!("the {who} ended with {status}").into()),
        }
    }

    /// Its account with the kernel so far.
    pub fn core_times(&self) -> Outcome<CoreTimes> {
        CoreTimes::read(self.pid)
    }

    /// The memory that it has in RAM now.
    pub fn rss_kib(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let rest = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = rest.and_then(|rest| rest.split_whitespace().next());
        Ok(kib.ok_or("no VmRSS in /proc/PID/status")?.parse()?)
    }
}
