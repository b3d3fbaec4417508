//! Owns the text of trained codes, as a game includes it: a line for each field, and comments that say where it comes from.

use super::{Evaluation, Traffic, Training};
use tickwire_shared::FieldBits;

/// The text for [`Game::CODES`](tickwire_shared::Game::CODES).
#[must_use]
pub fn text(training: &Training) -> String {
    let Training { game, trained, checked } = training;
    let mut lines = vec![
        format!("# Prefix codes of the game {game:?}, as `bot-client train` made them, for Game::CODES."),
        "# After a field's name: how many bits the word of each class has, from class 0 (a class is how many"
            .to_owned(),
        "# bits the size of a residual has): PROTOCOL.md, section 6.".to_owned(),
        String::new(),
    ];
    lines.extend(summary("Trained on", trained));
    lines.extend(checked.iter().flat_map(|checked| summary("Tried on other play", checked)));
    lines.push(String::new());
    lines.extend(trained.fields.iter().filter(|field| field.residuals > 0).flat_map(field_lines));
    lines.join("\n") + "\n"
}

fn summary(what: &str, evaluation: &Evaluation) -> [String; 2] {
    let Traffic { snapshots, entity_updates, .. } = evaluation.traffic;
    let [before, _, after, _] = evaluation.bytes_per_entity_update();
    [
        format!(
            "# {what}: {}: {snapshots} snapshots, {entity_updates} entity updates.",
            evaluation.files.join(", ")
        ),
        format!("# Bytes per entity update: {before:.3} with the built-in code, {after:.3} with these."),
    ]
}

fn field_lines(field: &FieldBits) -> Vec<String> {
    let each = |bits: u64| bits as f64 / field.residuals as f64;
    let (residuals, before, after) = (field.residuals, each(field.built_in_bits), each(field.trained_bits));
    match field.line() {
        Some(line) => {
            vec![format!("# {residuals} residuals, {before:.2} bits each before, {after:.2} after:"), line]
        }
        None => vec![format!(
            "# {residuals} residuals, {before:.2} bits each, as good as it gets: {}",
            field.name
        )],
    }
}
