use super::*;
use lastlook_canon::lexical;

/// Every value below is checked against a real server in `tests/it/postgres_values.rs`; these are those it never sends.
fn check(kind: Type, raw: &[u8], expect: Option<&str>) {
    let got = value(&kind, raw).map(|json| String::from_utf8(lexical(&json)).unwrap());
    assert_eq!(got.as_deref(), expect, "{} {raw:?}", kind.name());
}

#[test]
fn bytes_of_another_length_are_no_value() {
    for kind in
        [Type::INT2, Type::INT4, Type::INT8, Type::FLOAT4, Type::FLOAT8, Type::UUID, Type::DATE, Type::TIME]
    {
        check(kind.clone(), &[], None);
        check(kind, &[1, 2, 3], None);
    }
    for kind in [Type::TIMESTAMP, Type::TIMESTAMPTZ, Type::NUMERIC, Type::BOOL, Type::JSONB, Type::JSON] {
        check(kind, &[], None);
    }
}

#[test]
fn a_numeric_is_read_by_its_groups() {
    check(Type::NUMERIC, &[0, 1, 0, 0, 0, 0, 0, 0, 0, 7], Some("7"));
    check(Type::NUMERIC, &[0, 1, 0, 0, 0x40, 0, 0, 2, 0, 7], Some("-7.00"));
    check(Type::NUMERIC, &[0, 1, 0xff, 0xfe, 0, 0, 0, 6, 0x03, 0xe8], Some("0.000010"));
    // A group beyond 9999, a sign that is none, fewer groups than said.
    check(Type::NUMERIC, &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10], None);
    check(Type::NUMERIC, &[0, 1, 0, 0, 0x12, 0, 0, 0, 0, 7], None);
    check(Type::NUMERIC, &[0, 2, 0, 0, 0, 0, 0, 0, 0, 7], None);
}

#[test]
fn a_json_document_that_two_readers_could_take_differently_is_no_value() {
    check(Type::JSON, br#"{"a":1,"a":2}"#, None);
    check(Type::JSON, br#"{"a":1.0}"#, Some(r#"{"a":1.0}"#));
    check(Type::JSONB, b"\x02{}", None);
}

#[test]
fn a_time_beyond_the_calendar_is_no_value() {
    check(Type::TIMESTAMPTZ, &(i64::MAX - 1).to_be_bytes(), None);
    check(Type::DATE, &(i32::MAX - 1).to_be_bytes(), None);
    // 24:00:00 is a time to the database only.
    check(Type::TIME, &86_400_000_000_i64.to_be_bytes(), None);
}
