//! Owns the proof of what a room promises when there is more to tell than a player may be sent: how much is sent, what comes first,
//! and that nothing waits for ever.

use serde::{Deserialize, Serialize};
use tickwire_server::room::{Room, RoomConfig, Sinks};
use tickwire_shared::slotmap::{SecondaryMap, SlotMap};
use tickwire_shared::*;

const HZ: u32 = 20;
const START_TICK: u64 = 1000;
/// Any odd factor that scatters well.
const SCATTER: u16 = 40_503;
/// How much more a dial that matters weighs than one that does not.
const WEIGHT: u32 = 4;

replicate! {
    /// Its face shows, scattered so that nobody can expect it, in which tick it was turned last.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Dial {
        face: u16 = int(0, 65_535),
        matters: bool = flag(),
        serial: i32 = int(0, 0x3fff_ffff),
        maker: i32 = int(0, 0x3fff_ffff),
    }
}

/// What a wall of dials is like.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
struct Plan {
    dials: u32,
    /// Every so manieth matters; 0: none does.
    matters_each: u32,
    /// Whether nothing is ever turned but the players' own dials.
    is_idle: bool,
    /// How many are replaced by new ones each tick.
    replaced_per_tick: u32,
    /// What everyone is told in each tick beside the dials.
    event_bytes: usize,
}

#[derive(Serialize, Deserialize)]
struct Wall {
    plan: Plan,
    dials: SlotMap<EntityId, Dial>,
    players: SecondaryMap<PlayerId, EntityId>,
    made: u32,
}

impl Wall {
    fn add(&mut self) -> EntityId {
        self.made += 1;
        let number = self.made.wrapping_mul(0x9e37_79b9) >> 2;
        let matters = self.plan.matters_each > 0 && self.made.is_multiple_of(self.plan.matters_each);
        self.dials.insert(Dial {
            face: 0,
            matters,
            serial: number as i32,
            maker: !number as i32 & 0x3fff_ffff,
        })
    }

    fn replace(&mut self, tick: Tick) {
        let own: Vec<EntityId> = self.players.values().copied().collect();
        for number in 0..self.plan.replaced_per_tick {
            let place = (tick.0 as u32 * 7 + number * 31) as usize % self.dials.len();
            let id = self.dials.keys().nth(place).expect("there are as many");
            if !own.contains(&id) {
                self.dials.remove(id);
                self.add();
            }
        }
    }
}

fn face(id: EntityId, tick: Tick) -> u16 {
    (tick.0 as u16).wrapping_add(key_parts(id).0 as u16).wrapping_mul(SCATTER)
}

/// How many ticks ago a dial showed this face.
fn age_ticks(id: EntityId, face: u32, now: Tick) -> u64 {
    (0..).find(|age| u32::from(self::face(id, Tick(now.0 - age))) == face).expect("every face comes round")
}

impl Game for Wall {
    const NAME: &'static str = "wall";
    const TICK_RATE_HZ: u32 = HZ;
    type Settings = Plan;
    type Input = ();
    type Entity = Dial;
    type Event = Vec<u8>;

    fn new(plan: &Plan, _: u64) -> Self {
        let mut wall =
            Self { plan: *plan, dials: SlotMap::with_key(), players: SecondaryMap::new(), made: 0 };
        for _ in 0..plan.dials {
            wall.add();
        }
        wall
    }
    fn join(&mut self, player: PlayerId) -> Result<(), Refusal> {
        let own = self.add();
        self.players.insert(player, own);
        Ok(())
    }
    fn leave(&mut self, player: PlayerId) {
        self.players.remove(player).and_then(|own| self.dials.remove(own));
    }
    fn tick(&mut self, cx: &mut TickContext<'_, Self>) {
        self.replace(cx.tick);
        if self.plan.event_bytes > 0 {
            cx.emit(Audience::Everyone, vec![7; self.plan.event_bytes]);
        }
        let Self { dials, players, plan, .. } = self;
        let is_turned = |id| !plan.is_idle || players.values().any(|own| *own == id);
        for (id, dial) in dials.iter_mut().filter(|(id, _)| is_turned(*id)) {
            dial.face = face(id, cx.tick);
        }
    }
    fn entities(&self) -> impl Iterator<Item = (EntityId, &Dial)> {
        self.dials.iter()
    }
    fn own(&self, player: PlayerId) -> Option<EntityId> {
        self.players.get(player).copied()
    }
    fn weight(&self, _: Viewer, id: EntityId) -> f32 {
        if self.dials[id].matters { WEIGHT as f32 } else { 1.0 }
    }
}

