use super::*;
use lastlook_canon::Digest;
use proptest::prelude::*;

const TIME: &str = "2026-01-31T09:30:00.000000000Z";

fn key(seed: u8) -> ApproverKey {
    ApproverKey::from_seed(&[seed; 32])
}

fn statement() -> Statement {
    Statement {
        request: "01JA7Q".to_owned(),
        action: Digest::of("test", &[b"action"]),
        decision: Ruling::Approve,
        reason: "I called the customer: \"yes\"\n\u{1F600}".to_owned(),
        guards: vec![Digest::of("test", &[b"guard"])],
        epoch: 7,
        expires: Some("2026-01-31T09:45:00.000000000Z".to_owned()),
        approver: "ada".to_owned(),
        time: TIME.to_owned(),
    }
}

fn introduction() -> Introduction {
    Introduction {
        name: "bob".to_owned(),
        key: key(2).public(),
        groups: vec!["Role::\"finance\"".to_owned()],
        by: "ada".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

fn removal() -> Removal {
    Removal {
        name: "bob".to_owned(),
        reason: "left".to_owned(),
        by: "ada".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

fn grant() -> Grant {
    Grant {
        grant: "grant-7c1e".to_owned(),
        approver: "ada".to_owned(),
        principal: "User::\"agent\"".to_owned(),
        agent: None,
        upstream: "shop".to_owned(),
        tool: "refund".to_owned(),
        definition: Digest::of("test", &[b"definition"]),
        resources: vec!["Order::\"42\"".to_owned()],
        when: Some("args.n <= 5".to_owned()),
        uses: Some(5),
        sum: Some("/n".to_owned()),
        max: Some("12.50".to_owned()),
        guards: vec![Digest::of("test", &[b"guard"])],
        epoch: 7,
        expires: "2026-01-31T17:30:00.000000000Z".to_owned(),
        reason: "small ones".to_owned(),
        state: "lastlook/3f9a2c".to_owned(),
        time: TIME.to_owned(),
    }
}

/// Whether these bytes are a statement of this key's.
fn passes<T: Signable>(bytes: &[u8], key: &ApproverPublic) -> bool {
    Signed::<T>::from_bytes(bytes).is_ok_and(|signed| signed.verify(key).is_ok())
}

fn code_of(text: &str) -> &'static str {
    SignedStatement::from_bytes(text.as_bytes()).expect_err("it was read").code()
}

#[test]
fn the_signed_bytes_are_the_format_line_and_canonical_json() {
    let bytes = signed_bytes(&Statement { reason: String::new(), expires: None, ..statement() });
    let action = Digest::of("test", &[b"action"]);
    let guard = Digest::of("test", &[b"guard"]);
    let expected = format!(
        "lastlook/approval/v1\n{{\"action\":\"{action}\",\"approver\":\"ada\",\"decision\":\"approve\",\"epoch\":7,\
         \"expires\":null,\"guards\":[\"{guard}\"],\"reason\":\"\",\"request\":\"01JA7Q\",\"time\":\"{TIME}\"}}"
    );
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
    // The general canonicalizer, which others have tested, agrees.
    let json: serde_json::Value = serde_json::from_slice(&bytes["lastlook/approval/v1\n".len()..]).unwrap();
    assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), bytes["lastlook/approval/v1\n".len()..]);
}

#[test]
fn a_statement_is_read_back_and_verifies_with_its_key_alone() {
    let signed = statement().sign(&key(1)).unwrap();
    let read = SignedStatement::from_bytes(&signed.to_bytes()).unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.verify(&key(1).public()), Ok(&statement()));
    assert_eq!(read.verify(&key(2).public()), Err(ApprovalError::Signature));
}

#[test]
fn every_byte_that_is_changed_is_refused() {
    let public = key(1).public();
    let written = [
        (statement().sign(&key(1)).unwrap().to_bytes(), passes::<Statement> as fn(&[u8], &_) -> bool),
        (introduction().sign(&key(1)).unwrap().to_bytes(), passes::<Introduction>),
        (removal().sign(&key(1)).unwrap().to_bytes(), passes::<Removal>),
        (grant().sign(&key(1)).unwrap().to_bytes(), passes::<Grant>),
    ];
    for (bytes, passes) in written {
        assert!(passes(&bytes, &public));
        for at in 0..bytes.len() {
            for mask in [0x01, 0x02, 0x20, 0x80, 0xff] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                assert!(!passes(&flipped, &public), "byte {at} ^ {mask:02x}");
            }
            assert!(!passes(&bytes[..at], &public), "cut at {at}");
        }
    }
}

