//! Owns the training of a game's prefix codes from recordings of play: `bot-client train`.

mod evaluation;
mod replay;
mod text;

pub use evaluation::Evaluation;
pub use replay::{ReplayError, Traffic, replay};
pub use text::text;

use crate::recording::Frames;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use tickwire_shared::Trainer;

/// What a training does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The recordings to train on: at least one.
    pub files: Vec<PathBuf>,
    /// A recording to try the codes on.
    pub check: Option<PathBuf>,
}

/// What came of a training.
#[derive(Clone, Debug)]
pub struct Training {
    /// The game's name.
    pub game: String,
    /// How the codes do on what they were trained on.
    pub trained: Evaluation,
    /// How they do on a recording that they do not know.
    pub checked: Option<Evaluation>,
}

/// Why there are no codes.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A recording is of no use.
    #[error("{}: {error}", file.display())]
    Replay {
        /// Which.
        file: PathBuf,
        /// Why.
        error: ReplayError,
    },
    /// A recording is of another game than the first one, or of another version of it.
    #[error("{}: other fields than in the recording before: {difference}", file.display())]
    Game {
        /// Which.
        file: PathBuf,
        /// What differs.
        difference: String,
    },
}

/// Trains the codes of all fields.
///
/// # Errors
/// If a recording is of no use, or not all are of the same game.
///
/// # Panics
/// If there is no recording.
pub fn run(plan: &Plan) -> Result<Training, TrainError> {
    let (first, others) = plan.files.split_first().expect("something to train on");
    let (mut trainer, mut traffic) = counted(first)?;
    for file in others {
        let (other, more) = counted(file)?;
        add(&mut trainer, &other, file)?;
        traffic = traffic.plus(more);
    }
    let codes = trainer.codes();
    let files = plan.files.iter().map(|file| name(file)).collect();
    let trained = Evaluation { files, fields: trainer.measure(&codes), traffic };
    let check = |file: &PathBuf| {
        let (other, traffic) = counted(file)?;
        // The codes are made: this only sees to it that it is the same game.
        add(&mut trainer, &other, file)?;
        Ok(Evaluation { files: vec![name(file)], fields: other.measure(&codes), traffic })
    };
    let checked = plan.check.as_ref().map(check).transpose()?;
    Ok(Training { game: trainer.game().to_owned(), trained, checked })
}

/// Where a recording lies is nobody's business.
fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn add(trainer: &mut Trainer, other: &Trainer, file: &Path) -> Result<(), TrainError> {
    let game = |difference| TrainError::Game { file: file.to_owned(), difference };
    trainer.add(other).map_err(game)
}

fn counted(file: &Path) -> Result<(Trainer, Traffic), TrainError> {
    let opened = File::open(file).map_err(|error| ReplayError::Recording(error.into()));
    let replayed = opened.and_then(|opened| replay(Frames::new(BufReader::new(opened))?));
    replayed.map_err(|error| TrainError::Replay { file: file.to_owned(), error })
}
