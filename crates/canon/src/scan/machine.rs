use super::{
    Limits,
    keys::{Keys, Scope},
    string::{self, Text},
};
use crate::{JsonError, JsonErrorKind, error::Fault, number};
use std::mem::replace;

/// What is told of a document while it is read, in source order.
///
/// The machine checks; a sink only collects. It may be told things of a document that is refused later.
pub(crate) trait Sink {
    /// An array or object starts at `at`.
    fn open(&mut self, container: Container, at: usize);
    /// A key of the innermost object, which is new to it; its value comes next.
    fn key(&mut self, key: Text<'_>);
    /// A value that is neither array nor object, from `at` up to `end`.
    fn scalar(&mut self, scalar: Scalar<'_>, at: usize, end: usize);
    /// The innermost array or object ends before `end`.
    fn close(&mut self, end: usize);
}

/// What may hold other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Array,
    Object,
}

/// A value that holds no others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Text<'a>),
}

/// Checks a whole document and tells `sink` what is in it; returns its text.
///
/// The one grammar of this crate, RFC 8259 read strictly. It keeps its own stack, so depth costs memory of
/// the heap only.
pub(crate) fn run<'a, S: Sink>(bytes: &'a [u8], limits: &Limits, sink: &mut S) -> Result<&'a str, Fault> {
    let text = check_bytes(bytes, limits)?;
    Machine {
        text,
        at: 0,
        inside: Inside::Document,
        outer: Vec::with_capacity(16),
        keys: Keys::new(text),
        deepest: limits.max_depth.min(Limits::DEEPEST),
    }
    .document(sink)?;
    Ok(text)
}

/// Everything that can be said of the bytes without knowing JSON.
fn check_bytes<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Fault> {
    let limit = limits.max_bytes.min(u32::MAX as usize); // spans are kept as `u32`
    if bytes.len() > limit {
        return Err(JsonError::new(limit, JsonErrorKind::TooLarge { limit }));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::new(0, JsonErrorKind::ByteOrderMark));
    }
    str::from_utf8(bytes).map_err(|error| JsonError::new(error.valid_up_to(), JsonErrorKind::InvalidUtf8))
}

struct Machine<'a> {
    text: &'a str,
    at: usize,
    inside: Inside,
    /// What `inside` is inside of, outermost first; as long as the depth.
    outer: Vec<Inside>,
    keys: Keys<'a>,
    deepest: usize,
}

/// The innermost thing that is open.
enum Inside {
    Document,
    Array,
    Object(Scope),
}

/// What comes after something was read.
#[derive(Clone, Copy)]
enum Next {
    Value,
    CommaOrEnd,
}

impl<'a> Machine<'a> {
    #[inline(always)]
    fn document<S: Sink>(&mut self, sink: &mut S) -> Result<(), Fault> {
        let mut next = Next::Value;
        loop {
            let byte = self.skip_space();
            next = match (next, &self.inside) {
                (Next::Value, _) => self.value(byte, sink)?,
                (Next::CommaOrEnd, Inside::Object(_)) => self.after_member(byte, sink)?,
                (Next::CommaOrEnd, Inside::Array) => self.after_element(byte, sink)?,
                (Next::CommaOrEnd, Inside::Document) if byte.is_none() => return Ok(()),
                (Next::CommaOrEnd, Inside::Document) => {
                    return Err(JsonError::new(self.at, JsonErrorKind::TrailingData));
                }
            };
        }
    }

    #[inline(always)]
    fn value<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, Fault> {
        let start = self.at;
        let scalar = match byte {
            Some(b'"') => Scalar::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Scalar::Number(self.number()?),
            Some(b'{') => return self.open_object(sink),
            Some(b'[') => return self.open_array(sink),
            Some(b't') => self.literal("true", Scalar::Bool(true))?,
            Some(b'f') => self.literal("false", Scalar::Bool(false))?,
            Some(b'n') => self.literal("null", Scalar::Null)?,
            _ => return Err(unexpected(self.text, start)),
        };
        sink.scalar(scalar, start, self.at);
        Ok(Next::CommaOrEnd)
    }

