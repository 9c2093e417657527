//! Changes that go through everything a document has: each member, each value of a byte.

use serde_json::{Value, json};

/// The object at `at` with each of its members in turn missing, null, and of another type.
pub fn members(whole: &Value, at: &str) -> Vec<(String, Value)> {
    let mut names: Vec<_> = whole.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect();
    // Whether objects keep their order depends on what else is built.
    names.sort_unstable();
    let changed = |name: &str, how: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(changed.pointer_mut(at).unwrap());
        (format!("{at}/{name} is {how}"), changed)
    };
    let mut all = Vec::new();
    for name in &names {
        let name = name.as_str();
        all.push(changed(name, "missing", &|it| drop(it.as_object_mut().unwrap().remove(name))));
        all.push(changed(name, "null", &|it| it[name] = json!(null)));
        all.push(changed(name, "of another type", &|it| {
            it[name] = if it[name].is_string() { json!(7) } else { json!("text") }
        }));
    }
    all
}

/// The bytes with one occurrence of each value that there is, one of its bits flipped.
pub fn flips(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let places = |value: u8| bytes.iter().enumerate().filter(move |(_, it)| **it == value).map(|(at, _)| at);
    (0..=u8::MAX)
        .filter_map(|value| {
            let all: Vec<_> = places(value).collect();
            // Somewhere in the middle: the first of a kind stand in the outermost names.
            let at = *all.get(all.len() / 2)?;
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1;
            Some((format!("a byte 0x{value:02x} flipped, at {at}"), flipped))
        })
        .collect()
}

/// The text with its `n`-th line of `lines` missing, doubled, and after the next.
pub fn lines(text: &str) -> Vec<(String, String)> {
    let all: Vec<_> = text.split_inclusive('\n').collect();
    let mut changed = Vec::new();
    for at in 0..all.len() {
        let [mut missing, mut doubled, mut moved] = [all.clone(), all.clone(), all.clone()];
        missing.remove(at);
        doubled.insert(at, all[at]);
        changed.push((format!("line {at} is missing"), missing.concat()));
        changed.push((format!("line {at} stands twice"), doubled.concat()));
        if at + 1 < all.len() {
            moved.swap(at, at + 1);
            changed.push((format!("lines {at} and {} have changed places", at + 1), moved.concat()));
        }
    }
    changed
}

/// Spellings that JSON does not know, or that readers differ in, each a whole value.
pub const STRANGE_JSON: [(&str, &str); 17] = [
    ("NaN", "NaN"),
    ("infinity", "-Infinity"),
    ("a leading zero", "01"),
    ("a leading plus", "+1"),
    ("no digit before the point", ".5"),
    ("no digit after the point", "1."),
    ("no digit in the exponent", "1e"),
    ("hexadecimal", "0x10"),
    ("a comma at the end", "[1,]"),
    ("a remark", "1/**/"),
    ("single quotes", "'a'"),
    ("a word", "yes"),
    ("an upper-case word", "True"),
    ("an unknown escape", r#""\x41""#),
    ("half a surrogate pair", r#""\ud83d""#),
    ("a pair the wrong way round", r#""\ude00\ud83d""#),
    ("a control character in a text", "\"\t\""),
];
