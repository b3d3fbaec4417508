//! Owns a server for one client: the room's rules about commands and baselines, as far as a client can notice.

use crate::toy::{Push, Toy};
use std::collections::BTreeMap;
use std::time::Duration;
use tickwire_shared::limits::{BASELINE_AGE_TICKS_MAX, COMMANDS_QUEUED_MAX, INPUT_REPEATS_MAX_TICKS};
use tickwire_shared::slotmap::SlotMap;
use tickwire_shared::{
    Arrival, BitWriter, Bytes, ClientMessage, DeltaWriter, Game, History, InputCounts, Layout,
    PROTOCOL_VERSION, PlayerId, PlayerInput, Receiver, Role, ServerMessage, Slack, SlotTable, Snapshot,
    SnapshotMessage, Source, Tick, TickContext, Visible, Welcome, append_message, decode,
};

pub const PERIOD: Duration = Duration::from_nanos(1_000_000_000 / Toy::TICK_RATE_HZ as u64);
pub const SETTINGS: u32 = 4711;

pub struct FakeServer {
    pub game: Toy,
    pub layout: Layout,
    pub player: PlayerId,
    pub next: Tick,
    pub next_at: Duration,
    pub counts: InputCounts,
    /// The ticks of all commands that came, and of their acks.
    pub commanded: Vec<(Tick, Tick)>,
    pub resyncs: u32,
    /// Appended to the next frame after the snapshot.
    pub notices: Vec<ServerMessage<'static>>,
    /// Emitted and not yet told.
    events: Vec<u32>,
    pub role: Role,
    /// Makes the next snapshot's hash wrong.
    pub lies: bool,
    /// Makes the next snapshot one that is never sent.
    pub loses: bool,
    /// So many requests for a full snapshot are ignored.
    pub ignores_resyncs: u32,
    /// What the last Welcome brought, or the next one will.
    pub token: Option<[u8; 16]>,
    /// There is no connection until the next Hello.
    pub is_cut: bool,
    joined: bool,
    welcomed: bool,
    commands: BTreeMap<Tick, Push>,
    last_input: Push,
    applied: Option<Tick>,
    slack: Slack,
    writer: DeltaWriter,
    table: SlotTable,
    history: History<Snapshot>,
    /// The ticks of the last two snapshots that were written.
    held: Option<(Tick, Option<Tick>)>,
}

impl FakeServer {
    pub fn new(next: Tick, next_at: Duration) -> Self {
        let mut game = Toy::new(&SETTINGS, 0);
        let player = SlotMap::<PlayerId, ()>::with_key().insert(());
        game.join(player).unwrap();
        Self {
            game,
            layout: Layout::of::<Toy>(),
            player,
            next,
            next_at,
            counts: InputCounts::default(),
            commanded: Vec::new(),
            resyncs: 0,
            notices: Vec::new(),
            events: Vec::new(),
            role: Role::Player,
            lies: false,
            loses: false,
            ignores_resyncs: 0,
            token: None,
            is_cut: false,
            joined: false,
            welcomed: false,
            commands: BTreeMap::new(),
            last_input: Push::default(),
            applied: None,
            slack: Slack::NONE,
            writer: DeltaWriter::default(),
            table: SlotTable::default(),
            history: History::new(64),
            held: None,
        }
    }

    pub fn receive(&mut self, now: Duration, message: &[u8]) {
        match decode::<ClientMessage<Push>>(message).unwrap() {
            ClientMessage::Hello(hello) => {
                assert_eq!(hello.resume, self.token.filter(|_| self.joined), "one Hello, or the last token");
                if self.joined {
                    self.begin_anew();
                }
                assert_eq!((hello.protocol, hello.schema_hash), (PROTOCOL_VERSION, self.layout.hash()));
                (self.joined, self.is_cut) = (true, false);
                self.role = hello.role;
            }
            ClientMessage::Command(command) => {
                let acked = command.acked.near(self.next);
                self.command(now, command.tick.near(self.next), acked, command.input);
            }
            ClientMessage::Chat(text) => assert!(!text.is_empty()),
            ClientMessage::Resync => {
                self.resyncs += 1;
                if self.ignores_resyncs == 0 {
                    self.held = None;
                }
                self.ignores_resyncs = self.ignores_resyncs.saturating_sub(1);
            }
        }
    }

    /// The client is back on a new connection, and gets another token.
    fn begin_anew(&mut self) {
        (self.welcomed, self.held, self.table) = (false, None, SlotTable::default());
        self.token = self.token.map(|token| token.map(|byte| byte.wrapping_add(1)));
    }

