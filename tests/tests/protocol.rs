//! Owns the golden bytes: every example in PROTOCOL.md is what this code writes, and reads back as what it stands for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use tickwire_server::ServerConfig;
use tickwire_shared::glam::Vec2;
use tickwire_shared::*;

replicate! {
    /// The example of PROTOCOL.md.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sheep {
        pos: Vec2 = range(0.0, 100.0, 0.01).rate("vel"),
        vel: Vec2 = range(-20.0, 20.0, 0.01),
        hp: u8 = int(0, 100),
        wool: u8 = owner_only(int(0, 9)),
    }
}

/// A meadow with one sheep that is the player's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Meadow {
    sheep: slotmap::SlotMap<EntityId, Sheep>,
    own: EntityId,
}

/// Way to go, and whether to bleat.
type Input = (i8, i8, bool);

impl Game for Meadow {
    const NAME: &'static str = "meadow";
    const TICK_RATE_HZ: u32 = 30;
    type Settings = ();
    type Input = Input;
    type Entity = Sheep;
    type Event = u8;

    fn new(_: &(), _: u64) -> Self {
        let mut sheep = slotmap::SlotMap::with_key();
        let first = Sheep { pos: Vec2::new(10.0, 20.0), vel: Vec2::new(3.0, 0.0), hp: 100, wool: 7 };
        let own = sheep.insert(first);
        Self { sheep, own }
    }
    fn join(&mut self, _: PlayerId) -> Result<(), Refusal> {
        Ok(())
    }
    fn leave(&mut self, _: PlayerId) {}
    fn tick(&mut self, _: &mut TickContext<'_, Self>) {
        for sheep in self.sheep.values_mut() {
            sheep.pos += sheep.vel / 30.0;
            sheep.snap();
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Sheep)> {
        self.sheep.iter()
    }
    fn own(&self, _: PlayerId) -> Option<EntityId> {
        Some(self.own)
    }
}

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../PROTOCOL.md");
    std::fs::read_to_string(path).expect("PROTOCOL.md")
}

/// The examples of the document: blocks that open with "```hex NAME".
fn examples() -> BTreeMap<String, Vec<u8>> {
    let document = document();
    let mut examples = BTreeMap::new();
    for block in document.split("```hex ").skip(1) {
        let (name, rest) = block.split_once('\n').expect("a name");
        let body = rest.split("```").next().expect("a body");
        // What follows a ; explains the bytes before it.
        let digits = body.lines().map(|line| line.split(';').next().unwrap_or("")).collect::<String>();
        let digits: Vec<char> = digits.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = digits.chunks(2).map(|pair| {
            u8::from_str_radix(&pair.iter().collect::<String>(), 16)
                .unwrap_or_else(|_| panic!("{name}: {pair:?}"))
        });
        assert!(examples.insert(name.trim().to_owned(), bytes.collect()).is_none(), "{name} twice");
    }
    examples
}

/// Checks examples off, one by one.
struct Checker {
    examples: BTreeMap<String, Vec<u8>>,
    wrong: Vec<String>,
}

impl Checker {
    fn bytes(&mut self, name: &str, written: &[u8]) {
        let documented = self.examples.remove(name);
        if documented.as_deref() != Some(written) {
            let hex: Vec<String> = written.iter().map(|byte| format!("{byte:02x}")).collect();
            let hex: Vec<String> = hex.chunks(16).map(|line| line.join(" ")).collect();
            self.wrong.push(format!("```hex {name}\n{}\n```", hex.join("\n")));
        }
    }

    fn client(&mut self, name: &str, message: &ClientMessage<Input>) {
        let written = encode(message);
        assert_eq!(&decode::<ClientMessage<Input>>(&written).expect(name), message);
        self.bytes(name, &written);
    }

