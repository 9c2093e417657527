//! Any bytes as JSON. How to look longer than the corpus: docs/internals/testing.md.

use crate::{JsonErrorKind, Limits, canonical, lexical, members, parse, scan, string_of, to_value};

#[test]
fn json() {
    bolero::check!(name = "json").with_iterations(0).for_each(|bytes: &[u8]| {
        let limits = Limits::default();
        let (parsed, scanned) = (parse(bytes, &limits), scan(bytes, &limits));
        // Both readers say the same, but one of them takes objects alone.
        let refused = scanned.as_ref().err().filter(|error| error.kind != JsonErrorKind::NotAnObject);
        assert_eq!(parsed.as_ref().err(), refused);
        let Ok(json) = parsed else { return };
        assert_eq!(scanned.is_ok(), json.as_object().is_some());
        // Whoever is less strict reads it too, numbers that no double holds apart.
        let second: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
        let written = lexical(&json);
        assert_eq!(
            lexical(&parse(&written, &limits).unwrap()),
            written,
            "what is written is read back as it was"
        );
        match canonical(&json) {
            Ok(bytes) => {
                let again = parse(&bytes, &limits).unwrap();
                assert_eq!(
                    canonical(&again).unwrap(),
                    bytes,
                    "canonical bytes are their own canonical bytes"
                );
                let second = serde_json_canonicalizer::to_vec(&second.unwrap()).unwrap();
                assert_eq!(bytes, second, "another implementation of RFC 8785 writes the same");
                let value = to_value(&json).unwrap();
                assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), bytes, "and so is its value");
            }
            Err(_) => assert!(to_value(&json).is_err()),
        }
        // The members as they stand in the bytes are those of the tree.
        let top = json.as_object().unwrap_or_default();
        let Ok(found) = scanned else { return };
        assert_eq!(found.len(), top.len());
        for ((name, raw), (key, value)) in found.iter().zip(top) {
            assert_eq!(&name, key);
            assert_eq!(parse(raw, &limits).as_ref(), Ok(value));
            assert_eq!(found.get(key), Some(raw));
            assert_eq!(string_of(raw).as_deref(), value.as_str());
            assert_eq!(members(raw).map(|it| it.len()), value.as_object().map(<[_]>::len));
        }
    });
}