    #[inline(always)]
    fn open_object<S: Sink>(&mut self, sink: &mut S) -> Result<Next, Fault> {
        self.enter(Inside::Object(self.keys.open()))?;
        sink.open(Container::Object, self.at);
        self.at += 1;
        match self.skip_space() {
            Some(b'}') => self.leave(sink),
            byte => self.key(byte, sink),
        }
    }

    #[inline(always)]
    fn open_array<S: Sink>(&mut self, sink: &mut S) -> Result<Next, Fault> {
        self.enter(Inside::Array)?;
        sink.open(Container::Array, self.at);
        self.at += 1;
        match self.skip_space() {
            Some(b']') => self.leave(sink),
            _ => Ok(Next::Value),
        }
    }

    #[inline(always)]
    fn after_member<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, Fault> {
        match byte {
            Some(b',') => {
                self.at += 1;
                let byte = self.skip_space();
                self.key(byte, sink)
            }
            Some(b'}') => self.leave(sink),
            _ => Err(unexpected(self.text, self.at)),
        }
    }

    #[inline(always)]
    fn after_element<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, Fault> {
        match byte {
            Some(b',') => {
                self.at += 1;
                Ok(Next::Value)
            }
            Some(b']') => self.leave(sink),
            _ => Err(unexpected(self.text, self.at)),
        }
    }

    /// A key and its colon.
    #[inline(always)]
    fn key<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, Fault> {
        if byte != Some(b'"') {
            return Err(unexpected(self.text, self.at));
        }
        let key = self.string()?;
        if let Inside::Object(scope) = &mut self.inside {
            self.keys.add(key, scope)?;
        }
        if self.skip_space() != Some(b':') {
            return Err(unexpected(self.text, self.at));
        }
        self.at += 1;
        sink.key(key);
        Ok(Next::Value)
    }

    #[inline(always)]
    fn enter(&mut self, inside: Inside) -> Result<(), Fault> {
        if self.outer.len() >= self.deepest {
            return Err(JsonError::new(self.at, JsonErrorKind::TooDeep { limit: self.deepest }));
        }
        self.outer.push(replace(&mut self.inside, inside));
        Ok(())
    }

    /// Past the closing bracket.
    #[inline(always)]
    fn leave<S: Sink>(&mut self, sink: &mut S) -> Result<Next, Fault> {
        self.at += 1;
        let outer = self.outer.pop().unwrap_or(Inside::Document);
        if let Inside::Object(scope) = replace(&mut self.inside, outer) {
            self.keys.close(scope)?;
        }
        sink.close(self.at);
        Ok(Next::CommaOrEnd)
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Fault> {
        let (text, end) = string::read(self.text, self.at)?;
        self.at = end;
        Ok(text)
    }

    #[inline(always)]
    fn number(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        match number::end_of(self.text.as_bytes(), start) {
            Ok(end) => {
                self.at = end;
                Ok(self.text.get(start..end).unwrap_or_default())
            }
            Err(at) if at == self.text.len() => Err(JsonError::new(at, JsonErrorKind::UnexpectedEnd)),
            Err(at) => Err(JsonError::new(at, JsonErrorKind::InvalidNumber)),
        }
    }

    #[inline(always)]
    fn literal<T>(&mut self, word: &str, meaning: T) -> Result<T, Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(meaning);
        }
        let common = rest.iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
        Err(unexpected(self.text, self.at + common))
    }

    /// Passes over white space; returns the byte after it.
    #[inline(always)]
    fn skip_space(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }
}

#[cold]
#[inline(never)]
fn unexpected(text: &str, at: usize) -> Fault {
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) => JsonError::new(at, JsonErrorKind::UnexpectedCharacter(c)),
        None => JsonError::new(at, JsonErrorKind::UnexpectedEnd),
    }
}
