//! Owns every number of the game that is worth tuning, with its unit in its name.

/// Ticks per second. A step is one tick, so nothing else in the rules knows about time.
pub const TICK_RATE_HZ: u32 = 60;
const TICKS_PER_SECOND: f32 = TICK_RATE_HZ as f32;

/// Distance of two neighbouring positions.
pub const POSITION_STEP_METRES: f64 = 1.0 / 1024.0;
/// Distance of two neighbouring velocities: exactly what moves a position by one step per tick. So whatever
/// flies straight stays on the grid, and where it will be is known without being told.
pub const VELOCITY_STEP_METRES_PER_SECOND: f64 = TICK_RATE_HZ as f64 * POSITION_STEP_METRES;
/// Greatest width and height of a map: 17 bits of position.
pub const MAP_METRES_MAX: f64 = 128.0 - POSITION_STEP_METRES;

/// A player is a circle.
pub const PLAYER_RADIUS_METRES: f32 = 0.5;
/// What a player reaches on its own legs.
pub const RUN_METRES_PER_SECOND: f32 = 7.5;
/// Greatest velocity along each axis, when pushed by blasts. A tick's way must stay below a player's radius,
/// or players could be pushed through walls.
pub const PUSHED_METRES_PER_SECOND_MAX: f64 = 15.0;
/// How much faster a player gets per tick.
pub const ACCELERATION_PER_TICK: f32 = 48.0 / TICKS_PER_SECOND;
/// How much slower a player without a wish gets per tick.
pub const FRICTION_PER_TICK: f32 = 36.0 / TICKS_PER_SECOND;
/// How far a player can turn per tick, in 65536ths of a turn: half a turn in a tenth of a second. Fast for a
/// mouse, too slow for a cheat that looks everywhere at once.
pub const TURN_PER_TICK_MAX: u16 = 5461;

/// Health of a fresh player.
pub const HP_MAX: u8 = 100;
/// From death to respawn.
pub const RESPAWN_TICKS: u16 = 120;
/// How long nothing harms a player after its respawn, unless it fires.
pub const SHIELD_TICKS: u8 = 90;

/// Rockets of a fresh player.
pub const ROCKETS_AT_SPAWN: u8 = 12;
/// Rockets that a player can carry.
pub const ROCKETS_MAX: u8 = 30;
/// From one rocket to the next shot of either weapon.
pub const ROCKET_COOLDOWN_TICKS: u8 = 24;
/// How fast rockets fly.
pub const ROCKET_METRES_PER_SECOND: f64 = 22.5;
/// A rocket is a circle to players, and a point to walls.
pub const ROCKET_RADIUS_METRES: f32 = 0.15;
/// Rockets in the air. When another is fired, the oldest is gone without a bang.
pub const SHOTS_MAX: usize = 512;

/// Harm of a blast to whoever stands in its core.
pub const BLAST_DAMAGE: f32 = 40.0;
/// Distance of a player's centre up to which a blast does its full harm: a direct hit.
pub const BLAST_CORE_METRES: f32 = 0.8;
/// Distance of a player's centre from which on a blast does no harm; linear in between.
pub const BLAST_RADIUS_METRES: f32 = 3.0;
/// How much faster a full blast makes a player.
pub const BLAST_PUSH_METRES_PER_SECOND: f32 = 9.0;

/// Slugs of a fresh player.
pub const SLUGS_AT_SPAWN: u8 = 4;
/// Slugs that a player can carry.
pub const SLUGS_MAX: u8 = 10;
/// From one rail shot to the next shot of either weapon.
pub const RAIL_COOLDOWN_TICKS: u8 = 72;
/// Harm of a rail shot: two of them kill.
pub const RAIL_DAMAGE: u8 = 75;

/// Distance of a player's centre at which it takes a pick-up.
pub const PICKUP_REACH_METRES: f32 = 1.0;
/// From being taken to being back.
pub const PICKUP_BACK_TICKS: u16 = 480;
/// Health in a health pick-up.
pub const PICKUP_HP: u8 = 40;
/// Rockets in an ammunition pick-up.
pub const PICKUP_ROCKETS: u8 = 10;
/// Slugs in an ammunition pick-up.
pub const PICKUP_SLUGS: u8 = 3;

const _: () = {
    let pushed = PUSHED_METRES_PER_SECOND_MAX as f32;
    let way_squared = 2.0 * pushed * pushed / (TICKS_PER_SECOND * TICKS_PER_SECOND);
    assert!(way_squared < PLAYER_RADIUS_METRES * PLAYER_RADIUS_METRES, "nobody jumps through a wall");
    assert!(BLAST_CORE_METRES > PLAYER_RADIUS_METRES + ROCKET_RADIUS_METRES, "a direct hit is in the core");
    assert!(RAIL_DAMAGE < HP_MAX && RAIL_DAMAGE as u16 * 2 >= HP_MAX as u16, "two rail shots kill");
};
