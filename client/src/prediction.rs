//! Owns what the client predicts ahead of the server by the game's own step: the player's own entity, and what goes along with
//! it. Knows what the server says of these, and not how they are drawn.

use crate::Correction;
use crate::effects::Effects;
use crate::interpolation::Seen;
use crate::ring::{RING_TICKS, Ring};
use tickwire_shared::limits::{INPUT_REPEATS_MAX_TICKS, PREDICTED_ALONG_MAX};
use tickwire_shared::{DrawnRow, EntityId, Game, Layout, PlayerId, PredictContext, Replicate, Row, Tick};

/// Ticks that are predicted beyond the last snapshot at most; further ahead, the entity stays where it was heard of.
const PREDICTED_TICKS_MAX: i64 = 96;

const _: () = {
    let reach = PREDICTED_TICKS_MAX as usize + INPUT_REPEATS_MAX_TICKS as usize;
    assert!(reach < RING_TICKS, "every input that a replay looks up is still there");
};

/// What a snapshot said about the prediction of the own entity.
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

/// What a snapshot said about all that was predicted.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Judgement {
    pub verdict: Verdict,
    /// How far the own entity was off, if that was wrong and has a distance.
    pub correction: Option<Correction>,
    /// Whether something else was off.
    pub is_along_wrong: bool,
    /// Whether to predict anew from the snapshot.
    pub must_restart: bool,
}

/// What there is at a tick: what a prediction starts from, or has come to.
pub(crate) struct Present<G: Game> {
    pub tick: Tick,
    pub id: EntityId,
    pub own: G::Entity,
    /// What goes along, by the index of the id.
    pub others: Vec<(EntityId, G::Entity)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct PredictedRow {
    kind: usize,
    columns: Vec<u32>,
}

/// The rows of a [`Present`].
#[derive(Clone, Debug, Default)]
struct PredictedRows {
    id: EntityId,
    own: PredictedRow,
    others: Vec<(EntityId, PredictedRow)>,
}

/// What is predicted, and what was.
pub(crate) struct Prediction<G: Game> {
    pub effects: Effects<G>,
    is_on: bool,
    player: PlayerId,
    present: Option<Present<G>>,
    inputs: Ring<G::Input>,
    rows: Ring<PredictedRows>,
    /// Predictions for older ticks rest on a guess about inputs, so they may be wrong without counting.
    certain_from: Tick,
    /// Memory for the events of a tick.
    events: Vec<G::Event>,
}

impl<G: Game> Present<G> {
    /// All that is predicted, the own entity first.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, &G::Entity)> {
        let others = self.others.iter().map(|(id, entity)| (*id, entity));
        std::iter::once((self.id, &self.own)).chain(others)
    }
}

impl PredictedRow {
    fn new<E: Replicate>(entity: &E) -> Self {
        let mut row = Self::default();
        row.write(entity);
        row
    }

    fn write<E: Replicate>(&mut self, entity: &E) {
        self.kind = entity.kind();
        self.columns.clear();
        entity.write_row(&mut self.columns);
    }

    /// Takes an entity's row, and puts the entity on the wire's grid, as the server's are.
    fn snap<E: Replicate>(&mut self, entity: &mut E) {
        self.write(entity);
        *entity = self.entity();
    }

    fn row(&self) -> Row<'_> {
        Row { kind: self.kind, columns: &self.columns }
    }

    fn entity<E: Replicate>(&self) -> E {
        E::from_row(self.kind, &self.columns)
    }
}

impl PredictedRows {
    fn take<G: Game>(&mut self, present: &mut Present<G>) {
        self.id = present.id;
        self.own.snap(&mut present.own);
        self.others.resize_with(present.others.len(), Default::default);
        for ((id, entity), (row_id, row)) in present.others.iter_mut().zip(&mut self.others) {
            *row_id = *id;
            row.snap(entity);
        }
    }

