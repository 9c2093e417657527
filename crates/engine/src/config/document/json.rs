//! From TOML to JSON, and to the strings in it.

use lastlook_canon::{Json, Number};
use toml::Spanned;
use toml::de::DeValue;

use super::{Sink, Word};

/// The value as JSON; dates, and numbers JSON does not have, are mistakes.
pub(super) fn json(name: &str, value: &Spanned<DeValue<'_>>, sink: &mut Sink) -> Option<Json> {
    match value.get_ref() {
        DeValue::String(text) => Some(Json::String(text.clone().into_owned())),
        DeValue::Boolean(flag) => Some(Json::Bool(*flag)),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
            if number.is_none() {
                let message = format!("`{digits}` is too large");
                sink.report(value.span(), message, "beyond 64 bits", "write it as text, in quotes");
            }
            number.map(Json::from)
        }
        DeValue::Float(digits) => {
            let number = Number::new(digits.as_str().trim_start_matches('+'));
            if number.is_none() {
                let message = format!("JSON has no number `{}`", digits.as_str());
                sink.report(
                    value.span(),
                    message,
                    "no such value",
                    "write a plain number, or text in quotes",
                );
            }
            number.map(Json::Number)
        }
        DeValue::Datetime(date) => {
            let help = format!("write it as text: \"{date}\"");
            sink.report(value.span(), format!("`{name}` has a date in it"), "JSON has no dates", help);
            None
        }
        DeValue::Array(items) => {
            let read: Vec<_> = items.iter().map(|item| json(name, item, sink)).collect();
            read.into_iter().collect::<Option<Vec<_>>>().map(Json::Array)
        }
        DeValue::Table(table) => {
            let read: Vec<_> = table
                .iter()
                .map(|(key, value)| Some((key.get_ref().clone().into_owned(), json(name, value, sink)?)))
                .collect();
            read.into_iter().collect::<Option<Vec<_>>>().map(Json::Object)
        }
    }
}

/// Every string in the value, at any depth.
pub(super) fn collect_words<'d>(value: &'d Spanned<DeValue<'d>>, words: &mut Vec<Word<'d>>) {
    match value.get_ref() {
        DeValue::String(text) => words.push(Word { text, span: value.span() }),
        DeValue::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        DeValue::Table(table) => table.iter().for_each(|(_, item)| collect_words(item, words)),
        DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {}
    }
}