#[test]
fn a_signature_of_one_kind_is_none_of_another() {
    let ours = key(1);
    // The same bytes under another line, as a checkpoint, or as a statement of the next version.
    let json = lexical(&statement().to_json());
    for line in [
        "lastlook/introduction/v1\n",
        "lastlook/removal/v1\n",
        "lastlook/grant/v1\n",
        "lastlook/approval/v2\n",
        "",
    ] {
        let bytes = [line.as_bytes(), &json].concat();
        let signed = Signed { claimed: statement(), signature: ours.sign(&bytes) };
        assert_eq!(signed.verify(&ours.public()), Err(ApprovalError::Signature), "{line:?}");
    }
    let written = removal().sign(&ours).unwrap().to_bytes();
    assert_eq!(SignedStatement::from_bytes(&written).unwrap_err().code(), "approval-format");
}

#[test]
fn reading_is_strict() {
    let text = String::from_utf8(statement().sign(&key(1)).unwrap().to_bytes()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    for (changed, code) in [
        (with("\"epoch\":7", "\"epoch\":7,\"extra\":1"), "approval-member"),
        (with("{\"format\"", "{\"extra\":1,\"format\""), "approval-member"),
        (with("\"epoch\":7,", ""), "approval-member"),
        (with("\"expires\":\"2026-01-31T09:45:00.000000000Z\",", ""), "approval-member"),
        (with("\"epoch\":7", "\"epoch\":\"7\""), "approval-member"),
        (with("\"epoch\":7", "\"epoch\":7.0"), "approval-member"),
        (with("\"epoch\":7", "\"epoch\":-1"), "approval-member"),
        (with("\"epoch\":7", "\"epoch\":9007199254740992"), "approval-member"),
        (with("\"approve\"", "\"Approve\""), "approval-member"),
        (with("\"ada\"", "\"-ada\""), "approval-member"),
        (with("\"ada\"", "\"a da\""), "approval-member"),
        (with("\"ada\"", "null"), "approval-member"),
        (with(TIME, "2026-01-31T09:30:00Z"), "approval-member"),
        (with(TIME, "2026-02-30T09:30:00.000000000Z"), "approval-member"),
        (with("09:45:00.000000000Z", "09:45:00.000000000+00:00"), "approval-member"),
        (with("\"guards\":[", "\"guards\":[[],"), "approval-member"),
        (with("\"guards\":[\"", "\"guards\":[\"A"), "approval-member"),
        (with("\"01JA7Q\"", "\"\""), "approval-member"),
        (with("\"01JA7Q\"", "\"a b\""), "approval-member"),
        (with("approval/v1", "approval/v2"), "approval-format"),
        (with("lastlook/approval/v1", "lastlook/removal/v1"), "approval-format"),
        (with("\"format\":\"lastlook/approval/v1\",", ""), "approval-member"),
        (with("\"epoch\":7", "\"epoch\":7,\"epoch\":7"), "approval-json"),
        (with("\"statement\":{", "\"statement\": {"), "approval-not-canonical"),
        (with("\"01JA7Q\"", "\"\\u00301JA7Q\""), "approval-not-canonical"),
        (format!("{text}\n"), "approval-not-canonical"),
        (format!("{text}x"), "approval-json"),
        (with("=\"", "\""), "approval-member"),
        ("[]".to_owned(), "approval-member"),
        (String::new(), "approval-json"),
        (" ".repeat(MAX_SIGNED_BYTES + 1), "approval-too-large"),
    ] {
        assert_eq!(code_of(&changed), code, "{}", brief(&changed));
    }
}

#[test]
fn what_nobody_could_read_is_not_signed() {
    let epoch = Statement { epoch: 1 << 53, ..statement() };
    let guards = Statement { guards: vec![Digest::of("test", &[]); 257], ..statement() };
    let reason = Statement { reason: "x".repeat(4097), ..statement() };
    let time = Statement { time: "now".to_owned(), ..statement() };
    for statement in [epoch, guards, reason, time] {
        assert_eq!(statement.sign(&key(1)).map_err(|error| error.code()), Err("approval-member"));
    }
    let twice = Introduction { groups: vec!["Role::\"a\"".to_owned(); 2], ..introduction() };
    assert_eq!(twice.sign(&key(1)).map_err(|error| error.code()), Err("approval-member"));
    let changed: [fn(&mut Grant); 12] = [
        |grant| grant.expires = grant.time.clone(),
        |grant| grant.uses = Some(0),
        |grant| grant.uses = Some(1 << 53),
        |grant| grant.max = None,
        |grant| grant.sum = None,
        |grant| grant.sum = Some("n".to_owned()),
        |grant| grant.max = Some("1e3".to_owned()),
        |grant| grant.max = Some("9".repeat(41)),
        |grant| grant.resources = vec!["Order::\"1\"".to_owned(); 2],
        |grant| grant.principal = String::new(),
        |grant| grant.when = Some("x".repeat(16 * 1024 + 1)),
        |grant| grant.reason = String::new(),
    ];
    for (n, change) in changed.iter().enumerate() {
        let mut grant = grant();
        change(&mut grant);
        assert_eq!(grant.sign(&key(1)).map_err(|error| error.code()), Err("approval-member"), "{n}");
    }
    let silent = Removal { reason: String::new(), ..removal() };
    assert_eq!(silent.sign(&key(1)).map_err(|error| error.code()), Err("approval-member"));
}

#[test]
fn a_statement_expires_at_its_instant_and_not_before() {
    let statement = statement();
    assert!(!statement.is_expired("2026-01-31T09:44:59.999999999Z"));
    assert!(statement.is_expired("2026-01-31T09:45:00.000000000Z"));
    let grant = grant();
    assert!(!grant.is_expired("2026-01-31T17:29:59.999999999Z"));
    assert!(grant.is_expired("2026-01-31T17:30:00.000000000Z"));
    assert!(!Statement { expires: None, ..statement }.is_expired("9999-12-31T23:59:59.999999999Z"));
}

#[test]
fn a_key_that_anybody_can_sign_for_is_none() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    // The neutral element, and the same written with a coordinate past the field's order.
    assert!(ApproverPublic::from_bytes(&neutral).is_none());
    let mut unreduced = [0xff; 32];
    (unreduced[0], unreduced[31]) = (0xee, 0x7f);
    assert!(ApproverPublic::from_bytes(&unreduced).is_none());
    // A point of full order written past the field's order: y = 2^255 - 19 + 3 is 3 again, if 3 is on the curve.
    for y in 0..19u8 {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + y.min(18), 0x7f);
        assert!(ApproverPublic::from_bytes(&bytes).is_none(), "{y}");
    }
    let public = key(1).public();
    assert_eq!(public.to_string().parse(), Ok(public));
    assert!("AAAA".parse::<ApproverPublic>().is_err());
}

