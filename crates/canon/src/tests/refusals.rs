use crate::{JsonErrorKind, JsonErrorKind::*, Limits, members, parse, scan};

/// What both readers say of the bytes; they must say the same.
fn refusal(bytes: &[u8], limits: &Limits) -> Option<(JsonErrorKind, usize)> {
    let parsed = parse(bytes, limits).err();
    let scanned = scan(bytes, limits).err().filter(|error| error.kind != NotAnObject);
    assert_eq!(parsed, scanned, "{:?}", String::from_utf8_lossy(bytes));
    parsed.map(|error| (error.kind, error.at))
}

#[track_caller]
fn refused(document: impl AsRef<[u8]>, kind: JsonErrorKind, at: usize) {
    let document = document.as_ref();
    assert_eq!(
        refusal(document, &Limits::default()),
        Some((kind, at)),
        "{:?}",
        String::from_utf8_lossy(document)
    );
}

#[track_caller]
fn accepted(document: impl AsRef<[u8]>) {
    assert_eq!(refusal(document.as_ref(), &Limits::default()), None);
}

fn duplicate(key: &str) -> JsonErrorKind {
    DuplicateKey(key.to_owned())
}

#[test]
fn a_key_that_comes_twice_is_refused_at_any_depth() {
    refused(r#"{"a":1,"a":1}"#, duplicate("a"), 7);
    refused(r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#, duplicate("a"), 24);
    refused(r#"[[{"":1,"":2}]]"#, duplicate(""), 8);
    refused(r#"{"a":{"a":{"a":1}},"b":0,"a":{}}"#, duplicate("a"), 25);
    accepted(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}],"A":0}"#);
}

#[test]
fn a_key_that_comes_twice_is_refused_however_it_is_spelt() {
    refused(r#"{"a":1,"\u0061":2}"#, duplicate("a"), 7);
    refused(r#"{"\u0061":1,"a":2}"#, duplicate("a"), 12);
    refused(r#"{"/":1,"\/":2}"#, duplicate("/"), 7);
    refused(r#"{"\n":1,"\u000A":2}"#, duplicate("\n"), 8);
    refused(r#"{"\ud83d\ude00":1,"😀":2}"#, duplicate("😀"), 18);
    refused(r#"{"\u00E9":1,"\u00e9":2}"#, duplicate("é"), 12);
    // Composed and decomposed are two keys: JSON compares code points.
    accepted(r#"{"\u00e9":1,"e\u0301":2}"#);
}

#[test]
fn a_key_that_comes_twice_is_found_in_objects_of_every_size() {
    for size in 1..80 {
        for repeated in 0..size {
            let mut keys: Vec<_> = (0..size).map(|n| format!(r#""member-{n:02}":0"#)).collect();
            accepted(format!("{{{}}}", keys.join(",")));
            let again = format!(r#""m\u0065mber-{repeated:02}":0"#);
            let at = keys.join(",").len() + 2;
            keys.push(again);
            refused(format!("{{{}}}", keys.join(",")), duplicate(&format!("member-{repeated:02}")), at);
        }
    }
}

#[test]
fn the_first_key_that_comes_twice_is_the_one_named() {
    for size in [5, 50] {
        let keys: Vec<_> = (0..size).map(|n| format!(r#""{n:02}":0"#)).collect();
        let start = keys.join(",").len() + 2;
        refused(format!(r#"{{{0},"03":0,"01":0,"04":0,"01":0}}"#, keys.join(",")), duplicate("03"), start);
    }
}

#[test]
fn huge_objects_are_not_quadratic() {
    let object = |key: &dyn Fn(usize) -> String, more: &str| {
        let members: Vec<_> = (0..100_000).map(|n| format!(r#""{}":0"#, key(n))).collect();
        format!("{{{}{more}}}", members.join(","))
    };
    // Keys that look alike at both ends, keys with a long common start, and keys with escapes.
    let alike = |n: usize| format!("aaaaaaaa{n:06}bbbbbbbb");
    let long = |n: usize| format!("{}{n:06}", "a".repeat(100));
    let escaped = |n: usize| format!("\\u0061{n:06}");
    for key in [&alike as &dyn Fn(usize) -> String, &long, &escaped] {
        accepted(object(key, ""));
        let document = object(key, &format!(r#","{}":0"#, key(0)));
        assert!(matches!(refusal(document.as_bytes(), &Limits::default()), Some((DuplicateKey(_), _))));
    }
}

#[test]
fn surrogates_come_in_pairs() {
    refused(r#""\ud800""#, LoneSurrogate, 1);
    refused(r#""ab\udc00""#, LoneSurrogate, 3);
    refused(r#""\ud800\ud800""#, LoneSurrogate, 1);
    refused(r#""\udc00\ud800""#, LoneSurrogate, 1);
    refused(r#""\ud800x\udc00""#, LoneSurrogate, 1);
    refused(r#""\ud800\n""#, LoneSurrogate, 1);
    refused(r#""\ud800\u0041""#, LoneSurrogate, 1);
    refused(r#"{"\uDFFF":1}"#, LoneSurrogate, 2);
    refused(r#""\ud800"#, LoneSurrogate, 1);
    accepted(r#"["\ud800\udc00","\uDBFF\uDFFF","\ud7ff\ue000"]"#);
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    refused(b"\"\xff\"", InvalidUtf8, 1);
    refused(b"{\"a\":\"\xc3\"}", InvalidUtf8, 6);
    refused(b"\"\xc0\xaf\"", InvalidUtf8, 1); // overlong
    refused(b"\"\xed\xa0\x80\"", InvalidUtf8, 1); // a surrogate
    refused(b"\"\xf4\x90\x80\x80\"", InvalidUtf8, 1); // past U+10FFFF
    refused(b"1 \x80", InvalidUtf8, 2);
}

#[test]
fn a_byte_order_mark_is_refused() {
    refused("\u{feff}{}", ByteOrderMark, 0);
    refused(" \u{feff}{}", UnexpectedCharacter('\u{feff}'), 1);
    refused(b"{\0}\0", UnexpectedCharacter('\0'), 1);
    refused(b"\xff\xfe{\0}\0", InvalidUtf8, 0);
    accepted("\"\u{feff}\"");
}

#[test]
fn nothing_may_follow_the_value() {
    refused("{}{}", TrailingData, 2);
    refused("{} \n x", TrailingData, 5);
    refused("1 2", TrailingData, 2);
    refused("[]]", TrailingData, 2);
    refused("null,", TrailingData, 4);
    refused("{}\0", TrailingData, 2);
    accepted(" \t\r\n{} \t\r\n");
    refused("\u{a0}1", UnexpectedCharacter('\u{a0}'), 0);
    refused("\u{b}1", UnexpectedCharacter('\u{b}'), 0);
}

#[test]
fn depth_is_counted_in_open_containers() {
    let limits = |max_depth| Limits { max_depth, ..Limits::default() };
    let deep = |open: &str, close: &str, n| open.repeat(n) + &close.repeat(n);
    assert_eq!(refusal(b"1", &limits(0)), None);
    assert_eq!(refusal(b"[]", &limits(0)), Some((TooDeep { limit: 0 }, 0)));
    assert_eq!(refusal(b"[[],[[]]]", &limits(3)), None);
    assert_eq!(refusal(b"[[],{\"a\":[]}]", &limits(2)), Some((TooDeep { limit: 2 }, 9)));
    accepted(deep("[", "]", 128));
    refused(deep("[", "]", 129), TooDeep { limit: 128 }, 128);
    let deepest = Limits::DEEPEST;
    assert_eq!(refusal(deep("[", "]", deepest).as_bytes(), &limits(usize::MAX)), None);
    let (kind, at) = (TooDeep { limit: deepest }, deepest);
    assert_eq!(refusal(deep("[", "]", deepest + 1).as_bytes(), &limits(usize::MAX)), Some((kind, at)));
}

#[test]
fn ten_thousand_levels_do_not_exhaust_the_stack() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]"), ("[", "")] {
        let document = format!(r#"{{"a":{}1{}}}"#, open.repeat(10_000), close.repeat(10_000));
        for max_depth in [128, usize::MAX] {
            let refusal = refusal(document.as_bytes(), &Limits { max_depth, ..Limits::default() });
            assert!(matches!(refusal, Some((TooDeep { .. }, _))));
        }
        assert!(members(document.as_bytes()).is_none());
    }
}

#[test]
fn size_is_counted_in_bytes() {
    let limits = |max_bytes| Limits { max_bytes, ..Limits::default() };
    assert_eq!(refusal(b"[1,2]", &limits(5)), None);
    assert_eq!(refusal(b"[1,2] ", &limits(5)), Some((TooLarge { limit: 5 }, 5)));
    assert_eq!(refusal(b"\xff\xff", &limits(1)), Some((TooLarge { limit: 1 }, 1)));
}

#[test]
fn strings_follow_the_grammar() {
    for byte in 0..0x20u8 {
        refused([b'"', b'a', byte, b'"'], ControlCharacter(byte), 2);
        accepted(format!(r#""\u00{byte:02x}""#));
    }
    accepted("\"\u{7f}\u{80}\u{2028}\"");
    accepted(r#"{"a\u0000b":"\u0000"}"#);
    for escape in [r"\x", r"\'", r"\0", r"\N", r"\u12", r"\u12g4", r"\u+123", r"\U0041", "\\\n", "\\é"] {
        refused(format!("\"{escape}\""), InvalidEscape, 1);
    }
    refused(r#""abc"#, UnexpectedEnd, 4);
    refused(r#""abc\"#, UnexpectedEnd, 5);
    refused(r#""abcdefghijklmnopqrstuvwxyz0123456789 and more"#, UnexpectedEnd, 46);
    // Whatever ends the plain part is found at every distance from the start and from the end.
    for before in 0..100 {
        for after in [0, 1, 7, 8, 31, 32, 40] {
            let (a, b) = ("é".repeat(before / 2) + &"a".repeat(before % 2), "b".repeat(after));
            accepted(format!(r#"["{a}","{b}"]"#));
            refused(format!("\"{a}\n{b}\""), ControlCharacter(b'\n'), a.len() + 1);
            refused(format!("\"{a}\u{1f}{b}\""), ControlCharacter(0x1f), a.len() + 1);
            refused(format!("\"{a}\\q{b}\""), InvalidEscape, a.len() + 1);
            refused(format!("\"{a}\"{b}x"), TrailingData, a.len() + 2);
        }
    }
}

#[test]
fn numbers_follow_the_grammar() {
    for number in
        ["0", "-0", "10", "0.0", "-1.50", "1e1", "1E+01", "1e-0", "0e0", "1e999", "123456789012345678901"]
    {
        accepted(number);
        accepted(format!("[{number} ,{number}]"));
    }
    for (number, at) in [
        ("01", 1),
        ("-01", 2),
        ("1.e1", 2),
        ("--1", 1),
        ("1e+x", 3),
        ("1..2", 2),
        ("1.2.3", 3),
        ("1e5.2", 3),
        ("1-2", 1),
        ("-a", 1),
        ("1e1e1", 3),
        ("00", 1),
    ] {
        refused(number, InvalidNumber, at);
    }
    for number in ["-", "1.", "1e", "1e-", "-0."] {
        refused(number, UnexpectedEnd, number.len());
        refused(format!("[{number}]"), InvalidNumber, number.len() + 1);
    }
    refused("+1", UnexpectedCharacter('+'), 0);
    refused(".5", UnexpectedCharacter('.'), 0);
    refused("NaN", UnexpectedCharacter('N'), 0);
    refused("-Infinity", InvalidNumber, 1);
    refused("0x10", TrailingData, 1);
    refused("1_000", TrailingData, 1);
    refused("１", UnexpectedCharacter('１'), 0);
}

#[test]
fn structure_follows_the_grammar() {
    for (document, at) in [
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("[1}", 2),
        ("{]", 1),
        ("{a:1}", 1),
        ("{'a':1}", 1),
        (r#"{"a" 1}"#, 5),
        (r#"{"a":}"#, 5),
        (r#"{"a":1,}"#, 7),
        (r#"{"a":1 "b":2}"#, 7),
        (r#"{"a"}"#, 4),
        ("{1:2}", 1),
        ("nul!", 3),
        ("True", 0),
        ("trUe", 2),
        ("/**/1", 0),
        ("}", 0),
        (r#"{"a":1]"#, 6),
        ("{,}", 1),
    ] {
        let c = document.chars().nth(at).unwrap();
        refused(document, UnexpectedCharacter(c), at);
    }
    refused("nulll", TrailingData, 4);
    for document in
        ["", " ", "[", "[1", "[1,", "{", r#"{"a""#, r#"{"a":"#, r#"{"a":1"#, r#"{"a":1,"#, "tru", "n"]
    {
        refused(document, UnexpectedEnd, document.len());
    }
}

#[test]
fn messages_say_what_and_where() {
    let message = |document: &str| scan(document.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert_eq!(message(r#"{"x":1,"x":2}"#), "duplicate key `x` at byte 7");
    assert_eq!(message(r#"{"\u0007":1,"\u0007":2}"#), r"duplicate key `\u{7}` at byte 12");
    assert_eq!(message("{\"a\":\"\n\"}"), "unescaped control character U+000A in a string at byte 6");
    assert_eq!(message("{]"), "unexpected character `]` at byte 1");
    assert_eq!(message("[]"), "the document is not an object");
    let long = "k".repeat(1000);
    assert!(message(&format!(r#"{{"{long}":1,"{long}":2}}"#)).len() < 130);
    let small = Limits { max_bytes: 1, ..Limits::default() };
    assert_eq!(parse(b"{}", &small).unwrap_err().to_string(), "the document is larger than 1 bytes");
}