    fn server(&mut self, name: &str, message: &ServerMessage<'_>) {
        let written = encode(message);
        assert_eq!(&decode::<ServerMessage<'_>>(&written).expect(name), message);
        self.bytes(name, &written);
    }

    fn finish(self) {
        let unknown: Vec<&String> = self.examples.keys().collect();
        assert!(unknown.is_empty(), "examples that nothing checks: {unknown:?}");
        assert!(self.wrong.is_empty(), "PROTOCOL.md should say:\n{}", self.wrong.join("\n"));
    }
}

fn player() -> PlayerId {
    key_from_parts(2, 1)
}

fn hello(schema: Option<Schema>) -> ClientMessage<Input> {
    ClientMessage::Hello(Box::new(Hello {
        protocol: PROTOCOL_VERSION,
        game: Meadow::NAME.to_owned(),
        schema_hash: Layout::of::<Meadow>().hash(),
        schema,
        name: "ann".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    }))
}

fn welcome() -> ServerMessage<'static> {
    ServerMessage::Welcome(Box::new(Welcome {
        protocol: PROTOCOL_VERSION,
        player: player(),
        role: Role::Player,
        room: "lobby".to_owned(),
        tick_rate_hz: 30,
        tick: Tick(65_530),
        epoch: 1_700_000_000_000,
        resume: Some(*b"sixteen at hand!"),
        resume_grace_seconds: 30,
        settings: encode(&()),
        schema: Schema::of::<Meadow>(),
    }))
}

#[test]
fn the_document_shows_what_the_code_writes() {
    let mut checker = Checker { examples: examples(), wrong: Vec::new() };
    check_client_messages(&mut checker);
    check_server_messages(&mut checker);
    check_bits(&mut checker);
    check_snapshots(&mut checker);
    checker.finish();
}

/// The example of the header is the Hello of the other example.
#[test]
fn the_document_shows_a_hello_as_it_is_offered() {
    let line = format!("Sec-WebSocket-Protocol: {}\n", offer(&encode(&hello(None))));
    assert!(document().contains(&line), "PROTOCOL.md should say {line}");
}

fn check_client_messages(checker: &mut Checker) {
    checker.client("hello", &hello(None));
    let (tick, acked, input) = (Tick(65_537).wire(), Tick(65_534).wire(), (127, -127, true));
    let command =
        Command { tick, acked, ack_delay: 8, seen: Moment::after(Tick(65_532), 0.75).wire(), input };
    checker.client("command", &ClientMessage::Command(command));
    checker.client("chat", &ClientMessage::Chat("hi".to_owned()));
    checker.client("resync", &ClientMessage::Resync);
}

fn check_server_messages(checker: &mut Checker) {
    checker.bytes("schema", &encode(&Schema::of::<Meadow>()));
    checker.server("welcome", &welcome());
    checker.server("event", &ServerMessage::Event(Bytes(&encode(&9u8))));
    let chat = Chat { player: player(), name: "ann".to_owned(), text: "hi".to_owned() };
    checker.server("chat from ann", &ServerMessage::Chat(chat));
    let name = "ann".to_owned();
    checker.server("joined", &ServerMessage::Joined { player: player(), name, role: Role::Spectator });
    checker.server("left", &ServerMessage::Left { player: player() });
    let counts = InputCounts { applied: 300, late: 2, early: 0, duplicate: 1, missing: 3, repeated: 3 };
    checker.server("inputs", &ServerMessage::Inputs(counts));
    checker.server("missed", &ServerMessage::Missed { events: 4, notices: 0 });
    let reason = "protocol 3 here, 9 there".to_owned();
    checker.server("refused", &ServerMessage::Refused { code: CloseCode::Version as u16, reason });
    let reason = "the server is restarting".to_owned();
    let member = Member { player: player(), name: "ann".to_owned(), role: Role::Player };
    checker.server("roster", &ServerMessage::Roster(vec![member]));
    checker.server("closed", &ServerMessage::Closed { code: CloseCode::Restarting as u16, reason });
}

fn check_bits(checker: &mut Checker) {
    let mut bits = BitWriter::default();
    bits.write(5, 3);
    [0, 1, 2, 6].into_iter().for_each(|n| bits.write_gamma(n));
    checker.bytes("bits", bits.align());
}

fn check_snapshots(checker: &mut Checker) {
    let (full, delta) = snapshots(&Layout::of::<Meadow>());
    checker.bytes("full snapshot", &full);
    checker.bytes("delta snapshot", &delta);
    // The codes as the document gives them. A full snapshot of the own sheep has a residual, too: its wool.
    let document = document();
    let codes = document.lines().map(str::trim).filter(|line| line.starts_with("Sheep.")).collect::<Vec<_>>();
    let mut schema = Schema::of::<Meadow>();
    schema.set_codes(&codes.join("\n")).expect("the document's codes");
    assert!(schema != Schema::of::<Meadow>(), "the document gives codes");
    let (_, delta) = snapshots(&Layout::new(schema).expect("whole codes"));
    checker.bytes("delta snapshot with codes", &delta);
}

