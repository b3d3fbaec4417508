//! Owns one direction of a connection through the proxy: reads while the link has room, writes what has arrived.

use super::Control;
use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;
use tickwire_client::link::Link;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Bytes that are read at once, and travel as one piece: a few packets.
const PIECE_BYTES_MAX: usize = 4 * 1024;
/// Pieces under way, however short they are.
const PIECES_MAX: usize = 4096;
/// Bytes under way, whatever the profile says.
const HELD_BYTES_MAX: usize = 1024 * 1024;

/// One direction.
pub(super) struct Pump {
    link: Link,
    /// The link's time zero.
    began: Instant,
    control: watch::Receiver<Control>,
    /// What was read and is not written, in order.
    under_way: VecDeque<Piece>,
    held_bytes: usize,
    /// Of the first piece.
    written_bytes: usize,
    has_ended: bool,
}

struct Piece {
    arrival: Instant,
    load: Load,
}

enum Load {
    Bytes(Box<[u8]>),
    /// The sender says that there is no more to come.
    Close,
    /// The sender is gone.
    Reset,
}

/// What a delivery came to.
enum Delivery {
    Wrote { bytes: usize },
    Ended(End),
}

/// How a direction ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The sender closed it, and the receiver was told.
    Closed,
    /// The sender was gone, and it is time for the receiver to learn of it.
    Reset,
    /// The receiver takes no more. What it had sent before is still under way, on the other direction.
    Refused,
}

impl Pump {
    pub(super) fn new(link: Link, began: Instant, control: watch::Receiver<Control>) -> Self {
        Self {
            link,
            began,
            control,
            under_way: VecDeque::new(),
            held_bytes: 0,
            written_bytes: 0,
            has_ended: false,
        }
    }

    /// Runs until the end of this direction.
    pub(super) async fn run(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> End {
        let mut buffer = vec![0; PIECE_BYTES_MAX];
        loop {
            tokio::select! {
                biased;
                Ok(()) = self.control.changed() => self.turn(),
                delivery = deliver(self.under_way.front(), self.written_bytes, &mut to) => match delivery {
                    Delivery::Wrote { bytes } => self.wrote(bytes),
                    Delivery::Ended(end) => return end,
                },
                read = from.read(&mut buffer), if self.has_room() => match read {
                    Ok(0) => self.take(Load::Close),
                    Ok(bytes) => self.take(Load::Bytes(buffer[..bytes].into())),
                    Err(_) => self.take(Load::Reset),
                },
            }
        }
    }

    /// What the receiver has not taken counts, too: one that does not read holds the sender back.
    fn has_room(&self) -> bool {
        let held_bytes_max = self.link.profile().buffer_bytes.min(HELD_BYTES_MAX);
        !self.has_ended && self.held_bytes < held_bytes_max && self.under_way.len() < PIECES_MAX
    }

    /// Sends a piece on its way.
    fn take(&mut self, load: Load) {
        let bytes = load.bytes().len();
        let arrival = self.began + self.link.send(self.now(), bytes);
        self.held_bytes += bytes;
        self.has_ended = !matches!(load, Load::Bytes(_));
        self.under_way.push_back(Piece { arrival, load });
    }

    fn wrote(&mut self, bytes: usize) {
        self.held_bytes -= bytes;
        self.written_bytes += bytes;
        let whole = self.under_way.front().map_or(0, |piece| piece.load.bytes().len());
        if self.written_bytes == whole {
            self.under_way.pop_front();
            self.written_bytes = 0;
        }
    }

    fn turn(&mut self) {
        let profile = self.control.borrow_and_update().profile;
        if profile != *self.link.profile() {
            self.link.set_profile(self.now(), profile);
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Load {
    fn bytes(&self) -> &[u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }
}

/// Waits until the piece has arrived, and writes as much of it as the receiver takes. Dropping the future loses nothing.
async fn deliver(piece: Option<&Piece>, written_bytes: usize, to: &mut WriteHalf<'_>) -> Delivery {
    let Some(piece) = piece else { return pending().await };
    if piece.arrival > Instant::now() {
        sleep_until(piece.arrival).await;
    }
    match &piece.load {
        Load::Bytes(bytes) => match to.write(&bytes[written_bytes..]).await {
            Ok(bytes) if bytes > 0 => Delivery::Wrote { bytes },
            Ok(_) | Err(_) => Delivery::Ended(End::Refused),
        },
        Load::Close => match to.shutdown().await {
            Ok(()) => Delivery::Ended(End::Closed),
            Err(_) => Delivery::Ended(End::Refused),
        },
        Load::Reset => Delivery::Ended(End::Reset),
    }
}