/// Takes the one frame of a tick, if it has a place for it.
#[derive(Debug, Default)]
struct Mail {
    has_place: bool,
    frame: Vec<u8>,
}

impl Sinks for Mail {
    fn has_place(&mut self, _: PlayerId) -> bool {
        self.has_place
    }
    fn frame(&mut self, _: PlayerId, frame: &[u8]) {
        assert!(self.has_place && self.frame.is_empty(), "one player, one frame");
        self.frame.extend_from_slice(frame);
    }
    fn line(&mut self, _: PlayerId, line: String) {
        panic!("there is no console: {line}");
    }
    fn close(&mut self, _: PlayerId, code: CloseCode, reason: String, _: Vec<u8>) {
        panic!("closed with {code:?}: {reason}");
    }
}

/// One player before a wall, and what its client made of the frames.
struct Watch {
    room: Room<Wall>,
    player: PlayerId,
    own: EntityId,
    held: Held,
    shown: Snapshot,
}

fn wall(plan: Plan, player_bytes_per_second: u32) -> Room<Wall> {
    Room::new(RoomConfig {
        name: "x".to_owned(),
        settings: plan,
        seed: 0,
        start_tick: Tick(START_TICK),
        players_max: 1,
        player_bytes_per_second,
        rewind_ms_max: 250,
        resume_grace_ticks: 0,
        bots: None,
        epoch: 1,
    })
}

fn join(room: &mut Room<Wall>) -> PlayerId {
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: Wall::NAME.to_owned(),
        schema_hash: room.layout().hash(),
        schema: None,
        name: "eye".to_owned(),
        role: Role::Player,
        ticket: None,
        resume: None,
    };
    room.join(&hello, &[7; 16]).expect("there is room")
}

impl Watch {
    fn new(plan: Plan, player_bytes_per_second: u32) -> Self {
        let mut room = wall(plan, player_bytes_per_second);
        let player = join(&mut room);
        let own = room.game().own(player).expect("it has a dial");
        Self { room, player, own, held: Held::default(), shown: Snapshot::default() }
    }

    /// One tick, and the bytes of its frame. After every single one the client holds what the room says it does, to the last bit,
    /// and knows the newest of its own dial.
    fn tick(&mut self) -> usize {
        let tick = self.room.next_tick();
        if let Some(held) = self.held.tick() {
            let command = Command {
                tick: tick.wire(),
                acked: held.wire(),
                ack_delay: 0,
                seen: Moment::at(held).wire(),
                input: (),
            };
            let command = ClientMessage::Command(command);
            self.room.receive(self.player, command, Slack::NONE).expect("no offence");
        }
        let mut mail = Mail { has_place: true, frame: Vec::new() };
        self.room.tick(&mut mail);
        self.read(&mail.frame, tick);
        self.held.copy_to(&mut self.shown);
        assert_eq!(Some(&self.shown), self.room.held(self.player).as_ref());
        let own = self.held.get(self.own).expect("the own dial never waits");
        assert_eq!(own.columns[0], u32::from(face(self.own, tick)), "nor does what happens to it");
        mail.frame.len()
    }

    /// A second in which there is no place for any frame.
    fn pause(&mut self) {
        (0..HZ).for_each(|_| self.room.tick(&mut Mail::default()));
    }

    fn run(&mut self, seconds: u32) {
        for _ in 0..seconds * HZ {
            self.tick();
        }
    }

