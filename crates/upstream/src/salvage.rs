//! The id of a frame that cannot be read, so that its sender gets an answer.

use lastlook_canon::{Limits, parse};

/// A longer id is given up: it would be most of an answer by itself.
const LONGEST: usize = 4 << 10;

/// Looks for the top-level `id` of a frame that comes in pieces and is not kept.
///
/// The official Python SDK writes the id behind the params, so that the beginning of an oversized frame does not tell.
#[derive(Debug, Default)]
pub struct IdFinder {
    at: At,
    depth: usize,
    /// The string or number at hand, while it could be the key or the id.
    text: Vec<u8>,
    found: Option<Vec<u8>>,
    twice: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Structure,
    /// In a string, `value` when it stands behind the key; behind a backslash when `escaped`.
    Text { value: bool, escaped: bool },
    /// Behind `"id"`: a colon makes it a key.
    Key,
    /// Behind the colon.
    Value,
    /// In a number behind the colon.
    Number,
}

impl IdFinder {
    /// Takes the next piece of the frame.
    pub fn feed(&mut self, mut piece: &[u8]) {
        loop {
            piece = self.skip(piece);
            let Some((byte, rest)) = piece.split_first() else { return };
            piece = rest;
            self.at = self.next(*byte);
        }
    }

    /// The raw id; none when the frame has none at its top level, or two, or was cut off in it.
    pub fn finish(self) -> Option<Vec<u8>> {
        let whole = |id: &Vec<u8>| parse(id, &Limits::default()).is_ok();
        self.found.filter(|_| !self.twice).filter(whole)
    }

    /// Skips what a string below the top level holds: most of a large frame.
    fn skip<'p>(&self, piece: &'p [u8]) -> &'p [u8] {
        if self.depth == 1 || !matches!(self.at, At::Text { escaped: false, .. }) {
            return piece;
        }
        let end = memchr::memchr2(b'"', b'\\', piece).unwrap_or(piece.len());
        piece.get(end..).unwrap_or_default()
    }

    fn next(&mut self, byte: u8) -> At {
        match self.at {
            At::Text { value, escaped } => self.text(byte, value, escaped),
            At::Key | At::Value if byte.is_ascii_whitespace() => self.at,
            At::Key if byte == b':' => At::Value,
            At::Value if byte == b'"' => self.begin(byte, At::Text { value: true, escaped: false }),
            At::Value if byte == b'-' || byte.is_ascii_digit() => self.begin(byte, At::Number),
            At::Number if matches!(byte, b',' | b'}') || byte.is_ascii_whitespace() => {
                self.settle();
                self.structure(byte)
            }
            At::Number => {
                self.keep(byte);
                At::Number
            }
            At::Structure | At::Key | At::Value => self.structure(byte),
        }
    }

    fn structure(&mut self, byte: u8) -> At {
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b'"' => return self.begin(byte, At::Text { value: false, escaped: false }),
            _ => {}
        }
        At::Structure
    }

    fn text(&mut self, byte: u8, value: bool, escaped: bool) -> At {
        self.keep(byte);
        match byte {
            _ if escaped => At::Text { value, escaped: false },
            b'\\' => At::Text { value, escaped: true },
            b'"' if value => {
                self.settle();
                At::Structure
            }
            b'"' if self.depth == 1 && self.text == b"\"id\"" => At::Key,
            b'"' => At::Structure,
            _ => At::Text { value, escaped: false },
        }
    }

    fn begin(&mut self, byte: u8, at: At) -> At {
        self.text.clear();
        self.keep(byte);
        at
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.text.len() <= LONGEST {
            self.text.push(byte);
        }
    }

    fn settle(&mut self) {
        if self.text.len() <= LONGEST {
            self.twice |= self.found.replace(std::mem::take(&mut self.text)).is_some();
        }
    }
}

/// The id of a frame that could not be read strictly, as far as it can be told. `frame` may be cut off.
pub fn salvage_id(frame: &[u8]) -> Option<Vec<u8>> {
    let mut finder = IdFinder::default();
    finder.feed(frame);
    finder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_bad_frame_is_salvaged_when_there_is_one() {
        for (frame, id) in [
            (r#"{"id":7,"a":1,"a":2}"#, "7"),
            (r#"{"a":{"id":8},"id" : "x\"y" ,"z":[[[["#, r#""x\"y""#),
            (r#"{"id":7,"params":{"text":"cut off her"#, "7"),
            (r#"{"params":{"id":8,"a":"\\","b":"\"id\":9"},"x":"id","id":"a"}"#, r#""a""#),
            (r#"{"id":-1.5e3 ]]"#, "-1.5e3"),
        ] {
            assert_eq!(salvage_id(frame.as_bytes()).as_deref(), Some(id.as_bytes()), "{frame}");
            let mut by_bytes = IdFinder::default();
            frame.as_bytes().chunks(1).for_each(|byte| by_bytes.feed(byte));
            assert_eq!(by_bytes.finish().as_deref(), Some(id.as_bytes()), "{frame}");
        }
        for none in [
            r#"{"id":7,"id":8}"#,
            r#"{"a":{"id":8}}"#,
            r#"{"id":7"#,
            r#"{"id":tru}"#,
            r#"{"id":"cut off"#,
            r#"{"id":[1],"id":{}}"#,
            r#"{"id":"\ud800"}"#,
            r#"[{"id":1}]"#,
            "\"id",
            "",
        ] {
            assert_eq!(salvage_id(none.as_bytes()), None, "{none}");
        }
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(LONGEST));
        assert_eq!(salvage_id(long.as_bytes()), None);
    }
}
