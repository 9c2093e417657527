//! Where in the file everything stands, for mistakes that are found only later.

use std::collections::BTreeMap;
use std::ops::Range;

use lastlook_canon::Digest;
use lastlook_kernel::{After, Guard};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Invalid;
use super::inside::inside;
use super::secrets::{STRUCK, is_secret, readable_without, without_secrets, without_traces};
use super::{Config, ConfigError, Problem};

/// A place in a configuration file: a setting, or a part of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pointer: String,
    part: Option<Range<usize>>,
}

impl Place {
    /// The setting under these keys, from the top level on; elements of arrays by their number from 0.
    pub fn of<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Place {
        Place { pointer: keys.into_iter().map(|key| token(key.as_ref())).collect(), part: None }
    }

    /// What `field` of `[guard.NAME]` says; an empty `field` means the whole guard.
    pub fn guard(name: &str, field: &str) -> Place {
        Place::of(["guard", name].into_iter().chain((!field.is_empty()).then_some(field)))
    }

    /// What `field` of `[fact.NAME]` says; an empty `field` means the whole fact.
    pub fn fact(name: &str, field: &str) -> Place {
        Place::of(["fact", name].into_iter().chain((!field.is_empty()).then_some(field)))
    }

    /// What stands under `key` here; elements of arrays by their number from 0.
    pub fn at(mut self, key: impl AsRef<str>) -> Place {
        self.pointer.push_str(&token(key.as_ref()));
        self
    }

    /// These bytes of the text that stands here.
    pub fn part(self, part: Range<usize>) -> Place {
        Place { part: Some(part), ..self }
    }
}

/// The text of a configuration file, secrets struck out, and where in it each setting stands.
#[derive(Debug, Clone)]
pub struct Places {
    name: String,
    text: String,
    document: Value,
    spots: BTreeMap<String, Spot>,
    shown: Digest,
    exact: Digest,
    kept: String,
}

#[derive(Debug, Clone)]
struct Spot {
    key: Range<usize>,
    value: Range<usize>,
    is_text: bool,
}

impl Places {
    pub(super) fn new(name: &str, text: &str, table: &DeTable<'_>) -> Places {
        let mut places = Places {
            name: name.to_owned(),
            text: without_secrets(text, table),
            document: Value::Null,
            spots: BTreeMap::new(),
            shown: Digest::of("lastlook/configuration-text/v1", &[without_traces(text, table).as_bytes()]),
            exact: Digest::of("lastlook/configuration-exact/v1", &[text.as_bytes()]),
            kept: readable_without(text, table),
        };
        places.document = places.table(table, "", &mut Vec::new());
        places
    }

    /// Everything the file says, as JSON, with `***` for secrets.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The line of a setting, from 1; `None` when the file does not have it.
    pub fn line(&self, place: &Place) -> Option<usize> {
        let spot = self.spots.get(&place.pointer)?;
        Some(1 + self.text.get(..spot.key.start)?.bytes().filter(|byte| *byte == b'\n').count())
    }

    /// The first byte of a setting's key; `None` when the file does not have it.
    pub(super) fn start(&self, place: &Place) -> Option<usize> {
        self.spots.get(&place.pointer).map(|spot| spot.key.start)
    }

    /// The bytes of the file where a setting stands; the nearest table around it when the file does not have it.
    pub fn span(&self, place: &Place) -> Range<usize> {
        let mut pointer = place.pointer.as_str();
        loop {
            if let Some(spot) = self.spots.get(pointer) {
                return self.within(spot, place, pointer);
            }
            let Some((around, _)) = pointer.rsplit_once('/') else { return 0..0 };
            pointer = around;
        }
    }

    /// The digest of the text with secrets struck out; see [`Config::digest`].
    pub(super) fn shown_digest(&self) -> Digest {
        self.shown
    }

    /// The text without its secrets, as it is kept beside the record: it reads as a configuration with the same
    /// [`Config::digest`].
    pub(crate) fn kept(&self) -> &str {
        &self.kept
    }

    /// The name the file was read under.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the very text; for comparisons within the process, never on record.
    pub(super) fn exact_digest(&self) -> Digest {
        self.exact
    }

    fn within(&self, spot: &Spot, place: &Place, found: &str) -> Range<usize> {
        match &place.part {
            Some(part) if spot.is_text && found == place.pointer => {
                let value = self.document.pointer(found).and_then(Value::as_str).unwrap_or_default();
                inside(&self.text, &spot.value, value, part)
            }
            _ if self.document.pointer(found).is_some_and(Value::is_object) => spot.key.clone(),
            _ => spot.value.clone(),
        }
    }

