//! Owns the look at all of a room's sockets at once: which can be read, and which can be written to again.

/// Looks per tick at what can be read: it is read then, so that little is left to read when the tick is due. Times of
/// arrival are known to such a part of a tick, and told later rather than earlier, so that nobody comes to count on
/// time that is not there.
///
/// Elsewhere than on Unix there is no cheap look: there all sockets are tried, at their tick.
pub(super) const LOOKS_PER_TICK: u32 = if cfg!(unix) { 4 } else { 1 };

/// What is asked of a socket, and what is found.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) to_read: bool,
    pub(super) to_write: bool,
}

#[cfg(unix)]
pub(super) use unix::{Descriptor, look};

#[cfg(unix)]
mod unix {
    use super::Ready;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    pub(in super::super) type Descriptor<'a> = std::os::fd::BorrowedFd<'a>;

    /// Says of each socket what of that which is asked is so. Costs one system call, and waits for nothing.
    pub(in super::super) fn look<'a>(
        asked: impl Iterator<Item = (Descriptor<'a>, Ready)>,
        found: &mut Vec<Ready>,
    ) {
        let mut sockets: Vec<PollFd<'_>> =
            asked.map(|(socket, ask)| PollFd::from_borrowed_fd(socket, flags(ask))).collect();
        found.clear();
        // If it fails nothing was found: the next look is soon.
        if !sockets.is_empty() && poll(&mut sockets, Some(&Timespec::default())).is_ok() {
            found.extend(sockets.iter().map(|socket| ready(socket.revents())));
        }
    }

    fn flags(ask: Ready) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, ask.to_read);
        flags.set(PollFlags::OUT, ask.to_write);
        flags
    }

    /// Errors and ends are learned by reading.
    fn ready(found: PollFlags) -> Ready {
        let to_write = found.contains(PollFlags::OUT);
        Ready { to_read: !found.difference(PollFlags::OUT).is_empty(), to_write }
    }
}

#[cfg(not(unix))]
pub(super) type Descriptor<'a> = std::marker::PhantomData<&'a ()>;

#[cfg(not(unix))]
pub(super) fn look<'a>(asked: impl Iterator<Item = (Descriptor<'a>, Ready)>, found: &mut Vec<Ready>) {
    found.clear();
    found.extend(asked.map(|(_, ask)| ask));
}
