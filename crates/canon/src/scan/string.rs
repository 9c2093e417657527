use crate::{JsonError, JsonErrorKind, error::Fault};
use std::borrow::Cow;

/// A JSON string as it stands in the document, checked but not decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// What is between the quotes.
    pub raw: &'a str,
    /// Whether there is a backslash in it.
    pub escaped: bool,
    /// Where `raw` starts in the document.
    pub at: usize,
}

impl<'a> Text<'a> {
    /// The string that is meant.
    #[inline]
    pub fn decode(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut out = String::with_capacity(self.raw.len());
        self.decode_into(&mut out);
        Cow::Owned(out)
    }

    /// Appends the string that is meant.
    pub fn decode_into(&self, out: &mut String) {
        let mut rest = self.raw;
        while let Some((plain, escape)) = rest.split_once('\\') {
            out.push_str(plain);
            let (c, length) = resolve(escape.as_bytes());
            out.push(c);
            rest = escape.get(length..).unwrap_or_default();
        }
        out.push_str(rest);
    }

    /// Whether the string that is meant is `other`.
    pub fn is(&self, other: &str) -> bool {
        if self.escaped { self.decode() == other } else { self.raw == other }
    }
}

/// Reads the string whose opening quote is at `open`: what is inside, and the place after the closing quote.
///
/// The caller has seen the quote.
#[inline(always)]
pub(crate) fn read(text: &str, open: usize) -> Result<(Text<'_>, usize), Fault> {
    let bytes = text.as_bytes();
    let start = open + 1;
    let plain = skip_plain(bytes, start);
    let escaped = bytes.get(plain) != Some(&b'"');
    let end = if escaped { skip_escaped(bytes, plain)? } else { plain };
    Ok((Text { raw: text.get(start..end).unwrap_or_default(), escaped, at: start }, end + 1))
}

/// The place of the closing quote, from the first byte on that is not plain.
#[inline(never)]
fn skip_escaped(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = skip_plain(bytes, skip_escape(bytes, at)?),
            Some(control) => return Err(JsonError::new(at, JsonErrorKind::ControlCharacter(*control))),
            None => return Err(JsonError::new(at, JsonErrorKind::UnexpectedEnd)),
        }
    }
}

/// The place of the first quote, backslash or control character from `at` on, or the end.
///
/// Eight bytes at a time: a byte is below `n` when subtracting `n` borrows into its high bit and that bit was
/// clear, and equal to `c` when the byte xor `c` is below 1. A borrow can also set the flag of a *later*
/// byte, never of an earlier one, so the lowest flag is right. (Mycroft's test; see Warren, *Hacker's
/// Delight*, §6-1.)
#[inline]
pub(crate) fn skip_plain(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * b'"' as u64), 1);
        let backslash = below(word ^ (ONES * b'\\' as u64), 1);
        let found = (below(word, 0x20) | quote | backslash) & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
        if at - start >= 32 {
            at = skip_plain_blocks(bytes, at); // long strings, where blocks pay
        }
    }
    while let Some(0x20..=0x21 | 0x23..=0x5b | 0x5d..) = bytes.get(at) {
        at += 1;
    }
    at
}

/// Passes over whole blocks with nothing special in them; a plain loop over a fixed size, which compilers
/// turn into vector instructions.
#[inline(never)]
fn skip_plain_blocks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<32>()) {
        if block.iter().fold(false, |found, &byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')) {
            break;
        }
        at += 32;
    }
    at
}

/// The place after the escape whose backslash is at `at`; a surrogate pair counts as one escape.
fn skip_escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let fail = |kind| Err(JsonError::new(at, kind));
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => return Ok(at + 2),
        Some(b'u') => {}
        Some(_) => return fail(JsonErrorKind::InvalidEscape),
        None => return Err(JsonError::new(at + 1, JsonErrorKind::UnexpectedEnd)),
    }
    match hex4(bytes, at + 2) {
        None => fail(JsonErrorKind::InvalidEscape),
        Some(0xd800..0xdc00) => match low_surrogate(bytes, at + 6) {
            Some(_) => Ok(at + 12),
            None => fail(JsonErrorKind::LoneSurrogate),
        },
        Some(0xdc00..0xe000) => fail(JsonErrorKind::LoneSurrogate),
        Some(_) => Ok(at + 6),
    }
}

/// What an escape that passed [`skip_escape`] stands for, and its length; both without the backslash.
fn resolve(escape: &[u8]) -> (char, usize) {
    let short = |c| (c, 1);
    match escape.first() {
        Some(b'b') => short('\u{8}'),
        Some(b'f') => short('\u{c}'),
        Some(b'n') => short('\n'),
        Some(b'r') => short('\r'),
        Some(b't') => short('\t'),
        Some(b'u') => {
            let high = hex4(escape, 1).unwrap_or(0);
            match low_surrogate(escape, 5) {
                Some(low) if (0xd800..0xdc00).contains(&high) => {
                    (character(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 11)
                }
                _ => (character(high), 5),
            }
        }
        Some(other) => short(char::from(*other)),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

fn low_surrogate(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..)?.starts_with(b"\\u");
    hex4(bytes, at + 2).filter(|low| escape && (0xdc00..0xe000).contains(low))
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..)?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

fn character(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}
