//! Reading a document without building a tree.

mod keys;
pub(crate) mod machine;
pub(crate) mod string;

use crate::{JsonError, JsonErrorKind};
use machine::{Container, Scalar, Sink, run};
use std::{borrow::Cow, ops::Range};
use string::Text;

/// How large and how deep a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes a document may have. Anything past 4 GiB − 1 means that.
    pub max_bytes: usize,
    /// How many arrays and objects may be open at once: 1 allows `[]`, and 0 only scalars. Anything past
    /// [`DEEPEST`](Self::DEEPEST) means that.
    pub max_depth: usize,
}

impl Limits {
    /// The depth that no setting exceeds, so that walking or dropping a tree cannot exhaust a thread's stack.
    pub const DEEPEST: usize = 512;
}

impl Default for Limits {
    /// 64 MiB, 128 deep.
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 128 }
    }
}

/// Checks a whole document as strictly as [`parse`](crate::parse) and tells where the members of its
/// top-level object are.
///
/// For frames that are looked at but not kept: nothing is copied, and a small document costs a few
/// allocations in all.
///
/// # Errors
///
/// Those of `parse`, and [`JsonErrorKind::NotAnObject`] when nothing else is wrong.
pub fn scan<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Members<'a>, JsonError> {
    let mut spans = Spans { list: Vec::with_capacity(8), depth: 0, object: None };
    let text = run(bytes, limits, &mut spans).map_err(|fault| *fault)?;
    match spans.object {
        None => Ok(Members { text, list: spans.list }),
        Some(at) => Err(JsonError { at, kind: JsonErrorKind::NotAnObject }),
    }
}

/// The members of an object that is part of a document already scanned, given its raw span.
///
/// `None` if the span is not exactly one object by the same rules as [`scan`], with the depth allowed up to
/// [`Limits::DEEPEST`].
pub fn members(raw: &[u8]) -> Option<Members<'_>> {
    scan(raw, &Limits { max_bytes: usize::MAX, max_depth: usize::MAX }).ok()
}

/// The text of a raw JSON string span, quotes included, with its escapes resolved.
///
/// `None` if the span is not exactly one JSON string.
pub fn string_of(raw: &[u8]) -> Option<Cow<'_, str>> {
    let (b'"', _) = raw.split_first()? else { return None };
    let text = str::from_utf8(raw).ok()?;
    let (inside, end) = string::read(text, 0).ok()?;
    (end == text.len()).then(|| inside.decode())
}

/// Where the members of an object are in the document that was scanned; nothing is copied or decoded before
/// it is asked for.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    list: Vec<Member>,
}

/// Spans in the document: of the key between its quotes, and of the value.
#[derive(Debug, Clone, Copy)]
struct Member {
    key: (u32, u32),
    escaped: bool,
    value: (u32, u32),
}

impl<'a> Members<'a> {
    /// The raw bytes of the value with this key, without the white space around it.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.find(key).map(|member| self.value(member).as_bytes())
    }

    /// Where the value with this key is, in bytes from the start of what was scanned.
    pub fn span_of(&self, key: &str) -> Option<Range<usize>> {
        self.find(key).map(|member| member.value.0 as usize..member.value.1 as usize)
    }

    /// The members in source order: the key with its escapes resolved, and the raw bytes of the value.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a [u8])> {
        self.list.iter().map(|member| (self.key(member).decode(), self.value(member).as_bytes()))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether the object is `{}`.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn find(&self, key: &str) -> Option<&Member> {
        self.list.iter().find(|member| self.key(member).is(key))
    }

    fn key(&self, member: &Member) -> Text<'a> {
        Text { raw: slice(self.text, member.key), escaped: member.escaped, at: member.key.0 as usize }
    }

    fn value(&self, member: &Member) -> &'a str {
        slice(self.text, member.value)
    }
}

/// Spans come from the machine and always lie on character boundaries; the empty text stands in for an
/// impossible one.
fn slice(text: &str, (start, end): (u32, u32)) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// Notes the members of the outermost object and passes over everything inside them.
struct Spans {
    list: Vec<Member>,
    depth: usize,
    /// Where the document starts, if it is not an object.
    object: Option<usize>,
}

impl Spans {
    fn starts(&mut self, at: usize) {
        if let Some(member) = self.list.last_mut() {
            member.value.0 = at as u32;
        }
    }

    fn ends(&mut self, end: usize) {
        if let Some(member) = self.list.last_mut() {
            member.value.1 = end as u32;
        }
    }
}

impl Sink for Spans {
    #[inline]
    fn open(&mut self, container: Container, at: usize) {
        match self.depth {
            0 if container == Container::Array => self.object = Some(at),
            1 => self.starts(at),
            _ => {}
        }
        self.depth += 1;
    }

    #[inline]
    fn key(&mut self, key: Text<'_>) {
        if self.depth == 1 {
            let span = (key.at as u32, (key.at + key.raw.len()) as u32);
            self.list.push(Member { key: span, escaped: key.escaped, value: (0, 0) });
        }
    }

    #[inline]
    fn scalar(&mut self, _scalar: Scalar<'_>, at: usize, end: usize) {
        match self.depth {
            0 => self.object = Some(at),
            1 => {
                self.starts(at);
                self.ends(end);
            }
            _ => {}
        }
    }

    #[inline]
    fn close(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth == 1 {
            self.ends(end);
        }
    }
}
