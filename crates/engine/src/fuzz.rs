//! Any text as configuration, and as what callers and clients send. How to look longer than the corpus: docs/internals/testing.md.

use jiff::Timestamp;
use lastlook_kernel::WindowSpec;

use crate::config::Config;
use crate::{Key, Window, grants};

#[test]
fn configuration() {
    bolero::check!(name = "configuration").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        match Config::parse(text, "lastlook.toml") {
            Ok(config) => {
                text.parse::<toml::Table>().expect("whoever reads TOML reads it too");
                let again = Config::parse(text, "lastlook.toml").unwrap();
                assert_eq!(config.digest(None, None), again.digest(None, None));
                assert!(config.is_same_text(&again));
            }
            Err(crate::config::ConfigError::Invalid(invalid)) => {
                assert!(!invalid.problems().is_empty());
                for problem in invalid.problems() {
                    assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
                    let (line, _) = invalid.position(problem);
                    assert!(line <= text.matches('\n').count() + 1);
                }
            }
            Err(other) => panic!("{other:?}"),
        }
    });
}

#[test]
fn idempotency_key() {
    bolero::check!(name = "idempotency-key").with_iterations(0).for_each(|params: &[u8]| {
        // Params are part of a frame that was read strictly.
        if lastlook_canon::scan(params, &lastlook_canon::Limits::default()).is_err() {
            return;
        }
        let Ok(second) = serde_json::from_slice::<serde_json::Value>(params) else { return };
        let there = &second["_meta"][crate::key::MEMBER];
        let is_key = there.as_str().filter(|text| {
            (1..=255).contains(&text.len()) && text.chars().all(|char| char.is_ascii_graphic() || char == ' ')
        });
        match Key::of_call(params) {
            Ok(Some(key)) => assert_eq!(Some(key.as_str()), is_key),
            Ok(None) => assert!(second["_meta"].get(crate::key::MEMBER).is_none()),
            Err(_) => assert!(is_key.is_none() && second["_meta"].get(crate::key::MEMBER).is_some()),
        }
    });
}

#[test]
fn duration() {
    bolero::check!(name = "duration").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Some(duration) = grants::duration(text) else { return };
        let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
        let millis = match text.strip_prefix(digits).unwrap() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            unit => panic!("{unit} is no unit"),
        };
        assert_eq!(duration.as_millis(), digits.parse::<u128>().unwrap() * millis, "{text}");
    });
}

#[test]
fn entry_time() {
    bolero::check!(name = "entry-time").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let second = || {
            let zoned = text.strip_suffix('Z')?.parse::<jiff::civil::DateTime>().ok()?;
            let written = zoned.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string();
            // A leap second is a time to jiff, and none here.
            (text == written && !text.contains(":60.")).then_some(())
        };
        let entry = lastlook_ledger::Entry {
            kind: lastlook_ledger::Kind::Reads,
            origin: "lastlook/aa/1".to_owned(),
            attempt: "a".to_owned(),
            time: text.to_owned(),
            action: lastlook_canon::Digest::from_bytes([0; 32]),
            body: serde_json::json!({"mode": "enforce", "principal": {"id": "a", "asserted": true}}),
        };
        assert_eq!(entry.to_payload().is_ok(), second().is_some(), "{text:?}");
    });
}

#[test]
fn window() {
    bolero::check!(name = "window").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        // One line each: what begins with `=` is the zone, `<` and `>` are bounds, `-` is a closed day, the rest are hours.
        let mut spec = WindowSpec::default();
        for line in text.lines() {
            let rest = line.get(1..).unwrap_or_default().to_owned();
            match line.as_bytes().first() {
                Some(b'=') => spec.tz = Some(rest),
                Some(b'<') => spec.not_before = Some(rest),
                Some(b'>') => spec.not_after = Some(rest),
                Some(b'-') => spec.closed.push(rest),
                _ => spec.open.push(line.to_owned()),
            }
        }
        let Ok(window) = Window::parse(&spec) else { return };
        let mut at = 1_767_225_600_000_000_000_i64; // 2026
        for _ in 0..5 {
            let when = |ns: i64| window.resolve(Timestamp::from_nanosecond(ns.into()).unwrap());
            let resolved = when(at);
            assert_eq!(resolved.open, resolved.why.is_none());
            assert!(resolved.from_ns <= at && at < resolved.until_ns, "{resolved:?} at {at}");
            // The answer is the same as long as it says, and another one then.
            assert_eq!(when(resolved.until_ns - 1), resolved);
            if resolved.until_ns == i64::MAX {
                break;
            }
            let next = when(resolved.until_ns);
            assert!(
                next.from_ns == resolved.until_ns && next.why != resolved.why,
                "{resolved:?}, then {next:?}"
            );
            at = resolved.until_ns;
        }
    });
}