    fn read(&mut self, frame: &[u8], tick: Tick) {
        let mut rest = frame;
        while !rest.is_empty() {
            let (message, after) = decode_prefix(rest).expect("our own frame");
            if let ServerMessage::Snapshot(snapshot) = message {
                assert_eq!(snapshot.tick, tick.wire());
                read_delta(snapshot.body.0, self.room.layout(), &mut self.held, tick, snapshot.age)
                    .expect("our own body");
                let hash = snapshot.hash.unwrap_or_else(|| self.held.hash(self.room.layout()));
                assert_eq!(hash, self.held.hash(self.room.layout()));
            }
            rest = after;
        }
    }

    /// How many ticks old what it holds is, for each dial but its own: whether that matters, and the age.
    fn ages(&self) -> impl Iterator<Item = (EntityId, bool, u64)> {
        let others = self.shown.iter().filter(|(id, _)| *id != self.own);
        others.map(|(id, row)| (id, row.columns[1] != 0, age_ticks(id, row.columns[0], self.shown.tick())))
    }
}

const BUSY: Plan = Plan { dials: 300, matters_each: 5, is_idle: false, replaced_per_tick: 0, event_bytes: 0 };
/// What all of [`BUSY`] weighs: in one round each dial is told as often as it weighs.
const WEIGHT_OF_ALL: u32 = BUSY.dials + BUSY.dials / BUSY.matters_each * (WEIGHT - 1);
/// What a frame of [`BUSY`] can have beside rows: an envelope, the player's own dial, and which of 300 slots changed or wait.
const MARKS_BYTES_MAX: u32 = 100;
/// A face is another number of 16 bits each time.
const CHANGE_BITS_MAX: u32 = 28;
/// What a first frame can have beside rows: the greeting, and the ids of what enters.
const FIRST_BYTES_MAX: u32 = 1024;
/// What a player that has been sent little may be sent at once, in ticks' worth: at this rate two are longer than a sixteenth of a second.
const BURST_TICKS: u32 = 2;

#[test]
fn a_player_is_sent_what_it_may_be_sent_and_hardly_less() {
    for bytes_per_second in [1024, 4096, 8192] {
        let mut watch = Watch::new(BUSY, bytes_per_second);
        watch.run(1);
        // What is not sent meanwhile is not made up for, but for the little that a budget holds, with the next tick's worth in it.
        watch.pause();
        let mut sent = 0;
        for ticks in 1..=60 * HZ {
            sent += watch.tick() as u32;
            let allowed = (BURST_TICKS + ticks - 1) * bytes_per_second / HZ + MARKS_BYTES_MAX;
            assert!(sent <= allowed, "{sent} bytes in {ticks} ticks, where {allowed} are allowed");
        }
        assert!(sent > 60 * bytes_per_second * 19 / 20, "{sent} bytes in a minute");
    }
}

/// The most ticks for which any dial was not told, in a minute.
fn longest_silence_ticks(watch: &mut Watch) -> u32 {
    let (mut silent_ticks, mut longest) = (SecondaryMap::new(), 0);
    for _ in 0..60 * HZ {
        watch.tick();
        for id in watch.room.game().dials.keys() {
            *silent_ticks.entry(id).expect("it is alive").or_insert(0) += 1;
        }
        let told = watch.ages().filter(|(_, _, age)| *age == 0).map(|(id, ..)| id);
        silent_ticks.extend(told.chain([watch.own]).map(|id| (id, 0)));
        longest = silent_ticks.values().copied().max().map_or(longest, |silence| longest.max(silence));
    }
    longest
}

