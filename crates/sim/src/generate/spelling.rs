//! The same JSON, written differently.

use lastlook_canon::Json;
use proptest::prelude::*;

use crate::model::meaning::Decimal;

/// Choices for every place at which JSON leaves one: used in order, over and over.
#[derive(Debug, Clone)]
pub struct Choices {
    bytes: Vec<u8>,
    at: usize,
    /// Whether numbers may be spelt otherwise too.
    pub numbers: bool,
}

/// Any choices.
pub fn choices(numbers: bool) -> impl Strategy<Value = Choices> {
    proptest::collection::vec(any::<u8>(), 0..24).prop_map(move |bytes| Choices { bytes, at: 0, numbers })
}

impl Choices {
    /// No choices: the shortest spelling, members in their own order, numbers as they are.
    pub fn none() -> Choices {
        Choices { bytes: Vec::new(), at: 0, numbers: false }
    }

    fn next(&mut self, below: usize) -> usize {
        let chosen = self.bytes.get(self.at % self.bytes.len().max(1)).copied().unwrap_or(0);
        self.at += 1;
        usize::from(chosen) % below.max(1)
    }
}

/// Writes a value as these choices say.
pub fn spell(json: &Json, choices: &mut Choices) -> String {
    let mut out = String::new();
    write(json, choices, &mut out);
    out
}

fn write(json: &Json, choices: &mut Choices, out: &mut String) {
    space(choices, out);
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) if choices.numbers => out.push_str(&respell(number.as_str(), choices)),
        Json::Number(number) => out.push_str(number.as_str()),
        Json::String(text) => write_text(text, choices, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, choices, out);
            }
            space(choices, out);
            out.push(']');
        }
        Json::Object(members) => write_object(members, choices, out),
    }
    space(choices, out);
}

fn write_object(members: &[(String, Json)], choices: &mut Choices, out: &mut String) {
    let mut left: Vec<&(String, Json)> = members.iter().collect();
    out.push('{');
    while !left.is_empty() {
        let (name, value) = left.remove(choices.next(left.len()));
        space(choices, out);
        write_text(name, choices, out);
        space(choices, out);
        out.push(':');
        write(value, choices, out);
        out.push_str(if left.is_empty() { "" } else { "," });
    }
    space(choices, out);
    out.push('}');
}

fn space(choices: &mut Choices, out: &mut String) {
    out.push_str(["", "", " ", "\n\t", "\r\n  "].get(choices.next(5)).unwrap_or(&""));
}

fn write_text(text: &str, choices: &mut Choices, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let must = u32::from(character) < 0x20 || character == '"' || character == '\\';
        match choices.next(4) {
            0 | 1 if !must => out.push(character),
            3 => long_escape(character, choices.next(2) == 0, out),
            _ => short_escape(character, out),
        }
    }
    out.push('"');
}

/// The two-character escape where there is one.
fn short_escape(character: char, out: &mut String) {
    match character {
        '"' | '\\' | '/' => out.extend(['\\', character]),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        _ => long_escape(character, true, out),
    }
}

fn long_escape(character: char, upper: bool, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
    }
}

/// Another text of the same number.
fn respell(text: &str, choices: &mut Choices) -> String {
    let Decimal { negative, digits, exponent } = Decimal::of(text);
    if digits.is_empty() {
        return ["0", "-0", "0.0", "0e7", "-0.00E-3"]
            .get(choices.next(5))
            .map_or_else(String::new, ToString::to_string);
    }
    let sign = if negative { "-" } else { "" };
    let length = digits.len() as i64;
    match choices.next(6) {
        1 => format!("{sign}{digits}e{}", exponent - length),
        2 => format!("{sign}{digits}.0E{:+}", exponent - length),
        3 => format!("{sign}0.{digits}e{exponent}"),
        4 => format!("{sign}{digits}00e{}", exponent - length - 2),
        5 if (length..20).contains(&exponent) => {
            format!("{sign}{digits}{}.0", "0".repeat(exponent.abs_diff(length) as usize))
        }
        _ => text.to_owned(),
    }
}

/// The kinds of detour that leave a path where it was.
const DETOURS: usize = 6;

/// Another spelling of the same path; text without a `/` gets one.
///
/// A leading `./` is only put before relative paths. Each detour adds a few characters.
pub fn respell_path(path: &str, choices: &mut Choices) -> String {
    let mut path = path.to_owned();
    for _ in 0..choices.next(4) {
        path = match choices.next(DETOURS) {
            0 if !path.starts_with('/') => format!("./{path}"),
            1 => format!("{path}/"),
            2 => format!("{path}/."),
            3 => path.replacen('/', "//", 1),
            4 => path.replacen('/', "/./", 1),
            5 => path.replacen('/', "/detour/../", 1),
            _ => format!("{path}/elsewhere/.."),
        };
    }
    path
}
