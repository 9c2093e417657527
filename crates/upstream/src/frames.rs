//! Newline-delimited frames, cut out of a blocking reader without copying.
//!
//! MCP's stdio transport is one JSON-RPC message a line. Lines are handed out as slices of one buffer, so that a run
//! of frames that pass unchanged can be written on with a single call.

use std::io::{self, Read};
use std::ops::Range;

use crate::salvage::IdFinder;

/// Bytes asked of the reader at a time.
const CHUNK: usize = 64 << 10;

/// Cuts complete lines out of `R`.
#[derive(Debug)]
pub struct FrameReader<R> {
    from: R,
    buffer: Vec<u8>,
    /// Handed out last time; dropped at the next call.
    taken: usize,
    /// Bytes of `buffer` that hold data.
    filled: usize,
    max_frame: usize,
    /// Set while an oversized frame is being dropped.
    skipping: Option<IdFinder>,
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// One or more complete lines, each with its line break, at this range of [`FrameReader::bytes`].
    Lines(Range<usize>),
    /// A frame beyond the limit, dropped to its end: the raw id, as far as it could be told.
    TooLarge(Option<Vec<u8>>),
    /// The end; a last line that had no line break is at this range, with one (or the range is empty).
    End(Range<usize>),
}

impl<R: Read> FrameReader<R> {
    /// Reads frames of at most `max_frame` bytes.
    pub fn new(from: R, max_frame: usize) -> FrameReader<R> {
        FrameReader { from, buffer: vec![0; CHUNK], taken: 0, filled: 0, max_frame, skipping: None }
    }

    /// The bytes of a range handed out by [`FrameReader::next_lines`].
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Blocks until at least one whole line, an oversized frame or the end has come in.
    pub fn next_lines(&mut self) -> io::Result<Incoming> {
        self.drop_taken();
        let mut searched = 0;
        loop {
            let data = self.buffer.get(searched..self.filled).unwrap_or_default();
            if let Some(finder) = &mut self.skipping {
                let end = memchr::memchr(b'\n', data);
                finder.feed(data.get(..end.unwrap_or(data.len())).unwrap_or_default());
                match end {
                    Some(at) => {
                        self.taken = searched + at + 1;
                        return Ok(self.dropped());
                    }
                    None => self.filled = 0,
                }
                searched = 0;
            } else if let Some(last) = memchr::memrchr(b'\n', data) {
                self.taken = searched + last + 1;
                return Ok(Incoming::Lines(0..self.taken));
            } else {
                searched = self.filled;
                if self.filled > self.max_frame {
                    let mut finder = IdFinder::default();
                    finder.feed(self.bytes(0..self.filled));
                    self.skipping = Some(finder);
                    (self.filled, searched) = (0, 0);
                }
            }
            if self.fill()? == 0 {
                if self.skipping.is_some() {
                    return Ok(self.dropped());
                }
                self.break_last_line();
                self.taken = self.filled;
                return Ok(Incoming::End(0..self.taken));
            }
        }
    }

    /// A last line without a line break gets one: others may write behind it.
    fn break_last_line(&mut self) {
        if let Some(end) = self.buffer.get_mut(self.filled).filter(|_| self.filled > 0) {
            *end = b'\n';
            self.filled += 1;
        }
    }

    fn dropped(&mut self) -> Incoming {
        Incoming::TooLarge(self.skipping.take().and_then(IdFinder::finish))
    }

    fn drop_taken(&mut self) {
        if self.taken > 0 {
            self.buffer.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
            // A large frame should not keep its room for ever.
            if self.buffer.len() > 16 * CHUNK && self.filled < CHUNK {
                self.buffer.truncate(CHUNK);
                self.buffer.shrink_to_fit();
            }
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.from.read(room) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The lines of a run, each with its line break.
pub fn lines(mut run: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if run.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', run).map_or(run.len(), |at| at + 1);
        let (line, rest) = run.split_at(end);
        run = rest;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of the given sizes.
    struct Pieces(Vec<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            into[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    fn read_all(pieces: &[&str], max: usize) -> Vec<String> {
        let mut reader =
            FrameReader::new(Pieces(pieces.iter().map(|p| p.as_bytes().to_vec()).collect()), max);
        let mut seen = Vec::new();
        loop {
            match reader.next_lines().unwrap() {
                Incoming::Lines(range) => {
                    seen.extend(lines(reader.bytes(range)).map(|l| String::from_utf8_lossy(l).into_owned()));
                }
                Incoming::TooLarge(id) => {
                    let id = id.map(|id| String::from_utf8_lossy(&id).into_owned());
                    seen.push(format!("too large: {id:?}"));
                }
                Incoming::End(range) => {
                    seen.push(format!("end: {}", String::from_utf8_lossy(reader.bytes(range))));
                    return seen;
                }
            }
        }
    }

    #[test]
    fn lines_come_whole_however_they_arrive() {
        assert_eq!(read_all(&["a\nb", "b\n", "\nc\nd"], 100), ["a\n", "bb\n", "\n", "c\n", "end: d\n"]);
    }

    #[test]
    fn an_oversized_frame_is_dropped_to_its_end_and_reading_goes_on() {
        let seen = read_all(&["0123", "4567", "89", "ab\nok\n"], 5);
        assert_eq!(seen, ["too large: None", "ok\n", "end: "]);
        let seen = read_all(&["{\"a\":\"", "0123456789", "\",\"id\"", ":7}\nok\n", "x"], 15);
        assert_eq!(seen, ["too large: Some(\"7\")", "ok\n", "end: x\n"]);
        let seen = read_all(&["{\"id\":7,\"a\":\"", "0123456789"], 15);
        assert_eq!(seen, ["too large: Some(\"7\")", "end: "]);
    }
}
