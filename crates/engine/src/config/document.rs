//! TOML with places: every key is asked for by name, and what nobody asked for is a mistake.
//!
//! Reading through these types instead of a derived deserializer lets one pass report every mistake, each at its own
//! place and with a suggestion, instead of stopping at the first.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub(super) problems: Vec<Problem>,
}

impl Sink {
    /// Notes a mistake.
    pub(super) fn report(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem { message: message.into(), span, label: label.into(), help: help.into() });
    }
}

/// A word of the file and its place.
#[derive(Debug, Clone)]
pub(super) struct Word<'d> {
    pub(super) text: &'d str,
    pub(super) span: Range<usize>,
}

/// A table with known keys.
#[derive(Debug)]
pub(super) struct Section<'d> {
    /// How messages call it, such as `[defaults]`; empty for the top level.
    title: String,
    table: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    pub(super) fn new(title: impl Into<String>, table: &'d DeTable<'d>) -> Self {
        Self { title: title.into(), table, known: Vec::new() }
    }

    /// The value of `key`; asking is what makes a key known.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.known.push(key);
        self.entries().find(|(name, _)| name.text == key).map(|(_, item)| item)
    }

    /// The table under `key`, or nothing when it is absent or not a table.
    pub(super) fn table(&mut self, key: &'static str, sink: &mut Sink) -> Option<Section<'d>> {
        self.take(key)?.section(format!("[{key}]"), sink)
    }

    /// Every key with its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Word<'d>, Item<'d>)> + use<'d> {
        self.table.iter().map(|(key, value)| {
            let name = Word { text: key.get_ref().as_ref(), span: key.span() };
            (name.clone(), Item { name, value })
        })
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(mut self, sink: &mut Sink) {
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

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Item<'d> {
    pub(super) name: Word<'d>,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Item<'d> {
    pub(super) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    pub(super) fn as_table(&self) -> Option<&'d DeTable<'d>> {
        self.value.get_ref().as_table()
    }

    pub(super) fn section(&self, title: impl Into<String>, sink: &mut Sink) -> Option<Section<'d>> {
        let table = self.as_table();
        if table.is_none() {
            self.mistyped("a table", &format!("[{}]", self.name.text), sink);
        }
        table.map(|table| Section::new(title, table))
    }

    pub(super) fn flag(&self, sink: &mut Sink) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped("true or false", &format!("{} = true", self.name.text), sink);
        }
        flag
    }

    /// A string; `example` shows one in the help.
    pub(super) fn text(&self, example: &str, sink: &mut Sink) -> Option<Word<'d>> {
        let text = as_word(self.value);
        if text.is_none() {
            self.mistyped("text", &format!("{} = {example}", self.name.text), sink);
        }
        text
    }

    /// An array of strings; `example` shows one in the help.
    pub(super) fn texts(&self, example: &str, sink: &mut Sink) -> Option<Vec<Word<'d>>> {
        let example = format!("{} = {example}", self.name.text);
        let Some(array) = self.value.get_ref().as_array() else {
            self.mistyped("an array of text", &example, sink);
            return None;
        };
        let words: Vec<_> = array.iter().filter_map(as_word).collect();
        for odd in array.iter().filter(|value| !value.get_ref().is_str()) {
            mistyped(self.name.text, odd, "an array of text", &example, sink);
        }
        (words.len() == array.iter().count()).then_some(words)
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, choices: &[(&str, T)], sink: &mut Sink) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| *name);
        let example = format!("\"{}\"", names().next().unwrap_or_default());
        let word = self.text(&example, sink)?;
        let found = choices.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
        if found.is_none() {
            let suggestion = suggest(word.text, names());
            sink.report(
                word.span,
                format!("`{}` cannot be `{}`", self.name.text, word.text),
                "not one of the choices",
                format!("{suggestion}choose one of: {}", names().collect::<Vec<_>>().join(", ")),
            );
        }
        found
    }

    fn mistyped(&self, expected: &str, example: &str, sink: &mut Sink) {
        mistyped(self.name.text, self.value, expected, example, sink);
    }
}

/// `did you mean …? `, when one of the candidates is close to the word.
pub(super) fn suggest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map_or_else(String::new, |(_, candidate)| format!("did you mean `{candidate}`? "))
}

/// The text with every value under a key `env` struck out, byte for byte, so that places still fit.
pub(super) fn without_secrets(text: &str, table: &DeTable<'_>) -> String {
    let mut secret = Vec::new();
    collect_secrets(table, false, &mut secret);
    let hidden = |at: usize| secret.iter().any(|span: &Range<usize>| span.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '\n' | '\r' | '"' | '\'' => shown.push(character),
            _ if hidden(at) => shown.extend(std::iter::repeat_n('*', character.len_utf8())),
            _ => shown.push(character),
        }
    }
    shown
}

fn collect_secrets(table: &DeTable<'_>, inside: bool, secret: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        let inside = inside || key.get_ref() == "env";
        match value.get_ref() {
            DeValue::Table(inner) => collect_secrets(inner, inside, secret),
            _ if inside => secret.push(value.span()),
            _ => {}
        }
    }
}

fn as_word<'d>(value: &'d Spanned<DeValue<'d>>) -> Option<Word<'d>> {
    Some(Word { text: value.get_ref().as_str()?, span: value.span() })
}

fn mistyped(name: &str, value: &Spanned<DeValue<'_>>, expected: &str, example: &str, sink: &mut Sink) {
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    sink.report(
        value.span(),
        format!("`{name}` must be {expected}"),
        format!("this is {found}"),
        format!("write it like this: {example}"),
    );
}
