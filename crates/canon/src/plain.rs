//! One pass over a document, to see that it is canonical, without making anything of it.

use crate::scan::string::skip_plain;
use std::cmp::Ordering;

/// The largest magnitude of an integer that every reader takes for the same one: 2^53 − 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Whether these bytes are the RFC 8785 form of a document whose numbers are all integers within ±(2^53 − 1), and whose arrays
/// and objects nest at most `max_depth` deep.
///
/// That is exactly when [`parse`](crate::parse) takes the bytes under that limit, all numbers are such integers by their spelling,
/// and [`lexical`](crate::lexical) of the value, or [`canonical`](crate::canonical), gives the same bytes again; but no value is
/// built, and nothing is rewritten. What is not of this form may still be JSON: ask `parse` what is wrong.
pub fn is_canonical_of_integers(bytes: &[u8], max_depth: usize) -> bool {
    Document::read(bytes, max_depth, None).is_some()
}

/// A document of the form that [`is_canonical_of_integers`] takes, to be looked at where it stands: nothing of it is copied.
///
/// In this form every text has one spelling. So texts and names are compared as they are spelt; one that is spelt with escapes
/// is handed out with them.
#[derive(Debug, Clone)]
pub struct Plain<'a>(Vec<Node<'a>>);

/// One value of a [`Plain`] document.
#[derive(Debug, Clone, Copy)]
pub struct PlainValue<'t, 'a>(&'t [Node<'a>]);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainKind<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within ±(2^53 − 1).
    Integer(i64),
    /// A text, as it is spelt between its quotes.
    Text(&'a str),
    /// An array.
    Array,
    /// An object.
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Node<'a> {
    /// The member's name, as it is spelt; empty for what is no member.
    name: &'a str,
    kind: PlainKind<'a>,
    /// How many nodes it takes, with all that is inside.
    span: usize,
}

impl<'a> Plain<'a> {
    /// Reads the document; `None` exactly when [`is_canonical_of_integers`] says no.
    pub fn read(bytes: &'a [u8], max_depth: usize) -> Option<Plain<'a>> {
        Document::read(bytes, max_depth, Some(Vec::with_capacity(64))).map(Plain)
    }

    /// The whole document.
    pub fn value(&self) -> PlainValue<'_, 'a> {
        PlainValue(&self.0)
    }
}

impl<'t, 'a> PlainValue<'t, 'a> {
    /// What it is.
    pub fn kind(self) -> PlainKind<'a> {
        self.0.first().map_or(PlainKind::Null, |node| node.kind)
    }

    /// The text it is, as it is spelt.
    pub fn text(self) -> Option<&'a str> {
        match self.kind() {
            PlainKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member of this name, as it is spelt.
    pub fn member(self, name: &str) -> Option<PlainValue<'t, 'a>> {
        self.members().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// The members of an object, in their order; none of anything else.
    pub fn members(self) -> impl Iterator<Item = (&'a str, PlainValue<'t, 'a>)> {
        let inside = if self.kind() == PlainKind::Object { self.0.get(1..) } else { None };
        children(inside.unwrap_or_default())
    }

    /// The items of an array, in their order; none of anything else.
    pub fn items(self) -> impl Iterator<Item = PlainValue<'t, 'a>> {
        let inside = if self.kind() == PlainKind::Array { self.0.get(1..) } else { None };
        children(inside.unwrap_or_default()).map(|(_, item)| item)
    }
}

fn children<'t, 'a>(mut nodes: &'t [Node<'a>]) -> impl Iterator<Item = (&'a str, PlainValue<'t, 'a>)> {
    std::iter::from_fn(move || {
        let first = nodes.first()?;
        let (child, rest) = nodes.split_at_checked(first.span)?;
        nodes = rest;
        Some((first.name, PlainValue(child)))
    })
}

/// A document, read up to a place.
struct Document<'a> {
    text: &'a str,
    at: usize,
    /// What was read, if anybody wants it.
    nodes: Option<Vec<Node<'a>>>,
    /// The name of the member whose value comes next.
    named: &'a str,
}

/// An array or object that is open.
struct Open<'a> {
    is_object: bool,
    /// Its node.
    node: usize,
    /// The last name of an object; none before the first.
    last: Option<Name<'a>>,
}

/// A member's name as it is spelt, between its quotes.
#[derive(Clone, Copy)]
struct Name<'a> {
    raw: &'a str,
    /// Whether there is a backslash in it.
    escaped: bool,
}

