//! Owns the file of a recording: what a server sent to one client, frame by frame, as it came.
//!
//! The file is [`MAGIC`], then for each frame: milliseconds since the connection was opened (`u32`, little endian), bytes
//! (`u32`, little endian, at least 1), and these bytes, one WebSocket message. A frame of 0 bytes is the end: a file without it
//! was cut off. All else stands in the frames: the first one starts with the Welcome, which has the schema.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;
use tickwire_shared::limits::SERVER_FRAME_BYTES_MAX;

/// What a recording starts with.
pub const MAGIC: &[u8] = b"tickwire recording 1\n";

/// One WebSocket message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When it came, since the connection was opened.
    pub at: Duration,
    /// What came.
    pub bytes: Vec<u8>,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read at all.
    #[error(transparent)]
    File(#[from] io::Error),
    /// Another kind of file, or a recording of another version of this program.
    #[error("this is no recording of this version of bot-client")]
    NoRecording,
    /// The file ends too early.
    #[error("the recording is cut off after {0} whole frames")]
    CutOff(u64),
    /// The file is damaged.
    #[error("frame {number} of the recording says that it has {bytes} bytes: no server sends that many")]
    TooLong {
        /// Counted from 1.
        number: u64,
        /// What it says.
        bytes: u32,
    },
}

/// Starts a recording.
///
/// # Errors
/// If it cannot be written.
pub fn write_start(out: &mut impl Write) -> io::Result<()> {
    out.write_all(MAGIC)
}

/// Appends a frame. One without bytes is the end.
///
/// # Errors
/// If it cannot be written.
pub fn write_frame(out: &mut impl Write, at: Duration, bytes: &[u8]) -> io::Result<()> {
    let milliseconds = u32::try_from(at.as_millis()).unwrap_or(u32::MAX);
    let length = u32::try_from(bytes.len()).expect("a frame has a limit");
    out.write_all(&milliseconds.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// Ends a recording.
///
/// # Errors
/// If it cannot be written.
pub fn write_end(out: &mut impl Write, at: Duration) -> io::Result<()> {
    write_frame(out, at, &[])?;
    out.flush()
}

/// The frames of a recording, one after the other.
#[derive(Debug)]
pub struct Frames<R> {
    file: R,
    /// How many were read.
    count: u64,
    is_over: bool,
}

impl<R: Read> Frames<R> {
    /// A recording from its start.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(mut file: R) -> Result<Self, RecordingError> {
        let mut start = [0; MAGIC.len()];
        match file.read_exact(&mut start) {
            Ok(()) if start == MAGIC => Ok(Self { file, count: 0, is_over: false }),
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error.into()),
            _ => Err(RecordingError::NoRecording),
        }
    }

    /// The next frame; `None` at the end.
    fn read(&mut self) -> Result<Option<Frame>, RecordingError> {
        let (mut milliseconds, mut length) = ([0; 4], [0; 4]);
        self.fill(&mut milliseconds)?;
        self.fill(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length as usize > SERVER_FRAME_BYTES_MAX {
            return Err(RecordingError::TooLong { number: self.count + 1, bytes: length });
        }
        if length == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        self.count += 1;
        let at = Duration::from_millis(u32::from_le_bytes(milliseconds).into());
        Ok(Some(Frame { at, bytes }))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), RecordingError> {
        self.file.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => RecordingError::CutOff(self.count),
            _ => error.into(),
        })
    }
}

impl<R: Read> Iterator for Frames<R> {
    type Item = Result<Frame, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let frame = self.read();
        self.is_over = !matches!(frame, Ok(Some(_)));
        frame.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut file = Vec::new();
        write_start(&mut file).unwrap();
        write_frame(&mut file, Duration::from_millis(7), b"welcome").unwrap();
        write_frame(&mut file, Duration::from_millis(300), &[9; 1000]).unwrap();
        write_end(&mut file, Duration::from_millis(301)).unwrap();
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let frames: Result<Vec<_>, _> = Frames::new(&written()[..]).unwrap().collect();
        let expected = [(7, b"welcome".to_vec()), (300, vec![9; 1000])];
        let expected = expected.map(|(at, bytes)| Frame { at: Duration::from_millis(at), bytes });
        assert_eq!(frames.unwrap(), expected);
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_says_so_after_its_whole_frames() {
        let file = written();
        for end in MAGIC.len()..file.len() {
            let mut frames: Vec<_> = Frames::new(&file[..end]).unwrap().collect();
            let last = frames.pop().expect("an error");
            let whole = frames.len() as u64;
            assert!(matches!(last, Err(RecordingError::CutOff(count)) if count == whole), "{end}: {last:?}");
        }
        for end in 0..MAGIC.len() {
            assert!(matches!(Frames::new(&file[..end]), Err(RecordingError::NoRecording)));
        }
    }

    #[test]
    fn a_damaged_length_takes_no_memory() {
        let mut file = written();
        file[MAGIC.len() + 4..][..4].fill(0xff);
        let error = Frames::new(&file[..]).unwrap().next().expect("an error").unwrap_err();
        assert!(error.to_string().starts_with("frame 1 of the recording says that it has 4294967295 bytes"));
    }
}