#[test]
fn nothing_waits_longer_than_one_round_through_all_that_changes() {
    let bytes_per_second = 4096;
    let mut watch = Watch::new(BUSY, bytes_per_second);
    watch.run(10);
    assert_eq!(watch.shown.len(), BUSY.dials as usize + 1, "all is in view");
    // While something enters as well, changes have three quarters of what there is.
    let rows_bits_per_tick = (bytes_per_second / HZ - MARKS_BYTES_MAX) * 8 * 3 / 4;
    let round_ticks = (WEIGHT_OF_ALL * CHANGE_BITS_MAX).div_ceil(rows_bits_per_tick);
    let silence = longest_silence_ticks(&mut watch);
    assert!(silence <= round_ticks, "{silence} ticks; a round takes {round_ticks}");
    assert!(silence > round_ticks / 4, "{silence} of {round_ticks} ticks: this bound says something");
}

#[test]
fn with_hardly_any_budget_what_leaves_the_view_comes_again() {
    let mut watch = Watch::new(BUSY, 1024);
    watch.run(10);
    let silence = longest_silence_ticks(&mut watch);
    assert!(watch.room.is_holding_back(watch.player), "not all of it is in view at once");
    // At least one row per tick.
    assert!(silence <= WEIGHT_OF_ALL, "{silence} ticks");
}

#[test]
fn what_matters_four_times_as_much_is_told_four_times_as_often() {
    // So little that the ticks between two tellings are many: they are whole numbers.
    let mut watch = Watch::new(BUSY, 2048);
    watch.run(10);
    let (mut told, mut ticks) = ([0u32; 2], [0u32; 2]);
    for _ in 0..60 * HZ {
        watch.tick();
        for (_, matters, age) in watch.ages() {
            told[usize::from(matters)] += u32::from(age == 0);
            ticks[usize::from(matters)] += 1;
        }
    }
    let often = [0, 1].map(|matters| f64::from(told[matters]) / f64::from(ticks[matters]));
    let times = often[1] / often[0];
    assert!((3.6..4.4).contains(&times), "{times:.2} times as often: {often:?} per tick");
}

#[test]
fn a_client_holds_what_the_room_says_however_little_it_is_sent() {
    for bytes_per_second in [1024, 2048, 8192, 32_768, 1 << 20] {
        for plan in [BUSY, Plan { replaced_per_tick: 3, ..BUSY }, Plan { dials: 40, ..BUSY }] {
            let mut watch = Watch::new(plan, bytes_per_second);
            // Compares after every tick.
            watch.run(15);
        }
    }
}

#[test]
fn a_large_world_enters_bit_by_bit_the_own_dial_first() {
    let dials = 3000;
    let bytes_per_second = 64 * 1024;
    let mut watch = Watch::new(Plan { dials, is_idle: true, ..Plan::default() }, bytes_per_second);
    let first_bytes = watch.tick() as u32;
    let allowed = BURST_TICKS * bytes_per_second / HZ + FIRST_BYTES_MAX;
    assert!(first_bytes <= allowed, "{first_bytes} bytes at once, where {allowed} are allowed");
    let mut waiting = vec![watch.held.waiting()];
    while watch.held.waiting() > 0 {
        assert_eq!(watch.shown.len() + watch.held.waiting(), dials as usize + 1);
        assert!(watch.room.is_holding_back(watch.player));
        watch.tick();
        waiting.push(watch.held.waiting());
        assert!(waiting.is_sorted_by(|before, after| before > after), "{waiting:?}");
    }
    assert!(
        waiting.len() > 3 && waiting.len() < HZ as usize,
        "in several frames, within a second: {waiting:?}"
    );
    assert!(!watch.room.is_holding_back(watch.player));
    watch.tick();
    assert_eq!(watch.shown.len(), dials as usize + 1);
}

#[test]
fn what_is_told_beside_the_world_does_not_stop_it() {
    // The budget has 204 bytes for a tick: the events alone are more.
    let mut watch = Watch::new(Plan { event_bytes: 300, ..BUSY }, 4096);
    watch.run(60);
    assert_eq!((watch.shown.len(), watch.held.waiting()), (301, 0));
    let oldest = watch.ages().map(|(_, _, age)| age).max();
    assert!(oldest <= Some(60), "{oldest:?}");
}