    fn of(&self, id: EntityId) -> Option<&PredictedRow> {
        if id == self.id {
            return Some(&self.own);
        }
        self.others.iter().find(|(other, _)| *other == id).map(|(_, row)| row)
    }
}

impl<G: Game> Prediction<G> {
    /// Without prediction (`is_on` false), the own entity is as last heard.
    pub fn new(player: PlayerId, is_on: bool) -> Self {
        Self {
            effects: Effects::new(),
            is_on,
            player,
            present: None,
            inputs: Ring::new(),
            rows: Ring::new(),
            certain_from: Tick(0),
            events: Vec::new(),
        }
    }

    /// Predicts from the next snapshot on, or no more: then the own entity is as last heard, and what was predicted to happen is withdrawn.
    pub fn turn(&mut self, is_on: bool) {
        if self.is_on && !is_on {
            self.rows.clear();
            self.effects.abandon();
        }
        self.is_on = is_on;
    }

    /// Whether anything is predicted at all.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// What the prediction has come to, if there is an own entity.
    pub fn present(&self) -> Option<&Present<G>> {
        self.present.as_ref()
    }

    /// The own entity, if there is one.
    pub fn own(&self) -> Option<(EntityId, &G::Entity)> {
        self.present.as_ref().map(|present| (present.id, &present.own))
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

    /// There is no own entity any more.
    pub fn stop(&mut self) {
        self.present = None;
        self.effects.abandon();
    }

    /// What a snapshot has of the own entity and of all that the game wants to predict along with it.
    pub fn start(&self, tick: Tick, (id, row): (EntityId, Row<'_>), seen: &Seen) -> Present<G> {
        let own = G::Entity::from_row(row.kind, row.columns);
        let mut others = Vec::new();
        if G::PREDICTS_ALONG && self.is_on {
            let rows = seen.iter().filter(|(other, ..)| *other != id);
            let known = rows.map(|(other, row_tick, row)| (other, self.at(tick, other, row_tick, row)));
            let along = known.filter(|(other, entity)| G::predicts_along(&own, *other, entity));
            others.extend(along.take(PREDICTED_ALONG_MAX));
        }
        Present { tick, id, own, others }
    }

    /// What is known of another entity at a tick: its row, or, if the server had no bytes left for that, what was predicted.
    fn at(&self, tick: Tick, id: EntityId, row_tick: Tick, row: Row<'_>) -> G::Entity {
        let predicted = self.rows.get(tick).filter(|_| row_tick != tick).and_then(|rows| rows.of(id));
        predicted.map_or_else(|| G::Entity::from_row(row.kind, row.columns), PredictedRow::entity)
    }

    /// Compares what a snapshot says with what was predicted.
    pub fn judge(&self, layout: &Layout, row: Row<'_>, told: &Present<G>) -> Judgement {
        let tick = told.tick;
        let same = self.present.as_ref().filter(|present| present.id == told.id && present.tick >= tick);
        let Some(predicted) = same.and_then(|_| self.rows.get(tick)) else {
            let verdict = Verdict::Unknown;
            return Judgement { verdict, correction: None, is_along_wrong: false, must_restart: true };
        };
        let (verdict, correction) = self.judge_own(layout, predicted.own.row(), row, told);
        let (is_along_wrong, is_same_company) = judge_along(predicted, told);
        Judgement {
            verdict,
            correction,
            is_along_wrong: is_along_wrong && tick >= self.certain_from,
            must_restart: verdict != Verdict::Right || is_along_wrong || !is_same_company,
        }
    }

    fn judge_own(
        &self,
        layout: &Layout,
        predicted: Row<'_>,
        row: Row<'_>,
        told: &Present<G>,
    ) -> (Verdict, Option<Correction>) {
        if predicted == row {
            return (Verdict::Right, None);
        }
        if told.tick < self.certain_from {
            return (Verdict::Unknown, None);
        }
        let before = G::Entity::from_row(predicted.kind, predicted.columns);
        let is_disturbed = G::disturbances(&before) != G::disturbances(&told.own);
        let verdict = if is_disturbed { Verdict::Disturbed } else { Verdict::Wrong };
        let (tick, kind) = (told.tick, row.kind);
        let is_one_kind = predicted.kind == kind;
        let apart = is_one_kind.then(|| layout.furthest_apart(kind, predicted.columns, row.columns));
        let correction = apart.flatten().map(|(column, steps)| Correction { tick, kind, column, steps });
        (verdict, correction)
    }

    /// Predicts anew, from what the server said to the client's tick.
    pub fn restart(&mut self, settings: &G::Settings, mut told: Present<G>, client_tick: Tick) {
        if self.is_on {
            self.rows.claim(told.tick).take(&mut told);
        }
        self.present = Some(told);
        self.advance(settings, client_tick);
    }

    /// Predicts up to a tick. Each predicted state lands on the wire's grid, as the server's do, and is kept for comparing.
    fn advance(&mut self, settings: &G::Settings, to: Tick) {
        let Some(present) = self.present.as_mut().filter(|_| self.is_on) else { return };
        if to.since(present.tick) > PREDICTED_TICKS_MAX {
            // What is left of older predictions must not be compared with a later start's.
            self.rows.clear();
            return;
        }
        while present.tick < to {
            let tick = present.tick.plus(1);
            present.tick = tick;
            let input = input_at::<G>(&self.inputs, tick);
            G::predict(&mut PredictContext {
                tick,
                settings,
                player: self.player,
                input: &input,
                own: &mut present.own,
                others: &mut present.others,
                events: &mut self.events,
            });
            self.rows.claim(tick).take(present);
            self.effects.predicted(tick, &mut self.events);
        }
    }

    /// All that is predicted, the own entity first, at `part` (0..=1) of the way from the tick before `tick` to that.
    pub fn draw(&self, layout: &Layout, tick: Tick, part: f32) -> impl Iterator<Item = (EntityId, DrawnRow)> {
        let before = Tick(tick.0.saturating_sub(1));
        let (early, late) = (self.rows.get(before), self.rows.get(tick));
        let at = (before, part);
        self.present.iter().flat_map(Present::iter).map(move |(id, entity)| {
            let row = |rows: Option<&'_ PredictedRows>| rows.and_then(|rows| rows.of(id)).cloned();
            // Too far ahead to be predicted, it stands where it was heard of.
            let late = row(late).unwrap_or_else(|| PredictedRow::new(entity));
            let early = row(early).unwrap_or_else(|| late.clone());
            let (from, to) = ((before, early.row()), Some((tick, late.row())));
            (id, DrawnRow::between::<G>(layout, from, to, at))
        })
    }
}

/// Whether a row of what goes along was predicted otherwise, and whether it is the same that goes along.
fn judge_along<G: Game>(predicted: &PredictedRows, told: &Present<G>) -> (bool, bool) {
    let ids = |(one, other): (&(EntityId, PredictedRow), &(EntityId, G::Entity))| one.0 == other.0;
    let is_same_company =
        predicted.others.len() == told.others.len() && predicted.others.iter().zip(&told.others).all(ids);
    let is_wrong = told.others.iter().any(|(id, entity)| {
        predicted.of(*id).is_some_and(|predicted| *predicted != PredictedRow::new(entity))
    });
    (is_wrong, is_same_company)
}

/// The input that the server takes for a tick, if all commands come in time: the tick's own, else the last one for a while,
/// else (and before the first one) none.
fn input_at<G: Game>(inputs: &Ring<G::Input>, tick: Tick) -> G::Input {
    (0..=u64::from(INPUT_REPEATS_MAX_TICKS))
        .map_while(|age| tick.0.checked_sub(age))
        .find_map(|tick| inputs.get(Tick(tick)).copied())
        .unwrap_or_default()
}