/// Two ticks of the meadow as its player gets them: a full snapshot, then one that says what was not expected.
fn snapshots(layout: &Layout) -> (Vec<u8>, Vec<u8>) {
    let mut meadow = Meadow::new(&(), 0);
    let (mut table, mut held, mut writer) = (SlotTable::default(), Held::default(), DeltaWriter::default());
    let mut history = History::new(4);
    let mut write = |now: &Snapshot, baseline: Option<Tick>, own, age| {
        history.push(now.tick(), now.clone());
        let source = Source { layout, now, history: &history };
        let mut bits = BitWriter::default();
        let (own, visible) = (Some(own), Visible::All);
        let receiver = Receiver { table: &mut table, baseline, previous: None, own, visible };
        writer.write_all(&mut bits, source, receiver);
        let body = bits.align().to_vec();
        read_delta(&body, layout, &mut held, now.tick(), age).expect("our own");
        let mut view = Snapshot::default();
        held.copy_to(&mut view);
        assert_eq!(&view, now);
        let hash = Some(held.hash(layout));
        let slack = Slack::of_ticks(1.25);
        encode(&ServerMessage::Snapshot(SnapshotMessage {
            tick: now.tick().wire(),
            age,
            input_age: if age == 0 { 255 } else { 0 },
            slack: if age == 0 { Slack::NONE } else { slack },
            hash: hash.filter(|_| age > 0),
            body: Bytes(&body),
        }))
    };
    let mut first = Snapshot::default();
    first.take(Tick(65_535), &meadow);
    let full = write(&first, None, meadow.own, 0);

    let own = meadow.own;
    let second_sheep = Sheep { pos: Vec2::new(1.0, 2.0), vel: Vec2::ZERO, hp: 55, wool: 3 };
    meadow.sheep.insert(second_sheep);
    let mut inputs = Vec::new();
    let mut cx = TickContext::new(Tick(65_536), &(), &[], &mut inputs);
    meadow.tick(&mut cx);
    meadow.sheep[own].hp = 90;
    meadow.sheep[own].wool = 6;
    let mut second = Snapshot::default();
    second.take(Tick(65_536), &meadow);
    // The other sheep's wool is none of this player's business: what it holds is 0 there.
    let mut told = second.clone();
    told.take(Tick(65_536), &Meadow { sheep: without_wool(&meadow.sheep, own), own });
    let delta = write(&told, Some(first.tick()), own, 1);
    (full, delta)
}

fn without_wool(
    sheep: &slotmap::SlotMap<EntityId, Sheep>,
    own: EntityId,
) -> slotmap::SlotMap<EntityId, Sheep> {
    let mut sheep = sheep.clone();
    sheep.iter_mut().filter(|(id, _)| *id != own).for_each(|(_, sheep)| sheep.wool = 0);
    sheep
}

#[test]
fn every_prefix_and_every_flipped_bit_is_decoded_or_refused() {
    fn check<'a, T: Deserialize<'a> + Debug>(bytes: &'a [u8]) {
        let _ = decode::<T>(bytes);
    }
    for bytes in examples().values() {
        for end in 0..bytes.len() {
            check::<ClientMessage<Input>>(&bytes[..end]);
            check::<ServerMessage<'_>>(&bytes[..end]);
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            check::<ClientMessage<Input>>(&flipped);
            check::<ServerMessage<'_>>(&flipped);
        }
    }
}

/// The cells of the table that has this head, row by row.
fn table<'a>(document: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let (_, rows) = document.split_once(head).unwrap_or_else(|| panic!("a table {head}"));
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn the_document_has_every_close_code() {
    let codes = [
        CloseCode::Normal,
        CloseCode::Protocol,
        CloseCode::Text,
        CloseCode::NotText,
        CloseCode::TooBig,
        CloseCode::RoomFailed,
        CloseCode::Restarting,
        CloseCode::TooSlow,
        CloseCode::Malformed,
        CloseCode::Unauthorized,
        CloseCode::Refused,
        CloseCode::Idle,
        CloseCode::Replaced,
        CloseCode::Version,
        CloseCode::TooMany,
    ];
    let document = document();
    let rows = table(&document, "| code | meaning | try again |");
    let documented: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(documented, codes.map(|code| (code as u16).to_string()));
}

