//! JSON as Cedar values, typed by a shape and never through text.
//!
//! What has no Cedar value must not look as if it were not there: a `forbid` on an amount of 1.00001 would not apply,
//! and the action would run. So whatever is present and cannot be told is *lost*, with its place, and a condition or a
//! policy that touches that place is an error, which refuses. `null` alone counts as absent.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cedar_policy_core::ast::{ExtensionFunction, Name, PartialValue, Value};
use cedar_policy_core::extensions::Extensions;
use lastlook_canon::{Json, Number};

use super::{Member, Shape, exact_decimal, exact_integer, number::is_integer};
use crate::condition::Root;

/// Nesting beyond this is lost.
const DEEPEST: usize = 32;

/// The most values that are converted for one look; what comes after is lost.
const MOST_VALUES: usize = 50_000;

/// Something that is present and has no Cedar value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Below which name it lies.
    pub(crate) root: Root,
    /// The members that lead to it.
    pub(crate) path: Vec<String>,
    /// Why it is lost; never the value itself.
    pub(crate) why: &'static str,
}

impl Lost {
    /// Whether reading `path` would read it, or a part of it, or something it is part of.
    pub(crate) fn touches<S: AsRef<str>>(&self, root: Root, path: &[S]) -> bool {
        root == self.root && self.path.iter().zip(path).all(|(lost, read)| lost == read.as_ref())
    }
}

/// What becomes of members that the shape does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// They are kept, converted by what they are.
    Open,
    /// They are dropped, and required ones that are missing are lost: the result conforms to the shape.
    Closed,
}

/// Cedar's constructor of decimals; parsing its name costs more than converting most values.
static DECIMAL: LazyLock<Option<&'static ExtensionFunction>> = LazyLock::new(|| {
    let name = Name::parse_unqualified_name("decimal").ok()?;
    Extensions::all_available().func(&name).ok()
});

/// Converts JSON, and remembers what it could not.
pub(crate) struct Converter<'a> {
    members: Members,
    decimal: Option<&'static ExtensionFunction>,
    root: Root,
    path: Vec<&'a str>,
    in_set: bool,
    left: usize,
    lost: Vec<Lost>,
}

