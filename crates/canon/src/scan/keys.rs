use super::string::Text;
use crate::{JsonError, JsonErrorKind, error::Fault};
use std::num::NonZeroU32;

/// Up to this many keys of one object are compared each with each; beyond it they are sorted when the object
/// closes, so that an object made to be slow is not.
const FEW: usize = 32;

/// The keys of all objects that are open, innermost last, to find one that comes twice.
///
/// One list for the whole document: an object's keys are dropped when it closes.
pub(super) struct Keys<'a> {
    document: &'a str,
    list: Vec<Key>,
    /// The text of keys that are spelt with escapes, one after the other.
    decoded: String,
}

/// An object that is open, as far as its keys go.
pub(super) struct Scope {
    /// How many keys were held when it opened.
    mark: usize,
    /// One bit for each key added, by its print: a key whose bit is not set is new.
    seen: u64,
}

/// Sixteen bytes a key, whatever its length: a hostile document must not cost many times its size. Without
/// padding, which would be copied in pieces.
#[derive(Clone, Copy)]
struct Key {
    /// Differs only if the keys do.
    print: u32,
    /// Where the key is in the document.
    at: u32,
    /// The length of its text.
    length: u32,
    /// Where its text starts in `Keys::decoded`, if not at `at` in the document.
    decoded: Option<NonZeroU32>,
}

impl<'a> Keys<'a> {
    pub fn new(document: &'a str) -> Self {
        Self { document, list: Vec::with_capacity(32), decoded: String::new() }
    }

    /// A new innermost object.
    pub fn open(&self) -> Scope {
        Scope { mark: self.list.len(), seen: 0 }
    }

    /// Adds a key to the innermost object.
    #[inline]
    pub fn add(&mut self, key: Text<'a>, scope: &mut Scope) -> Result<(), Fault> {
        if key.escaped {
            return self.add_decoded(key, scope);
        }
        let raw = key.raw.as_bytes();
        self.enter(
            Key { print: print(raw), at: key.at as u32, length: raw.len() as u32, decoded: None },
            scope,
        )
    }

    #[cold]
    fn add_decoded(&mut self, key: Text<'a>, scope: &mut Scope) -> Result<(), Fault> {
        if self.decoded.is_empty() {
            self.decoded.push(' '); // so that no text starts at zero
        }
        let start = self.decoded.len();
        key.decode_into(&mut self.decoded);
        let text = self.decoded.get(start..).unwrap_or_default();
        let (print, length) = (print(text.as_bytes()), text.len() as u32);
        self.enter(Key { print, at: key.at as u32, length, decoded: NonZeroU32::new(start as u32) }, scope)
    }

    #[inline(always)]
    fn enter(&mut self, key: Key, scope: &mut Scope) -> Result<(), Fault> {
        let bit = 1 << (key.print >> 26);
        if scope.seen & bit != 0 {
            self.compare_few(key, scope.mark)?;
        }
        scope.seen |= bit;
        self.list.push(key);
        Ok(())
    }

    /// Drops the keys of the innermost object.
    #[inline]
    pub fn close(&mut self, scope: Scope) -> Result<(), Fault> {
        if self.list.len() - scope.mark > FEW {
            self.compare_many(scope.mark)?;
        }
        self.list.truncate(scope.mark);
        Ok(())
    }

    #[inline(never)]
    fn compare_few(&self, key: Key, mark: usize) -> Result<(), Fault> {
        let siblings = self.list.get(mark..).unwrap_or_default();
        let found = siblings.len() < FEW && siblings.iter().any(|other| self.same(other, &key));
        if found { Err(self.duplicate(&key)) } else { Ok(()) }
    }

    /// Sorts instead of hashing: no randomness is needed, and no choice of keys makes it slow.
    fn compare_many(&self, mark: usize) -> Result<(), Fault> {
        let mut sorted = self.list.get(mark..).unwrap_or_default().to_vec();
        sorted.sort_unstable_by(|a, b| {
            a.print.cmp(&b.print).then_with(|| self.text(a).cmp(self.text(b))).then(a.at.cmp(&b.at))
        });
        let repeats = sorted.array_windows().filter(|[a, b]| self.same(a, b)).map(|[_, b]| b);
        match repeats.min_by_key(|key| key.at) {
            Some(key) => Err(self.duplicate(key)),
            None => Ok(()),
        }
    }

    #[inline]
    fn same(&self, a: &Key, b: &Key) -> bool {
        a.print == b.print && self.text(a) == self.text(b)
    }

    fn text(&self, key: &Key) -> &str {
        let (source, start) = match key.decoded {
            None => (self.document, key.at as usize),
            Some(start) => (self.decoded.as_str(), start.get() as usize),
        };
        source.get(start..start + key.length as usize).unwrap_or_default()
    }

    fn duplicate(&self, key: &Key) -> Fault {
        // Errors point at the quote, which stands before the text.
        JsonError::new(key.at as usize - 1, JsonErrorKind::DuplicateKey(self.text(key).to_owned()))
    }
}

/// Mixes the length and both ends of a key: nearly always enough to tell the keys of one object apart.
#[inline]
fn print(key: &[u8]) -> u32 {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let ends = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => word(first) ^ word(last).rotate_left(29),
        _ => match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
            (Some(first), Some(last)) => half(first) | half(last) << 32,
            _ => key.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
        },
    };
    ((ends ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
