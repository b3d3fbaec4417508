//! Owns the random matches: what one seed does to a room, its clients and their links, and what must hold afterwards.

use crate::ledger::{Ledger, LedgerInput};
use crate::link::LinkPlan;
use crate::sim::{Driver, Seat, Sim};
use crate::test_rng::TestRng;
use std::num::NonZeroU64;
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_client::link::{LinkProfile, Stalls};
use tickwire_server::BotFill;
use tickwire_shared::limits::COMMANDS_QUEUED_MAX;
use tickwire_shared::{Bots, ClientMessage, Command, Game, Moment, Role, Sight, Tick, encode};

/// The longest way that a link without a name has.
const DELAY_MAX: Duration = Duration::from_millis(150);
/// The worst jitter of one.
const JITTER_P99_MAX: Duration = Duration::from_millis(30);
/// The longest stall of one.
const STALL_MS_MAX: u64 = 2000;
/// Until all is well after everything was: a stall may still hold things back for its two seconds, and a bottleneck's queue
/// for one more; then a client needs a round trip or two, and time to steer.
const HEALING_TIME: Duration = Duration::from_secs(6);

/// What a run did, for the sum over many seeds.
#[derive(Copy, Clone, Debug, Default)]
pub struct Tally {
    /// Frames whose view was compared.
    pub frames: u64,
    /// View hashes that clients compared.
    pub hashes: u64,
    /// Inputs that were applied.
    pub inputs: u64,
    /// Connections that were cut.
    pub cuts: u64,
    /// Seats that clients came back to.
    pub resumes: u64,
    /// Tokens that were presented and must give no seat.
    pub bad_tokens: u64,
    /// Sessions that the server ended.
    pub closed: u64,
    /// Frames that merged into later ones.
    pub skipped: u64,
    /// Changes and entities that waited for a later frame.
    pub held_back: u64,
    /// Bots that were in the room at once.
    pub bots: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            hashes: self.hashes + other.hashes,
            inputs: self.inputs + other.inputs,
            cuts: self.cuts + other.cuts,
            resumes: self.resumes + other.resumes,
            bad_tokens: self.bad_tokens + other.bad_tokens,
            closed: self.closed + other.closed,
            skipped: self.skipped + other.skipped,
            held_back: self.held_back + other.held_back,
            bots: self.bots + other.bots,
        }
    }
}

/// A tick to start from: often just before one of the places where a counter could wrap.
pub fn edge_tick(rng: &mut TestRng) -> Tick {
    let edges = [0, 1 << 15, 1 << 16, 1 << 31, 1 << 32];
    let edge: u64 = edges[rng.below(5) as usize];
    Tick(if rng.chance(70) { edge.saturating_sub(rng.below(300)) } else { rng.below(1 << 40) })
}

/// A bot of the arena as a driver.
#[must_use]
pub fn arena_bot(seed: u64) -> Driver<Arena> {
    let behaviour = Arena::BEHAVIOURS[seed as usize % Arena::BEHAVIOURS.len()];
    let mut bot = Arena::bot(behaviour, seed).expect("the game knows its own behaviours");
    let mut others = Vec::new();
    Box::new(move |client, tick| {
        client.newest(&mut others);
        let Some(settings) = client.settings() else { return Default::default() };
        Arena::think(&mut bot, &Sight { tick, settings, own: client.own(), others: &others })
    })
}

/// A clerk of the ledger as a driver: every input is another one.
#[must_use]
pub fn clerk(seed: u64) -> Driver<Ledger> {
    let mut rng = TestRng::new(seed);
    let mut serial = 0;
    Box::new(move |_, _| {
        serial += 1;
        let way = rng.bytes(2);
        LedgerInput { way: (way[0] as i8, way[1] as i8), serial }
    })
}

