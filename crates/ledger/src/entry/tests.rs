use super::*;
use proptest::prelude::*;
use serde_json::json;

fn hash(byte: u8) -> String {
    hex::encode([byte; 32])
}

fn commitment(byte: u8) -> Value {
    json!({ "commitment": format!("sha256:{}", hash(byte)) })
}

/// The smallest body of each kind.
fn body(kind: Kind) -> Value {
    let mut body = json!({
        "mode": "enforce",
        "principal": { "id": "User::\"ada\"", "asserted": true },
        "upstream": "files",
        "tool": "edit_file",
    });
    let own = match kind {
        Kind::Armed => json!({ "arguments": commitment(1), "basis": [] }),
        Kind::Refused => {
            json!({ "armed": false, "verdict": "deny", "reasons": [{ "code": "fact-changed" }] })
        }
        Kind::Outcome => json!({
            "verdict": "allow", "outcome": "succeeded", "evidence": "answer", "confirmation": "unconfirmed",
            "closure": "adjacent", "sent": hash(2),
        }),
        Kind::Operator => {
            json!({ "as": "failed", "reason": "looked", "by": { "id": "User::\"eve\"", "asserted": true } })
        }
        Kind::Held | Kind::Confirmation | Kind::Reads => json!({}),
    };
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    body
}

fn entry(kind: Kind) -> Entry {
    Entry {
        kind,
        origin: "lastlook/3f9a/1".to_owned(),
        attempt: "01J-a.b_c:d".to_owned(),
        time: "2026-05-17T09:30:00.000000001Z".to_owned(),
        action: Digest::from_bytes([3; 32]),
        body: body(kind),
    }
}

fn with(kind: Kind, pointer: &str, value: Value) -> Entry {
    let mut entry = entry(kind);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match entry.body.pointer_mut(parent).unwrap() {
        Value::Object(members) => members.insert(name.to_owned(), value),
        other => panic!("{other} has no members"),
    };
    entry
}

fn without(kind: Kind, name: &str) -> Entry {
    let mut entry = entry(kind);
    entry.body.as_object_mut().unwrap().remove(name);
    entry
}

#[track_caller]
fn check(entry: &Entry, expect: Result<(), &str>) {
    let written = entry.to_payload();
    assert_eq!(written.as_ref().map(|_| ()).map_err(EntryError::code), expect, "{written:?}");
    if let Ok(payload) = written {
        assert_eq!(Entry::from_payload(&payload).as_ref(), Ok(entry));
    }
}

/// The same statement with one change, canonical again, and what reading it says.
#[track_caller]
fn check_statement(change: impl FnOnce(&mut Value), code: &str) {
    let mut statement = serde_json::from_slice(&entry(Kind::Outcome).to_payload().unwrap()).unwrap();
    change(&mut statement);
    let payload = serde_json_canonicalizer::to_vec(&statement).unwrap();
    assert_eq!(Entry::from_payload(&payload).unwrap_err().code(), code);
}

#[test]
fn an_entry_is_this_statement() {
    let expect = concat!(
        r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"as":"failed","attempt":"01J-a.b_c:d","#,
        r#""by":{"asserted":true,"id":"User::\"eve\""},"kind":"operator","mode":"enforce","origin":"lastlook/3f9a/1","#,
        r#""principal":{"asserted":true,"id":"User::\"ada\""},"reason":"looked","time":"2026-05-17T09:30:00.000000001Z","#,
        r#""tool":"edit_file","upstream":"files"},"predicateType":"https://lastlook.dev/entry/v1","#,
        r#""subject":[{"digest":{"sha256":"0303030303030303030303030303030303030303030303030303030303030303"},"#,
        r#""name":"attempt/01J-a.b_c:d"}]}"#,
    );
    assert_eq!(String::from_utf8(entry(Kind::Operator).to_payload().unwrap()).unwrap(), expect);
}

