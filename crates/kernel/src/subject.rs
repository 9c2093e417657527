//! What a call is about: the values that tie an effect to the readings it rests on.

use std::collections::BTreeSet;

use lastlook_canon::Json;

use crate::path;

/// Member names that never name a subject: they page, sort, shape or carry text.
pub const DEFAULT_NOT_SUBJECTS: &[&str] = &[
    "limit",
    "offset",
    "head",
    "tail",
    "cursor",
    "page",
    "per_page",
    "page_size",
    "pageSize",
    "size",
    "count",
    "max",
    "min",
    "first",
    "last",
    "skip",
    "top",
    "sort",
    "sort_by",
    "sortBy",
    "order",
    "order_by",
    "orderBy",
    "direction",
    "format",
    "encoding",
    "mode",
    "type",
    "kind",
    "message",
    "content",
    "contents",
    "text",
    "body",
    "description",
    "comment",
    "title",
    "summary",
    "note",
    "reason",
    "query",
    "pattern",
    "excludePatterns",
    "search",
    "filter",
    "fields",
    "include",
    "exclude",
    "timeout",
    "depth",
    "context_lines",
    "oldText",
    "newText",
    "old_text",
    "new_text",
    "old_string",
    "new_string",
    "dryRun",
    "dry_run",
    "force",
    "verbose",
    "recursive",
    "locale",
    "lang",
    "language",
    "timezone",
];

/// Text longer than this many bytes is content, not a name.
const LONGEST_TEXT: usize = 512;
/// Text shorter than this many characters names nothing in particular.
const SHORTEST_TEXT: usize = 3;

/// Which members can name subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRules {
    /// Member names that never name a subject.
    pub not_subjects: BTreeSet<String>,
}

impl Default for SubjectRules {
    fn default() -> Self {
        SubjectRules { not_subjects: DEFAULT_NOT_SUBJECTS.iter().map(|name| (*name).to_owned()).collect() }
    }
}

/// One value a call is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Text, compared in its lexically normal form whatever the member's name.
    Text(String),
    /// An integer by its digits, compared under the same member name, or when either side calls it `id`.
    Integer {
        /// The nearest member name.
        member: String,
        /// The digits as written.
        digits: String,
    },
}

impl Subject {
    /// The value both kinds are looked up by.
    pub(crate) fn key(&self) -> &str {
        match self {
            Subject::Text(text) => text,
            Subject::Integer { digits, .. } => digits,
        }
    }

    /// Whether it names something on its own: a path, or an identifier by its member's name.
    fn is_resource(&self) -> bool {
        match self {
            Subject::Text(text) => text.contains('/') || text.contains('.'),
            Subject::Integer { member, .. } => {
                member == "id" || member.ends_with("_id") || member.ends_with("Id")
            }
        }
    }

    fn matches(&self, other: &Subject) -> bool {
        match (self, other) {
            (Subject::Text(a), Subject::Text(b)) => a == b,
            (Subject::Integer { member: m, digits: d }, Subject::Integer { member: n, digits: e }) => {
                d == e && (m == n || m == "id" || n == "id")
            }
            _ => false,
        }
    }
}

/// The subjects of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subjects(BTreeSet<Subject>);

impl Subjects {
    /// The subjects among `arguments`, by the general rule.
    ///
    /// Strings of 3 characters or more and integers at any depth, except: members whose schema is boolean, `enum`,
    /// `const` or equal to their `default`; names in `rules.not_subjects`; text with a line break or over 512 bytes.
    pub fn of(arguments: &Json, schema: Option<&Json>, rules: &SubjectRules) -> Subjects {
        let mut found = Subjects::default();
        found.collect(arguments, "", schema, rules);
        found
    }

    /// The subjects at the given JSON Pointers; a pointer at an array or object takes every scalar below it.
    pub fn at(arguments: &Json, pointers: &[String]) -> Subjects {
        let mut found = Subjects::default();
        for pointer in pointers {
            let member = pointer.rsplit('/').next().unwrap_or_default();
            if let Some(value) = arguments.pointer(pointer) {
                found.collect_all(value, member);
            }
        }
        found
    }

    fn collect(&mut self, value: &Json, member: &str, schema: Option<&Json>, rules: &SubjectRules) {
        if rules.not_subjects.contains(member) || schema.is_some_and(|schema| is_setting(value, schema)) {
            return;
        }
        match value {
            Json::Object(members) => {
                for (name, inner) in members {
                    let inner_schema = schema.and_then(|s| s.get("properties")).and_then(|p| p.get(name));
                    self.collect(inner, name, inner_schema, rules);
                }
            }
            Json::Array(items) => {
                let item_schema = schema.and_then(|s| s.get("items"));
                for item in items {
                    self.collect(item, member, item_schema, rules);
                }
            }
            Json::String(text) if is_name(text) => {
                self.0.insert(Subject::Text(path::normal(text).into_owned()));
            }
            Json::Number(number) if number.is_integer_text() => {
                self.0.insert(integer(member, number.as_str()));
            }
            _ => {}
        }
    }

    fn collect_all(&mut self, value: &Json, member: &str) {
        match value {
            Json::Object(members) => members.iter().for_each(|(name, inner)| self.collect_all(inner, name)),
            Json::Array(items) => items.iter().for_each(|item| self.collect_all(item, member)),
            Json::String(text) => {
                self.0.insert(Subject::Text(path::normal(text).into_owned()));
            }
            Json::Number(number) => {
                self.0.insert(integer(member, number.as_str()));
            }
            Json::Bool(_) | Json::Null => {}
        }
    }

    /// True when the call is about nothing that could be compared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The subjects, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Subject> {
        self.0.iter()
    }

    /// The first subject in order.
    pub(crate) fn first(&self) -> Option<&Subject> {
        self.0.first()
    }

    /// True when every subject of `self` occurs among those of `other`: `other` touches `self`.
    ///
    /// Never true for no subjects: a reading about nothing is never compared.
    pub fn all_among(&self, other: &Subjects) -> bool {
        !self.0.is_empty() && self.0.iter().all(|mine| other.0.iter().any(|theirs| mine.matches(theirs)))
    }

    /// The names under which concurrent effects exclude each other: paths and identifiers of this call.
    pub fn resources(&self) -> impl Iterator<Item = &Subject> {
        self.0.iter().filter(|subject| subject.is_resource())
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Text(text) => f.write_str(text),
            Subject::Integer { member, digits } => write!(f, "{member}={digits}"),
        }
    }
}

fn integer(member: &str, digits: &str) -> Subject {
    Subject::Integer { member: member.to_owned(), digits: digits.to_owned() }
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_TEXT
        && !text.contains(['\n', '\r'])
        && text.chars().take(SHORTEST_TEXT).count() == SHORTEST_TEXT
}

/// A member whose schema offers a closed choice, or that stands at its default, sets how, not what.
fn is_setting(value: &Json, schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("boolean")
        || schema.get("enum").is_some()
        || schema.get("const").is_some()
        || schema.get("default").is_some_and(|default| default == value)
}

#[cfg(test)]
mod tests;