#[test]
fn the_document_has_every_limit_by_its_value() {
    use limits::*;
    let document = document();
    let rows = table(&document, "| limit | value | what happens |");
    let documented: Vec<(&str, String)> = rows.iter().map(|row| (row[0], row[1].to_owned())).collect();
    let to_a_client = ServerConfig::<Meadow>::default().player_bytes_per_second;
    let expected = [
        ("bytes of a `Hello`", HELLO_BYTES_MAX.to_string()),
        ("bytes of a `Hello` with the request, before base64", OFFERED_HELLO_BYTES_MAX.to_string()),
        ("bytes of any other message of a client", CLIENT_MESSAGE_BYTES_MAX.to_string()),
        ("bytes of a frame of the server", SERVER_FRAME_BYTES_MAX.to_string()),
        ("snapshots sent and not acked", UNACKED_SNAPSHOTS_MAX.to_string()),
        ("snapshots before the first ack", UNACKED_AT_FIRST_MAX.to_string()),
        (
            "ticks from the next to run, that one included, for which commands are kept",
            COMMANDS_QUEUED_MAX.to_string(),
        ),
        ("ticks that an input is repeated", INPUT_REPEATS_MAX_TICKS.to_string()),
        ("ticks late, for what is pressed", LATE_INPUTS_KEPT_MAX_TICKS.to_string()),
        ("greatest age of a baseline, in ticks", BASELINE_AGE_TICKS_MAX.to_string()),
        ("greatest age of P", PREVIOUS_AGE_TICKS_MAX.to_string()),
        ("ticks between view hashes", HASH_INTERVAL_TICKS.to_string()),
        ("entities in view, and greatest index", ENTITIES_MAX.to_string()),
        ("ticks per second", TICK_RATE_HZ_MAX.to_string()),
        ("kinds of entities", KINDS_MAX.to_string()),
        ("columns of a kind", COLUMNS_MAX.to_string()),
        ("steps of a Range", RANGE_STEPS_MAX.to_string()),
        ("bits of an Angle", ANGLE_BITS_MAX.to_string()),
        ("bits of the word of a class in a `code`", CODE_WORD_BITS_MAX.to_string()),
        (
            "snapshots that a slot is quiet in before it is no longer active",
            format!("{QUIET_SNAPSHOTS_MAX}, or {FRESH_SNAPSHOTS} since it entered"),
        ),
        (
            "bytes to a client per second",
            format!(
                "{to_a_client} unless the host says otherwise, a sixteenth of it, or two ticks' worth, at once"
            ),
        ),
        ("bytes of an event", EVENT_BYTES_MAX.to_string()),
        ("events that wait for a client's next frame", EVENTS_QUEUED_MAX.to_string()),
        ("notices that wait for a client's next frame", NOTICES_QUEUED_MAX.to_string()),
        ("spectators and consoles of a room", SPECTATORS_PER_ROOM_MAX.to_string()),
        ("bytes of a name", NAME_BYTES_MAX.to_string()),
        ("bytes of a line of chat", CHAT_BYTES_MAX.to_string()),
        ("full snapshots on request", format!("{RESYNCS_PER_SECOND} per second")),
        ("seconds without a message of section 3, or without progress of acks", IDLE_SECONDS_MAX.to_string()),
        ("seconds of silence after which a client should connect again", SILENCE_SECONDS_MAX.to_string()),
        (
            "milliseconds that it waits before a try, after one in vain",
            format!(
                "up to {RECONNECT_DELAY_MS_MIN} for the first {RECONNECT_QUICK_TRIES} tries, then doubled each time to at most {RECONNECT_DELAY_MS_MAX}"
            ),
        ),
        (
            "messages of a client per second, pings and pongs too",
            format!("{CLIENT_MESSAGES_PER_TICK_MAX} x tick rate, {IDLE_SECONDS_MAX} x tick rate at once"),
        ),
        (
            "bytes of a client per second, with all framing",
            format!("{CLIENT_BYTES_PER_SECOND_MAX}, {CLIENT_BURST_BYTES_MAX} at once"),
        ),
    ];
    assert_eq!(documented, expected);
    let chat = format!("{CHAT_BURST} at once and {CHAT_PER_SECOND} per second");
    let row = rows.iter().find(|row| row[0] == "bytes of a line of chat").expect("just compared");
    assert!(row[2].contains(&chat), "{row:?}");
}
