//! Owns the text of trained codes, as a game includes it: a line for each field, and comments that say where it comes from.

use super::{Evaluation, Training};
use tickwire_shared::FieldBits;

/// The text for [`Game::CODES`](tickwire_shared::Game::CODES).
#[must_use]
pub fn text(training: &Training) -> String {
    let Training { game, trained, checked } = training;
    let mut lines = vec![
        format!("# Prefix codes of the game {game:?}, as `bot-client train` made them: Game::CODES."),
        "# After a field's name: how many bits the word of each class has, from class 0 (a class is how many bits".to_owned(),
        "# the size of a residual has). PROTOCOL.md, section 6.".to_owned(),
        "#".to_owned(),
        summary("Trained on", trained),
    ];
    lines.extend(checked.as_ref().map(|checked| summary("Tried on other play,", checked)));
    for field in trained.fields.iter().filter(|field| field.residuals > 0) {
        lines.push(String::new());
        lines.extend(field_lines(field));
    }
    lines.join("\n") + "\n"
}

fn summary(what: &str, evaluation: &Evaluation) -> String {
    let traffic = evaluation.traffic;
    let [before, _, after, _] = evaluation.bytes_per_entity_update();
    format!(
        "# {what} {} recording(s): {} snapshots; bytes per entity update {before:.3} before, {after:.3} after.",
        traffic.recordings, traffic.snapshots
    )
}

fn field_lines(field: &FieldBits) -> Vec<String> {
    let each = |bits: u64| bits as f64 / field.residuals as f64;
    let (residuals, before, after) = (field.residuals, each(field.built_in_bits), each(field.trained_bits));
    match field.line() {
        Some(line) => {
            vec![format!("# {residuals} residuals: {before:.2} bits each before, {after:.2} after"), line]
        }
        None => vec![format!(
            "# {}: {residuals} residuals of {before:.2} bits: the built-in code does as well",
            field.name
        )],
    }
}
