use super::{
    Limits,
    keys::Keys,
    string::{self, Text},
};
use crate::{JsonError, JsonErrorKind, number};

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
/// The one grammar of this crate, RFC 8259 read strictly. It keeps its own stack, so depth costs memory of the heap only.
pub(crate) fn run<'a, S: Sink>(bytes: &'a [u8], limits: &Limits, sink: &mut S) -> Result<&'a str, JsonError> {
    let text = check_bytes(bytes, limits)?;
    Machine {
        text,
        at: 0,
        open: Vec::with_capacity(16),
        keys: Keys::new(text),
        deepest: limits.max_depth.min(Limits::DEEPEST),
    }
    .document(sink)?;
    Ok(text)
}

/// Everything that can be said of the bytes without knowing JSON.
fn check_bytes<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, JsonError> {
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
    /// The arrays and objects that are open, outermost first.
    open: Vec<Open>,
    keys: Keys<'a>,
    deepest: usize,
}

#[derive(Clone, Copy)]
enum Open {
    Array,
    /// With the mark of its keys.
    Object(usize),
}

/// What comes after something was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    CommaOrEnd,
}

impl<'a> Machine<'a> {
    fn document<S: Sink>(&mut self, sink: &mut S) -> Result<(), JsonError> {
        let mut next = Next::Value;
        loop {
            let byte = self.skip_space();
            next = match next {
                Next::Value => self.value(byte, sink)?,
                Next::CommaOrEnd => match self.open.last().copied() {
                    Some(Open::Object(mark)) => self.after_member(byte, mark, sink)?,
                    Some(Open::Array) => self.after_element(byte, sink)?,
                    None if byte.is_none() => return Ok(()),
                    None => return Err(JsonError::new(self.at, JsonErrorKind::TrailingData)),
                },
            };
        }
    }

    #[inline]
    fn value<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, JsonError> {
        let start = self.at;
        let scalar = match byte {
            Some(b'"') => Scalar::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Scalar::Number(self.number()?),
            Some(b'{') => return self.open_object(sink),
            Some(b'[') => return self.open_array(sink),
            Some(b't') => self.literal("true", Scalar::Bool(true))?,
            Some(b'f') => self.literal("false", Scalar::Bool(false))?,
            Some(b'n') => self.literal("null", Scalar::Null)?,
            _ => return Err(self.unexpected(start)),
        };
        sink.scalar(scalar, start, self.at);
        Ok(Next::CommaOrEnd)
    }

    fn open_object<S: Sink>(&mut self, sink: &mut S) -> Result<Next, JsonError> {
        let mark = self.keys.mark();
        self.push(Open::Object(mark))?;
        sink.open(Container::Object, self.at);
        self.at += 1;
        match self.skip_space() {
            Some(b'}') => self.close(sink),
            byte => self.key(byte, mark, sink),
        }
    }

    fn open_array<S: Sink>(&mut self, sink: &mut S) -> Result<Next, JsonError> {
        self.push(Open::Array)?;
        sink.open(Container::Array, self.at);
        self.at += 1;
        match self.skip_space() {
            Some(b']') => self.close(sink),
            _ => Ok(Next::Value),
        }
    }

    #[inline]
    fn after_member<S: Sink>(
        &mut self,
        byte: Option<u8>,
        mark: usize,
        sink: &mut S,
    ) -> Result<Next, JsonError> {
        match byte {
            Some(b',') => {
                self.at += 1;
                let byte = self.skip_space();
                self.key(byte, mark, sink)
            }
            Some(b'}') => {
                self.keys.close(mark)?;
                self.close(sink)
            }
            _ => Err(self.unexpected(self.at)),
        }
    }

    #[inline]
    fn after_element<S: Sink>(&mut self, byte: Option<u8>, sink: &mut S) -> Result<Next, JsonError> {
        match byte {
            Some(b',') => {
                self.at += 1;
                Ok(Next::Value)
            }
            Some(b']') => self.close(sink),
            _ => Err(self.unexpected(self.at)),
        }
    }

    /// A key and its colon.
    #[inline]
    fn key<S: Sink>(&mut self, byte: Option<u8>, mark: usize, sink: &mut S) -> Result<Next, JsonError> {
        if byte != Some(b'"') {
            return Err(self.unexpected(self.at));
        }
        let key = self.string()?;
        self.keys.add(key, mark)?;
        if self.skip_space() != Some(b':') {
            return Err(self.unexpected(self.at));
        }
        self.at += 1;
        sink.key(key);
        Ok(Next::Value)
    }

    #[inline]
    fn push(&mut self, open: Open) -> Result<(), JsonError> {
        if self.open.len() >= self.deepest {
            return Err(JsonError::new(self.at, JsonErrorKind::TooDeep { limit: self.deepest }));
        }
        self.open.push(open);
        Ok(())
    }

    #[inline]
    fn close<S: Sink>(&mut self, sink: &mut S) -> Result<Next, JsonError> {
        self.at += 1;
        self.open.pop();
        sink.close(self.at);
        Ok(Next::CommaOrEnd)
    }

    #[inline]
    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let (text, end) = string::read(self.text, self.at)?;
        self.at = end;
        Ok(text)
    }

    #[inline]
    fn number(&mut self) -> Result<&'a str, JsonError> {
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

    #[inline]
    fn literal<T>(&mut self, word: &str, meaning: T) -> Result<T, JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(meaning);
        }
        let common = rest.iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
        Err(self.unexpected(self.at + common))
    }

    /// Passes over white space; returns the byte after it.
    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    #[cold]
    fn unexpected(&self, at: usize) -> JsonError {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) => JsonError::new(at, JsonErrorKind::UnexpectedCharacter(c)),
            None => JsonError::new(at, JsonErrorKind::UnexpectedEnd),
        }
    }
}