/// A link as bad as the seed wants it: one that has a name, or one that has none.
fn any_link(rng: &mut TestRng) -> LinkPlan {
    let profile = if rng.chance(30) {
        LinkProfile::ALL[rng.below(LinkProfile::ALL.len() as u64) as usize]
    } else {
        LinkProfile {
            name: "random",
            delay: DELAY_MAX.mul_f64(rng.share()),
            jitter_p99: if rng.chance(60) { JITTER_P99_MAX.mul_f64(rng.share()) } else { Duration::ZERO },
            bytes_per_second: NonZeroU64::new(if rng.chance(30) { rng.between(32, 256) * 1024 } else { 0 }),
            buffer_bytes: rng.between(4, 32) as usize * 1024,
            stalls: rng.chance(40).then(|| any_stalls(rng)),
        }
    };
    let frames_max = if rng.chance(50) { rng.between(1, 8) as usize } else { 1024 };
    LinkPlan { profile, frames_max }
}

fn any_stalls(rng: &mut TestRng) -> Stalls {
    Stalls {
        every: Duration::from_millis(rng.between(100, 5000)),
        shortest: Duration::from_millis(1),
        longest: Duration::from_millis(rng.between(10, STALL_MS_MAX)),
    }
}

/// Bytes per second for each player: often too few for what there is to tell.
fn any_budget(rng: &mut TestRng) -> u32 {
    if rng.chance(30) { rng.between(1024, 16 * 1024) as u32 } else { 1 << 20 }
}

/// A match of the ledger on links that do what links do: everything may go wrong, then nothing does, and all must be well.
///
/// # Errors
/// A sentence, if anything that must hold does not.
pub fn chaos(seed: u64) -> Result<Tally, String> {
    let mut rng = TestRng::new(seed);
    let bots = rng.chance(30).then(|| BotFill::new(rng.between(1, 8) as usize));
    let mut sim = Sim::<Ledger>::with_bots(0, seed, edge_tick(&mut rng), any_budget(&mut rng), bots);
    let mut tally = Tally::default();
    let hostile = rng.chance(30);
    for _ in 0..rng.between(1, 6) {
        join(&mut sim, &mut rng);
    }
    for _ in 0..rng.between(10, 30) {
        sim.run(Duration::from_millis(rng.between(1, 600)))?;
        draw(&sim)?;
        disturb(&mut sim, &mut rng, hostile, &mut tally)?;
        tally.bots = tally.bots.max(sim.room.bots().len() as u64);
    }
    sim.heal();
    sim.run(HEALING_TIME)?;
    check_converged(&sim)?;
    for number in sim.seats.keys().copied().collect::<Vec<_>>() {
        check_books(&sim, number)?;
    }
    let counts = sim.room.counts();
    tally.frames = sim.frames_checked;
    tally.resumes = sim.resumes;
    tally.hashes = sim.seats.values().map(|seat| seat.client.stats().hash_checks).sum();
    tally.inputs = counts.inputs_applied;
    tally.held_back = counts.updates_held_back + counts.entities_held_back;
    tally.skipped = counts.skipped_outbox + counts.skipped_unacked;
    Ok(tally)
}

/// Draws what every client sees: everything at one place only, and nothing that is not in view.
fn draw(sim: &Sim<Ledger>) -> Result<(), String> {
    let (mut present, mut past) = (vec![], vec![]);
    for (number, seat) in &sim.seats {
        seat.client.predicted_view(sim.now(), &mut present);
        seat.client.view(sim.now(), &mut past);
        let both = past.iter().any(|(id, _)| present.iter().any(|(own, _)| own == id));
        if both || present.len() > 1 || seat.client.drawn(sim.now()).is_none() && !past.is_empty() {
            return Err(format!("seat {number} draws {present:?} in the present and {past:?} in the past"));
        }
    }
    Ok(())
}

fn join(sim: &mut Sim<Ledger>, rng: &mut TestRng) {
    let role = if rng.chance(15) { Role::Spectator } else { Role::Player };
    let seed = rng.below(u64::MAX);
    let link = any_link(rng);
    sim.connect(link, seed, role, clerk(seed));
}