    fn command(&mut self, now: Duration, tick: Tick, acked: Tick, input: Push) {
        assert!(self.commanded.iter().all(|(old, _)| *old < tick), "one command per tick, in order");
        self.commanded.push((tick, acked));
        let deadline = self.next_at.as_secs_f64() + PERIOD.as_secs_f64() * tick.since(self.next) as f64;
        let slack = (deadline - now.as_secs_f64()) / PERIOD.as_secs_f64();
        self.slack = self.slack.least(Slack::of_ticks(slack));
        if tick < self.next {
            self.counts.late += 1;
        } else if tick.since(self.next) >= COMMANDS_QUEUED_MAX as i64 {
            self.counts.early += 1;
        } else {
            self.commands.insert(tick, input);
        }
    }

    fn input(&mut self, tick: Tick) -> Push {
        if let Some(input) = self.commands.remove(&tick) {
            self.counts.applied += 1;
            self.applied = Some(tick);
            self.last_input = input;
            return input;
        }
        let Some(applied) = self.applied else { return Push::default() };
        self.counts.missing += 1;
        let repeats = tick.since(applied) <= i64::from(INPUT_REPEATS_MAX_TICKS);
        if repeats { self.last_input } else { Push::default() }
    }

    /// Makes a tick; returns the frame for the client, if it has joined.
    pub fn tick(&mut self) -> Option<Vec<u8>> {
        let tick = self.next;
        let input = self.input(tick);
        let inputs =
            [PlayerInput { player: self.player, input, arrival: Arrival::OnTime, counts: self.counts }];
        let inputs = if self.joined && self.role == Role::Player { &inputs[..] } else { &[] };
        let mut events = Vec::new();
        self.game.tick(&mut TickContext::new(tick, &SETTINGS, inputs, &mut events));
        self.events.extend(events.into_iter().map(|(_, event)| event));
        let mut snapshot = Snapshot::default();
        snapshot.take(tick, &self.game);
        self.history.push(tick, snapshot);
        (self.next, self.next_at) = (tick.plus(1), self.next_at + PERIOD);
        if !self.joined || self.is_cut || std::mem::take(&mut self.loses) {
            return None;
        }
        Some(self.frame(tick))
    }

    /// Makes a tick whose frame gets lost, though the server believes that it was sent.
    pub fn tick_unsent(&mut self) {
        self.tick();
    }

    fn frame(&mut self, tick: Tick) -> Vec<u8> {
        let mut frame = Vec::new();
        if !std::mem::replace(&mut self.welcomed, true) {
            append_message(&mut frame, &ServerMessage::Welcome(Box::new(self.welcome(tick))), 4096);
        }
        self.append_snapshot(&mut frame, tick);
        append_message(&mut frame, &ServerMessage::Inputs(self.counts), 256);
        for event in self.events.drain(..) {
            let event = tickwire_shared::encode(&event);
            append_message(&mut frame, &ServerMessage::Event(Bytes(&event)), 64);
        }
        for notice in self.notices.drain(..) {
            append_message(&mut frame, &notice, 1024);
        }
        frame
    }

    pub fn welcome(&self, tick: Tick) -> Welcome {
        Welcome {
            protocol: PROTOCOL_VERSION,
            player: self.player,
            role: self.role,
            room: "test".to_owned(),
            tick_rate_hz: Toy::TICK_RATE_HZ,
            tick,
            epoch: 1,
            resume: self.token,
            resume_grace_seconds: 5,
            settings: tickwire_shared::encode(&SETTINGS),
            schema: self.layout.schema().clone(),
        }
    }

    fn append_snapshot(&mut self, frame: &mut Vec<u8>, tick: Tick) {
        let held = self.held.filter(|(held, _)| tick.since(*held) <= BASELINE_AGE_TICKS_MAX as i64);
        let own = self.game.own(self.player).filter(|_| self.role == Role::Player);
        let now = self.history.get(tick).unwrap();
        let source = Source { layout: &self.layout, now, history: &self.history };
        let mut out = BitWriter::default();
        let (baseline, previous) = (held.map(|(held, _)| held), held.and_then(|(_, previous)| previous));
        let receiver = Receiver { table: &mut self.table, baseline, previous, own, visible: Visible::All };
        self.writer.write_all(&mut out, source, receiver);
        let hash = now
            .iter()
            .map(|(id, row)| tickwire_shared::row_hash(&self.layout, id, row, Some(id) == own))
            .fold(u32::from(std::mem::take(&mut self.lies)), u32::wrapping_add);
        let message = ServerMessage::Snapshot(SnapshotMessage {
            tick: tick.wire(),
            age: held.map_or(0, |(held, _)| tick.since(held) as u8),
            input_age: self.applied.map_or(255, |applied| tick.since(applied).min(255) as u8),
            slack: std::mem::replace(&mut self.slack, Slack::NONE),
            hash: Some(hash),
            body: Bytes(out.align()),
        });
        append_message(frame, &message, 64 * 1024);
        self.held = Some((tick, held.map(|(held, _)| held)));
    }
}
