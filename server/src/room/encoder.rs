//! Owns the making of frames: one per session and tick, out of rows that are encoded once for all sessions.

use super::interest::SightLines;
use super::schedule::{HeldBack, Schedule};
use super::session::{Message, Session};
use tickwire_shared::limits::{
    HASH_INTERVAL_TICKS, NOTICE_BYTES_PER_FRAME_MAX, ROSTER_SECONDS_MAX, SERVER_FRAME_BYTES_MAX,
    UNACKED_SNAPSHOTS_MAX,
};
use tickwire_shared::{
    Audience, BitWriter, Bytes, DeltaWriter, Game, InputCounts, Layout, PlayerId, Receiver, Role,
    ServerMessage, SlotTable, Snapshot, SnapshotMessage, Source, Tick, Usage, Viewer, append_message,
    key_parts, row_hash,
};

/// Most bytes of a snapshot message beside its body.
const ENVELOPE_BYTES_MAX: usize = 32;
/// Most bytes of a body, whatever a player's budget allows.
const BODY_BYTES_MAX: u64 = SERVER_FRAME_BYTES_MAX as u64 / 2;
/// Who got its last frame so long ago still hears why what it had in view is gone.
const GONE_TOLD_TICKS_MAX: i64 = UNACKED_SNAPSHOTS_MAX as i64;
/// Most bytes of an Inputs or Missed message.
const REPORT_BYTES_MAX: usize = 64;

/// For each byte that a frame may have, so many of events: over a narrow link a great heap of them would keep the world away for seconds.
const EVENTS_PER_FRAME_BYTES: usize = 4;

/// Scratch memory for the frames of a tick, and what they cost so far.
#[derive(Debug)]
pub(super) struct Encoder {
    writer: DeltaWriter,
    schedule: Schedule,
    bits: BitWriter,
    /// The last frame that was made.
    frame: Vec<u8>,
    /// Good until the next tick begins.
    pub sight: SightLines,
    /// Shares of the view hash by place in the tick's snapshot, without what only owners are told; empty until somebody needs them.
    hashes: Vec<u32>,
    /// Their sum.
    hash_of_all: u32,
    /// What the last frame left out.
    pub held_back: HeldBack,
    /// Where the bytes went, since the room began.
    usage: Usage,
    /// For each of the tick's events, whether a session had its entity in view, which is now gone.
    gone: Vec<bool>,
}