#[test]
fn names_are_short_and_plain() {
    for good in ["a", "ada", "Ada.Lovelace-2_x", "7", &"a".repeat(64)] {
        assert!(valid_approver_name(good), "{good}");
    }
    for bad in ["", ".", "..", "-a", "_a", "a/b", "a b", "ä", "a\0", "a\"", &"a".repeat(65)] {
        assert!(!valid_approver_name(bad), "{bad:?}");
    }
}

fn times() -> impl Strategy<Value = String> {
    (0..9999u16, 1..13u8, 1..29u8, 0..24u8, 0..1_000_000_000u32).prop_map(|(year, month, day, hour, ns)| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00.{ns:09}Z")
    })
}

fn statements() -> impl Strategy<Value = Statement> {
    let guards = proptest::collection::vec(any::<[u8; 32]>().prop_map(Digest::from_bytes), 0..4);
    let names = ("[A-Za-z0-9:._-]{1,128}", "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", ".{0,200}");
    let rest = (any::<[u8; 32]>(), any::<bool>(), 0..(1u64 << 53), proptest::option::of(times()), times());
    (names, guards, rest).prop_map(
        |((request, approver, reason), guards, (action, yes, epoch, expires, time))| Statement {
            request,
            action: Digest::from_bytes(action),
            decision: if yes { Ruling::Approve } else { Ruling::Reject },
            reason,
            guards,
            epoch,
            expires,
            approver,
            time,
        },
    )
}

proptest! {
    #[test]
    fn any_statement_is_read_back_as_it_was_signed(statement in statements(), seed: [u8; 32]) {
        let key = ApproverKey::from_seed(&seed);
        let bytes = statement.clone().sign(&key).unwrap().to_bytes();
        let read = SignedStatement::from_bytes(&bytes).unwrap();
        prop_assert_eq!(read.verify(&key.public()), Ok(&statement));
        prop_assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn two_statements_never_share_a_signature(a in statements(), b in statements()) {
        prop_assume!(a != b);
        let signature = a.sign(&key(1)).unwrap().signature;
        let spliced = Signed { claimed: b, signature };
        prop_assert!(spliced.verify(&key(1).public()).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused(statement in statements(), at: proptest::sample::Index, mask in 1..=255u8) {
        let mut bytes = statement.sign(&key(1)).unwrap().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        prop_assert!(!passes::<Statement>(&bytes, &key(1).public()));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "[\\[{\"a-z:,0-9}\\]\\\\]{0,200}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = SignedStatement::from_bytes(bytes);
            let _ = SignedIntroduction::from_bytes(bytes);
            let _ = SignedRemoval::from_bytes(bytes);
            let _ = SignedGrant::from_bytes(bytes);
        }
        let _ = text.parse::<ApproverPublic>();
    }

    #[test]
    fn no_values_panic(statement in "\\PC{0,40}", epoch: u64) {
        let wild = Statement { request: statement.clone(), approver: statement.clone(), epoch, time: statement, ..self::statement() };
        let _ = wild.sign(&key(1)).map(|signed| signed.to_bytes());
    }
}