#[test]
fn every_kind_reads_back() {
    for kind in Kind::ALL {
        check(&entry(kind), Ok(()));
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert_eq!("Armed".parse::<Kind>(), Err(UnknownKind));
}

#[test]
fn unlisted_members_are_kept() {
    check(&with(Kind::Armed, "/later", json!({ "n": [1, null, -5, { "é": "\u{1F600}" }] })), Ok(()));
    let reasons = json!([{ "code": "fact-changed", "about": "files.read_file", "more": 1 }]);
    check(&with(Kind::Refused, "/reasons", reasons), Ok(()));
}

#[test]
fn members_a_kind_requires_are_required() {
    for (kind, names) in [
        (Kind::Armed, &["mode", "principal", "upstream", "tool", "arguments", "basis"][..]),
        (Kind::Refused, &["mode", "principal", "upstream", "tool", "armed", "verdict", "reasons"]),
        (
            Kind::Outcome,
            &["mode", "upstream", "tool", "verdict", "outcome", "evidence", "confirmation", "closure"],
        ),
        (Kind::Operator, &["mode", "principal", "as", "reason", "by"]),
        (Kind::Held, &["mode", "principal", "upstream", "tool"]),
        (Kind::Confirmation, &["mode", "principal", "upstream", "tool"]),
        (Kind::Reads, &["mode", "principal"]),
    ] {
        for name in names {
            check(&without(kind, name), Err("entry-member"));
        }
    }
    check(&without(Kind::Reads, "tool"), Ok(()));
}

#[test]
fn listed_members_have_one_shape() {
    let bad = Err("entry-member");
    check(&with(Kind::Armed, "/mode", json!("off")), bad);
    check(&with(Kind::Armed, "/principal/asserted", json!("false")), bad);
    check(&with(Kind::Armed, "/definition", json!(null)), Ok(()));
    check(&with(Kind::Armed, "/definition", json!(hash(10).to_uppercase())), bad);
    check(&with(Kind::Armed, "/class", json!({ "is": "write", "by": "hinted" })), Ok(()));
    check(&with(Kind::Armed, "/class", json!({ "is": "write", "by": "guess" })), bad);
    check(&with(Kind::Armed, "/compared", json!(-1)), bad);
    check(&with(Kind::Armed, "/blind", json!(null)), bad);
    check(&with(Kind::Armed, "/child", json!({ "pgid": 7, "start": "8", "boot": "b" })), Ok(()));
    check(&with(Kind::Armed, "/child", json!(7)), bad);
    check(&with(Kind::Armed, "/arguments", json!(hash(1))), bad);
    let reading = json!({ "tool": "t", "was": commitment(4), "params": commitment(5), "rebased_ms": null });
    check(&with(Kind::Armed, "/basis", json!([reading])), Ok(()));
    check(&with(Kind::Armed, "/basis", json!([reading, { "tool": "t", "was": commitment(4) }])), bad);
    check(&with(Kind::Armed, "/basis", json!([7])), bad);
    check(
        &with(Kind::Refused, "/facts", json!([{ "tool": "t", "was": commitment(4), "now": null }])),
        Ok(()),
    );
    check(&with(Kind::Refused, "/facts", json!([{ "tool": "t", "now": "secret" }])), bad);
    check(&with(Kind::Refused, "/verdict", json!("allow")), bad);
    check(&with(Kind::Refused, "/reasons", json!([])), bad);
    check(&with(Kind::Refused, "/reasons", json!([{ "code": "Fact changed" }])), bad);
    check(&with(Kind::Outcome, "/evidence", json!("answer-")), bad);
    check(&with(Kind::Outcome, "/closure", json!("serializable")), bad);
    check(&with(Kind::Operator, "/as", json!("unknown")), bad);
}

#[test]
fn an_outcome_does_not_contradict_itself() {
    let bad = Err("entry-member");
    check(&with(Kind::Outcome, "/verdict", json!("deny")), bad);
    let mut audited = with(Kind::Outcome, "/verdict", json!("deny"));
    audited.body["mode"] = json!("audit");
    check(&audited, bad);
    audited.body["reasons"] = json!([{ "code": "fact-changed" }]);
    check(&audited, Ok(()));
    check(&with(Kind::Outcome, "/verdict", json!(null)), bad);
    let mut recovered = without(Kind::Outcome, "sent");
    recovered.body.as_object_mut().unwrap().remove("closure");
    check(&recovered, Ok(()));
    recovered.body["verdict"] = json!(null);
    check(&recovered, Ok(()));
}

#[test]
fn the_head_is_checked() {
    let bad = Err("entry-member");
    let change = |change: fn(&mut Entry)| {
        let mut entry = entry(Kind::Held);
        change(&mut entry);
        entry
    };
    check(&change(|entry| entry.attempt = "a/b".to_owned()), bad);
    check(&change(|entry| entry.attempt = String::new()), bad);
    check(&change(|entry| entry.attempt = "a".repeat(129)), bad);
    check(&change(|entry| entry.origin = "two words".to_owned()), bad);
    check(&change(|entry| entry.body = json!([])), bad);
    for name in ["attempt", "kind", "origin", "time"] {
        check(&with(Kind::Held, &format!("/{name}"), json!("x")), bad);
    }
}

#[test]
fn times_are_utc_with_nine_digits() {
    for (time, good) in [
        ("2026-05-17T09:30:00.000000000Z", true),
        ("2024-02-29T23:59:59.999999999Z", true),
        ("2000-02-29T00:00:00.000000000Z", true),
        ("2026-02-29T00:00:00.000000000Z", false),
        ("1900-02-29T00:00:00.000000000Z", false),
        ("2026-04-31T00:00:00.000000000Z", false),
        ("2026-13-01T00:00:00.000000000Z", false),
        ("2026-00-01T00:00:00.000000000Z", false),
        ("2026-01-00T00:00:00.000000000Z", false),
        ("2026-05-17T24:00:00.000000000Z", false),
        ("2026-05-17T09:60:00.000000000Z", false),
        ("2026-05-17T09:30:60.000000000Z", false),
        ("2026-05-17T09:30:00Z", false),
        ("2026-05-17T09:30:00.000Z", false),
        ("2026-05-17T09:30:00.000000000+00:00", false),
        ("2026-05-17t09:30:00.000000000z", false),
        ("2026-05-17T09:30:00.00000000\u{e9}", false),
    ] {
        let mut entry = entry(Kind::Held);
        entry.time = time.to_owned();
        check(&entry, if good { Ok(()) } else { Err("entry-member") });
    }
}

#[test]
fn numbers_are_integers_that_every_reader_agrees_on() {
    for (number, good) in [
        (json!(MAX_INTEGER), true),
        (json!(-MAX_INTEGER), true),
        (json!(MAX_INTEGER + 1), false),
        (json!(-MAX_INTEGER - 1), false),
        (json!(u64::MAX), false),
        (json!(i64::MIN), false),
        (json!(0.5), false),
        (json!(1.0), false),
    ] {
        check(
            &with(Kind::Held, "/n", json!([{ "n": number }])),
            if good { Ok(()) } else { Err("entry-number") },
        );
    }
    let error = with(Kind::Held, "/n", json!([{ "a": 0.5 }])).to_payload().unwrap_err();
    assert_eq!(error.to_string(), "number at `/predicate/n/0/a` is not an integer within 2^53-1");
}

#[test]
fn nesting_and_size_are_bounded() {
    let nest = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    check(&with(Kind::Held, "/n", nest(MAX_DEPTH - 2)), Ok(()));
    check(&with(Kind::Held, "/n", nest(MAX_DEPTH - 1)), Err("entry-json"));
    check(&with(Kind::Held, "/n", json!("x".repeat(MAX_PAYLOAD_BYTES))), Err("entry-too-large"));
    check_statement(|it| it["predicate"]["n"] = nest(MAX_DEPTH - 1), "entry-json");
    assert_eq!(
        Entry::from_payload(&vec![b' '; MAX_PAYLOAD_BYTES + 1]).unwrap_err().code(),
        "entry-too-large"
    );
}

#[test]
fn a_statement_has_exactly_its_members() {
    let not = "entry-statement";
    check_statement(|it| it["_type"] = json!("https://in-toto.io/Statement/v0.1"), not);
    check_statement(|it| it["predicateType"] = json!("https://lastlook.dev/entry/v2"), not);
    check_statement(|it| it["more"] = json!(1), not);
    check_statement(|it| it["predicate"] = json!([]), not);
    check_statement(|it| it["predicate"]["kind"] = json!("permit"), not);
    check_statement(|it| it["predicate"]["origin"] = json!(1), not);
    check_statement(|it| it["predicate"]["attempt"] = json!("another"), not);
    check_statement(|it| it["subject"][0]["digest"]["sha256"] = json!("00"), not);
    check_statement(|it| it["subject"][0]["digest"]["sha512"] = json!(""), not);
    check_statement(|it| it["subject"] = json!([it["subject"][0], it["subject"][0]]), not);
    check_statement(|it| it["subject"] = json!([]), not);
    check_statement(|it| *it = json!([]), not);
    check_statement(|it| *it = json!("text"), not);
}

#[test]
fn only_the_canonical_bytes_are_an_entry() {
    let payload = String::from_utf8(entry(Kind::Refused).to_payload().unwrap()).unwrap();
    for (other, code) in [
        (payload.replace("\":", "\": "), "entry-not-canonical"),
        (payload.replace("enforce", "enf\\u006frce"), "entry-not-canonical"),
        (format!("{payload}\n"), "entry-not-canonical"),
        (payload.replace("{\"_type\"", "{\"z\":-0,\"_type\""), "entry-not-canonical"),
        (payload.replace("{\"_type\"", "{\"z\":1e2,\"_type\""), "entry-number"),
        (payload.replace("{\"_type\"", "{\"_type\":1,\"_type\""), "entry-json"),
        (payload.replace("enforce", "\\ud800"), "entry-json"),
        (format!("{payload}{payload}"), "entry-json"),
        (String::new(), "entry-json"),
    ] {
        assert_eq!(Entry::from_payload(other.as_bytes()).unwrap_err().code(), code, "{other}");
    }
    assert_eq!(Entry::from_payload(b"\"\xff\"").unwrap_err().code(), "entry-json");
}

#[test]
fn labels_lead_to_commitments() {
    let mut entry = entry(Kind::Armed);
    entry.body["basis"] = json!([{ "tool": "t", "was": commitment(4), "params": commitment(5) }]);
    assert_eq!(entry.commitment("arguments"), Commitment::from_json(&commitment(1)));
    assert_eq!(entry.commitment("basis/0/params"), Commitment::from_json(&commitment(5)));
    for label in ["", "basis", "basis/1/was", "basis/00/was", "basis/+0/was", "mode", "mode/x", "/arguments"]
    {
        assert_eq!(entry.commitment(label), None, "{label}");
    }
}

#[test]
fn the_leaf_holds_the_pre_authentication_encoding() {
    // The example of the DSSE specification.
    assert_eq!(
        pre_auth_encoding("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    assert_eq!(leaf_of_payload(b"{}"), leaf_hash(b"DSSEv1 28 application/vnd.in-toto+json 2 {}"));
    assert_ne!(leaf_of_payload(b"{}"), leaf_hash(b"{}"));
}

/// The one pass takes nothing that the long way does not take, and both make the same of it.
#[track_caller]
fn check_one_pass(payload: &[u8]) {
    let shown = String::from_utf8_lossy(payload);
    assert_eq!(statement::statement_of(payload), statement::taken_apart(payload), "{shown}");
    let long = Entry::from_payload(payload).map(|Entry { kind, origin, attempt, .. }| Head {
        kind,
        origin,
        attempt,
    });
    assert_eq!(Entry::head_of_payload(payload), long, "{shown}");
    // What the short way takes, the long way takes.
    let plain = lastlook_canon::Plain::read(payload, MAX_DEPTH);
    if let Some(head) = plain.and_then(|plain| statement::plain_head(plain.value())) {
        assert_eq!(Ok(head), long, "{shown}");
    }
}

#[test]
fn one_pass_over_a_payload_says_what_taking_it_apart_says() {
    for kind in Kind::ALL {
        let payload = entry(kind).to_payload().unwrap();
        let plain = lastlook_canon::Plain::read(&payload, MAX_DEPTH);
        assert!(plain.is_some_and(|plain| statement::plain_head(plain.value()).is_some()));
        check_one_pass(&payload);
        for at in 0..payload.len() {
            for mask in [0x01, 0x02, 0x10, 0x20, 0x80] {
                let mut changed = payload.clone();
                changed[at] ^= mask;
                check_one_pass(&changed);
            }
            check_one_pass(&payload[..at]);
        }
    }
}

proptest! {
    #[test]
    fn one_pass_agrees_about_changed_payloads(
        at: proptest::sample::Index, gone in 0_usize..4,
        put in r#"[ "\\,:{}\[\]0-9a-fnu.é-]{0,6}|9007199254740992|-0|\\u000[0-9a-f]"#, value in -(1_i64 << 54)..(1 << 54),
    ) {
        let numbered = with(Kind::Outcome, "/later", json!({ "\n": [value / 4, "\u{7}é\u{10000}"], "\u{e000}": null, "\u{10000}": {} }));
        let mut changed = numbered.to_payload().unwrap();
        let at = at.index(changed.len());
        let end = (at + gone).min(changed.len());
        changed.splice(at..end, put.bytes());
        check_one_pass(&changed);
    }
    #[test]
    fn what_is_written_reads_back(name in "[a-z]{0,3}\\PC{0,6}", text in "\\PC*", number: i32, flag: bool) {
        let value = json!([text, number, flag, null, { name.clone(): number }]);
        check(&with(Kind::Held, &format!("/x{}", name.replace('/', "")), value), Ok(()));
    }

    #[test]
    fn reading_never_panics_and_what_reads_is_what_would_be_written(
        at in 0usize..600, bytes in prop::collection::vec(any::<u8>(), 0..4), cut in 0usize..4, any: Vec<u8>,
    ) {
        let mut payload = entry(Kind::Outcome).to_payload().unwrap();
        let at = at % payload.len();
        let end = (at + cut).min(payload.len());
        payload.splice(at..end, bytes);
        if let Ok(entry) = Entry::from_payload(&payload) {
            prop_assert_eq!(entry.to_payload(), Ok(payload));
        }
        let _ = Entry::from_payload(&any);
    }
}