/// What all frames of a tick are made from.
pub(super) struct Scene<'a, G: Game> {
    pub game: &'a G,
    pub rows: Source<'a>,
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
    pub fn new(layout: &Layout) -> Self {
        Self {
            writer: DeltaWriter::default(),
            schedule: Schedule::default(),
            bits: BitWriter::default(),
            frame: Vec::new(),
            sight: SightLines::default(),
            hashes: Vec::new(),
            hash_of_all: 0,
            held_back: HeldBack::default(),
            usage: Usage::new(layout),
            gone: Vec::new(),
        }
    }

    /// Where the bytes of all frames so far went.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Forgets the tick before.
    pub fn begin(&mut self, now: &Snapshot) {
        self.writer.begin(now.len());
        self.hashes.clear();
        self.sight.begin();
    }

    /// Closes the books on the tick.
    pub fn end(&mut self) {
        self.writer.account(&mut self.usage);
    }

    /// The frame of this tick for one session. It counts as sent.
    pub fn frame<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
    ) -> (&[u8], bool) {
        let tick = scene.rows.now.tick();
        let baseline = session.baseline_for(tick, G::TICK_RATE_HZ);
        let notices_wait = !session.pending.is_empty();
        self.note_gone(scene, session);
        self.body(scene, player, session, baseline);
        self.tell(scene, player, session);
        let with_hash = tick >= session.hash_due;
        let hash = with_hash.then(|| self.view_hash(scene.rows, &session.table));
        if with_hash {
            let sees_all = session.table.len() == scene.rows.now.len();
            session.hash_due = next_hash(tick, (!sees_all).then_some(player));
        }
        let body_bits = self.bits.bit_len();
        let body = self.bits.align();
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(&session.greeting.take().unwrap_or_default());
        let greeting_bytes = frame.len();
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
        let snapshot_bytes = frame.len();
        let frame_bytes = session.frame_bytes(tick);
        let carried = frame_bytes.saturating_sub(snapshot_bytes - greeting_bytes);
        let events_bytes = frame_bytes.saturating_mul(EVENTS_PER_FRAME_BYTES);
        append_notices(frame, session, carried, events_bytes, notices_wait);
        append_reports(frame, session, with_hash);
        let roster_due = tick.plus(u64::from(ROSTER_SECONDS_MAX * G::TICK_RATE_HZ));
        append_roster(frame, session, scene.roster, tick, roster_due);
        session.sent(tick, baseline, frame.len());
        // What greets a newcomer, above all the game's settings, must not keep the world from it.
        session.budget.spend(frame.len() - greeting_bytes, G::TICK_RATE_HZ);
        let Usage { frames, bytes, bits, .. } = &mut self.usage;
        *frames += 1;
        *bytes += frame.len() as u64;
        bits.envelope += 8 * (snapshot_bytes - body.len()) as u64;
        bits.padding += 8 * body.len() as u64 - u64::from(body_bits);
        bits.notices += 8 * (frame.len() - snapshot_bytes) as u64;
        assert!(frame.len() <= SERVER_FRAME_BYTES_MAX, "{}: a frame of {} bytes", G::NAME, frame.len());
        (frame, baseline.is_none())
    }

    /// Leaves this tick's frame out for a session; what was told waits for its next one.
    pub fn skip<G: Game>(&mut self, scene: Scene<'_, G>, player: PlayerId, session: &mut Session<G::Input>) {
        self.note_gone(scene, session);
        self.tell(scene, player, session);
    }

    /// The last thing to be heard of an entity may be why it is gone: whoever had it in view shall hear it. Not who got no frame for
    /// long: what it had in view then, the game may have hidden from it since.
    fn note_gone<G: Game>(&mut self, scene: Scene<'_, G>, session: &Session<G::Input>) {
        let now = scene.rows.now;
        let has_seen = session.baseline.is_some_and(|seen| now.tick().since(seen) <= GONE_TOLD_TICKS_MAX);
        let is_gone = |audience: &Audience| match audience {
            Audience::SeersOf(id) => has_seen && now.find(*id).is_none() && session.table.find(*id).is_some(),
            _ => false,
        };
        self.gone.clear();
        self.gone.extend(scene.told.iter().map(|(audience, _)| is_gone(audience)));
    }

    /// Queues the tick's events for a session, if it is among those who hear them. What is about an entity in view waits with that
    /// condition: it counts at the frame that the event travels with.
    fn tell<G: Game>(&self, scene: Scene<'_, G>, player: PlayerId, session: &mut Session<G::Input>) {
        for ((audience, message), is_gone) in scene.told.iter().zip(&self.gone) {
            let about = match *audience {
                Audience::SeersOf(id) if !is_gone => Some(id),
                _ => None,
            };
            if *is_gone || hears(*audience, player, &session.table) {
                session.pending.push(Message { about, ..message.clone() });
            }
        }
    }

    /// How many bytes of the tick's events a session is going to hear, about: what comes into view or leaves it is not known yet.
    fn told_bytes<G: Game>(
        &self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &Session<G::Input>,
    ) -> usize {
        let told = scene.told.iter().zip(&self.gone);
        let heard =
            told.filter(|((audience, _), is_gone)| **is_gone || hears(*audience, player, &session.table));
        heard.map(|((_, message), _)| message.bytes.len()).sum()
    }

    fn body<G: Game>(
        &mut self,
        scene: Scene<'_, G>,
        player: PlayerId,
        session: &mut Session<G::Input>,
        baseline: Option<Tick>,
    ) {
        // Only who has too little for all needs to know.
        let told_bytes = if session.is_narrow() { self.told_bytes(scene, player, session) } else { 0 };
        let Scene { game, rows, .. } = scene;
        let tick = rows.now.tick();
        let is_player = session.role == Role::Player;
        let viewer = if is_player { Viewer::Player(player) } else { Viewer::Spectator };
        let own = game.own(player).filter(|own| is_player && rows.now.find(*own).is_some());
        let visible = self.sight.visible(game, viewer, own, rows.now, |id| session.table.find(id).is_some());
        let bits_max = session.row_bits(tick, G::TICK_RATE_HZ, told_bytes).min(8 * BODY_BYTES_MAX);
        let previous = session.previous;
        let mut receiver = Receiver { table: &mut session.table, baseline, previous, own, visible };
        self.writer.draft(rows, &mut receiver);
        let own = own.and_then(|own| rows.now.find(own)).map(|place| place as u32);
        let weight = |place: u32| game.weight(viewer, rows.now.id(place as usize));
        self.held_back =
            self.schedule.fit(&mut self.writer, &mut session.waiting, rows.now, bits_max, own, weight);
        self.bits.clear();
        self.writer.write(&mut self.bits, rows, receiver, &mut self.usage.bits);
        session.beside_rows_bits = u64::from(self.bits.bit_len()) - self.held_back.told_bits;
    }

    /// The hash of what a client holds after this frame: the sum of its entities' shares, each computed once per tick.
    fn view_hash(&mut self, rows: Source<'_>, table: &SlotTable) -> u32 {
        let Source { layout, now, history } = rows;
        if self.hashes.is_empty() {
            self.hashes.extend(now.iter().map(|(id, row)| row_hash(layout, id, row, false)));
            self.hash_of_all = self.hashes.iter().fold(0, |sum, share| sum.wrapping_add(*share));
        }
        let (own, hashes, is_lagging) = (table.own(), &self.hashes, table.is_lagging());
        let share = |id| {
            let tick = if is_lagging { table.row_tick(id, now.tick()) } else { now.tick() };
            let is_own = own == Some(id);
            let place = now.find(id).expect("what is in view is in the snapshot");
            if tick == now.tick() && !is_own {
                return hashes[place];
            }
            let held = history.get(tick).expect("rows that clients hold are kept");
            row_hash(layout, id, held.get(id).expect("it was in view then"), is_own)
        };
        if table.len() < now.len() || is_lagging {
            return table.ids().map(share).fold(0, u32::wrapping_add);
        }
        let Some(own) = own else { return self.hash_of_all };
        let place = now.find(own).expect("what is in view is in the snapshot");
        self.hash_of_all.wrapping_sub(hashes[place]).wrapping_add(share(own))
    }
}

