//! Owns the measure of a link that is too narrow: how old what still gets through is, and what the others notice.

use super::crowd::Crowd;
use super::figures::{Record, quantile};
use super::player::Player;
use super::server::Server;
use super::watch::Watch;
use super::{Failure, Plan, SETTLING_TIME};
use crate::proxy::{Proxy, resolve};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Bots;
use tokio::time::Instant;

const ROOM: &str = "feel-narrow";
/// So many that what comes is more than what a client sends: the link is as narrow each way.
const BOTS: u64 = 60;
/// How long it is measured what is needed.
const WIDE_TIME: Duration = Duration::from_secs(5);
const WIDE: LinkProfile =
    LinkProfile { name: "half-rate", delay: Duration::from_millis(10), ..LinkProfile::LAN };
/// In front of each frame of more than 125 bytes, and of the others two less.
const FRAME_HEAD_BYTES: u64 = 4;

/// What a link at half the rate that it would need came to.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct NarrowRow {
    /// In the room, beside the two that are measured.
    pub bots: u64,
    /// What comes down a link that is wide enough.
    pub needed_bytes_per_second: u64,
    /// What the narrow link lets through.
    pub given_bytes_per_second: u64,
    /// What still came down it.
    pub snapshots_per_second: f64,
    /// How long the link takes for one of them, in the mean: what merges more ticks has more bytes.
    pub frame_ms: f64,
    /// How old half of the snapshots were at most when they came.
    pub snapshot_age_ms_p50: f64,
    /// And 99 of 100.
    pub snapshot_age_ms_p99: f64,
    /// How old half of what the client holds of the others was at most then: what is less important waits.
    pub row_age_ms_p50: f64,
    /// And nine of ten.
    pub row_age_ms_p90: f64,
    /// The same over a link that is wide enough.
    pub row_age_ms_p90_before: f64,
    /// The one-way delay and three ticks.
    pub snapshot_age_ms_target: f64,
    /// The same of another player's snapshots, over a link that is wide enough, before.
    pub other_snapshot_age_ms_p99_before: f64,
    /// And meanwhile.
    pub other_snapshot_age_ms_p99: f64,
    /// How many snapshots the other one got, as a share of the ticks.
    pub other_snapshots_share: f64,
}

/// Measures one such link.
pub(super) async fn measure<G: Bots>(plan: &Plan) -> Result<NarrowRow, Failure> {
    let failed = |reason: String| Failure::Client(WIDE.name, reason);
    let server = Server::start(None).await?;
    let to = resolve(&server.address).await?;
    let watch = Arc::new(Watch::new(Instant::now()));
    let mut crowd = Crowd::default();
    crowd.enter::<G>(&server, ROOM, BOTS, plan.seed, &watch);
    let mut pair = Vec::new();
    for number in 0..2 {
        let seed = plan.seed + 1000 + number;
        let proxy = Proxy::bind(([127, 0, 0, 1], 0).into(), to, WIDE, seed).await?;
        let url = format!("ws://{}/play/{ROOM}", proxy.address);
        let player = Player::<G>::join(&url, seed, Arc::clone(&watch)).await.map_err(failed)?;
        pair.push((player, proxy));
    }
    let [(narrow, proxy), (other, _wide)] = &mut pair[..] else { unreachable!("there are two") };
    let play = async {
        narrow.note_rows();
        let before = both(narrow, other, WIDE_TIME).await?;
        let needed = needed_bytes(&before[0]) / WIDE_TIME.as_secs();
        let given = NonZeroU64::new(needed / 2).ok_or("nothing came")?;
        proxy.handle().set_profile(LinkProfile { bytes_per_second: Some(given), ..WIDE });
        let meanwhile = both(narrow, other, plan.time).await?;
        Ok::<_, String>(row::<G>(needed, &before, &meanwhile, plan.time))
    };
    crowd.around(play).await.and_then(|row| row).map_err(failed)
}

/// Lets both play, and tells what each noted.
async fn both<G: Bots>(
    narrow: &mut Player<G>,
    other: &mut Player<G>,
    time: Duration,
) -> Result<[Record; 2], String> {
    let (one, two) = tokio::join!(one(narrow, time), one(other, time));
    Ok([one?, two?])
}

async fn one<G: Bots>(player: &mut Player<G>, time: Duration) -> Result<Record, String> {
    player.settle(SETTLING_TIME).await?;
    player.measure(time).await?;
    Ok(player.take_record())
}

fn needed_bytes(Record { before, after, .. }: &Record) -> u64 {
    let frames = after.snapshots - before.snapshots;
    after.bytes_down - before.bytes_down + frames * FRAME_HEAD_BYTES
}

fn row<G: Bots>(needed: u64, before: &[Record; 2], meanwhile: &[Record; 2], time: Duration) -> NarrowRow {
    let age = |record: &Record, share| quantile(&record.arrival_ages_ms, share).unwrap_or(f64::NAN);
    let row_age = |record: &Record, share| quantile(&record.row_ages_ms, share).unwrap_or(f64::NAN);
    let per_second =
        |record: &Record| (record.after.snapshots - record.before.snapshots) as f64 / time.as_secs_f64();
    let [narrow, other] = meanwhile;
    NarrowRow {
        bots: BOTS,
        needed_bytes_per_second: needed,
        given_bytes_per_second: needed / 2,
        snapshots_per_second: per_second(narrow),
        frame_ms: needed_bytes(narrow) as f64
            / (per_second(narrow) * time.as_secs_f64())
            / (needed / 2) as f64
            * 1000.0,
        snapshot_age_ms_p50: age(narrow, 0.5),
        snapshot_age_ms_p99: age(narrow, 0.99),
        row_age_ms_p50: row_age(narrow, 0.5),
        row_age_ms_p90: row_age(narrow, 0.9),
        row_age_ms_p90_before: row_age(&before[0], 0.9),
        snapshot_age_ms_target: WIDE.delay.as_secs_f64() * 1000.0 + 3000.0 / f64::from(G::TICK_RATE_HZ),
        other_snapshot_age_ms_p99_before: age(&before[1], 0.99),
        other_snapshot_age_ms_p99: age(other, 0.99),
        other_snapshots_share: per_second(other) / f64::from(G::TICK_RATE_HZ),
    }
}
