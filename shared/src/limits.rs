//! Owns every limit of the protocol and of both ends, with its unit in its name. What happens at a limit stands beside it.

/// Ticks of rows that a room keeps. A client whose baseline is older gets a full snapshot.
pub const HISTORY_TICKS: usize = 64;
/// Greatest age of a baseline that a snapshot can name; above it the snapshot is full.
pub const BASELINE_AGE_TICKS_MAX: u64 = 60;
/// The row before the baseline counts for expectations only if it is at most this old.
pub const PREVIOUS_AGE_TICKS_MAX: u64 = 62;
/// Snapshots in a row without a change after which a slot has no bit of its own any more.
pub const QUIET_SNAPSHOTS_MAX: u8 = 16;
/// The same for a slot that has not changed since it entered.
pub const FRESH_SNAPSHOTS: u8 = 2;
/// Snapshots sent and not yet acked, however long the way. At the limit the player gets nothing until it acks; what it missed merges into
/// the next. A link that cannot carry the rate is held to far fewer: see the server's window.
pub const UNACKED_SNAPSHOTS_MAX: usize = 32;
/// Snapshots that may be under way before the first ack, when any delay would explain any number of them: a newcomer's first frame alone may take
/// a narrow link for half a second, and all that goes meanwhile waits behind it. At 60 Hz it is 200 ms, in which the first ack over a healthy
/// link is back; over a longer one there is a single pause, for what its round trip has beyond that.
pub const UNACKED_AT_FIRST_MAX: usize = 12;
/// Snapshots that a client keeps to draw from. Older ones are forgotten.
pub const CLIENT_SNAPSHOTS_MAX: usize = 24;
/// Entities that a client predicts along with its own. More are drawn in the past, as all others.
pub const PREDICTED_ALONG_MAX: usize = 64;
/// Predicted events that wait for the server's word. At the limit a new one is not predicted: it comes as a plain event.
pub const PREDICTED_EVENTS_MAX: usize = 64;
/// How long an entity is drawn beyond its newest row, by its rates. Then it holds still.
pub const EXTRAPOLATION_MS_MAX: u64 = 250;
/// Notices waiting for a client's user. At the limit the oldest is dropped and counted.
pub const CLIENT_NOTICES_QUEUED_MAX: usize = 512;
/// Messages waiting for a client's link. At the limit the oldest is dropped and counted: a command that has waited for so long is
/// late, and a lost `Resync` is asked again.
pub const CLIENT_MESSAGES_QUEUED_MAX: usize = 64;
/// Names that a client keeps. At the limit a newcomer goes by its number.
pub const CLIENT_NAMES_MAX: usize = 4096;
/// Ticks between two view hashes in a player's snapshots.
pub const HASH_INTERVAL_TICKS: u64 = 30;

/// Commands waiting for their tick, per player. One further ahead is dropped and counted as early.
pub const COMMANDS_QUEUED_MAX: usize = 32;
/// Ticks without a command during which the last input is repeated; then it is `Default`.
pub const INPUT_REPEATS_MAX_TICKS: u32 = 15;

/// A command that is later than this is nothing but late: what was pressed then is not wanted any more.
pub const LATE_INPUTS_KEPT_MAX_TICKS: u64 = 15;
/// Milliseconds that a room rewinds the world at most for what a player saw, if it is not configured otherwise. What a player claims beyond
/// that is taken as the limit.
pub const REWIND_MS_MAX_DEFAULT: u32 = 250;
/// And the most that can be configured: what is rewound must still be in the history.
pub const REWIND_MS_MAX: u32 = 500;
/// Hits whose records a room keeps. The oldest makes room.
pub const HIT_RECORDS_MAX: usize = 64;
/// Events waiting for a player's next frame. At the limit the newest is dropped and the frame says how many were.
pub const EVENTS_QUEUED_MAX: usize = 256;
/// Chat, join and leave messages waiting for a session's next frame. At the limit the newest is dropped and counted.
pub const NOTICES_QUEUED_MAX: usize = 256;
/// Bytes of events and notices in one frame; the rest waits for the next.
pub const NOTICE_BYTES_PER_FRAME_MAX: usize = 64 * 1024;

/// The tick that a room can start from at most: what is left lasts longer than any machine.
pub const START_TICK_MAX: u64 = 1 << 60;
/// The tick that a client believes in at most.
pub const TICK_MAX: u64 = 1 << 61;
/// Lines in which two schemas may differ before the rest is only counted: a refusal must not be longer than a hello.
pub const DIFFERENCES_MAX: usize = 20;