/// When the next view hash is due. For players with views of their own not in the same tick: each walks over one. Who
/// sees all shares one walk with all others who do.
fn next_hash(tick: Tick, player: Option<PlayerId>) -> Tick {
    let own_phase = player.map_or(0, |player| u64::from(key_parts(player).0));
    let phase = (tick.0 + own_phase) % HASH_INTERVAL_TICKS;
    tick.plus(HASH_INTERVAL_TICKS - phase)
}

fn hears(audience: Audience, player: PlayerId, table: &SlotTable) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::Only(only) => player == only,
        Audience::Except(except) => player != except,
        Audience::SeersOf(id) => table.find(id).is_some(),
    }
}

/// Events, and of the rest what fits into the `carried` bytes; if some had to wait already, the first goes however big it is. An event comes
/// with the snapshot of its tick, or a client that predicted it would take it for one that never was; only a great heap of them is spread.
fn append_notices<I: Copy + Default>(
    frame: &mut Vec<u8>,
    session: &mut Session<I>,
    carried: usize,
    events_bytes: usize,
    notices_wait: bool,
) {
    let mut bytes_left = NOTICE_BYTES_PER_FRAME_MAX;
    let events_from = bytes_left.saturating_sub(events_bytes);
    let others_from = bytes_left.saturating_sub(carried);
    let mut is_first = notices_wait;
    while let Some(next) = session.pending.next() {
        let bytes = next.bytes.len();
        let goes = match next.is_event {
            true => bytes_left > events_from,
            false => is_first || bytes_left >= others_from + bytes,
        };
        if !goes || bytes > bytes_left {
            break;
        }
        let Message { bytes, about, .. } = session.pending.pop().expect("just seen");
        if about.is_none_or(|id| session.table.find(id).is_some()) {
            frame.extend_from_slice(&bytes);
            bytes_left -= bytes.len();
            is_first = false;
        }
    }
}

/// Who is here, once for all comings and goings that were missed: when nothing else waits, because a roster is long, but not too late.
fn append_roster<I: Copy + Default>(
    frame: &mut Vec<u8>,
    session: &mut Session<I>,
    roster: &[u8],
    tick: Tick,
    due: Tick,
) {
    if session.pending.presence_missed {
        let due = *session.roster_due.get_or_insert(due);
        if session.pending.is_empty() || tick >= due {
            frame.extend_from_slice(roster);
            (session.pending.presence_missed, session.roster_due) = (false, None);
        }
    }
}

fn append_reports<I: Copy + Default>(frame: &mut Vec<u8>, session: &mut Session<I>, with_counts: bool) {
    let events = std::mem::take(&mut session.pending.events_missed);
    let notices = std::mem::take(&mut session.pending.notices_missed);
    if events > 0 || notices > 0 {
        append_message(frame, &ServerMessage::Missed { events, notices }, REPORT_BYTES_MAX);
    }
    let counts: InputCounts = session.queue.counts();
    if with_counts && counts != session.reported {
        session.reported = counts;
        append_message(frame, &ServerMessage::Inputs(counts), REPORT_BYTES_MAX);
    }
}
