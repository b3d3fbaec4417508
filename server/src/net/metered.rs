//! Owns the meter below the WebSocket: how many bytes a peer may send, and how long it may take none.
//!
//! What floods frames that never become a message (pings, empty fragments) is only seen here.

use super::bucket::TokenBucket;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tickwire_shared::limits::{CLIENT_BURST_BYTES_MAX, CLIENT_BYTES_PER_SECOND_MAX};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The peer sent more bytes than it may.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes")]
pub(super) struct TooManyBytes;

/// The peer took not one byte for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing was taken for too long")]
pub(super) struct Stalled;

/// A stream that fails with [`TooManyBytes`] or [`Stalled`].
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    opened: Instant,
    bucket: TokenBucket,
    write_timeout: Duration,
    /// Runs while a write waits.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S, write_timeout: Duration) -> Self {
        let bucket = TokenBucket::new(CLIENT_BYTES_PER_SECOND_MAX, CLIENT_BURST_BYTES_MAX);
        Self { stream, opened: Instant::now(), bucket, write_timeout, stall: None }
    }

    /// The stream, past the meter.
    pub(super) fn unmetered(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Notes whether the peer takes anything, and fails if it has not for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let timeout = self.write_timeout;
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::other(Stalled)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = buffer.filled().len() - before;
        let now = self.opened.elapsed();
        if self.bucket.take(now, bytes) {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Err(io::Error::other(TooManyBytes)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const TIMEOUT: Duration = Duration::from_secs(10);

    fn is<E: std::error::Error + 'static>(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<E>())
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_is_read_and_a_byte_more_is_not() {
        let (mut peer, stream) = duplex(1 << 20);
        let mut metered = Metered::new(stream, TIMEOUT);
        peer.write_all(&vec![0; CLIENT_BURST_BYTES_MAX as usize + 1]).await.unwrap();
        let mut bytes = vec![0; CLIENT_BURST_BYTES_MAX as usize];
        metered.read_exact(&mut bytes).await.unwrap();
        let error = metered.read(&mut bytes).await.unwrap_err();
        assert!(is::<TooManyBytes>(&error), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_keeps_to_the_rate_is_read_for_ever() {
        let (mut peer, stream) = duplex(1 << 20);
        let mut metered = Metered::new(stream, TIMEOUT);
        let mut bytes = vec![0; 1024];
        for _ in 0..1000 {
            peer.write_all(&bytes).await.unwrap();
            metered.read_exact(&mut bytes).await.unwrap();
            tokio::time::advance(Duration::from_millis(63)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (_peer, stream) = duplex(16);
        let mut metered = Metered::new(stream, TIMEOUT);
        let start = Instant::now();
        let error = metered.write_all(&[0; 17]).await.unwrap_err();
        assert!(is::<Stalled>(&error), "{error}");
        assert_eq!(start.elapsed(), TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_little_is_not() {
        let (mut peer, stream) = duplex(16);
        let mut metered = Metered::new(stream, TIMEOUT);
        let reader = tokio::spawn(async move {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_secs(9)).await;
                peer.read_u8().await.unwrap();
            }
            peer
        });
        metered.write_all(&[0; 116]).await.unwrap();
        reader.await.unwrap();
    }
}