enum Read {
    Value(Value),
    Absent,
    Lost,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(members: Members) -> Converter<'a> {
        Converter {
            members,
            decimal: *DECIMAL,
            root: Root::Args,
            path: Vec::new(),
            in_set: false,
            left: MOST_VALUES,
            lost: Vec::new(),
        }
    }

    /// The value of `json`, which lies at `path` below `root`; `None` when it is null or lost.
    pub(crate) fn read(
        &mut self,
        root: Root,
        path: &[&'a str],
        json: &'a Json,
        shape: &Shape,
    ) -> Option<Value> {
        self.root = root;
        self.path.clear();
        self.path.extend(path);
        match self.value(json, shape, 0) {
            Read::Value(value) => Some(value),
            Read::Absent | Read::Lost => None,
        }
    }

    /// Notes that `path` below `root` should be there and is not.
    pub(crate) fn missing(&mut self, root: Root, path: &[&'a str]) {
        self.root = root;
        self.path.clear();
        self.path.extend(path);
        self.lose(MISSING);
    }

    /// What was lost in all that was read.
    pub(crate) fn into_lost(self) -> Vec<Lost> {
        self.lost
    }

    fn value(&mut self, json: &'a Json, shape: &Shape, depth: usize) -> Read {
        if self.left == 0 || depth > DEEPEST {
            return self.lose("is too large or too deep");
        }
        self.left -= 1;
        match (json, shape) {
            (Json::Null, _) => Read::Absent,
            (Json::Bool(value), Shape::Bool | Shape::Unknown) => Read::Value((*value).into()),
            (Json::String(text), Shape::String | Shape::Unknown) => Read::Value(text.as_str().into()),
            (Json::Number(number), Shape::Long) => self.integer(number),
            (Json::Number(number), Shape::Decimal) => self.decimal(number),
            (Json::Number(number), Shape::Unknown) if is_integer(number) => self.integer(number),
            (Json::Number(number), Shape::Unknown) => self.decimal(number),
            (Json::Array(items), Shape::Set(elements)) => self.set(items, elements, depth),
            (Json::Array(items), Shape::Unknown) => self.set(items, &Shape::Unknown, depth),
            (Json::Object(members), Shape::Record(known)) => self.record(members, Some(known), depth),
            (Json::Object(members), Shape::Unknown) => self.record(members, None, depth),
            _ => self.lose("has not the type it should have"),
        }
    }

    fn integer(&mut self, number: &Number) -> Read {
        match exact_integer(number) {
            Some(value) => Read::Value(value.into()),
            None => self.lose("is no integer within 64 bits"),
        }
    }

    fn decimal(&mut self, number: &Number) -> Read {
        let text = exact_decimal(number);
        let called = text.and_then(|text| self.decimal?.call(&[text.as_str().into()]).ok());
        match called {
            Some(PartialValue::Value(value)) => Read::Value(value),
            Some(PartialValue::Residual(_)) | None => {
                self.lose("has more than four decimals, or is too large")
            }
        }
    }

    /// A set lacks nothing, or is lost as a whole: without one element it could be empty, equal or contained in another.
    fn set(&mut self, items: &'a [Json], elements: &Shape, depth: usize) -> Read {
        let outermost = !std::mem::replace(&mut self.in_set, true);
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match self.value(item, elements, depth + 1) {
                Read::Value(value) => values.push(value),
                Read::Absent | Read::Lost => break,
            }
        }
        self.in_set = !outermost;
        match values.len() == items.len() {
            true => Read::Value(Value::set(values, None)),
            false => self.lose("has an element that is null or has no value in Cedar"),
        }
    }

    fn record(
        &mut self,
        members: &'a [(String, Json)],
        known: Option<&BTreeMap<String, Member>>,
        depth: usize,
    ) -> Read {
        let mut values: Vec<(&str, Value)> = Vec::with_capacity(members.len());
        for (name, json) in members {
            let shape = match (known.and_then(|known| known.get(name)), self.members) {
                (Some(member), _) => &member.shape,
                (None, Members::Closed) if known.is_some() => continue,
                (None, _) => &Shape::Unknown,
            };
            self.path.push(name);
            let read = self.value(json, shape, depth + 1);
            self.path.pop();
            match read {
                Read::Value(value) => values.push((name, value)),
                Read::Absent => {}
                Read::Lost if self.in_set => return Read::Lost,
                Read::Lost => {}
            }
        }
        if self.members == Members::Closed && self.lacks(known, &values) {
            return Read::Lost;
        }
        Read::Value(Value::record(values, None))
    }

    /// Notes required members that are not there; true when that loses a set around them.
    fn lacks(&mut self, known: Option<&BTreeMap<String, Member>>, values: &[(&str, Value)]) -> bool {
        let mut lacking = false;
        for (name, _) in known.into_iter().flatten().filter(|(_, member)| member.required) {
            let mut path: Vec<String> = self.path.iter().map(|&name| name.to_owned()).collect();
            path.push(name.clone());
            let noted = |lost: &Lost| lost.root == self.root && lost.path == path;
            if !values.iter().any(|(have, _)| have == name) && !self.lost.iter().any(noted) {
                lacking = true;
                if !self.in_set {
                    self.lost.push(Lost { root: self.root, path, why: MISSING });
                }
            }
        }
        lacking && self.in_set
    }

    fn lose(&mut self, why: &'static str) -> Read {
        if !self.in_set {
            let path = self.path.iter().map(|&name| name.to_owned()).collect();
            self.lost.push(Lost { root: self.root, path, why });
        }
        Read::Lost
    }
}

/// Why a required member that is not there is lost.
const MISSING: &str = "is missing";
