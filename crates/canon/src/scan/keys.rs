use super::string::Text;
use crate::{JsonError, JsonErrorKind};

/// Up to this many keys of one object are compared each with each; beyond it they are sorted when the object closes, so that
/// an object made to be slow is not.
const FEW: usize = 24;

/// The keys of all objects that are open, innermost last, to find one that comes twice.
///
/// One list for the whole document: an object's keys are dropped when it closes.
pub(super) struct Keys<'a> {
    document: &'a str,
    list: Vec<Key>,
    /// The text of keys that are spelt with escapes, one after the other.
    decoded: String,
}

/// Twenty bytes a key, whatever its length: a hostile document must not cost many times its size.
#[derive(Clone, Copy)]
struct Key {
    /// Differs only if the keys do.
    print: u32,
    /// Where the key is in the document.
    at: u32,
    /// Where its text starts: in the document, or in `decoded` if `escaped`.
    start: u32,
    length: u32,
    escaped: bool,
}

impl<'a> Keys<'a> {
    pub fn new(document: &'a str) -> Self {
        Self { document, list: Vec::with_capacity(32), decoded: String::new() }
    }

    /// How many keys are held: what [`add`](Self::add) and [`close`](Self::close) want to know of when the object opened.
    #[inline]
    pub fn mark(&self) -> usize {
        self.list.len()
    }

    /// Adds a key to the innermost object, which opened at `mark`.
    #[inline]
    pub fn add(&mut self, key: Text<'a>, mark: usize) -> Result<(), JsonError> {
        let entry = self.enter(key);
        let siblings = self.list.get(mark..).unwrap_or_default();
        if siblings.len() < FEW && siblings.iter().any(|other| self.same(other, &entry)) {
            return Err(self.duplicate(&entry));
        }
        self.list.push(entry);
        Ok(())
    }

    /// Drops the keys of the object that opened at `mark`.
    #[inline]
    pub fn close(&mut self, mark: usize) -> Result<(), JsonError> {
        if self.list.len() - mark > FEW {
            self.compare_many(mark)?;
        }
        self.list.truncate(mark);
        Ok(())
    }

    /// Sorts instead of hashing: no randomness is needed, and no choice of keys makes it slow.
    fn compare_many(&self, mark: usize) -> Result<(), JsonError> {
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
    fn enter(&mut self, key: Text<'a>) -> Key {
        let (text, start) = if key.escaped {
            let start = self.decoded.len();
            key.decode_into(&mut self.decoded);
            (self.decoded.get(start..).unwrap_or_default(), start)
        } else {
            (key.raw, key.at)
        };
        Key {
            print: print(text.as_bytes()),
            at: key.at as u32,
            start: start as u32,
            length: text.len() as u32,
            escaped: key.escaped,
        }
    }

    #[inline]
    fn same(&self, a: &Key, b: &Key) -> bool {
        a.print == b.print && self.text(a) == self.text(b)
    }

    fn text(&self, key: &Key) -> &str {
        let source = if key.escaped { self.decoded.as_str() } else { self.document };
        let start = key.start as usize;
        source.get(start..start + key.length as usize).unwrap_or_default()
    }

    fn duplicate(&self, key: &Key) -> JsonError {
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