fn disturb(sim: &mut Sim<Ledger>, rng: &mut TestRng, hostile: bool, tally: &mut Tally) -> Result<(), String> {
    let numbers: Vec<usize> = sim.seats.keys().copied().collect();
    let picked = if numbers.is_empty() { 0 } else { numbers[rng.below(numbers.len() as u64) as usize] };
    match rng.below(15) {
        0 => join(sim, rng),
        1 => {
            check_books(sim, picked)?;
            drop(sim.leave(picked));
        }
        2 => sim.freeze(picked, true),
        3 => sim.freeze(picked, false),
        4 => sim.pause_room(rng.between(1_000, 1_000_000)),
        5 if hostile => {
            let length = rng.between(0, 40) as usize;
            sim.forge(picked, rng.bytes(length));
        }
        6 if hostile => forge_command(sim, picked, rng),
        7 => ask_full(sim, picked),
        8 => repeat_command(sim, picked),
        9 => {
            if let Some(seat) = sim.seats.get_mut(&picked) {
                seat.client.say("still here");
            }
        }
        10 | 11 => cut(sim, picked, rng, tally),
        12 => {
            cut(sim, picked, rng, tally);
            // Often while the client is coming back.
            sim.run(Duration::from_millis(rng.between(1, 400)))?;
            cut(sim, picked, rng, tally);
        }
        13 => sim.notice(),
        14 => tally.bad_tokens += sim.try_bad_tokens(picked, rng)?,
        _ => {}
    }
    let closed: Vec<usize> =
        sim.seats.iter().filter(|(_, seat)| !seat.is_open()).map(|(number, _)| *number).collect();
    for number in closed {
        tally.closed += 1;
        sim.leave(number);
    }
    Ok(())
}

fn cut(sim: &mut Sim<Ledger>, picked: usize, rng: &mut TestRng, tally: &mut Tally) {
    tally.cuts += u64::from(sim.seats.contains_key(&picked));
    sim.cut(picked, rng.chance(40), rng.chance(60));
}

/// A command with any tick and any ack, as a liar would send it.
fn forge_command(sim: &mut Sim<Ledger>, picked: usize, rng: &mut TestRng) {
    let mut bytes = vec![1];
    bytes.extend(rng.bytes(4));
    bytes.extend([1, 2, 3]);
    sim.forge(picked, bytes);
}

/// Asks for a full snapshot in the client's name.
fn ask_full(sim: &mut Sim<Ledger>, picked: usize) {
    sim.forge(picked, encode(&ClientMessage::<LedgerInput>::Resync));
    if let Some(seat) = sim.seats.get_mut(&picked) {
        seat.full_wanted = Some(seat.client.stats().full_snapshots);
    }
}

/// What [`repeat_command`] wants in vain.
const REPEATED: LedgerInput = LedgerInput { way: (9, 9), serial: u16::MAX };

/// A second command for the tick of the last one, that wants something else. The first counts.
fn repeat_command(sim: &mut Sim<Ledger>, picked: usize) {
    let Some(seat) = sim.seats.get(&picked) else { return };
    // Before a cut: the first may not have arrived, and then this would be the first.
    let here = &seat.sent[seat.sent_before..];
    let (Some((tick, _)), Some(held)) = (here.last().copied(), seat.client.held().tick()) else { return };
    let command =
        Command { tick, acked: held.wire(), ack_delay: 0, seen: Moment::at(held).wire(), input: REPEATED };
    sim.forge(picked, encode(&ClientMessage::Command(command)));
}

fn check_converged(sim: &Sim<Ledger>) -> Result<(), String> {
    for (number, seat) in sim.seats.iter().filter(|(_, seat)| seat.is_open()) {
        let stats = seat.client.stats();
        let held = seat.client.held().tick().ok_or(format!("seat {number} holds nothing"))?;
        let behind = sim.room.next_tick().since(held);
        // The link's own delay, up to 150 ms, and a tick to spare; and what is between two frames while a link that was far too narrow is
        // still probed with care.
        if behind > 11 {
            return Err(format!("seat {number} is {behind} ticks behind after everything healed: {stats:?}"));
        }
        if stats.hash_mismatches > 0 || stats.resyncs > 0 {
            return Err(format!("seat {number} found itself wrong: {stats:?}"));
        }
        if seat.full_wanted.is_some_and(|before| stats.full_snapshots <= before) {
            return Err(format!("seat {number} asked for a full snapshot, and none came: {stats:?}"));
        }
        if seat.player.is_none() {
            return Err(format!("seat {number} is open but not in the room"));
        }
    }
    Ok(())
}

