//! One key with its value, asked for as what it should be.

use std::ops::{Range, RangeInclusive};

use lastlook_canon::Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::json::{collect_words, json};
use super::{Section, Sink, Word, suggest};

/// A key with its value.
#[derive(Debug, Clone)]
pub(in crate::config) struct Item<'d> {
    pub(in crate::config) name: Word<'d>,
    pub(super) value: &'d Spanned<DeValue<'d>>,
    /// Whether it is an element of an array, which has no key of its own.
    pub(super) element: bool,
}

impl<'d> Item<'d> {
    pub(in crate::config) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Where it is called by name: the key, or an element of an array itself.
    pub(in crate::config) fn place(&self) -> Range<usize> {
        let inside = self.element.then(|| self.value.span());
        inside.unwrap_or_else(|| self.name.span.clone())
    }

    pub(in crate::config) fn as_table(&self) -> Option<&'d DeTable<'d>> {
        self.value.get_ref().as_table()
    }

    pub(in crate::config) fn section(
        &self,
        title: impl Into<String>,
        sink: &mut Sink,
    ) -> Option<Section<'d>> {
        let title = title.into();
        let table = self.as_table();
        if table.is_none() {
            let name = self.name.text;
            let example =
                if title.starts_with('[') { format!("[{name}]") } else { format!("{name} = {{ … }}") };
            self.mistyped("a table", &example, sink);
        }
        table.map(|table| Section::new(title, table).under(self.place()))
    }

    pub(in crate::config) fn flag(&self, sink: &mut Sink) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped("true or false", &format!("{} = true", self.name.text), sink);
        }
        flag
    }

    /// A string; `example` shows one in the help.
    pub(in crate::config) fn text(&self, example: &str, sink: &mut Sink) -> Option<Word<'d>> {
        let text = as_word(self.value);
        if text.is_none() {
            self.mistyped("text", &format!("{} = {example}", self.name.text), sink);
        }
        text
    }

    /// An array of strings; `example` shows one in the help.
    pub(in crate::config) fn texts(&self, example: &str, sink: &mut Sink) -> Option<Vec<Word<'d>>> {
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

    /// Whether it is an array with nothing in it.
    pub(in crate::config) fn is_empty(&self) -> bool {
        match self.value.get_ref() {
            DeValue::Array(items) => items.iter().next().is_none(),
            _ => false,
        }
    }

    /// The truth value, if it is one.
    pub(in crate::config) fn as_flag(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// The text, if it is one.
    pub(in crate::config) fn as_text(&self) -> Option<Word<'d>> {
        as_word(self.value)
    }

    /// The elements, if it is an array; each goes by the name of the key.
    pub(in crate::config) fn as_list(&self) -> Option<Vec<Item<'d>>> {
        let array = self.value.get_ref().as_array()?;
        Some(array.iter().map(|value| Item { name: self.name.clone(), value, element: true }).collect())
    }

    /// The elements of an array; `example` shows one in the help.
    pub(in crate::config) fn list(&self, example: &str, sink: &mut Sink) -> Option<Vec<Item<'d>>> {
        let list = self.as_list();
        if list.is_none() {
            self.mistyped("an array", &format!("{} = {example}", self.name.text), sink);
        }
        list
    }

    /// Strings of an array, each read by `parse`, none twice.
    pub(in crate::config) fn each<T>(
        &self,
        example: &str,
        sink: &mut Sink,
        mut parse: impl FnMut(Word<'d>, &mut Sink) -> Option<T>,
    ) -> Option<Vec<T>> {
        let words = self.texts(example, sink)?;
        let mut seen: Vec<&str> = Vec::new();
        let mut values = Vec::new();
        for word in words {
            if seen.contains(&word.text) {
                let message = format!("`{}` is named twice", word.text);
                sink.report(word.span, message, "named before", "keep one of them");
                continue;
            }
            seen.push(word.text);
            values.extend(parse(word, sink));
        }
        Some(values)
    }

    /// A whole number within `range`; `example` shows one in the help.
    pub(in crate::config) fn whole(
        &self,
        range: RangeInclusive<u64>,
        example: &str,
        sink: &mut Sink,
    ) -> Option<u64> {
        let DeValue::Integer(digits) = self.value.get_ref() else {
            self.mistyped("a whole number", &format!("{} = {example}", self.name.text), sink);
            return None;
        };
        let number = u64::from_str_radix(digits.as_str(), digits.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let bounds = match *most {
                u64::MAX => format!("at least {least}"),
                most => format!("from {least} to {most}"),
            };
            sink.report(
                self.span(),
                format!("`{}` must be {bounds}", self.name.text),
                "out of range",
                format!("write it like this: {} = {example}", self.name.text),
            );
        }
        number
    }

    /// The digits of an integer as it was written in decimal, sign included.
    pub(in crate::config) fn as_digits(&self) -> Option<&'d str> {
        match self.value.get_ref() {
            DeValue::Integer(digits) if digits.radix() == 10 => Some(digits.as_str()),
            _ => None,
        }
    }

    /// The value as JSON, where there is such a value.
    pub(in crate::config) fn json(&self, sink: &mut Sink) -> Option<Json> {
        json(self.name.text, self.value, sink)
    }

    /// Every string in it, at any depth.
    pub(in crate::config) fn words(&self) -> Vec<Word<'d>> {
        let mut words = Vec::new();
        collect_words(self.value, &mut words);
        words
    }

    /// One of a few words.
    pub(in crate::config) fn one_of<T: Copy>(&self, choices: &[(&str, T)], sink: &mut Sink) -> Option<T> {
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

    /// Reports that something else was expected; `example` shows how to write it.
    pub(in crate::config) fn mistyped(&self, expected: &str, example: &str, sink: &mut Sink) {
        mistyped(self.name.text, self.value, expected, example, sink);
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
