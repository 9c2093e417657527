use crate::{Json, Limits, Number, Plain, PlainKind, PlainValue, is_canonical_of_integers, lexical, parse};
use proptest::{collection::vec, prelude::*, sample::select};

const DEPTH: usize = 4;

/// The same question, answered the long way: read, look at every number, write, compare.
fn the_long_way(bytes: &[u8]) -> bool {
    let limits = Limits { max_depth: DEPTH, ..Limits::default() };
    parse(bytes, &limits).is_ok_and(|json| integers(&json) && lexical(&json) == bytes)
}

fn integers(json: &Json) -> bool {
    match json {
        Json::Number(number) => {
            let value = number.as_i64().filter(|_| number.is_integer_text() && number.as_str() != "-0");
            value.is_some_and(|value| value.unsigned_abs() < 1 << 53)
        }
        Json::Array(items) => items.iter().all(integers),
        Json::Object(members) => members.iter().all(|(_, item)| integers(item)),
        Json::Null | Json::Bool(_) | Json::String(_) => true,
    }
}

#[track_caller]
fn check(text: &[u8], expected: bool) {
    let shown = String::from_utf8_lossy(text);
    assert_eq!(is_canonical_of_integers(text, DEPTH), expected, "{shown}");
    assert_eq!(the_long_way(text), expected, "the long way: {shown}");
}

/// What a plain document says, built from its values.
fn told(value: PlainValue) -> Json {
    // One spelling each: reading it alone says what it means.
    let text = |raw: &str| match parse(format!("\"{raw}\"").as_bytes(), &Limits::default()) {
        Ok(Json::String(text)) => text,
        other => panic!("{other:?}"),
    };
    match value.kind() {
        PlainKind::Null => Json::Null,
        PlainKind::Bool(value) => Json::Bool(value),
        PlainKind::Integer(value) => Json::from(value),
        PlainKind::Text(raw) => Json::String(text(raw)),
        PlainKind::Array => Json::Array(value.items().map(told).collect()),
        PlainKind::Object => {
            Json::Object(value.members().map(|(name, value)| (text(name), told(value))).collect())
        }
    }
}

#[test]
fn members_are_found_by_their_names_and_by_nothing_deeper() {
    let read = Plain::read(br#"{"a":{"b":1,"c":[]},"b":[{"a":2},"x"],"c":"y"}"#, DEPTH).unwrap();
    let whole = read.value();
    assert_eq!(whole.member("b").unwrap().items().count(), 2);
    assert_eq!(whole.member("c").unwrap().text(), Some("y"));
    assert_eq!(whole.member("a").unwrap().member("b").unwrap().kind(), PlainKind::Integer(1));
    assert!(whole.member("d").is_none() && whole.member("c").unwrap().member("a").is_none());
    assert_eq!(whole.items().count() + whole.member("b").unwrap().members().count(), 0);
}

#[test]
fn integers_are_what_they_are_spelt() {
    let read = Plain::read(b"[-9007199254740991,-7,0,10,9007199254740991]", DEPTH).unwrap();
    let found: Vec<PlainKind> = read.value().items().map(PlainValue::kind).collect();
    let spelt = [-9_007_199_254_740_991, -7, 0, 10, 9_007_199_254_740_991];
    assert_eq!(found, spelt.map(PlainKind::Integer));
}

#[test]
fn one_form_and_no_other_is_taken() {
    for good in [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9007199254740991",
        "-9007199254740991",
        "\"\"",
        "[]",
        "{}",
        "[[],{}]",
        r#"{"":0,"a":[1,2],"b":{"c":null}}"#,
        r#""\u0000\u0007\b\t\n\u000b\f\r\u000e\u001f \"\\/""#,
        "\"\u{7f}\u{80}\u{2028}\u{feff}\u{1f600}\"",
        "[[[[]]]]",
        r#"{"\n":1,"\r":2,"1":3}"#,
        r#"{"\b":1,"\t":2,"\n":3,"\f":4,"\r":5," ":6,"\"":7}"#,
        "{\"\u{e000}\":1}",
        "{\"\u{10000}\":2,\"\u{e000}\":1}",
        r##"{"\"":1,"#":2,"\\":3,"a":4}"##,
    ] {
        check(good.as_bytes(), true);
    }
    for bad in [
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "-",
        "-0",
        "00",
        "01",
        "+1",
        "1.0",
        "1e0",
        "9007199254740992",
        "0x1",
        "\"",
        "\"\\\"",
        "99999999999999999999999",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 ]",
        "[1}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" :1}",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":2}",
        "1 ",
        " 1",
        "1\n",
        "\"\t\"",
        "1,2",
        "[1][2]",
        "{}{}",
        "[[[[[]]]]]",
        r#""\/""#,
        r#""\u0041""#,
        r#""\u0008""#,
        r#""\u000A""#,
        r#""\u000B""#,
        r#""\u001F""#,
        r#""\u00ff""#,
        r#""\ud83d\ude00""#,
        r#""\x""#,
        "{\"\u{e000}\":1,\"\u{10000}\":2}",
        r#"{"a":1,"\u0000":2}"#,
    ] {
        check(bad.as_bytes(), false);
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\xef\xbb\xbf1", b"\"\xc0\x80\""] {
        check(bytes, false);
    }
    assert!(is_canonical_of_integers(b"1", 0) && !is_canonical_of_integers(b"[]", 0));
    assert!(!is_canonical_of_integers(&[b'['; 1 << 20], usize::MAX));
}

fn trees() -> impl Strategy<Value = Json> {
    let text = || prop_oneof!["[a-c]{0,3}", ".{0,8}", "[\u{0}-\u{20}\"\\\\\u{e000}\u{10000}]{0,4}"];
    let number = prop_oneof!["-?(0|[1-9][0-9]{0,16})", r"(0|[1-9][0-9]?)(\.[0-9])?(e[0-9])?"];
    let leaf = prop_oneof![
        select(vec![Json::Null, Json::Bool(true), Json::Bool(false)]),
        number.prop_map(|text| Json::Number(Number::new(&text).unwrap())),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec((text(), inner), 0..4).prop_map(Json::Object),
        ]
    })
}

proptest! {
    #[test]
    fn it_says_what_reading_and_writing_again_says(
        json in trees(), at in any::<proptest::sample::Index>(), change in select(vec!["", " ", ",", "\"", "\\", "0", "-", "]", "}", "a", "\u{e9}"]),
        gone in 0_usize..3,
    ) {
        let whole = lexical(&json);
        prop_assert_eq!(is_canonical_of_integers(&whole, DEPTH), the_long_way(&whole));
        let read = Plain::read(&whole, DEPTH);
        prop_assert_eq!(read.is_some(), the_long_way(&whole));
        if let Some(read) = read {
            prop_assert_eq!(lexical(&told(read.value())), whole.clone());
        }
        // The same with something in it replaced: mostly near misses.
        let at = at.index(whole.len());
        let mut changed = whole.clone();
        changed.splice(at..(at + gone).min(whole.len()), change.bytes());
        prop_assert_eq!(is_canonical_of_integers(&changed, DEPTH), the_long_way(&changed), "{}", String::from_utf8_lossy(&changed));
    }
}
