use crate::{JsonErrorKind, Limits, Members, members, scan, string_of};

fn scanned(text: &str) -> Members<'_> {
    scan(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn members_are_found_with_their_exact_bytes() {
    let text = "  {\"id\" : 1.50 ,\"a\\u0062\":\"x\\n\",\t\"o\":{\"id\":2, \"p\":[ ]} ,\"l\": [1, {\"id\":3}]\n, \"n\":null}  ";
    let found = scanned(text);
    assert_eq!(found.len(), 5);
    assert_eq!(found.get("id"), Some(&b"1.50"[..]));
    assert_eq!(found.get("ab"), Some(&br#""x\n""#[..]));
    assert_eq!(found.get("o"), Some(&br#"{"id":2, "p":[ ]}"#[..]));
    assert_eq!(found.get("l"), Some(&br#"[1, {"id":3}]"#[..]));
    assert_eq!(found.get("n"), Some(&b"null"[..]));
    assert_eq!(found.get("p"), None);
    assert_eq!(found.get("a\\u0062"), None);
    assert_eq!(text.get(found.span_of("o").unwrap()), Some(r#"{"id":2, "p":[ ]}"#));
    assert_eq!(found.span_of("p"), None);
    let keys: Vec<_> = found.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["id", "ab", "o", "l", "n"]);
}

#[test]
fn an_empty_object_has_no_members() {
    assert!(scanned("{ }").is_empty());
    assert_eq!(scanned("{}").iter().count(), 0);
}

#[test]
fn other_documents_are_not_objects() {
    for (text, start) in [("[{\"a\":1}]", 0), (" 1", 1), ("\"{}\"", 0), ("null", 0)] {
        let error = scan(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!((error.kind, error.at), (JsonErrorKind::NotAnObject, start));
    }
}

#[test]
fn members_of_a_nested_object_are_read_from_its_span() {
    let outer = scanned(r#"{"params":{"name":"x","arguments":{"a":1}}}"#);
    let params = members(outer.get("params").unwrap()).unwrap();
    assert_eq!(params.get("name").and_then(string_of).unwrap(), "x");
    assert_eq!(members(params.get("arguments").unwrap()).unwrap().get("a"), Some(&b"1"[..]));
    for raw in ["[]", "1", "", "{", "{\"a\":1", "{}{}", "{\"a\":1,\"a\":2}"] {
        assert!(members(raw.as_bytes()).is_none(), "{raw}");
    }
}

#[test]
fn strings_are_decoded_from_their_span() {
    let is = |raw: &str, text: &str| assert_eq!(string_of(raw.as_bytes()).unwrap(), text);
    is(r#""""#, "");
    is(r#""plain é""#, "plain é");
    is(r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t");
    is(r#""a\u0000b\u00e9\ud83d\ude00c""#, "a\0bé😀c");
    is(r#""\u005cn""#, "\\n");
    for raw in ["", "\"", "x", "\"a", "\"a\"b", " \"a\"", "\"a\" ", "\"\\ud800\"", "\"\n\"", "\"\\x\"", "1"] {
        assert_eq!(string_of(raw.as_bytes()), None, "{raw}");
    }
    assert_eq!(string_of(b"\"\xff\""), None);
}