impl<'a> Document<'a> {
    /// Passes over the whole document; gives what was read, nothing where nobody wants it. `None`: it is not of the form.
    fn read(bytes: &'a [u8], max_depth: usize, nodes: Option<Vec<Node<'a>>>) -> Option<Vec<Node<'a>>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut document = Document { text, at: 0, nodes, named: "" };
        document.value(max_depth)?;
        (document.at == bytes.len()).then(|| document.nodes.unwrap_or_default())
    }

    /// Notes a value; gives the place of its node.
    fn note(&mut self, kind: PlainKind<'a>) -> usize {
        let Some(nodes) = &mut self.nodes else { return 0 };
        nodes.push(Node { name: std::mem::take(&mut self.named), kind, span: 1 });
        nodes.len() - 1
    }

    /// An array or object has ended: all nodes since its own are inside.
    fn close(&mut self, node: usize) {
        let Some(nodes) = &mut self.nodes else { return };
        let all = nodes.len();
        if let Some(node_itself) = nodes.get_mut(node) {
            node_itself.span = all - node;
        }
    }

    /// Passes over one value. `None`: it is not of the form.
    fn value(&mut self, max_depth: usize) -> Option<()> {
        let mut open: Vec<Open<'a>> = Vec::new();
        loop {
            // A value begins here.
            match self.peek()? {
                byte @ (b'{' | b'[') => {
                    if open.len() >= max_depth {
                        return None;
                    }
                    self.at += 1;
                    let (close, kind) =
                        if byte == b'{' { (b'}', PlainKind::Object) } else { (b']', PlainKind::Array) };
                    let node = self.note(kind);
                    if self.peek()? != close {
                        let mut inner = Open { is_object: byte == b'{', node, last: None };
                        if inner.is_object {
                            self.name(&mut inner)?;
                        }
                        open.push(inner);
                        continue;
                    }
                    self.at += 1;
                }
                b'"' => {
                    let text = self.string()?;
                    self.note(PlainKind::Text(text.raw));
                }
                b't' => self.word("true", PlainKind::Bool(true))?,
                b'f' => self.word("false", PlainKind::Bool(false))?,
                b'n' => self.word("null", PlainKind::Null)?,
                _ => {
                    let integer = self.integer()?;
                    self.note(PlainKind::Integer(integer));
                }
            }
            // A value has ended here: what it stands in goes on, or ends with it.
            loop {
                let Some(inside) = open.last_mut() else { return Some(()) };
                match (self.peek()?, inside.is_object) {
                    (b',', is_object) => {
                        self.at += 1;
                        if is_object {
                            self.name(inside)?;
                        }
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        let node = inside.node;
                        self.close(node);
                        open.pop();
                    }
                    _ => return None,
                }
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next member's name, which comes after the last one, and the colon.
    fn name(&mut self, object: &mut Open<'a>) -> Option<()> {
        let name = self.string()?;
        if object.last.is_some_and(|last| last.cmp(name) != Ordering::Less) {
            return None;
        }
        object.last = Some(name);
        self.named = name.raw;
        self.take(b':')
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, kind: PlainKind<'a>) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())?;
        self.note(kind);
        Some(())
    }

    /// An integer: no leading zero, no `-0`, no fraction, no exponent.
    fn integer(&mut self) -> Option<i64> {
        let negative = self.take(b'-').is_some();
        let (begun, mut value) = (self.at, 0_u64);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let spelt = match self.at - begun {
            0 => false,
            1 => value != 0 || !negative,
            _ => self.text.as_bytes().get(begun) != Some(&b'0'),
        };
        let value = i64::try_from(value).ok().filter(|_| spelt && value <= MAX_INTEGER)?;
        Some(if negative { -value } else { value })
    }

    /// A string, escaped where it must be and nowhere else.
    fn string(&mut self) -> Option<Name<'a>> {
        self.take(b'"')?;
        let (begun, mut escaped) = (self.at, false);
        let bytes = self.text.as_bytes();
        loop {
            self.at = skip_plain(bytes, self.at);
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += escape(bytes.get(self.at + 1..)?)?;
                }
                _ => return None,
            }
        }
        let raw = self.text.get(begun..self.at)?;
        self.at += 1;
        Some(Name { raw, escaped })
    }
}

/// How long the escape is whose backslash stands before these bytes, if it is how RFC 8785 §3.2.2.2 spells what it means.
fn escape(after: &[u8]) -> Option<usize> {
    match after {
        [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(2),
        // The control characters that have no short form.
        [b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..] => Some(6),
        [b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => Some(6),
        _ => None,
    }
}

impl Name<'_> {
    /// The order of RFC 8785 §3.2.3: by UTF-16 code units.
    fn cmp(self, other: Self) -> Ordering {
        // In ASCII, bytes are UTF-16 code units.
        if [self, other].iter().all(|name| !name.escaped && name.raw.is_ascii()) {
            return self.raw.cmp(other.raw);
        }
        self.meant().encode_utf16().cmp(other.meant().encode_utf16())
    }

    /// The name that is spelt.
    fn meant(self) -> String {
        let mut meant = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((plain, escaped)) = rest.split_once('\\') {
            meant.push_str(plain);
            let (c, length) = match escaped.as_bytes() {
                [b'b', ..] => ('\u{8}', 1),
                [b'f', ..] => ('\u{c}', 1),
                [b'n', ..] => ('\n', 1),
                [b'r', ..] => ('\r', 1),
                [b't', ..] => ('\t', 1),
                [b'\\', ..] => ('\\', 1),
                [b'u', ..] => {
                    let code = escaped.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                    (code.and_then(char::from_u32).unwrap_or_default(), 5)
                }
                _ => ('"', 1),
            };
            meant.push(c);
            rest = escaped.get(length..).unwrap_or_default();
        }
        meant.push_str(rest);
        meant
    }
}
