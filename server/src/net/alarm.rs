//! Owns the waits of a room's task: for a tick's deadline, on Linux to some tens of microseconds and elsewhere to a millisecond or two,
//! and for what need not be so exact.

use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// What wakes a room's task in time.
#[derive(Debug)]
pub(super) struct Alarm {
    /// `None` if the system has no file left for one: then ticks are a little late, and no worse.
    #[cfg(target_os = "linux")]
    timer: Option<linux::Timer>,
    /// What it is set to: setting it again costs a system call.
    #[cfg(target_os = "linux")]
    set_to: Option<Instant>,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            timer: linux::Timer::new().ok(),
            #[cfg(target_os = "linux")]
            set_to: None,
        }
    }

    /// Waits until `deadline`, or until `nap` if that comes first: it may be two milliseconds more than that, and costs next to nothing,
    /// because the runtime wakes all at once whose time comes within the same millisecond.
    pub(super) async fn wait_until_or_nap(&mut self, deadline: Instant, nap: Instant) {
        if nap <= Instant::now() {
            return yield_now().await;
        }
        tokio::select! {
            biased;
            () = self.wait_until(deadline) => {}
            () = sleep_until(nap) => {}
        }
    }

    /// Waits until `deadline`. If that is over, all others get their turn once: sockets are not starved by a room
    /// that is behind. May be given up and begun again.
    pub(super) async fn wait_until(&mut self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return yield_now().await;
        }
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer {
            if self.set_to != Some(deadline) {
                self.set_to = timer.set(left).is_ok().then_some(deadline);
            }
            if self.set_to.is_some() && timer.ring().await.is_ok() {
                self.set_to = None;
                return;
            }
        }
        sleep_until(deadline).await;
    }
}

/// The runtime's own timers have a grain of a millisecond; the kernel's do not.
#[cfg(target_os = "linux")]
mod linux {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    #[derive(Debug)]
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[allow(
            deprecated,
            reason = "its successor is unsafe; with a descriptor that is owned this one is sound"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self(AsyncFd::with_interest(timer, Interest::READABLE)?))
        }

        /// Lets it ring after so long. What it was set to before is forgotten.
        pub(super) fn set(&self, left: Duration) -> io::Result<()> {
            let it_value = Timespec::try_from(left).map_err(io::Error::other)?;
            let once = Itimerspec { it_interval: Timespec::default(), it_value };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            Ok(())
        }

        /// Waits until it rings.
        pub(super) async fn ring(&self) -> io::Result<()> {
            loop {
                let mut ready = self.0.readable().await?;
                // Readiness may be left from before: only an expiry that can be read is one.
                match rustix::io::read(self.0.get_ref(), &mut [0; 8]) {
                    Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
                    expiries => {
                        ready.clear_ready();
                        return expiries.map(drop).map_err(io::Error::from);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    const FAR: Duration = Duration::from_secs(3600);
    /// Longer than anything takes that is not as far, on however busy a machine.
    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn it_is_never_early_and_may_be_set_again_before_it_rings() {
        let mut alarm = Alarm::new();
        for _ in 0..20 {
            let far = alarm.wait_until(Instant::now() + FAR);
            assert!(timeout(Duration::from_millis(2), far).await.is_err());
            let deadline = Instant::now() + Duration::from_millis(3);
            alarm.wait_until(deadline).await;
            assert!(Instant::now() >= deadline);
            alarm.wait_until(deadline).await;
        }
    }

    #[tokio::test]
    async fn it_waits_for_what_comes_first_of_a_deadline_and_a_nap() {
        let mut alarm = Alarm::new();
        for _ in 0..5 {
            let (soon, far) = (Instant::now() + Duration::from_millis(3), Instant::now() + FAR);
            timeout(LIMIT, alarm.wait_until_or_nap(far, soon)).await.expect("the nap is over");
            assert!(Instant::now() >= soon);
            let soon = Instant::now() + Duration::from_millis(3);
            timeout(LIMIT, alarm.wait_until_or_nap(soon, far)).await.expect("the deadline is over");
            assert!(Instant::now() >= soon);
        }
    }

    #[tokio::test]
    async fn a_nap_that_is_over_gives_all_others_a_turn() {
        let mut alarm = Alarm::new();
        let other = tokio::spawn(async {});
        let now = Instant::now();
        timeout(LIMIT, alarm.wait_until_or_nap(now + FAR, now)).await.expect("the nap is over");
        assert!(other.is_finished());
    }
}
