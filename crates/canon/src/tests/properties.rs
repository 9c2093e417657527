use crate::{Json, JsonErrorKind, Limits, Number, canonical, lexical, members, parse, scan, string_of};
use proptest::{collection::vec, prelude::*, sample::select};

/// Trees with few different keys, so that some come twice.
fn trees() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        numbers().prop_map(|text| Json::Number(Number::new(&text).unwrap())),
        strings().prop_map(Json::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::Array),
            vec((keys(), inner.clone()), 0..6).prop_map(Json::Object),
            vec((keys(), inner), 25..45).prop_map(Json::Object),
        ]
    })
}

fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,17})",
        r"-?(0|[1-9][0-9]{0,5})\.[0-9]{1,6}",
        r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?[eE][-+]?[0-9]{1,3}",
    ]
}

fn strings() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", "[ -~]{0,80}", vec(any::<char>(), 0..6).prop_map(String::from_iter)]
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![1 => select(vec!["", "a", "b", "é", "/", "\n", "😀"]).prop_map(str::to_owned), 12 => "[a-z]{3,12}", 4 => strings()]
}

/// Writes a tree in one of its many spellings, chosen by `dice`.
struct Writer<'a> {
    dice: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    out: String,
}

impl Writer<'_> {
    fn spell(json: &Json, dice: &[u8]) -> String {
        let mut writer = Writer { dice: dice.iter().cycle(), out: String::new() };
        writer.value(json);
        writer.out
    }

    fn roll(&mut self) -> u8 {
        self.dice.next().copied().unwrap_or(0)
    }

    fn space(&mut self) {
        let space = match self.roll() % 16 {
            0 => " ",
            1 => "\n\t",
            2 => "\r",
            _ => "",
        };
        self.out += space;
    }

    fn value(&mut self, json: &Json) {
        self.space();
        match json {
            Json::Null => self.out += "null",
            Json::Bool(value) => self.out += &value.to_string(),
            Json::Number(number) => self.out += number.as_str(),
            Json::String(text) => self.string(text),
            Json::Array(items) => self.list('[', ']', items, Self::value),
            Json::Object(members) => self.list('{', '}', members, |writer, (key, value)| {
                writer.space();
                writer.string(key);
                writer.space();
                writer.out.push(':');
                writer.value(value);
            }),
        }
        self.space();
    }

    fn list<T>(&mut self, open: char, close: char, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            each(self, item);
        }
        self.space();
        self.out.push(close);
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match (c, self.roll() % 8) {
                ('"' | '\\' | '/', 1..4) => self.out.extend(['\\', c]),
                ('"' | '\\' | '\0'..' ', _) | (_, 0) => {
                    c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.out += &format!("\\u{unit:04x}"));
                }
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

fn has_duplicate(json: &Json) -> bool {
    match json {
        Json::Array(items) => items.iter().any(has_duplicate),
        Json::Object(members) => members.iter().enumerate().any(|(index, (key, value))| {
            has_duplicate(value) || members[..index].iter().any(|(other, _)| other == key)
        }),
        _ => false,
    }
}

/// Both readers say the same; so does `serde_json`, except of what it does not look for.
fn check_agreement(bytes: &[u8]) {
    let parsed = parse(bytes, &Limits::default());
    match (&parsed, scan(bytes, &Limits::default())) {
        (Ok(Json::Object(tree)), Ok(found)) => {
            let values =
                found.iter().map(|(key, raw)| (key.into_owned(), parse(raw, &Limits::default()).unwrap()));
            assert_eq!(tree, &values.collect::<Vec<_>>());
        }
        (Ok(_), Err(error)) => assert_eq!(error.kind, JsonErrorKind::NotAnObject),
        (Err(parsed), Err(scanned)) => assert_eq!(parsed, &scanned),
        (parsed, scanned) => panic!("{parsed:?} but {scanned:?}"),
    }
    match (parsed, serde_json::from_slice::<serde_json::Value>(bytes)) {
        (Ok(_), Err(error)) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
        (Err(error), Ok(_)) => assert!(matches!(error.kind, JsonErrorKind::DuplicateKey(_)), "{error}"),
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_spelling_of_a_tree_reads_as_that_tree(tree in trees(), dice in vec(any::<u8>(), 1..50)) {
        let text = Writer::spell(&tree, &dice);
        check_agreement(text.as_bytes());
        match parse(text.as_bytes(), &Limits::default()) {
            Ok(read) => {
                prop_assert!(!has_duplicate(&tree));
                prop_assert_eq!(&lexical(&read), &lexical(&tree));
                prop_assert_eq!(canonical(&read), canonical(&tree));
                prop_assert_eq!(read, tree);
            }
            Err(error) => {
                prop_assert!(matches!(error.kind, JsonErrorKind::DuplicateKey(_)), "{}", error);
                prop_assert!(has_duplicate(&tree));
            }
        }
    }

    #[test]
    fn readers_agree_about_damaged_documents(
        tree in trees(),
        dice in vec(any::<u8>(), 1..50),
        damage in vec((any::<prop::sample::Index>(), 0..3u8, select(br#"{}[]":,\/-+.eEu0159dctn"#.to_vec()), any::<u8>()), 1..4),
    ) {
        let mut bytes = Writer::spell(&tree, &dice).into_bytes();
        for (place, how, likely, anything) in damage {
            let at = place.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, likely),
                1 if at < bytes.len() => bytes[at] = anything,
                _ => bytes.truncate(at.max(1)),
            }
            check_agreement(&bytes);
        }
    }

    #[test]
    fn readers_agree_about_arbitrary_characters(bytes in vec(select(b"{}[]\":,\\/-+.eEu01dcfalsetrn \n\xc3\xa9\x07".to_vec()), 0..24)) {
        check_agreement(&bytes);
        members(&bytes);
        string_of(&bytes);
    }

    #[test]
    fn canonical_and_lexical_bytes_are_fixed_points(tree in trees()) {
        if has_duplicate(&tree) {
            return Ok(());
        }
        let again = |bytes: &[u8]| parse(bytes, &Limits::default()).unwrap();
        let bytes = lexical(&tree);
        prop_assert_eq!(lexical(&again(&bytes)), bytes);
        if let Ok(bytes) = canonical(&tree) {
            prop_assert_eq!(canonical(&again(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn numbers_that_differ_stay_apart(a in -9007199254740991i64..=9007199254740991, b in -9007199254740991i64..=9007199254740991) {
        prop_assert_eq!(canonical(&a.into()).unwrap(), a.to_string().into_bytes());
        prop_assert_eq!(a == b, canonical(&a.into()) == canonical(&b.into()));
    }
}
