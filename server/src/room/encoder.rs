//! Owns the making of frames: one per session and tick, out of rows that are encoded once for all sessions.

use super::session::Session;
use tickwire_shared::limits::{HASH_INTERVAL_TICKS, NOTICE_BYTES_PER_FRAME_MAX};
use tickwire_shared::{
    Baseline, BitWriter, Bodies, Bytes, Game, History, InputCounts, Layout, PlayerId, Receiver,
    ServerMessage, SlotTable, Snapshot, SnapshotMessage, Tick, Written, append_message, row_hash,
    write_delta,
};

/// Most bytes of a snapshot message beside its body.
const ENVELOPE_BYTES_MAX: usize = 32;
/// Most bytes of an Inputs or Missed message.
const REPORT_BYTES_MAX: usize = 64;

/// Scratch memory for the frames of a tick.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bodies: Bodies,
    bits: BitWriter,
    /// Shares of the view hash by place in the tick's snapshot, without what only owners are told; empty until somebody needs them.
    hashes: Vec<u32>,
}

/// What all frames of a tick are made from.
pub(super) struct Scene<'a, G: Game> {
    pub game: &'a G,
    pub layout: &'a Layout,
    pub now: &'a Snapshot,
    pub history: &'a History<Snapshot>,
}

impl<G: Game> Copy for Scene<'_, G> {}
impl<G: Game> Clone for Scene<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Encoder {
    /// Forgets the tick before.
    pub fn begin(&mut self, now: &Snapshot) {
        self.bodies.begin(now.len());
        self.hashes.clear();
    }

    /// The frame of this tick for one session. It counts as sent.
    pub fn frame<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
    ) -> (Vec<u8>, Written, bool) {
        let tick = scene.now.tick();
        let baseline = session.baseline_for(tick, G::TICK_RATE_HZ);
        let written = self.body(scene, player, session, baseline);
        let with_hash = tick >= session.hash_due;
        let hash = with_hash.then(|| self.view_hash(scene, &session.table));
        if with_hash {
            session.hash_due = Tick(tick.0 - tick.0 % HASH_INTERVAL_TICKS + HASH_INTERVAL_TICKS);
        }
        let body = self.bits.align();
        let mut frame = session.greeting.take().unwrap_or_default();
        frame.reserve(body.len() + ENVELOPE_BYTES_MAX);
        let input_age =
            session.queue.newest_applied().map_or(255, |newest| tick.since(newest).clamp(0, 255) as u8);
        let snapshot = ServerMessage::Snapshot(SnapshotMessage {
            tick: tick.wire(),
            age: baseline.map_or(0, |baseline| tick.since(baseline) as u8),
            input_age,
            slack: session.slack,
            hash,
            body: Bytes(body),
        });
        append_message(&mut frame, &snapshot, body.len() + ENVELOPE_BYTES_MAX);
        session.sent(tick, baseline);
        append_notices(&mut frame, session, with_hash);
        (frame, written, baseline.is_none())
    }

    fn body<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
        baseline: Option<Tick>,
    ) -> Written {
        let Scene { game, layout, now, history } = scene;
        let baseline = baseline.map(|baseline| Baseline {
            rows: history.get(baseline).expect("a baseline is younger than the history"),
            previous: session.previous.and_then(|previous| history.get(previous)),
        });
        let receiver = Receiver { table: &mut session.table, baseline, own: game.own(player) };
        self.bits.clear();
        write_delta(&mut self.bits, layout, now, &mut self.bodies, receiver, |place| {
            game.sees(player, now.id(place))
        })
    }

    /// The hash of what a client holds after this frame: the sum of its entities' shares, each computed once per tick.
    fn view_hash<G: Game>(&mut self, scene: Scene<'_, G>, table: &SlotTable) -> u32 {
        let Scene { layout, now, .. } = scene;
        if self.hashes.is_empty() {
            self.hashes.extend(now.iter().map(|(id, row)| row_hash(layout, id, row, false)));
        }
        let own = table.own();
        let share = |id| {
            let place = now.find(id).expect("what is in view is in the snapshot");
            if own == Some(id) { row_hash(layout, id, now.row(place), true) } else { self.hashes[place] }
        };
        table.ids().map(share).fold(0, u32::wrapping_add)
    }
}

fn append_notices<I: Copy + Default>(frame: &mut Vec<u8>, session: &mut Session<I>, with_report: bool) {
    let mut bytes_left = NOTICE_BYTES_PER_FRAME_MAX;
    while let Some(message) = session.pending.pop(bytes_left) {
        frame.extend_from_slice(&message);
        bytes_left -= message.len();
    }
    let events = std::mem::take(&mut session.pending.events_missed);
    let notices = std::mem::take(&mut session.pending.notices_missed);
    if events + notices > 0 {
        append_message(frame, &ServerMessage::Missed { events, notices }, REPORT_BYTES_MAX);
    }
    let counts: InputCounts = session.queue.counts();
    if with_report && counts != session.reported {
        session.reported = counts;
        append_message(frame, &ServerMessage::Inputs(counts), REPORT_BYTES_MAX);
    }
}
