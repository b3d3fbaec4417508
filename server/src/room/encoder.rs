//! Owns the making of frames: one per session and tick, out of rows that are encoded once for all sessions.

use super::interest::SightLines;
use super::session::{Message, Session};
use tickwire_shared::limits::{HASH_INTERVAL_TICKS, NOTICE_BYTES_PER_FRAME_MAX, SERVER_FRAME_BYTES_MAX};
use tickwire_shared::{
    Audience, Baseline, BitWriter, Bodies, Bytes, Game, History, InputCounts, Layout, PlayerId, Receiver,
    Role, ServerMessage, SlotTable, Snapshot, SnapshotMessage, Tick, Viewer, append_message, row_hash,
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
    /// The last frame that was made.
    frame: Vec<u8>,
    sight: SightLines,
    /// Shares of the view hash by place in the tick's snapshot, without what only owners are told; empty until somebody needs them.
    hashes: Vec<u32>,
    /// For each of the tick's events, whether a session had its entity in view, which is now gone.
    gone: Vec<bool>,
}

/// What all frames of a tick are made from.
pub(super) struct Scene<'a, G: Game> {
    pub game: &'a G,
    pub layout: &'a Layout,
    pub now: &'a Snapshot,
    pub history: &'a History<Snapshot>,
    /// The tick's events.
    pub told: &'a [(Audience, Message)],
    /// Who is here, encoded, if some session missed a notice.
    pub roster: &'a [u8],
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
        self.sight.begin();
    }

    /// The frame of this tick for one session. It counts as sent.
    pub fn frame<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
    ) -> (&[u8], bool) {
        let tick = scene.now.tick();
        let baseline = session.baseline_for(tick, G::TICK_RATE_HZ);
        self.note_gone(scene, &session.table);
        self.body(scene, player, session, baseline);
        self.tell(scene, player, session);
        let with_hash = tick >= session.hash_due;
        let hash = with_hash.then(|| self.view_hash(scene, &session.table));
        if with_hash {
            session.hash_due = Tick(tick.0 - tick.0 % HASH_INTERVAL_TICKS + HASH_INTERVAL_TICKS);
        }
        let body = self.bits.align();
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(&session.greeting.take().unwrap_or_default());
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
        append_message(frame, &snapshot, body.len() + ENVELOPE_BYTES_MAX);
        session.sent(tick, baseline);
        append_notices(frame, session, with_hash, scene.roster);
        assert!(frame.len() <= SERVER_FRAME_BYTES_MAX, "{}: a frame of {} bytes", G::NAME, frame.len());
        (frame, baseline.is_none())
    }

    /// Leaves this tick's frame out for a session; what was told waits for its next one.
    pub fn skip<G: Game>(&mut self, scene: Scene<'_, G>, player: PlayerId, session: &mut Session<G::Input>) {
        self.note_gone(scene, &session.table);
        self.tell(scene, player, session);
    }

    /// The last thing to be heard of an entity may be why it is gone: whoever had it in view shall hear it.
    fn note_gone<G: Game>(&mut self, scene: Scene<'_, G>, table: &SlotTable) {
        let is_gone = |audience: &Audience| match audience {
            Audience::SeersOf(id) => scene.now.find(*id).is_none() && table.find(*id).is_some(),
            _ => false,
        };
        self.gone.clear();
        self.gone.extend(scene.told.iter().map(|(audience, _)| is_gone(audience)));
    }

    /// Queues the tick's events for a session, if it is among those who hear them; its view is that of its frame.
    fn tell<G: Game>(&self, scene: Scene<'_, G>, player: PlayerId, session: &mut Session<G::Input>) {
        for ((audience, message), is_gone) in scene.told.iter().zip(&self.gone) {
            let hears = match *audience {
                Audience::Everyone => true,
                Audience::Only(only) => player == only,
                Audience::Except(except) => player != except,
                Audience::SeersOf(id) => *is_gone || session.table.find(id).is_some(),
            };
            if hears {
                session.pending.push(message.clone());
            }
        }
    }

    fn body<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
        baseline: Option<Tick>,
    ) {
        let Scene { game, layout, now, history, .. } = scene;
        let baseline = baseline.map(|baseline| Baseline {
            rows: history.get(baseline).expect("a baseline is younger than the history"),
            previous: session.previous.and_then(|previous| history.get(previous)),
        });
        let is_player = session.role == Role::Player;
        let viewer = if is_player { Viewer::Player(player) } else { Viewer::Spectator };
        let own = game.own(player).filter(|own| is_player && now.find(*own).is_some());
        let visible = self.sight.visible(game, viewer, own, now, &session.table);
        let receiver = Receiver { table: &mut session.table, baseline, own, visible };
        self.bits.clear();
        write_delta(&mut self.bits, layout, now, &mut self.bodies, receiver);
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

fn append_notices<I: Copy + Default>(
    frame: &mut Vec<u8>,
    session: &mut Session<I>,
    with_report: bool,
    roster: &[u8],
) {
    let mut bytes_left = NOTICE_BYTES_PER_FRAME_MAX;
    while let Some(message) = session.pending.pop(bytes_left) {
        frame.extend_from_slice(&message);
        bytes_left -= message.len();
    }
    let events = std::mem::take(&mut session.pending.events_missed);
    let notices = std::mem::take(&mut session.pending.notices_missed);
    if events + notices > 0 {
        append_message(frame, &ServerMessage::Missed { events, notices }, REPORT_BYTES_MAX);
        frame.extend_from_slice(if notices > 0 { roster } else { &[] });
    }
    let counts: InputCounts = session.queue.counts();
    if with_report && counts != session.reported {
        session.reported = counts;
        append_message(frame, &ServerMessage::Inputs(counts), REPORT_BYTES_MAX);
    }
}
