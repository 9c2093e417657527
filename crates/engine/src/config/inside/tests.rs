#![allow(clippy::string_slice)] // places in texts of our own

use toml::de::DeTable;

use super::inside;

/// What the file says at the place of `part` within the meaning of `written`.
fn check(written: &str, part: &str, expect: &str) {
    let text = format!("x = {written}\n");
    let table = DeTable::parse(&text).unwrap();
    let value = table.get_ref().iter().next().unwrap().1;
    let meaning = value.get_ref().as_str().unwrap();
    let at = meaning.find(part).unwrap();
    let place = inside(&text, &value.span(), meaning, &(at..at + part.len()));
    assert_eq!(&text[place], expect, "{written}");
}

#[test]
fn a_part_of_a_string_is_found_where_it_is_written() {
    check("'now.order'", "order", "order");
    check("\"now.order\"", "order", "order");
    check("'''\nnow.order\n  && x'''", "x", "x");
    check("\"\"\"\nnow.order\n && x\"\"\"", "order", "order");
    check(r#""a == \"é\" && b""#, "b", "b");
    check(r#""a == \"é\" && b""#, "\"é", r#"\"é"#);
    check(r#""\u00e9\U0001F600 b""#, "b", "b");
    check(r#""\u00e9\U0001F600 b""#, "😀", r"\U0001F600");
    check("\"\"\"a \\\n    b\"\"\"", "b", "\\\n    b");
}

#[test]
fn what_cannot_be_found_is_the_whole_string() {
    assert_eq!(inside("x = 'ab'", &(4..8), "ab", &(1..9)), 4..8);
    assert_eq!(inside("x = ab", &(4..6), "ab", &(1..2)), 4..6);
}