/// Entities of one room. More is a fault of the game: its room closes with 1011.
pub const ENTITIES_MAX: usize = 65_536;
/// Kinds of entities in a schema.
pub const KINDS_MAX: usize = 64;
/// Columns of one kind of entity.
pub const COLUMNS_MAX: usize = 64;
/// Ticks per second in a schema.
pub const TICK_RATE_HZ_MAX: u32 = 1000;
/// Steps of a range, and from zero to either of its ends: an `f32` must tell two neighbours apart.
pub const RANGE_STEPS_MAX: u32 = 1 << 22;
/// Bits of an angle.
pub const ANGLE_BITS_MAX: u8 = 20;
/// Words of a prefix code: one for each number of bits that a residual can have, 0 to 32.
pub const CODE_WORDS_MAX: usize = 33;
/// Bits of a word of a prefix code in a schema.
pub const CODE_WORD_BITS_MAX: u8 = 24;

/// Bytes of a client's Hello. Above it the connection closes with 1009.
pub const HELLO_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a Hello that comes with the request for the WebSocket, before it is written in base64: proxies give all headers together
/// 8 KiB. What is longer comes as the first message; above it the request is refused with 400.
pub const OFFERED_HELLO_BYTES_MAX: usize = 4 * 1024;
/// Bytes of any other message of a client. Above it the connection closes with 1009.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 1024;
/// Bytes of one frame of the server. A client refuses more; a room whose game needs more closes with 1011.
pub const SERVER_FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a game's settings, encoded. A server with more does not start.
pub const SETTINGS_BYTES_MAX: usize = 256 * 1024;
/// Seconds until who is here is told after a coming or going had no place in a client's queue, at most: sooner if nothing else waits.
pub const ROSTER_SECONDS_MAX: u32 = 10;
/// Bytes of one event, encoded. More is a fault of the game: its room closes with 1011.
pub const EVENT_BYTES_MAX: usize = 1024;

/// Messages of a client per tick, pings and pongs too, in the long run. At once it may send [`IDLE_SECONDS_MAX`] seconds' worth of
/// one per tick: what gathers on a link that is stalled for as long as a silent peer is kept. Above it the connection closes
/// with 4429.
pub const CLIENT_MESSAGES_PER_TICK_MAX: u32 = 2;
/// Bytes per second that a client may send in the long run, with all framing. Above it the connection closes with 4429.
pub const CLIENT_BYTES_PER_SECOND_MAX: u32 = 16 * 1024;
/// Bytes that it may send at once: what gathers while a link is stalled for as long as is forgiven.
pub const CLIENT_BURST_BYTES_MAX: u32 = 32 * 1024;
/// WebSocket frames that a room reads per connection and tick, of whatever kind; the rest is read after the tick.
///
/// So one connection's flood takes little of the others' time. It is a second's worth at 60 Hz: what gathers while a link
/// stalls is taken in at once, because the last of its commands may still be in time.
pub const HEARD_FRAMES_PER_TICK_MAX: usize = 64;
/// Bytes that gather for a client before they are given to the kernel unasked: what a tick has for one peer goes in one piece.
pub const GATHERED_BYTES_MAX: usize = 64 * 1024;
/// Bytes of pongs and close frames that may wait behind the biggest frame: without a limit, a peer that sends
/// pings and reads nothing would fill the memory with their answers.
pub const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// Bytes of an HTTP head. Longer ones are refused with 431.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Bytes that a peer may still send once it was told to go. What is above is not read any more.
pub const DRAIN_BYTES_MAX: usize = 256 * 1024;
/// Connections waiting for a room's next tick. At the limit further ones wait before they ask.
pub const JOINS_WAITING_MAX: usize = 256;
/// Joins per tick; the rest waits at the door. Each costs a full snapshot: a storm of them is spread.
pub const JOINS_PER_TICK_MAX: usize = 8;
/// Newcomers at once in a world of more than [`GREAT_WORLD_ENTITIES`]; the rest waits at the door. Such a world comes over several frames, and
/// for each of them all that the newcomer does not see yet is ranked: a storm must not make everybody's ticks late.
pub const GREAT_WORLD_NEWCOMERS_MAX: usize = 3;
/// Entities from which on a world is great.
pub const GREAT_WORLD_ENTITIES: usize = 2000;
/// Who has not seen all of a great world after so many ticks, because of a narrow link, keeps nobody else out any more.
pub const NEWCOMER_TICKS_MAX: u64 = 64;
/// Spectators and consoles of one room. Full: one more is refused with 4403.
pub const SPECTATORS_PER_ROOM_MAX: usize = 256;
/// Players to whom a server can be told to fill its rooms with bots. A server that is told more does not start: each bot thinks in
/// every tick.
pub const BOTS_PER_ROOM_MAX: usize = 256;
/// Seconds after somebody has left a room until a bot takes the place: who comes right back finds it free.
pub const BOT_RETURN_SECONDS: u32 = 2;

