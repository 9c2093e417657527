//! Between an [`Entry`] and its bytes.

use super::{
    Entry, EntryError, Head, Kind, MAX_DEPTH, MAX_INTEGER, MAX_PAYLOAD_BYTES, PREDICATE_TYPE, STATEMENT_TYPE,
    shape,
};
use lastlook_canon::{Digest, Json, Limits, Plain, PlainKind, PlainValue};
use serde_json::{Map, Value, json};

/// The members of the predicate that every entry has beside its body.
const HEAD: [&str; 4] = ["attempt", "kind", "origin", "time"];
const LIMITS: Limits = Limits { max_bytes: MAX_PAYLOAD_BYTES, max_depth: MAX_DEPTH };

pub(super) fn write(entry: &Entry) -> Result<Vec<u8>, EntryError> {
    let Entry { kind, origin, attempt, time, action, body } = entry;
    check(entry)?;
    let mut predicate = body.as_object().cloned().unwrap_or_default();
    for (name, text) in HEAD.into_iter().zip([attempt.as_str(), kind.as_str(), origin, time]) {
        predicate.insert(name.to_owned(), Value::from(text));
    }
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "predicate": predicate,
        "predicateType": PREDICATE_TYPE,
        "subject": [{ "digest": { "sha256": action.to_hex() }, "name": subject_name(attempt) }],
    });
    sound(&statement, 1).map_err(Unsound::into_error)?;
    let payload = canonical(&statement);
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(EntryError::Size(payload.len()));
    }
    Ok(payload)
}

pub(super) fn read(payload: &[u8]) -> Result<Entry, EntryError> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(EntryError::Size(payload.len()));
    }
    let entry = entry_of(statement_of(payload)?)?;
    check(&entry)?;
    Ok(entry)
}

/// The document, in canonical form. Nearly all that is ever read is, and one pass sees it; what is not is taken apart to say why.
pub(super) fn statement_of(payload: &[u8]) -> Result<Value, EntryError> {
    if lastlook_canon::is_canonical_of_integers(payload, MAX_DEPTH)
        && let Ok(statement) = serde_json::from_slice(payload)
    {
        return Ok(statement);
    }
    taken_apart(payload)
}

/// The document as the rules have it, each with its error.
pub(super) fn taken_apart(payload: &[u8]) -> Result<Value, EntryError> {
    let json = lastlook_canon::parse(payload, &LIMITS).map_err(EntryError::Json)?;
    let statement =
        value_of(&json).and_then(|value| sound(&value, 1).map(|()| value)).map_err(Unsound::into_error)?;
    if canonical(&statement) != payload {
        return Err(EntryError::NotCanonical);
    }
    Ok(statement)
}

pub(super) fn head(payload: &[u8]) -> Result<Head, EntryError> {
    if payload.len() <= MAX_PAYLOAD_BYTES
        && let Some(statement) = Plain::read(payload, MAX_DEPTH)
        && let Some(head) = plain_head(statement.value())
    {
        return Ok(head);
    }
    // Whatever is unusual goes the long way, which says what is wrong with it, if anything is.
    read(payload).map(|Entry { kind, origin, attempt, .. }| Head { kind, origin, attempt })
}

/// What a statement in canonical form is filed under, if all is as it must be, and spelt without escapes where it counts.
pub(super) fn plain_head(statement: PlainValue) -> Option<Head> {
    let says = |name: &str, text: &str| statement.member(name).and_then(PlainValue::text) == Some(text);
    if !says("_type", STATEMENT_TYPE) || !says("predicateType", PREDICATE_TYPE) {
        return None;
    }
    let predicate = statement.member("predicate").filter(|it| it.kind() == PlainKind::Object)?;
    let [attempt, kind, origin, time] = HEAD.map(|name| predicate.member(name).and_then(PlainValue::text));
    let (attempt, kind, origin, time) = (attempt?, kind?.parse().ok()?, origin?, time?);
    let mut subjects = statement.member("subject")?.items();
    let (subject, None) = (subjects.next()?, subjects.next()) else { return None };
    let digest = subject.member("digest")?;
    let action = digest.member("sha256")?.text()?;
    let name = subject.member("name")?.text()?;
    // What an id, a name and a time may hold leaves no room for an escape.
    let sound = Digest::from_hex(action).is_some()
        && name.strip_prefix("attempt/") == Some(attempt)
        && [statement, subject, digest].map(|object| object.members().count()) == [4, 2, 1]
        && !origin.contains('\\')
        && crate::key::valid_name(origin)
        && valid_attempt(attempt)
        && shape::is_time(time)
        && shape::check(kind, predicate).is_ok();
    sound.then(|| Head { kind, origin: origin.to_owned(), attempt: attempt.to_owned() })
}