    fn table<'d>(&mut self, table: &'d DeTable<'d>, pointer: &str, path: &mut Vec<&'d str>) -> Value {
        let mut members = serde_json::Map::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let inner = format!("{pointer}{}", token(name));
            path.push(name);
            let read = self.value(value, key.span(), inner, path);
            path.pop();
            members.insert(name.to_owned(), read);
        }
        Value::Object(members)
    }

    fn value<'d>(
        &mut self,
        value: &'d Spanned<DeValue<'d>>,
        key: Range<usize>,
        pointer: String,
        path: &mut Vec<&'d str>,
    ) -> Value {
        let is_text = value.get_ref().is_str();
        let spot = Spot { key, value: value.span(), is_text };
        self.spots.insert(pointer.clone(), spot);
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, &pointer, path),
            other if is_secret(path, other) => Value::String(STRUCK.to_owned()),
            DeValue::Array(items) => {
                let each = items.iter().enumerate();
                Value::Array(
                    each.map(|(n, item)| self.value(item, item.span(), format!("{pointer}/{n}"), path))
                        .collect(),
                )
            }
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| Value::String(digits.to_string()), Value::from),
            DeValue::Float(digits) => {
                let number = digits.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                number.map_or_else(|| Value::String(digits.to_string()), Value::Number)
            }
            DeValue::Datetime(date) => Value::String(date.to_string()),
        }
    }
}

impl Config {
    /// A mistake at a place of the file that only became known later, shown as those of reading are.
    pub fn problem(&self, place: &Place, message: impl Into<String>, help: impl Into<String>) -> ConfigError {
        self.problems([(place.clone(), message.into(), help.into())])
    }

    /// Several such mistakes, each a place, a message and a way out; at least one.
    pub fn problems(&self, problems: impl IntoIterator<Item = (Place, String, String)>) -> ConfigError {
        let problems = problems.into_iter().map(|(place, message, help)| {
            let span = self.places.span(&place);
            Problem { message, span, label: String::new(), help }
        });
        let places = &self.places;
        let invalid = Invalid::new(&places.name, places.text.clone(), problems.collect());
        ConfigError::Invalid(Box::new(invalid))
    }

    /// The digest of what one guard says, with the facts and procedures it names, secrets struck out.
    ///
    /// Other guards, the policies and the defaults are not part of it: they are judged anew at each look.
    pub(crate) fn guard_digest(&self, guard: &Guard) -> Digest {
        let document = self.places.document();
        let procedures = guard.after.iter().filter_map(|after| match after {
            After::Procedure(name) => Some(name.clone()),
            After::Step(_) => None,
        });
        let named = std::iter::once(("guard", guard.name.clone()))
            .chain(guard.fact_names().into_iter().map(|fact| ("fact", fact)))
            .chain(procedures.map(|procedure| ("procedure", procedure)));
        let said = named.map(|(kind, name)| {
            let value = document.pointer(&format!("/{kind}{}", token(&name)));
            serde_json::json!([kind, name, value])
        });
        // Objects of the document keep their keys in order, so that the same text gives the same bytes.
        let said = Value::Array(said.collect()).to_string();
        Digest::of("lastlook/guard/v1", &[said.as_bytes()])
    }

    /// Whether both were read from the same text, secrets included.
    pub fn is_same_text(&self, other: &Config) -> bool {
        self.places.exact_digest() == other.places.exact_digest()
    }

    /// The digest of everything that rules: the file's text, the policies and the entities, as they were read.
    ///
    /// It goes on record, so secrets are struck out of the text first: a digest of a short one could be guessed.
    /// [`Config::is_same_text`] tells whether they changed.
    pub fn digest(&self, policies: Option<&str>, entities: Option<&str>) -> Digest {
        // Absent and empty differ.
        let part = |text: Option<&str>| match text {
            Some(text) => format!("+{text}"),
            None => String::new(),
        };
        Digest::of(
            "lastlook/configuration/v1",
            &[self.places.shown_digest().as_bytes(), part(policies).as_bytes(), part(entities).as_bytes()],
        )
    }
}

/// A key as a token of a JSON Pointer, slash included (RFC 6901 §3).
fn token(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}
