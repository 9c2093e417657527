//! Every type in and out, against what the server itself shows.

use lastlook_upstream::source::SourceError;

use crate::sql_postgres::{Shop, ask};
use crate::{BOUNDS, json, refused, run, shown, value};

#[test]
fn columns_keep_what_they_say() {
    let shop = Shop::new("columns");
    let check = |sql: &str, expect: &str| {
        assert_eq!(
            value(shop.one(&format!("select {sql} as a"), "[]")),
            format!(r#"{{"a":{expect}}}"#),
            "{sql}"
        );
    };
    check("null::int", "null");
    check("true", "true");
    check("false", "false");
    check("(-32768)::smallint", "-32768");
    check("2147483647", "2147483647");
    check("(-9223372036854775808)::bigint", "-9223372036854775808");
    check("4294967295::oid", "4294967295");
    check("'741'::xid", "741");
    check("'18446744073709551615'::xid8", "18446744073709551615");
    check("0.1::float8", "0.1");
    check("1e300::float8", "1e300");
    check("0.1::real", "0.1");
    check("16777216::real", "16777216.0");
    check("'infinity'::float8", "\"Infinity\"");
    check("'-infinity'::real", "\"-Infinity\"");
    check("'nan'::float8", "\"NaN\"");
    check("'a\"b'::text", r#""a\"b""#);
    check("'ab'::varchar(5)", "\"ab\"");
    check("'ab'::char(4)", "\"ab  \"");
    check("'ab'::name", "\"ab\"");
    check("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"");
    check(r#"'{"b": 1.50, "a": [null, 1e400]}'::json"#, r#"{"a":[null,1e400],"b":1.50}"#);
    check(r#"'{"b": 1.50, "a": 12345678901234567890.1}'::jsonb"#, r#"{"a":12345678901234567890.1,"b":1.50}"#);
    check(r"'\x00ff'::bytea", "\"00ff\"");
    check("''::bytea", "\"\"");
    check("'2026-12-24 10:11:12.000001+02'::timestamptz", "\"2026-12-24T08:11:12.000001Z\"");
    check("'1969-12-31 23:59:59.5Z'::timestamptz", "\"1969-12-31T23:59:59.5Z\"");
    check("'2026-12-24 10:11:12'::timestamp", "\"2026-12-24T10:11:12\"");
    check("'infinity'::timestamptz", "\"infinity\"");
    check("'-infinity'::date", "\"-infinity\"");
    check("'2024-02-29'::date", "\"2024-02-29\"");
    check("'1999-12-31'::date", "\"1999-12-31\"");
    check("'23:59:59.999999'::time", "\"23:59:59.999999\"");
    check("''", "\"\"");
}

#[test]
fn a_numeric_has_the_digits_that_the_server_shows() {
    let shop = Shop::new("numerics");
    let long = "9".repeat(400);
    let numbers = [
        "0",
        "0.00",
        "1",
        "-1",
        "10000",
        "9999",
        "10001.0001",
        "-0.0001",
        "0.00010",
        "0.00000000000000000001",
        "1.50",
        "123456789012345678901234567890.123456789",
        "1e20",
        "1e-20",
        "100000000",
        "99999999.99999999",
        &long,
    ];
    for number in numbers {
        let got = shop
            .one(&format!("select '{number}'::numeric as a, '{number}'::numeric::text as b"), "[]")
            .unwrap();
        let (a, b) = (got.value.get("a").unwrap(), got.value.get("b").unwrap());
        assert_eq!(Some(shown(a).as_str()), b.as_str(), "{number}");
    }
    let huge = shop.one("select 10::numeric ^ 5000 as a, (10::numeric ^ 5000)::text as b", "[]").unwrap();
    assert_eq!(Some(shown(huge.value.get("a").unwrap()).as_str()), huge.value.get("b").unwrap().as_str());
    for word in ["NaN", "Infinity", "-Infinity"] {
        let got = value(shop.one(&format!("select '{word}'::numeric as a"), "[]"));
        assert_eq!(got, format!(r#"{{"a":"{word}"}}"#));
    }
}

#[test]
fn many_numerics_of_the_servers_own_making_are_exact() {
    let shop = Shop::new("random_numerics");
    let query = "select n, n::text as t from (select round((random() - 0.5)::numeric * (10::numeric ^ (i % 30)) \
        / (10::numeric ^ (i % 17)), i % 23) as n from generate_series(1, 2000) i) s";
    let many = lastlook_upstream::source::sql::SqlAsk { many: true, ..ask(query, "[]") };
    let got = shop.read(&many, &BOUNDS).unwrap();
    let rows = got.value.get("rows").unwrap().as_array().unwrap();
    assert_eq!(rows.len(), 2000);
    for row in rows {
        assert_eq!(Some(shown(row.get("n").unwrap()).as_str()), row.get("t").unwrap().as_str());
    }
}

#[test]
fn what_has_no_plain_form_says_so_by_its_column() {
    let shop = Shop::new("unplain");
    let check = |sql: &str, kind: &str| {
        let Err(SourceError::NotPlain(why)) = shop.one(&format!("select 1 as one, {sql} as odd"), "[]")
        else {
            panic!("{sql}")
        };
        assert_eq!(why, format!("column `odd` holds a `{kind}` without a plain form: cast it to `text`"));
    };
    check("'(1,2)'::point", "point");
    check("array[1,2]", "_int4");
    check("interval '1 day'", "interval");
    check("'10.0.0.1'::inet", "inet");
    check("row(1,2)", "record");
    check("'24:00'::time", "time");
    check("'4713-01-01 BC'::timestamptz", "timestamptz");
    check("'294276-12-31'::timestamp", "timestamp");
    check("'0002-01-01 BC'::date", "date");
}

#[test]
fn types_of_the_databases_own_are_read_by_what_they_are_made_of() {
    let shop = Shop::new("own_types");
    shop.one("select 1 as a", "[]").unwrap();
    let server = crate::postgres::Postgres::shared();
    server.sql(
        "create type own_types.mood as enum ('low', 'high'); create domain own_types.cents as numeric(12,2)",
    );
    assert_eq!(value(shop.one("select 'high'::mood as a, 7::cents as b", "[]")), r#"{"a":"high","b":7.00}"#);
    assert_eq!(
        value(shop.one("select $1::mood as a, $2::cents as b", r#"["low", "1.5"]"#)),
        r#"{"a":"low","b":1.50}"#
    );
    let why = refused(shop.one("select $1::mood as a", r#"["middling"]"#));
    assert_eq!(why, "parameter 1 is a string that `mood` does not take");
}

#[test]
fn parameters_are_bound_by_their_declared_types() {
    let shop = Shop::new("parameters");
    // The value as the server shows it.
    let check = |kind: &str, param: &str, expect: &str| {
        let got = value(shop.one(&format!("select ($1::{kind})::text as a"), &format!("[{param}]")));
        assert_eq!(got, format!(r#"{{"a":{expect}}}"#), "{kind} {param}");
    };
    for kind in
        ["int2", "int4", "int8", "numeric", "float8", "text", "bool", "uuid", "jsonb", "date", "timestamptz"]
    {
        check(kind, "null", "null");
    }
    check("int2", "-32768", "\"-32768\"");
    check("int4", "2147483647", "\"2147483647\"");
    check("int8", "9223372036854775807", "\"9223372036854775807\"");
    check(
        "numeric",
        "123456789012345678901234567890.123456789",
        "\"123456789012345678901234567890.123456789\"",
    );
    check("numeric", "1.50", "\"1.50\"");
    check("numeric", "1e3", "\"1000\"");
    check("numeric", "\"0.10\"", "\"0.10\"");
    check("float8", "0.1", "\"0.1\"");
    check("float4", "1e10", "\"1e+10\"");
    check("text", r#""'; drop table orders; --""#, r#""'; drop table orders; --""#);
    check("varchar", "\"\"", "\"\"");
    check("bpchar", "\"ab\"", "\"ab\"");
    check("name", "\"ab\"", "\"ab\"");
    check("bool", "true", "\"true\"");
    check("uuid", "\"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\"", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"");
    check("json", r#"{"a":[1.50,null]}"#, r#""{\"a\":[1.50,null]}""#);
    check("jsonb", "\"text\"", r#""\"text\"""#);
    check("jsonb", "12345678901234567890.1", "\"12345678901234567890.1\"");
    check("date", "\"2024-02-29\"", "\"2024-02-29\"");
    check("time", "\"10:11:12.5\"", "\"10:11:12.5\"");
    check("timestamp", "\"2026-12-24T10:11:12\"", "\"2026-12-24 10:11:12\"");
    assert_eq!(
        value(shop.one("select $1::timestamptz as a", r#"["2026-12-24T10:11:12+02:00"]"#)),
        r#"{"a":"2026-12-24T08:11:12Z"}"#
    );
    assert_eq!(value(shop.one("select id from orders where id = $1", "[2]")), r#"{"id":2}"#);
}

#[test]
fn a_parameter_of_another_type_is_refused_by_number_and_type_alone() {
    let shop = Shop::new("mismatches");
    let check = |kind: &str, param: &str, expect: &str| {
        let why = refused(
            shop.one(&format!("select $1::text as t, ($2::{kind})::text as a"), &format!("[\"x\",{param}]")),
        );
        assert_eq!(why, format!("parameter 2 is {expect} that `{kind}` does not take"), "{param}");
    };
    check("int4", "\"77\"", "a string");
    check("int4", "7.0", "a number");
    check("int4", "7e1", "a number");
    check("int4", "2147483648", "a number");
    check("int2", "32768", "a number");
    check("int8", "9223372036854775808", "a number");
    check("int4", "true", "a truth value");
    check("text", "77", "a number");
    check("text", "{}", "an object");
    check("text", "\"a\\u0000b\"", "a string");
    check("bool", "\"yes\"", "a string");
    check("bool", "1", "a number");
    check("numeric", "\"77 \"", "a string");
    check("numeric", "\"NaN\"", "a string");
    check("numeric", "[]", "an array");
    check("uuid", "\"a0eebc999c0b4ef8bb6d6bb9bd380a11\"", "a string");
    check("date", "\"tomorrow\"", "a string");
    check("date", "\"24/12/2026\"", "a string");
    check("timestamptz", "\"2026-12-24T10:11:12\"", "a string");
    check("timestamptz", "\"now\"", "a string");
    check("timestamp", "\"2026-12-24T10:11:12Z\"", "a string");
    check("timestamp", "\"2026-12-24T10:11:12+02:00\"", "a string");
    // What only the server can tell.
    check("numeric", "1e999999", "a value");
    check("float8", "1e999", "a value");
    check("jsonb", "\"\\u0000\"", "a value");
    let point = refused(shop.one("select $1::point::text as a", "[\"(1,2)\"]"));
    assert_eq!(point, "parameter 1 is a `point`, which is not bound: write `$1::text::point`");
    let array = refused(shop.one("select $1::int[]::text as a", "[[1]]"));
    assert!(array.starts_with("parameter 1 is a `_int4`, which is not bound"), "{array}");
    assert_eq!(
        refused(shop.one("select $1::int as a", "[]")),
        "the statement has 1 parameters, and 0 are given"
    );
    assert_eq!(refused(shop.one("select 1 as a", "[1]")), "the statement has 0 parameters, and 1 are given");
    let divided = refused(shop.one("select 7 / $1::int as a", "[0]"));
    assert_eq!(divided, "the database refused a value (SQLSTATE 22012)");
}

#[test]
fn the_same_statement_is_read_with_many_values() {
    let shop = Shop::new("again");
    run(async {
        for n in 0..20 {
            let asked = ask("select $1::int8 + 1 as a", &format!("[{n}]"));
            assert_eq!(
                shown(&shop.source.read(&asked, &BOUNDS).await.unwrap().value),
                format!(r#"{{"a":{}}}"#, n + 1)
            );
        }
    });
    assert_eq!(json("1").as_i64(), Some(1));
}
