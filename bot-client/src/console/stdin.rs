//! Owns the way from standard input to lines: a thread, because reading a terminal cannot be cancelled.

use std::io::{BufRead, Read, stdin};
use tickwire_shared::limits::CHAT_BYTES_MAX;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines read and not yet said. Full: reading waits, and so does whoever writes the pipe.
const LINES_AHEAD_MAX: usize = 16;
/// Bytes of a line. What is above becomes a line of its own: twice what a room passes on, so nobody misses it.
const LINE_BYTES_MAX: u64 = 2 * CHAT_BYTES_MAX as u64;

/// The lines of standard input, from now on. They end with it.
#[must_use]
pub fn stdin_lines() -> Receiver<String> {
    let (sender, lines) = channel(LINES_AHEAD_MAX);
    std::thread::spawn(move || pass_on(&mut stdin().lock(), &sender));
    lines
}

/// Ends with the input, or when nobody wants its lines any more.
fn pass_on(input: &mut impl BufRead, lines: &Sender<String>) {
    while let Some(line) = read_line(input) {
        if lines.blocking_send(line).is_err() {
            return;
        }
    }
}

/// The next line. `None` at the end of the input, and if it cannot be read. What is not UTF-8 is replaced, not refused.
fn read_line(input: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let length = input.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).ok()?;
    (length > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_end_or_at_the_limit() {
        let (limit, long) = (LINE_BYTES_MAX as usize, vec![b'x'; LINE_BYTES_MAX as usize + 5]);
        let mut input = [b"one\ntwo\r\n\n\xff\n", &long[..]].concat();
        input.extend(b"\nlast");
        let mut input = input.as_slice();
        let lines: Vec<_> = std::iter::from_fn(|| read_line(&mut input)).collect();
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [4, 5, 1, 4, limit, 6, 4]);
        assert_eq!(lines[3], "\u{fffd}\n");
        assert_eq!(lines[6], "last");
    }
}
