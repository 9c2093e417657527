use super::json;
use crate::{Digest, Json, Number, lexical};

#[test]
fn a_tree_keeps_order_and_the_text_of_numbers() {
    let Json::Object(members) = json(r#"{"b":1.0,"a":[true,null,"x\ty"],"c":{}}"#) else { panic!() };
    let number = Json::Number(Number::new("1.0").unwrap());
    let list = vec![Json::Bool(true), Json::Null, Json::from("x\ty")];
    let expected = [("b", number), ("a", Json::Array(list)), ("c", Json::Object(vec![]))];
    assert_eq!(Json::Object(members), Json::object(expected));
}

#[test]
fn integers_are_integers_only_when_written_so() {
    let as_i64 = |text: &str| json(text).as_i64();
    assert_eq!(as_i64("9223372036854775807"), Some(i64::MAX));
    assert_eq!(as_i64("-9223372036854775808"), Some(i64::MIN));
    assert_eq!(as_i64("-0"), Some(0));
    for text in ["9223372036854775808", "1.0", "1e2", "\"1\"", "null"] {
        assert_eq!(as_i64(text), None, "{text}");
    }
    assert!(Number::new("123456789012345678901234567890").unwrap().is_integer_text());
    assert!(!Number::new("1e2").unwrap().is_integer_text());
    for text in ["", "+1", "01", "1 ", " 1", "1.", "NaN", "0x1"] {
        assert!(Number::new(text).is_none(), "{text}");
    }
    assert_eq!(Number::from(-5i64).as_str(), "-5");
    assert_eq!(Number::from(u64::MAX).as_str(), "18446744073709551615");
}

#[test]
fn a_number_is_shown_as_it_was_written() {
    let number = Number::new("-1.50e+2").unwrap();
    assert_eq!((number.to_string(), format!("{number:?}")), ("-1.50e+2".to_owned(), "-1.50e+2".to_owned()));
}

#[test]
fn pointers_follow_rfc_6901() {
    let document = json(r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8,"~1":9,"o":{"1":{"x":[[7]]}}}"#);
    let at =
        |pointer: &str| document.pointer(pointer).map(|value| String::from_utf8(lexical(value)).unwrap());
    for (pointer, expected) in [
        ("/foo", r#"["bar","baz"]"#),
        ("/foo/0", r#""bar""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/m~0n", "8"),
        ("/~01", "9"),
        ("/o/1/x/0/0", "7"),
    ] {
        assert_eq!(at(pointer).as_deref(), Some(expected), "{pointer}");
    }
    assert_eq!(document.pointer(""), Some(&document));
    for pointer in [
        "foo", "/foo/2", "/foo/-", "/foo/00", "/foo/+0", "/foo/", "/foo/0/x", "/nope", "/m~n", "/m~2n",
        "/m~", "#/foo",
    ] {
        assert_eq!(at(pointer), None, "{pointer}");
    }
}

#[test]
fn lexical_bytes_keep_numbers_and_forget_spelling() {
    let bytes = |text: &str| String::from_utf8(lexical(&json(text))).unwrap();
    assert_eq!(
        bytes(r#"{"b":1.0,"a":1e2,"c":[-0, 9007199254740993]}"#),
        r#"{"a":1e2,"b":1.0,"c":[-0,9007199254740993]}"#
    );
    assert_ne!(bytes("1"), bytes("1.0"));
    assert_eq!(bytes(r#""\u0061\/\u001F\u000a\u007f""#), "\"a/\\u001f\\n\u{7f}\"");
    assert_eq!(bytes(r#"{"\ufb33":1,"\ud83d\ude00":2}"#), "{\"😀\":2,\"\u{fb33}\":1}");
}

#[test]
fn digests_keep_parts_and_domains_apart() {
    // printf 'd\0\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c' | sha256sum
    let known = "afb3ee11a4402c35367c5f5b5f9ff4f598d558fd63b48f02e3dd67dfd4b49085";
    assert_eq!(Digest::of("d", &[b"ab", b"c"]).to_hex(), known);
    assert_ne!(Digest::of("d", &[b"a", b"bc"]), Digest::of("d", &[b"ab", b"c"]));
    assert_ne!(Digest::of("d", &[b"abc"]), Digest::of("d", &[b"abc", b""]));
    assert_ne!(Digest::of("e", &[b"abc"]), Digest::of("d", &[b"abc"]));
}

#[test]
fn a_digest_has_one_spelling() {
    let digest = Digest::of("d", &[]);
    let hex = digest.to_hex();
    assert_eq!(Digest::from_hex(&hex), Some(digest));
    assert_eq!(Digest::from_bytes(*digest.as_bytes()), digest);
    assert_eq!(digest.to_string(), hex);
    assert_eq!(format!("{digest:?}"), format!("Digest({hex})"));
    for text in [
        "",
        hex.get(1..).unwrap(),
        &hex.to_uppercase(),
        &format!("{hex}0"),
        &format!("{hex}00"),
        &"g".repeat(64),
        &"é".repeat(32),
    ] {
        assert_eq!(Digest::from_hex(text), None, "{text}");
    }
}