/// Every command was applied at most once, at its tick, in order, as it was sent; and none is unaccounted for.
fn check_books(sim: &Sim<Ledger>, number: usize) -> Result<(), String> {
    let Some((seat, player)) = sim.seats.get(&number).and_then(|seat| Some((seat, seat.session?))) else {
        return Ok(());
    };
    let (Some(book), Some(counts)) = (sim.room.game().book(player), sim.room.input_counts(player)) else {
        return Ok(());
    };
    let mut sent = seat.sent.iter();
    let mut last = None;
    for (tick, input) in &book.applied {
        if last >= Some(*tick) {
            return Err(format!("seat {number}: tick {tick} was applied after {last:?}"));
        }
        last = Some(*tick);
        // Unless the first was dropped because it came far too early.
        if *input == REPEATED && counts.early == 0 {
            return Err(format!(
                "seat {number}: a second command for tick {tick} took the place of the first"
            ));
        }
        let is_forged = *input == REPEATED || input.way == (1, 2) && input.serial == 3;
        // After a cut, ticks that were commanded before it may be commanded again.
        let command = (tick.wire(), *input);
        if !is_forged && !sent.any(|sent| *sent == command) && !seat.sent.contains(&command) {
            return Err(format!("seat {number}: {input:?} at {tick} was not sent, or not in this order"));
        }
    }
    let decided = counts.applied + counts.late + counts.early + counts.duplicate;
    if counts.applied != book.applied.len() as u64
        || seat.arrived < decided
        || seat.arrived - decided > COMMANDS_QUEUED_MAX as u64
    {
        return Err(format!("seat {number}: {} commands came, but {counts:?}", seat.arrived));
    }
    Ok(())
}

/// A match on links that delay everything alike: nothing may be late, mispredicted, hashed wrong or left out, whoever plays along.
///
/// # Errors
/// A sentence, if anything that must hold does not.
pub fn clean<G: Game>(
    seed: u64,
    settings: G::Settings,
    driver: fn(u64) -> Driver<G>,
    bots: Option<BotFill<G>>,
) -> Result<Tally, String> {
    let mut rng = TestRng::new(seed);
    let mut sim = Sim::<G>::with_bots(settings, seed, edge_tick(&mut rng), 1 << 20, bots);
    for _ in 0..rng.between(2, 8) {
        let link = LinkPlan::clean(Duration::from_micros(rng.between(0, 100_000)));
        sim.connect(link, rng.below(1 << 40), Role::Player, driver(rng.below(1 << 40)));
        sim.run(Duration::from_millis(rng.between(0, 300)))?;
    }
    sim.run(Duration::from_secs(8))?;
    let (frames, bots) = (sim.frames_checked, sim.room.bots().len() as u64);
    let mut tally = Tally { frames, bots, ..Tally::default() };
    for (number, seat) in &sim.seats {
        tally.hashes += seat.client.stats().hash_checks;
        tally.inputs += check_clean(&sim, *number, seat)?;
    }
    Ok(tally)
}

fn check_clean<G: Game>(sim: &Sim<G>, number: usize, seat: &Seat<G>) -> Result<u64, String> {
    let stats = seat.client.stats();
    let player = seat.player.ok_or(format!("seat {number} is not in the room: {:?}", seat.closed))?;
    let counts = sim.room.input_counts(player).expect("it is in the room");
    // Who is hit may not get to fire what it was about to; nothing else makes a predicted event wrong.
    let withdrawn = seat.fates.withdrawn.saturating_sub(stats.explained_corrections);
    let wrong = stats.mispredictions + stats.hash_mismatches + stats.resyncs + withdrawn;
    if wrong + counts.late + counts.early + counts.duplicate + counts.missing > 0 || stats.hash_checks == 0 {
        return Err(format!("seat {number} on a clean link: {counts:?}, {stats:?}, {withdrawn} withdrawn"));
    }
    let all = sim.room.next_tick().since(seat.client.held().tick().unwrap_or_default());
    if all > 7 {
        return Err(format!("seat {number} is {all} ticks behind on a clean link"));
    }
    Ok(counts.applied)
}
