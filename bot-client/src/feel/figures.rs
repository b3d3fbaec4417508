//! Owns what the measured clients noted, and what it comes to.

use std::time::Duration;
use tickwire_client::Stats;
use tickwire_client::link::LinkProfile;

/// The share of the inputs over a LAN that may come late, and of those that may be mispredicted.
pub(super) const LAN_SHARE_MAX: f64 = 0.001;
/// The share of the inputs over any other link without stalls that may come late.
pub(super) const LATE_SHARE_MAX: f64 = 0.005;

/// The share of the shots at what is seen that hit, at a server that rewinds so far.
pub(super) const HIT_SHARE_MIN: f64 = 0.99;
pub(super) const REWIND_MAX: Duration = Duration::from_millis(250);

/// One moment of one client.
#[derive(Copy, Clone, Debug)]
pub(super) struct Sample {
    pub at_s: f64,
    /// How old what is drawn is.
    pub age_ms: f64,
    /// From an input until the snapshot that has it.
    pub ack_ms: f64,
    pub late: u64,
    pub corrections: u64,
}

/// All that one client noted.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub samples: Vec<Sample>,
    /// How old each snapshot was when it came.
    pub arrival_ages_ms: Vec<f64>,
    /// How old each row was that the client held then, if that was noted: over a narrow link many wait for their place.
    pub row_ages_ms: Vec<f64>,
    /// From each input until a snapshot of its tick, or a later one, came.
    pub acks_ms: Vec<f64>,
    pub before: Stats,
    pub after: Stats,
    pub shots: u64,
    pub hits: u64,
    pub cuts: u32,
    /// From when the network was back until the client was.
    pub resumes: Vec<Duration>,
}

/// How it felt over one kind of link.
#[derive(Debug)]
pub struct Figures {
    /// Which.
    pub profile: LinkProfile,
    pub(super) tick_rate_hz: u32,
    pub(super) time: Duration,
    pub(super) clients: u32,
    /// Of the first client, for the plot.
    pub(super) samples: Vec<Sample>,
    ages_ms: Vec<f64>,
    acks_ms: Vec<f64>,
    commands: u64,
    late: u64,
    missing: u64,
    mispredictions: u64,
    misprediction_steps_max: u32,
    pub(super) shots: u64,
    pub(super) hits: u64,
    pub(super) shots_without: u64,
    pub(super) hits_without: u64,
    bytes_down: u64,
    bytes_up: u64,
    cuts: u32,
    resumes_ms: Vec<f64>,
}

/// One line of the table.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// The link.
    pub profile: &'static str,
    /// Its shortest round trip.
    pub round_trip_ms: f64,
    /// Half of the moments that were drawn were no older.
    pub seen_age_ms_p50: f64,
    /// And 99 of 100.
    pub seen_age_ms_p99: f64,
    /// One-way delay, two ticks, and the 99th percentile of the link's jitter; `None` of a link that stalls.
    pub seen_age_ms_target: Option<f64>,
    /// From an input to the snapshot that has it. Of the own prediction it is 0.
    pub input_to_ack_ms_p50: f64,
    /// And 99 of 100.
    pub input_to_ack_ms_p99: f64,
    /// Share of the inputs that came after their tick; `None` without inputs.
    pub late_share: Option<f64>,
    /// What it must stay below; `None` where nothing is promised.
    pub late_share_target: Option<f64>,
    /// Share of the ticks that had no input; `None` without inputs.
    pub missing_share: Option<f64>,
    /// Mispredictions for each input; `None` without inputs.
    pub mispredicted_share: Option<f64>,
    /// What it must stay below; `None` where nothing is promised.
    pub mispredicted_share_target: Option<f64>,
    /// Per client.
    pub mispredictions_per_minute: f64,
    /// The furthest that one was off, in the column's own steps.
    pub misprediction_steps_max: u32,
    /// Shots at what was seen, and the share that hit, with lag compensation.
    pub shots: u64,
    /// `None` if there were none.
    pub hit_share: Option<f64>,
    /// `None` of a link that stalls for longer than the server rewinds.
    pub hit_share_target: Option<f64>,
    /// The same without.
    pub shots_without: u64,
    /// `None` if there were none.
    pub hit_share_without: Option<f64>,
    /// Per client.
    pub bytes_per_second_down: f64,
    /// Per client.
    pub bytes_per_second_up: f64,
    /// Cuts, and how many of them ended in the same seat.
    pub cuts: u64,
    /// How many.
    pub resumed: u64,
    /// From when the network was back to the same seat.
    pub resume_ms_p50: Option<f64>,
    /// The longest.
    pub resume_ms_max: Option<f64>,
    /// A round trip and a tenth of a second.
    pub resume_ms_target: f64,
}

