//! When two spellings of JSON mean the same.

use lastlook_canon::Json;

/// A JSON value without its spelling: members sorted, numbers by value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Meaning {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    List(Vec<Meaning>),
    Object(Vec<(String, Meaning)>),
}

/// A decimal number, exactly: `0.digits × 10^exponent` without zeros at either end of the digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    /// True below zero; zero has no sign.
    pub negative: bool,
    /// The significant digits; none for zero.
    pub digits: String,
    /// Where the point is, counted from before the first digit.
    pub exponent: i64,
}

impl Meaning {
    /// What a value means.
    pub fn of(json: &Json) -> Meaning {
        match json {
            Json::Null => Meaning::Null,
            Json::Bool(value) => Meaning::Bool(*value),
            Json::Number(number) => Meaning::Number(Decimal::of(number.as_str())),
            Json::String(text) => Meaning::Text(text.clone()),
            Json::Array(items) => Meaning::List(items.iter().map(Meaning::of).collect()),
            Json::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.clone(), Meaning::of(value))).collect();
                members.sort();
                Meaning::Object(members)
            }
        }
    }

    /// True when a number in it is an integer past ±(2^53 − 1), which has no exact canonical form.
    pub fn has_inexact_integer(&self) -> bool {
        match self {
            Meaning::Number(number) => number.integer().is_some_and(|digits| past_2_to_53(&digits)),
            Meaning::List(items) => items.iter().any(Meaning::has_inexact_integer),
            Meaning::Object(members) => members.iter().any(|(_, value)| value.has_inexact_integer()),
            Meaning::Null | Meaning::Bool(_) | Meaning::Text(_) => false,
        }
    }
}

impl Decimal {
    /// The value of a JSON number's text.
    pub fn of(text: &str) -> Decimal {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or_else(|| (mantissa.trim_start_matches('-'), ""));
        let mut exponent = exponent.parse::<i64>().unwrap_or(0) + whole.len() as i64;
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        exponent -= (all.len() - significant.len()) as i64;
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Decimal { negative: false, digits, exponent: 0 };
        }
        Decimal { negative, digits, exponent }
    }

    /// The plain digits (and sign) when this is an integer of at most 400 digits.
    pub fn integer(&self) -> Option<String> {
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        let length = usize::try_from(self.exponent).ok()?;
        if length < self.digits.len() || length > 400 {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        Some(format!("{sign}{:0<length$}", self.digits))
    }
}

fn past_2_to_53(integer: &str) -> bool {
    const LARGEST: &str = "9007199254740991";
    let digits = integer.trim_start_matches('-');
    digits.len() > LARGEST.len() || (digits.len() == LARGEST.len() && digits > LARGEST)
}