/// Bytes of a player's name. Longer ones are cut.
pub const NAME_BYTES_MAX: usize = 32;
/// Bytes of a room's name. Longer ones are refused.
pub const ROOM_NAME_BYTES_MAX: usize = 32;
/// Bytes of a line of chat. Longer ones are cut.
pub const CHAT_BYTES_MAX: usize = 256;
/// Lines of chat that a session may send at once. What is above is dropped and counted.
pub const CHAT_BURST: u32 = 8;
/// Lines of chat per second that a session may send in the long run.
pub const CHAT_PER_SECOND: u32 = 2;
/// Bytes of a reason in a close frame (RFC 6455 allows 123). Longer ones are cut.
pub const CLOSE_REASON_BYTES_MAX: usize = 123;
/// Full snapshots that a client gets for the asking, per second. One asked for too soon comes later.
pub const RESYNCS_PER_SECOND: u32 = 1;
/// Seconds without a newer ack after which a session is closed: 4408 if nothing came at all, 1013 if only acks are missing.
pub const IDLE_SECONDS_MAX: u32 = 10;

/// Bytes of a resume token: 128 random bits, which nobody guesses.
pub const RESUME_TOKEN_BYTES: usize = 16;
/// Seconds without a frame after which a client takes its connection for dead, if it can have its seat again.
pub const SILENCE_SECONDS_MAX: u32 = 3;
/// The first try to connect again is made at once; before the next ones, a client waits for up to this many milliseconds.
pub const RECONNECT_DELAY_MS_MIN: u64 = 60;
/// So many tries come that close to each other: most outages are short, and who is back in them is back at once.
pub const RECONNECT_QUICK_TRIES: u32 = 33;
/// Before each further try it waits for up to twice as long, but never for longer than this many milliseconds.
pub const RECONNECT_DELAY_MS_MAX: u64 = 2000;
/// Seconds that a server can be told to keep the seat of a cut connection, at most.
pub const RESUME_GRACE_SECONDS_MAX: u32 = 3600;

const _: () = {
    assert!(RESUME_TOKEN_BYTES * 8 >= 128, "a token must not be found by trying");
    assert!(
        SILENCE_SECONDS_MAX < IDLE_SECONDS_MAX,
        "a client comes back before the server gives its connection up"
    );
    assert!(RECONNECT_DELAY_MS_MIN <= RECONNECT_DELAY_MS_MAX, "delays grow");

    assert!(BASELINE_AGE_TICKS_MAX < HISTORY_TICKS as u64, "a baseline must still be in the history");
    assert!(PREVIOUS_AGE_TICKS_MAX < HISTORY_TICKS as u64, "so must the row before it");
    assert!(FRESH_SNAPSHOTS >= 1 && FRESH_SNAPSHOTS <= QUIET_SNAPSHOTS_MAX, "who enters is active at first");
    assert!(UNACKED_SNAPSHOTS_MAX < HISTORY_TICKS, "an ack must still mean something");
    assert!(UNACKED_AT_FIRST_MAX <= UNACKED_SNAPSHOTS_MAX, "there is a place for each of them");
    assert!(BASELINE_AGE_TICKS_MAX < u8::MAX as u64, "the age travels in one byte");
    assert!(NOTICE_BYTES_PER_FRAME_MAX < SERVER_FRAME_BYTES_MAX / 2, "a frame also holds a snapshot");
    assert!(CHAT_BYTES_MAX + 64 < CLIENT_MESSAGE_BYTES_MAX, "a line of chat fits its message");
    assert!(NAME_BYTES_MAX < CHAT_BYTES_MAX, "a name and a line fit any message");
    assert!(KINDS_MAX <= 1 << u8::BITS && COLUMNS_MAX <= 1 << u8::BITS, "they are counted in bytes");
    assert!(RANGE_STEPS_MAX < 1 << f32::MANTISSA_DIGITS, "all steps are different numbers");
    assert!(ANGLE_BITS_MAX as u32 <= f32::MANTISSA_DIGITS, "so are all angles");
    assert!(CODE_WORDS_MAX == u32::BITS as usize + 1, "a residual has a sign and up to 32 bits");
    assert!(CODE_WORDS_MAX <= 1 << CODE_WORD_BITS_MAX, "each of them has a word");
    assert!(CODE_WORD_BITS_MAX as u32 <= u32::BITS, "a word is written at once");
    assert!(CLIENT_BYTES_PER_SECOND_MAX <= CLIENT_BURST_BYTES_MAX, "a second's worth may come at once");
    assert!(OFFERED_HELLO_BYTES_MAX <= HELLO_BYTES_MAX, "a hello is one whichever way it comes");
    assert!(
        HELLO_BYTES_MAX + CLIENT_MESSAGE_BYTES_MAX < CLIENT_BURST_BYTES_MAX as usize,
        "a hello may come at once"
    );
    assert!(CLIENT_MESSAGES_PER_TICK_MAX <= IDLE_SECONDS_MAX, "so may a second's worth of messages");
    assert!(GATHERED_BYTES_MAX < SERVER_FRAME_BYTES_MAX + CONTROL_BYTES_MAX, "what gathers fits the buffer");
    assert!(JOINS_PER_TICK_MAX <= JOINS_WAITING_MAX, "as many can wait");
};
