use std::fmt;

/// A JSON number, kept as it was written.
///
/// Two numbers are equal when their texts are: `1` and `1.0` differ here. [`canonical`](crate::canonical) is
/// where they become one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

impl Number {
    /// Takes `text` if it is a number by RFC 8259 §6, and nothing else.
    pub fn new(text: &str) -> Option<Self> {
        (end_of(text.as_bytes(), 0) == Ok(text.len())).then(|| Self(text.into()))
    }

    /// For text that the grammar has already passed over.
    pub(crate) fn from_checked(text: &str) -> Self {
        Self(text.into())
    }

    /// The source text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, when the text is that of an integer and fits.
    ///
    /// `1.0` and `1e2` give `None`: whether they are integers is a question for whoever wrote them. `-0` is
    /// zero.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Whether the text has neither a fraction nor an exponent.
    pub fn is_integer_text(&self) -> bool {
        !self.0.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }

    /// The nearest double, infinite when there is none.
    pub(crate) fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the number that starts at `start` ends (RFC 8259 §6), or where it goes wrong.
#[inline]
pub(crate) fn end_of(bytes: &[u8], start: usize) -> Result<usize, usize> {
    let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => skip_digits(bytes, at + 1),
        _ => return Err(at),
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = some_digits(bytes, at + 1 + sign)?;
    }
    // `01`, `1.2.3` and `1x` would otherwise be reported as a stray character after a number that is fine.
    match bytes.get(at) {
        Some(b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E') => Err(at),
        _ => Ok(at),
    }
}

fn some_digits(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let end = skip_digits(bytes, at);
    if end == at { Err(at) } else { Ok(end) }
}

#[inline]
fn skip_digits(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'0'..=b'9')) {
        at += 1;
    }
    at
}