/// Takes the statement apart; every member of it is accounted for.
fn entry_of(statement: Value) -> Result<Entry, EntryError> {
    let not = EntryError::Statement;
    let Value::Object(mut statement) = statement else { return Err(not("it is not an object")) };
    if take_text(&mut statement, "_type").as_deref() != Some(STATEMENT_TYPE) {
        return Err(not("its `_type` is not in-toto Statement v1"));
    }
    if take_text(&mut statement, "predicateType").as_deref() != Some(PREDICATE_TYPE) {
        return Err(not("its `predicateType` is not entry v1"));
    }
    let (Some(Value::Object(mut predicate)), Some(subject)) =
        (statement.remove("predicate"), statement.remove("subject"))
    else {
        return Err(not("it has no predicate object or no subject"));
    };
    if !statement.is_empty() {
        return Err(not("it has members that statements do not have"));
    }
    let [attempt, kind, origin, time] = HEAD.map(|name| take_text(&mut predicate, name));
    let (Some(attempt), Some(kind), Some(origin), Some(time)) = (attempt, kind, origin, time) else {
        return Err(not("its predicate has no attempt, kind, origin or time"));
    };
    let kind: Kind = kind.parse().map_err(|_| not("its kind is unknown"))?;
    let digest = subject.pointer("/0/digest/sha256").and_then(Value::as_str).unwrap_or_default();
    let action = Digest::from_hex(digest).ok_or_else(|| not("its subject has no SHA-256 digest"))?;
    // Compared whole, so that there is one subject, one digest, one spelling.
    if subject != json!([{ "digest": { "sha256": action.to_hex() }, "name": subject_name(&attempt) }]) {
        return Err(not("its subject is not the attempt and its action digest"));
    }
    Ok(Entry { kind, origin, attempt, time, action, body: Value::Object(predicate) })
}

/// INVARIANT(entry): what is written and what is read obey the same rules.
fn check(entry: &Entry) -> Result<(), EntryError> {
    let Entry { kind, origin, attempt, time, action: _, body } = entry;
    let member =
        |member: &str, problem| EntryError::Member { kind: *kind, member: member.to_owned(), problem };
    if !crate::key::valid_name(origin) {
        return Err(member("origin", "is not a log's name"));
    }
    if !valid_attempt(attempt) {
        return Err(member("attempt", "is not 1 to 128 of `A-Z a-z 0-9 - _ . :`"));
    }
    if !shape::is_time(time) {
        return Err(member("time", "is not RFC 3339 in UTC with nine fractional digits"));
    }
    let members = body.as_object().ok_or_else(|| member("", "is not an object"))?;
    if let Some(name) = HEAD.into_iter().find(|name| members.contains_key(*name)) {
        return Err(member(name, "stands twice: it is not part of the body"));
    }
    shape::check(*kind, body).map_err(|fault| member(&fault.member, fault.problem))
}

fn subject_name(attempt: &str) -> String {
    format!("attempt/{attempt}")
}

fn valid_attempt(attempt: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=128).contains(&attempt.len()) && attempt.bytes().all(allowed)
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The RFC 8785 bytes of a sound statement: all its numbers are integers, whose source text is their canonical form.
///
/// A general canonicalizer would spend most of its time on doubles, and every attempt writes two entries.
fn canonical(statement: &Value) -> Vec<u8> {
    lastlook_canon::lexical(&json_of(statement))
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Number(number) => Json::from(number.as_i64().unwrap_or_default()),
        Value::String(text) => Json::String(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(json_of).collect()),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(key, item)| (key.clone(), json_of(item))).collect())
        }
    }
}

/// A number or a depth that entries do not allow, and where: the pointer is put together on the way out.
struct Unsound {
    pointer: String,
    deep: bool,
}

impl Unsound {
    fn here(deep: bool) -> Self {
        Unsound { pointer: String::new(), deep }
    }

    fn below(self, step: impl std::fmt::Display) -> Self {
        Unsound { pointer: format!("/{step}{}", self.pointer), ..self }
    }

    fn into_error(self) -> EntryError {
        let pointer = crate::error::brief(&self.pointer);
        if self.deep { EntryError::Depth(pointer) } else { EntryError::Number(pointer) }
    }
}

/// Checks numbers and depth; `depth` is that of `value` if it is an array or object.
fn sound(value: &Value, depth: usize) -> Result<(), Unsound> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let small =
                number.as_i64().is_some_and(|number| number.unsigned_abs() <= MAX_INTEGER.unsigned_abs());
            if small { Ok(()) } else { Err(Unsound::here(false)) }
        }
        Value::Array(_) | Value::Object(_) if depth > MAX_DEPTH => Err(Unsound::here(true)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(i, item)| sound(item, depth + 1).map_err(|it| it.below(i))),
        Value::Object(members) => {
            members.iter().try_for_each(|(key, item)| sound(item, depth + 1).map_err(|it| it.below(key)))
        }
    }
}

/// The same document in the other type, when its numbers are integers.
fn value_of(json: &Json) -> Result<Value, Unsound> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => Value::from(number.as_i64().ok_or(Unsound::here(false))?),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => {
            let items = items.iter().enumerate().map(|(i, item)| value_of(item).map_err(|it| it.below(i)));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Json::Object(members) => {
            let members = members.iter().map(|(key, item)| match value_of(item) {
                Ok(value) => Ok((key.clone(), value)),
                Err(it) => Err(it.below(key)),
            });
            Value::Object(members.collect::<Result<_, _>>()?)
        }
    })
}
