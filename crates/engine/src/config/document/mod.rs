//! TOML with places: every key is asked for by name, and what nobody asked for is a mistake.
//!
//! Reading through these types instead of a derived deserializer lets one pass report every mistake, each at its own
//! place and with a suggestion, instead of stopping at the first.

mod item;
mod json;

use std::ops::Range;

use toml::de::DeTable;

pub(in crate::config) use item::Item;

use super::error::Problem;
use super::inside::inside;

/// The mistakes found so far, and the text they are in.
#[derive(Debug)]
pub(in crate::config) struct Sink {
    pub(in crate::config) problems: Vec<Problem>,
    text: String,
}

impl Sink {
    pub(in crate::config) fn new(text: &str) -> Self {
        Self { problems: Vec::new(), text: text.to_owned() }
    }

    /// Notes a mistake.
    pub(in crate::config) fn report(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem { message: message.into(), span, label: label.into(), help: help.into() });
    }

    /// Notes a mistake in a part of a word, given in bytes of what the word means.
    pub(in crate::config) fn report_inside(
        &mut self,
        word: &Word<'_>,
        part: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let span = self.place_of(word, part);
        self.report(span, message, label, help);
    }

    /// Where a part of a word stands, given in bytes of what the word means.
    pub(in crate::config) fn place_of(&self, word: &Word<'_>, part: Range<usize>) -> Range<usize> {
        inside(&self.text, &word.span, word.text, &part)
    }
}

/// A word of the file and its place.
#[derive(Debug, Clone)]
pub(in crate::config) struct Word<'d> {
    pub(in crate::config) text: &'d str,
    pub(in crate::config) span: Range<usize>,
}

/// A table with known keys.
#[derive(Debug)]
pub(in crate::config) struct Section<'d> {
    /// How messages call it, such as `[defaults]`; empty for the top level.
    title: String,
    table: &'d DeTable<'d>,
    /// The key it stands under.
    place: Range<usize>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    pub(in crate::config) fn new(title: impl Into<String>, table: &'d DeTable<'d>) -> Self {
        Self { title: title.into(), table, place: 0..0, known: Vec::new() }
    }

    /// The value of `key`; asking is what makes a key known.
    pub(in crate::config) fn take(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.known.push(key);
        self.entries().find(|(name, _)| name.text == key).map(|(_, item)| item)
    }

    /// The table under `key`, or nothing when it is absent or not a table.
    pub(in crate::config) fn table(&mut self, key: &'static str, sink: &mut Sink) -> Option<Section<'d>> {
        self.take(key)?.section(format!("[{key}]"), sink)
    }

    /// The value of `key`, without making it a known one.
    pub(in crate::config) fn peek(&self, key: &str) -> Option<Item<'d>> {
        self.entries().find(|(name, _)| name.text == key).map(|(_, item)| item)
    }

    /// Whether any of these keys is there.
    pub(in crate::config) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.peek(key).is_some())
    }

    /// The same, knowing the key it stands under.
    fn under(self, place: Range<usize>) -> Self {
        Self { place, ..self }
    }

    /// Where the key it stands under is.
    pub(in crate::config) fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The table behind it.
    pub(in crate::config) fn table_itself(&self) -> &'d DeTable<'d> {
        self.table
    }

    /// How messages call it.
    pub(in crate::config) fn title(&self) -> &str {
        &self.title
    }

    /// Every key with its value.
    pub(in crate::config) fn entries(&self) -> impl Iterator<Item = (Word<'d>, Item<'d>)> + use<'d> {
        self.table.iter().map(|(key, value)| {
            let name = Word { text: key.get_ref().as_ref(), span: key.span() };
            (name.clone(), Item { name, value, element: false })
        })
    }

    /// Whether there is a key that nobody asked for so far: most often one that is there, misspelt.
    pub(in crate::config) fn has_unknown(&self) -> bool {
        self.entries().any(|(name, _)| !self.known.contains(&name.text))
    }

    /// Reports every key that nobody asked for.
    pub(in crate::config) fn finish(mut self, sink: &mut Sink) {
        self.known.sort_unstable();
        for (name, _) in self.entries().filter(|(name, _)| !self.known.contains(&name.text)) {
            let place = if self.title.is_empty() { String::new() } else { format!(" in `{}`", self.title) };
            let suggestion = suggest(name.text, self.known.iter().copied());
            sink.report(
                name.span,
                format!("unknown key `{}`{place}", name.text),
                "nothing reads this",
                format!("{suggestion}known keys: {}", self.known.join(", ")),
            );
        }
    }
}

/// `did you mean …? `, when one of the candidates is close to the word.
pub(in crate::config) fn suggest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map_or_else(String::new, |(_, candidate)| format!("did you mean `{candidate}`? "))
}
