//! Owns the proof that what is counted is what is written, and that trained codes are codes and pay.

use super::*;
use crate::{
    BitReader, BitWriter, DeltaWriter, EntityId, Field, FieldKind, History, Kind, Predict, Receiver,
};
use crate::{Row, SlotTable, Snapshot, Source, Tick, Usage, Visible, key_from_parts, read_delta};
use proptest::prelude::*;

fn field(name: &str, kind: FieldKind, predict: Predict) -> Field {
    Field { name: name.to_owned(), kind, predict, owner_only: false, code: vec![] }
}

/// Every kind of field, in every group.
fn schema() -> Schema {
    let range = |max: f64| FieldKind::Range { min: -max, max, step: 0.01 };
    let fields = vec![
        field("pos", range(500.0), Predict::Rate("vel".to_owned())),
        field("vel", range(20.0), Predict::Linear),
        field("aim", FieldKind::Angle { bits: 12 }, Predict::Linear),
        field("hp", FieldKind::Int { min: 0, max: 100 }, Predict::Hold),
        field("debt", FieldKind::Int { min: i32::MIN.into(), max: i32::MAX.into() }, Predict::Hold),
        field("alive", FieldKind::Flag, Predict::Hold),
        field("prey", FieldKind::KeyIndex, Predict::Hold),
        field("only", FieldKind::Choice { names: vec!["one".to_owned()] }, Predict::Hold),
        Field { owner_only: true, ..field("ammo", FieldKind::Int { min: 0, max: 999 }, Predict::Hold) },
        Field { owner_only: true, ..field("rest", FieldKind::Int { min: 0, max: 9 }, Predict::Hold) },
    ];
    let rock = vec![field("size", FieldKind::Int { min: 1, max: 4 }, Predict::Hold)];
    let kinds =
        vec![Kind { name: "Walker".to_owned(), fields }, Kind { name: "Rock".to_owned(), fields: rock }];
    Schema { game: "test".to_owned(), version: 1, tick_rate_hz: 30, kinds }
}

/// One entity's way through a tick: whether it is there, its kind, and how far its columns go.
type Way = (bool, usize, Vec<i32>);

fn way() -> impl Strategy<Value = Way> {
    let by = prop_oneof![6 => Just(0), 3 => -9..10i32, 1 => -4000..4000i32, 1 => any::<i32>()];
    (prop::bool::weighted(0.95), 0..20usize, prop::collection::vec(by, 10))
        .prop_map(|(is_there, kind, by)| (is_there, kind / 19, by))
}

/// One tick in the lives of four entities; the first one, while it is a walker, is the player's own.
#[derive(Clone, Debug)]
struct Step {
    /// Since the last one.
    ticks: u64,
    /// What waits, as far as the bits go round and round.
    waits: u64,
    ways: Vec<Way>,
}

fn story() -> impl Strategy<Value = Vec<Step>> {
    let ticks = prop_oneof![8 => Just(1u64), 2 => 2..5u64, 1 => Just(59u64)];
    let waits = prop_oneof![2 => Just(0), 1 => any::<u64>(), 1 => Just(u64::MAX)];
    let step = (ticks, waits, prop::collection::vec(way(), 4)).prop_map(|(ticks, waits, ways)| Step {
        ticks,
        waits,
        ways,
    });
    prop::collection::vec(step, 2..60)
}

/// The snapshots of a story, each with the own entity.
fn lived(layout: &Layout, story: &[Step]) -> Vec<(Snapshot, Option<EntityId>)> {
    let mut tick = Tick(0);
    let mut rows = vec![vec![vec![0u32; 10], vec![0]]; 4];
    let mut snapshots = Vec::new();
    for Step { ticks, ways, .. } in story {
        tick = tick.plus(*ticks);
        let mut now = Snapshot::default();
        now.reset(tick);
        let mut own = None;
        for (place, (is_there, kind, by)) in ways.iter().enumerate() {
            let fields = &layout.schema().kinds[*kind].fields;
            for ((value, field), by) in rows[place][*kind].iter_mut().zip(fields).zip(by) {
                *value =
                    (i64::from(*value) + i64::from(*by)).rem_euclid(i64::from(field.kind.max()) + 1) as u32;
            }
            let id = key_from_parts(place as u32 + 1, 1);
            own = own.or((place == 0 && *is_there && *kind == 0).then_some(id));
            if *is_there {
                now.push(id, Row { kind: *kind, columns: &rows[place][*kind] });
            }
        }
        now.index();
        snapshots.push((now, own));
    }
    snapshots
}

