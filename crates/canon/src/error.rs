use std::fmt;

/// Why bytes were refused as JSON, and where.
///
/// The first fault found is the one reported. Size, byte order mark and UTF-8 are looked at before the
/// grammar, and a duplicate key in an object of more than a few dozen members is noticed when that object
/// closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Offset of the fault in bytes from the start of the document, counted from zero.
    pub at: usize,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

impl std::error::Error for JsonError {}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            JsonErrorKind::TooLarge { .. } | JsonErrorKind::NotAnObject => write!(f, "{}", self.kind),
            _ => write!(f, "{} at byte {}", self.kind, self.at),
        }
    }
}

/// What is wrong with a document that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The document has more bytes than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// Arrays and objects are nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("arrays and objects nested more than {limit} deep")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// The bytes are not UTF-8 (RFC 8259 §8.1).
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// The document starts with U+FEFF, which RFC 8259 §8.1 forbids to add.
    #[error("byte order mark")]
    ByteOrderMark,
    /// The document stops in the middle of a value, or is empty.
    #[error("unexpected end of the document")]
    UnexpectedEnd,
    /// A character that the grammar does not allow at this place.
    #[error("unexpected character {}", Quoted(.0.encode_utf8(&mut [0; 4])))]
    UnexpectedCharacter(char),
    /// A character below U+0020 stands unescaped in a string.
    #[error("unescaped control character U+{:04X} in a string", *.0)]
    ControlCharacter(u8),
    /// A backslash is not followed by one of the escapes of RFC 8259 §7.
    #[error("invalid escape in a string")]
    InvalidEscape,
    /// A `\u` escape names half of a surrogate pair, which is no character.
    #[error("lone surrogate in a string")]
    LoneSurrogate,
    /// A number does not follow RFC 8259 §6: no leading zeros, no `+`, digits on both sides of the point.
    #[error("invalid number")]
    InvalidNumber,
    /// An object has this key twice, however the two are spelt.
    #[error("duplicate key {}", Quoted(.0))]
    DuplicateKey(String),
    /// Something other than white space follows the value.
    #[error("data after the end of the document")]
    TrailingData,
    /// The document is fine, but it is not an object, which [`scan`](crate::scan) needs.
    #[error("the document is not an object")]
    NotAnObject,
}

/// A [`JsonError`] on its way out: one word, so that results of the hot path stay in registers.
pub(crate) type Fault = Box<JsonError>;

impl JsonError {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(at: usize, kind: JsonErrorKind) -> Fault {
        Box::new(Self { at, kind })
    }
}

/// Text from outside, in backticks, with control characters escaped and long text cut.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 80;
        let shown = self.0.char_indices().nth(LONGEST).and_then(|(end, _)| self.0.get(..end));
        let (text, more) = shown.map_or((self.0, ""), |cut| (cut, "…"));
        write!(f, "`")?;
        for c in text.chars() {
            match c {
                '"' | '\'' => write!(f, "{c}")?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        write!(f, "{more}`")
    }
}
