use super::json;
use crate::{CanonErrorKind, CanonErrorKind::*, Json, Limits, canonical, lexical, parse, to_value};

#[track_caller]
fn is(text: &str, expected: &str) {
    let bytes = canonical(&json(text)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[track_caller]
fn refused(text: &str, pointer: &str, kind: fn(String) -> CanonErrorKind, held: &str) {
    let error = canonical(&json(text)).unwrap_err();
    assert_eq!((error.pointer.as_str(), error.kind), (pointer, kind(held.to_owned())));
}

#[test]
fn the_examples_of_rfc_8785_give_its_bytes() {
    is(
        r#"{"numbers":[333333333.33333329,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
    );
    is(
        r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    );
}

#[test]
fn one_number_has_one_spelling() {
    for (texts, expected) in [
        (&["0", "-0", "0.0", "-0.0", "0e5", "-0e-7"][..], "0"),
        (&["1", "1.0", "1e0", "10e-1", "0.1e1", "1.000"], "1"),
        (&["100", "1e2", "1E+2", "100.0", "0.01e4"], "100"),
        (&["-1.5", "-15e-1", "-1.50"], "-1.5"),
        (&["0.000001", "1e-6"], "0.000001"),
        (&["0.0000001", "1e-7"], "1e-7"),
        (&["5e-324", "4.9406564584124654e-324"], "5e-324"),
        (
            &["9007199254740991", "9007199254740991.0", "9.007199254740991e15", "90071992547409910e-1"],
            "9007199254740991",
        ),
        (&["-9007199254740991", "-9.007199254740991E15"], "-9007199254740991"),
    ] {
        texts.iter().for_each(|text| is(text, expected));
    }
}

#[test]
fn integers_that_doubles_confuse_are_refused_in_every_spelling() {
    for text in [
        "9007199254740992",
        "9007199254740993",
        "-9007199254740992",
        "9007199254740993.0",
        "9.007199254740993e15",
        "90071992547409930e-1",
        "9223372036854775807",
        "18446744073709551616",
        "1e20",
        "-1e300",
        "123456789012345678901234567890",
    ] {
        refused(text, "", IntegerTooLarge, text);
        refused(&format!(r#"{{"a/b":[0,{{"~":{text}}}]}}"#), "/a~1b/1/~0", IntegerTooLarge, text);
    }
    for text in ["1e309", "-1e999", "1e99999999999999999999"] {
        refused(&format!("[{text}]"), "/0", NotFinite, text);
    }
}

#[test]
fn a_key_twice_is_refused_in_a_tree_built_by_hand() {
    let twice = Json::object([("a", Json::Null), ("a", Json::Null)]);
    let error = canonical(&Json::Array(vec![twice])).unwrap_err();
    assert_eq!(error.to_string(), "duplicate key `a` at `/0/a`");
}

#[test]
fn messages_name_the_number_and_its_place() {
    let message = |text: &str| canonical(&json(text)).unwrap_err().to_string();
    assert_eq!(
        message(r#"{"a":[9007199254740993]}"#),
        "integer `9007199254740993` is past ±9007199254740991 at `/a/0`"
    );
    assert_eq!(message("1e400"), "number `1e400` is too large");
}

#[test]
fn the_serde_form_keeps_integers() {
    let value = to_value(&json(r#"{"a":1,"b":1.0,"c":-0}"#)).unwrap();
    assert_eq!(value["a"].as_i64(), Some(1));
    assert_eq!((value["b"].as_i64(), value["b"].as_f64()), (None, Some(1.0)));
    assert_eq!(value["c"].as_i64(), Some(0));
}

#[test]
fn the_deepest_tree_can_be_used_like_any_other() {
    let n = Limits::DEEPEST / 2;
    let text = format!("{}0{}", r#"{"a":["#.repeat(n), "]}".repeat(n));
    let tree = parse(text.as_bytes(), &Limits { max_depth: usize::MAX, ..Limits::default() }).unwrap();
    assert_eq!(tree.clone(), tree);
    assert_eq!(lexical(&tree), text.as_bytes());
    assert_eq!(canonical(&tree).unwrap(), text.as_bytes());
    let too_large = text.replace('0', "1e20");
    let tree = parse(too_large.as_bytes(), &Limits { max_depth: usize::MAX, ..Limits::default() }).unwrap();
    assert_eq!(canonical(&tree).unwrap_err().pointer, "/a/0".repeat(n));
    assert!(!format!("{tree:?}").is_empty());
}
