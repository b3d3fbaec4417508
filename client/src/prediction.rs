//! Owns the player's own entity: predicted ahead of the server by the game's own step, corrected when the server says otherwise.

use crate::ring::{RING_TICKS, Ring};
use tickwire_shared::limits::INPUT_REPEATS_MAX_TICKS;
use tickwire_shared::{EntityId, Game, PredictContext, Replicate, Row, Tick};

/// Ticks that are predicted beyond the last snapshot at most; further ahead, the entity stays where it was heard of.
const PREDICTED_TICKS_MAX: i64 = 96;

const _: () = {
    let reach = PREDICTED_TICKS_MAX as usize + INPUT_REPEATS_MAX_TICKS as usize;
    assert!(reach < RING_TICKS, "every input that a replay looks up is still there");
};

/// What a snapshot said about the prediction.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was right.
    Right,
    /// There was none to compare with.
    Unknown,
    /// It was wrong because something else changed the entity.
    Disturbed,
    /// It was wrong.
    Wrong,
}

/// The own entity at its tick.
struct Own<G: Game> {
    id: EntityId,
    tick: Tick,
    entity: G::Entity,
}

#[derive(Clone, Debug, Default)]
struct PredictedRow {
    kind: usize,
    columns: Vec<u32>,
}

/// The player's own entity, and what it was predicted to be.
pub(crate) struct Prediction<G: Game> {
    is_on: bool,
    own: Option<Own<G>>,
    inputs: Ring<G::Input>,
    rows: Ring<PredictedRow>,
    /// Predictions for older ticks rest on a guess about inputs, so they may be wrong without counting.
    certain_from: Tick,
}

impl<G: Game> Prediction<G> {
    /// Without prediction (`is_on` false), the own entity is as last heard.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, own: None, inputs: Ring::new(), rows: Ring::new(), certain_from: Tick(0) }
    }

    /// The own entity, if there is one.
    pub fn own(&self) -> Option<(EntityId, &G::Entity)> {
        self.own.as_ref().map(|own| (own.id, &own.entity))
    }

    /// The ticks before `tick` that have no command never will: the server has to make up their inputs.
    pub fn skip_to(&mut self, tick: Tick) {
        self.certain_from = tick;
    }

    /// Makes one tick of the client.
    pub fn step(&mut self, settings: &G::Settings, tick: Tick, input: G::Input) {
        *self.inputs.claim(tick) = input;
        self.advance(settings, tick);
    }

    /// Takes in what the server says of the own entity at `tick`, and predicts from there to the client's tick.
    pub fn correct(
        &mut self,
        settings: &G::Settings,
        tick: Tick,
        own: Option<(EntityId, Row<'_>)>,
        client_tick: Tick,
    ) -> Verdict {
        let Some((id, row)) = own else {
            self.own = None;
            return Verdict::Unknown;
        };
        let verdict = self.judge(tick, id, row);
        if verdict != Verdict::Right {
            self.own = Some(Own { id, tick, entity: G::Entity::from_row(row.kind, row.columns) });
            self.advance(settings, client_tick);
        }
        verdict
    }

    fn judge(&self, tick: Tick, id: EntityId, row: Row<'_>) -> Verdict {
        let same = self.own.as_ref().filter(|own| own.id == id && own.tick >= tick);
        let Some(predicted) = same.and_then(|_| self.rows.get(tick)) else { return Verdict::Unknown };
        if predicted.kind == row.kind && predicted.columns == row.columns {
            return Verdict::Right;
        }
        if tick < self.certain_from {
            return Verdict::Unknown;
        }
        let disturbances = |kind, columns: &[u32]| G::disturbances(&G::Entity::from_row(kind, columns));
        let is_disturbed =
            disturbances(predicted.kind, &predicted.columns) != disturbances(row.kind, row.columns);
        if is_disturbed { Verdict::Disturbed } else { Verdict::Wrong }
    }

    /// Predicts up to a tick. Each predicted state lands on the wire's grid, as the server's do, and is kept for comparing.
    fn advance(&mut self, settings: &G::Settings, to: Tick) {
        let Some(own) = self.own.as_mut().filter(|_| self.is_on) else { return };
        if to.since(own.tick) > PREDICTED_TICKS_MAX {
            // What is left of older predictions must not be compared with a later start's.
            self.rows.clear();
            return;
        }
        while own.tick < to {
            own.tick = own.tick.plus(1);
            let input = input_at::<G>(&self.inputs, own.tick);
            G::predict(&mut PredictContext { tick: own.tick, settings, input: &input, own: &mut own.entity });
            let row = self.rows.claim(own.tick);
            row.kind = own.entity.kind();
            row.columns.clear();
            own.entity.write_row(&mut row.columns);
            own.entity = G::Entity::from_row(row.kind, &row.columns);
        }
    }
}

/// The input that the server takes for a tick, if all commands come in time: the tick's own, else the last one for a while,
/// else (and before the first one) none.
fn input_at<G: Game>(inputs: &Ring<G::Input>, tick: Tick) -> G::Input {
    (0..=u64::from(INPUT_REPEATS_MAX_TICKS))
        .map_while(|age| tick.0.checked_sub(age))
        .find_map(|tick| inputs.get(Tick(tick)).copied())
        .unwrap_or_default()
}
