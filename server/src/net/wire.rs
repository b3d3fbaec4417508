//! Owns a TCP stream, which the runtime watches for the stream's own task, or a room looks after itself.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP stream.
#[derive(Debug)]
pub(super) enum Wire {
    /// It wakes the task that waits for it. That costs a task switch for each packet of each client.
    Watched(TcpStream),
    /// It wakes nobody: whoever has it looks at it from time to time.
    Unwatched {
        stream: mio::net::TcpStream,
        /// Whether it is worth a system call to read. A read that brought less than it could have was the last.
        may_read: bool,
        /// An end is to be read: however little a read brings, there is more.
        is_over: bool,
    },
    /// It could not be handed over.
    Lost,
}

impl Wire {
    /// From now on it wakes nobody.
    pub(super) fn unwatch(&mut self) {
        *self = match mem::replace(self, Self::Lost) {
            Self::Watched(stream) => stream.into_std().map_or(Self::Lost, |stream| {
                let stream = mio::net::TcpStream::from_std(stream);
                Self::Unwatched { stream, may_read: true, is_over: false }
            }),
            other => other,
        }
    }

    /// From now on it wakes the task that waits for it.
    pub(super) fn watch(&mut self) {
        *self = match mem::replace(self, Self::Lost) {
            Self::Unwatched { stream, .. } => {
                TcpStream::from_std(stream.into()).map_or(Self::Lost, Self::Watched)
            }
            other => other,
        }
    }

    /// Who looked has found that there is something to read, and whether it is an end.
    pub(super) fn set_may_read(&mut self, is_end: bool) {
        if let Self::Unwatched { may_read, is_over, .. } = self {
            *may_read = true;
            *is_over |= is_end;
        }
    }

    /// What to look at, while it is unwatched.
    pub(super) fn unwatched(&mut self) -> Option<&mut mio::net::TcpStream> {
        match self {
            Self::Unwatched { stream, .. } => Some(stream),
            _ => None,
        }
    }
}

/// System calls as they are. Those of the C library are points at which a thread can be cancelled, and in a process
/// with threads it pays for that at each of them.
#[cfg(target_os = "linux")]
mod system {
    use mio::net::TcpStream;
    use rustix::net::{RecvFlags, SendFlags, recv, send};
    use std::io;

    pub(super) fn read(stream: &TcpStream, place: &mut [u8]) -> io::Result<usize> {
        let (bytes, _) = recv(stream, place, RecvFlags::empty())?;
        Ok(bytes)
    }

    pub(super) fn write(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(stream, bytes, SendFlags::NOSIGNAL)?)
    }
}

/// Elsewhere there is no way around the system's library, and not every one can be asked for no signal.
#[cfg(not(target_os = "linux"))]
mod system {
    use mio::net::TcpStream;
    use std::io::{self, Read, Write};

    pub(super) fn read(mut stream: &TcpStream, place: &mut [u8]) -> io::Result<usize> {
        stream.read(place)
    }

    pub(super) fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        stream.write(bytes)
    }
}

/// What would have to be waited for is pending, and nobody will be woken.
fn pending_if_blocked<T>(done: io::Result<T>) -> Poll<io::Result<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        done => Poll::Ready(done),
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Watched(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unwatched { may_read: false, .. } => Poll::Pending,
            Self::Unwatched { stream, may_read, is_over } => {
                let place = buffer.initialize_unfilled();
                let (bytes_max, read) = (place.len(), system::read(stream, place));
                *may_read = matches!(read, Ok(bytes) if *is_over || bytes == bytes_max);
                pending_if_blocked(read.map(|bytes| buffer.advance(bytes)))
            }
            Self::Lost => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Watched(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unwatched { stream, .. } => pending_if_blocked(system::write(stream, bytes)),
            Self::Lost => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A TCP stream keeps nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Watched(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unwatched { stream, .. } => Poll::Ready(stream.shutdown(std::net::Shutdown::Write)),
            Self::Lost => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn it_is_the_same_stream_watched_or_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut wire = Wire::Watched(listener.accept().await.unwrap().0);
        wire.unwatch();
        wire.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 5];
        peer.read_exact(&mut bytes).await.unwrap();
        peer.write_all(&bytes).await.unwrap();
        wire.watch();
        bytes.fill(0);
        wire.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"hello");

        wire.unwatch();
        let mut unwatched = read_at_once(&mut wire);
        assert!(unwatched(&mut bytes).is_pending(), "nothing is there");
        peer.write_all(b"ab").await.unwrap();
        peer.readable().await.ok();
        assert!(unwatched(&mut bytes).is_pending(), "it was not looked at again");
    }

    /// Reads without waiting.
    fn read_at_once(wire: &mut Wire) -> impl FnMut(&mut [u8]) -> Poll<io::Result<()>> + '_ {
        |bytes| {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            Pin::new(&mut *wire).poll_read(&mut cx, &mut ReadBuf::new(bytes))
        }
    }
}