/// Sends a story through the real writer and reader: what the one says that it wrote, and what was counted at the other.
fn sent(layout: &Layout, story: &[Step]) -> Result<(Usage, Trainer), TestCaseError> {
    let (mut table, mut held, mut writer) = (SlotTable::default(), Held::default(), DeltaWriter::default());
    let (mut usage, mut trainer) = (Usage::new(layout), Trainer::new(layout));
    let mut history = History::new(story.len());
    let (mut baseline, mut previous) = (None, None);
    let mut owned = 0;
    for (Step { waits, .. }, (now, own)) in story.iter().zip(lived(layout, story)) {
        let tick = now.tick();
        history.push(tick, now.clone());
        let source = Source { layout, now: &now, history: &history };
        let mut receiver = Receiver { table: &mut table, baseline, previous, own, visible: Visible::All };
        writer.begin(now.len());
        writer.draft(source, &mut receiver);
        let mut waits = *waits;
        let mut waits = |place: u32| {
            waits = waits.rotate_left(1);
            waits & 1 == 1 && Some(now.id(place as usize)) != own
        };
        writer.entering.iter_mut().for_each(|entering| entering.waits = waits(entering.place));
        writer.updates.iter_mut().for_each(|update| update.waits = waits(update.place));
        let mut out = BitWriter::default();
        writer.write(&mut out, source, receiver, &mut usage.bits);
        writer.account(&mut usage);
        owned += u64::from(own.is_some());
        let before = held.clone();
        let age = baseline.map_or(0, |baseline| tick.since(baseline) as u8);
        prop_assert_eq!(read_delta(out.align(), layout, &mut held, tick, age), Ok(()));
        let mut view = Snapshot::default();
        held.copy_to(&mut view);
        prop_assert_eq!(&view, &Snapshot::told(&history, tick, layout, &table));
        trainer.observe(&before, &held);
        (baseline, previous) = (Some(tick), baseline);
    }
    prop_assert_eq!(
        usage.bits.owner,
        owned,
        "what the owner is told is in its fields, but for a bit each time"
    );
    Ok((usage, trainer))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_counted_is_what_is_written(story in story()) {
        let layout = Layout::new(schema()).unwrap();
        let (usage, trainer) = sent(&layout, &story)?;
        let fields = trainer.measure(&trainer.codes());
        let counted: Vec<u64> = fields.iter().map(|field| field.recorded_bits).collect();
        let written = usage.kinds.iter().flat_map(|kind| &kind.fields).map(|field| field.changed_bits);
        prop_assert_eq!(counted, written.collect::<Vec<_>>());
        for field in fields {
            prop_assert_eq!(field.recorded_bits, field.built_in_bits);
        }
    }

    #[test]
    fn trained_codes_pay_on_what_they_were_trained_on_and_are_read_as_they_are_written(story in story()) {
        let layout = Layout::new(schema()).unwrap();
        let (_, trainer) = sent(&layout, &story)?;
        let fields = trainer.measure(&trainer.codes());
        for field in &fields {
            prop_assert!(field.trained_bits <= field.built_in_bits, "{:?}", field);
            prop_assert!(field.context_bits <= field.trained_bits, "{:?}", field);
        }
        let mut coded = schema();
        let text: Vec<String> = fields.iter().filter_map(FieldBits::line).collect();
        coded.set_codes(&text.join("\n")).unwrap();
        let coded = Layout::new(coded).expect("trained codes are whole");
        // Written with them, the same story takes what was promised.
        let (_, again) = sent(&coded, &story)?;
        for (again, field) in again.measure(&trainer.codes()).iter().zip(&fields) {
            prop_assert_eq!(again.recorded_bits, field.trained_bits);
        }
    }

    #[test]
    fn every_class_has_a_word_whatever_came(counts in prop::collection::vec(0..1u64 << 32, 2..34)) {
        if let Some(lengths) = trained(&counts, &built_in_lengths(counts.len())) {
            let code = ClassCode::new(&lengths).expect("a whole code");
            let mut out = BitWriter::default();
            let residuals = (0..counts.len()).map(|class| if class == 0 { 0 } else { 1i64 << (class - 1) });
            residuals.clone().for_each(|residual| code.write(&mut out, residual));
            let mut bits = BitReader::new(out.align());
            for residual in residuals {
                prop_assert_eq!(code.read(&mut bits), Ok(residual));
            }
        }
    }
}

#[test]
fn a_few_residuals_make_no_code_and_many_make_one() {
    let usual = built_in_lengths(5);
    assert_eq!(usual, [1, 3, 3, 4, 4]);
    assert_eq!(trained(&[0, 0, 9, 0, 0], &usual), None, "18 bits saved, and the code itself takes 48");
    let lengths = trained(&[0, 0, 10_000, 0, 0], &usual).expect("it pays");
    assert_eq!(
        (lengths[2], lengths.iter().max()),
        (1, Some(&4)),
        "what never came is not much longer: {lengths:?}"
    );
    assert_eq!(trained(&[1000; 1], &[1]), None, "one class needs no code");
}

#[test]
fn counts_are_added_only_for_the_same_fields() {
    let layout = Layout::new(schema()).unwrap();
    let mut trainer = Trainer::new(&layout);
    let mut coded = schema();
    coded.set_codes("Walker.alive: 1 1").unwrap();
    assert_eq!(trainer.add(&Trainer::new(&Layout::new(coded).unwrap())), Ok(()));
    let mut other = schema();
    other.kinds[0].fields[3].kind = FieldKind::Int { min: 0, max: 255 };
    let refused = trainer.add(&Trainer::new(&Layout::new(other).unwrap()));
    assert_eq!(refused, Err("Walker.hp: int 0..=100 here, u8 there".to_owned()));
}