impl Figures {
    pub(super) fn new(profile: LinkProfile, tick_rate_hz: u32, time: Duration) -> Self {
        Self {
            profile,
            tick_rate_hz,
            time,
            clients: 0,
            samples: Vec::new(),
            ages_ms: Vec::new(),
            acks_ms: Vec::new(),
            commands: 0,
            late: 0,
            missing: 0,
            mispredictions: 0,
            misprediction_steps_max: 0,
            shots: 0,
            hits: 0,
            shots_without: 0,
            hits_without: 0,
            bytes_down: 0,
            bytes_up: 0,
            cuts: 0,
            resumes_ms: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, record: Record) {
        let Record { samples, before, after, shots, hits, cuts, resumes, acks_ms, .. } = record;
        self.clients += 1;
        self.ages_ms.extend(samples.iter().map(|sample| sample.age_ms));
        self.acks_ms.extend(acks_ms);
        self.commands += after.commands - before.commands;
        self.late += after.inputs.late - before.inputs.late;
        self.missing += after.inputs.missing - before.inputs.missing;
        self.mispredictions += after.mispredictions - before.mispredictions;
        if after.mispredictions > before.mispredictions {
            self.misprediction_steps_max = self.misprediction_steps_max.max(after.misprediction_steps_max);
        }
        self.bytes_down += after.bytes_down - before.bytes_down;
        self.bytes_up += after.bytes_up - before.bytes_up;
        (self.shots, self.hits, self.cuts) = (self.shots + shots, self.hits + hits, self.cuts + cuts);
        self.resumes_ms.extend(resumes.iter().map(|resume| resume.as_secs_f64() * 1000.0));
        if self.samples.is_empty() {
            self.samples = samples;
        }
    }

    /// The line of the table.
    #[must_use]
    pub fn row(&self) -> Row {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let seconds = self.time.as_secs_f64() * f64::from(self.clients);
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let two_ticks_ms = 2000.0 / f64::from(self.tick_rate_hz);
        let explained_ms = ms(self.profile.delay) + two_ticks_ms + ms(self.profile.jitter_p99);
        let stall = self.profile.stalls.map_or(Duration::ZERO, |stalls| stalls.longest);
        let (late_share_target, mispredicted_share_target) = share_targets(&self.profile);
        Row {
            profile: self.profile.name,
            round_trip_ms: 2.0 * ms(self.profile.delay),
            seen_age_ms_p50: quantile(&self.ages_ms, 0.5).unwrap_or(f64::NAN),
            seen_age_ms_p99: quantile(&self.ages_ms, 0.99).unwrap_or(f64::NAN),
            seen_age_ms_target: self.profile.stalls.is_none().then_some(explained_ms),
            input_to_ack_ms_p50: quantile(&self.acks_ms, 0.5).unwrap_or(f64::NAN),
            input_to_ack_ms_p99: quantile(&self.acks_ms, 0.99).unwrap_or(f64::NAN),
            late_share: share(self.late, self.commands),
            late_share_target,
            missing_share: share(self.missing, self.commands),
            mispredicted_share: share(self.mispredictions, self.commands),
            mispredicted_share_target,
            mispredictions_per_minute: self.mispredictions as f64 / seconds * 60.0,
            misprediction_steps_max: self.misprediction_steps_max,
            shots: self.shots,
            hit_share: share(self.hits, self.shots),
            hit_share_target: (stall <= REWIND_MAX).then_some(HIT_SHARE_MIN),
            shots_without: self.shots_without,
            hit_share_without: share(self.hits_without, self.shots_without),
            bytes_per_second_down: self.bytes_down as f64 / seconds,
            bytes_per_second_up: self.bytes_up as f64 / seconds,
            cuts: self.cuts.into(),
            resumed: self.resumes_ms.len() as u64,
            resume_ms_p50: quantile(&self.resumes_ms, 0.5),
            resume_ms_max: quantile(&self.resumes_ms, 1.0),
            resume_ms_target: 2.0 * ms(self.profile.delay) + 100.0,
        }
    }
}

/// Which share of the inputs over a link may come late, and be mispredicted: a network without trouble costs next to none of them, and one
/// that stalls costs what its stalls are.
fn share_targets(profile: &LinkProfile) -> (Option<f64>, Option<f64>) {
    match profile.stalls {
        _ if profile.name == LinkProfile::LAN.name => (Some(LAN_SHARE_MAX), Some(LAN_SHARE_MAX)),
        None => (Some(LATE_SHARE_MAX), None),
        Some(_) => (None, None),
    }
}

/// The least that this share of the values does not exceed; `None` without values.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get((values.len().checked_sub(1)? as f64 * share) as usize).copied()
}
