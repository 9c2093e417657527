use std::path::PathBuf;

use lastlook_upstream::source::sql::{Database, SqlAsk, SqlSource};
use lastlook_upstream::source::{Bounds, Got, SourceError};
use rusqlite::Connection;

use crate::{BOUNDS, SHORT, json, refused, run, value};

struct Shop {
    _folder: tempfile::TempDir,
    path: PathBuf,
    writer: Connection,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(
                "create table orders (id integer primary key, status text, cents integer, ratio real, raw blob, v int);
                 insert into orders values (1, 'paid', 9007199254740993, 0.1, x'00ff', 7), (2, 'open', null, 1e300, null, 1);",
            )
            .unwrap();
        Shop { _folder: folder, path, writer }
    }

    fn read(&self, ask: &SqlAsk, bounds: &Bounds) -> Result<Got, SourceError> {
        let source = SqlSource::new(Database::Sqlite { path: self.path.clone() }).unwrap();
        run(source.read(ask, bounds))
    }

    fn one(&self, query: &str, params: &str) -> Result<Got, SourceError> {
        self.read(&ask(query, params), &BOUNDS)
    }

    fn check(&self, query: &str, params: &str, expect: &str) {
        assert_eq!(value(self.one(query, params)), expect, "{query} {params}");
    }
}

fn ask(query: &str, params: &str) -> SqlAsk {
    let params = json(params).as_array().unwrap().to_vec();
    SqlAsk { query: query.to_owned(), params, many: false, version: None }
}

#[test]
fn a_record_keeps_what_its_columns_say() {
    let shop = Shop::new();
    shop.check(
        "select status, cents, ratio, raw from orders where id = $1",
        "[1]",
        r#"{"cents":9007199254740993,"ratio":0.1,"raw":"00ff","status":"paid"}"#,
    );
    shop.check("select cents, ratio from orders where id = ?", "[2]", r#"{"cents":null,"ratio":1e300}"#);
    shop.check("select 9e999 as a, -9e999 as b", "[]", r#"{"a":"Infinity","b":"-Infinity"}"#);
}

#[test]
fn parameters_are_bound_and_never_spliced() {
    let shop = Shop::new();
    shop.check(
        "select $1 as a, $2 as b",
        r#"["'; drop table orders; --", true]"#,
        r#"{"a":"'; drop table orders; --","b":1}"#,
    );
    shop.check("select $1 as a, $2 as b", "[null, 0.5]", r#"{"a":null,"b":0.5}"#);
    shop.check("select typeof($1) as a, typeof($2) as b", r#"["1", 1]"#, r#"{"a":"text","b":"integer"}"#);
    let why = |params: &str| refused(shop.one("select $1 as a", params));
    assert_eq!(
        why("[9223372036854775808]"),
        "parameter 1 is an integer beyond 64 bits, which SQLite does not hold"
    );
    assert_eq!(why("[1e999]"), "parameter 1 is a number beyond a double, which SQLite does not hold");
    assert_eq!(why("[[1]]"), "parameter 1 is an array or object, which SQLite does not hold");
    assert_eq!(why("[]"), "the statement has 1 parameters, and 0 are given");
    assert_eq!(why("[1,2]"), "the statement has 1 parameters, and 2 are given");
}

#[test]
fn one_record_is_exactly_one() {
    let shop = Shop::new();
    assert_eq!(shop.one("select * from orders where id = 9", "[]"), Err(SourceError::Absent));
    assert!(matches!(shop.one("select id from orders", "[]"), Err(SourceError::NotPlain(_))));
    let many = SqlAsk { many: true, ..ask("select id from orders order by id", "[]") };
    assert_eq!(value(shop.read(&many, &BOUNDS)), r#"{"count":2,"rows":[{"id":1},{"id":2}]}"#);
    let none = SqlAsk { many: true, ..ask("select id from orders where id > 5", "[]") };
    assert_eq!(value(shop.read(&none, &BOUNDS)), r#"{"count":0,"rows":[]}"#);
}

#[test]
fn the_version_is_a_column_of_the_record() {
    let shop = Shop::new();
    let versioned = |query: &str| SqlAsk { version: Some("v".to_owned()), ..ask(query, "[]") };
    let got = shop.read(&versioned("select status, v from orders where id = 1"), &BOUNDS).unwrap();
    assert_eq!(
        (got.version.as_deref(), crate::shown(&got.value).as_str()),
        (Some("7"), r#"{"status":"paid","v":7}"#)
    );
    let why = refused(shop.read(&versioned("select status from orders where id = 1"), &BOUNDS));
    assert_eq!(why, "the version column `v` is not among those selected");
    assert!(matches!(shop.read(&versioned("select null as v"), &BOUNDS), Err(SourceError::NotPlain(_))));
    refused(shop.read(&SqlAsk { many: true, ..versioned("select v from orders") }, &BOUNDS));
}

#[test]
fn nothing_can_be_written() {
    let shop = Shop::new();
    for query in [
        "update orders set status = 'x' returning status",
        "insert into orders (id) values (3) returning id",
        "delete from orders returning id",
        "with a as (select 1) insert into orders select 3, 'x', 0, 0, null, 0 returning id",
        "create table b (a int)",
        "attach ':memory:' as other",
        "vacuum into '/proc/self/none'",
        "begin immediate",
        "pragma query_only = off",
    ] {
        refused(shop.one(query, "[]"));
    }
    for query in ["pragma journal_mode = delete", "pragma user_version = 5"] {
        let _ = shop.one(query, "[]");
    }
    let state = "select (select count(*) from orders) || status from orders where id = 1";
    assert_eq!(shop.writer.query_one(state, [], |row| row.get::<_, String>(0)).unwrap(), "2paid");
    assert_eq!(shop.writer.query_one("pragma user_version", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_fact_is_one_statement() {
    let shop = Shop::new();
    for query in
        ["select 1 as a; select 2 as b", "select 1 as a; delete from orders", "select 1; -- x\nselect 2"]
    {
        assert_eq!(
            refused(shop.one(query, "[]")),
            "there is more than one statement: a fact is one",
            "{query}"
        );
    }
    shop.check("select 1 as a; -- nothing more", "[]", r#"{"a":1}"#);
    for none in ["", "-- nothing", ";"] {
        refused(shop.one(none, "[]"));
    }
    let why = refused(shop.one("selec 1", "[]"));
    assert!(why.contains("syntax error"), "{why}");
}

#[test]
fn columns_must_be_told_apart() {
    let shop = Shop::new();
    let Err(SourceError::NotPlain(why)) = shop.one("select 1 as a, 2 as a", "[]") else { panic!() };
    assert_eq!(why, "two columns have the name `a`: rename one with `as`");
    let Err(SourceError::NotPlain(why)) = shop.one("select cast(x'ff' as text) as a", "[]") else { panic!() };
    assert_eq!(why, "column `a` is text that is not UTF-8");
}

#[test]
fn an_answer_is_bounded_in_size_and_time() {
    let shop = Shop::new();
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n)";
    let many = SqlAsk { many: true, ..ask(&format!("{endless} select i from n"), "[]") };
    assert_eq!(shop.read(&many, &BOUNDS), Err(SourceError::TooLarge { at_most: BOUNDS.max_bytes }));
    let count = ask(&format!("{endless} select count(*) as c from n"), "[]");
    assert_eq!(shop.read(&count, &SHORT), Err(SourceError::Late));
    let large = ask("select zeroblob(600000000) as z", "[]");
    assert_eq!(shop.read(&large, &BOUNDS), Err(SourceError::TooLarge { at_most: BOUNDS.max_bytes }));
    let exact = Bounds { max_bytes: r#"{"a":"xxxx"}"#.len(), ..BOUNDS };
    assert!(shop.read(&ask("select 'xxxx' as a", "[]"), &exact).is_ok());
    assert!(shop.read(&ask("select 'xxxxx' as a", "[]"), &exact).is_err());
}

#[test]
fn a_locked_database_is_late() {
    let shop = Shop::new();
    shop.writer.execute_batch("begin exclusive").unwrap();
    assert_eq!(shop.read(&ask("select id from orders where id = 1", "[]"), &SHORT), Err(SourceError::Late));
    shop.writer.execute_batch("rollback").unwrap();
    shop.check("select id from orders where id = 1", "[]", r#"{"id":1}"#);
}

#[test]
fn a_file_that_was_replaced_is_read_anew() {
    let shop = Shop::new();
    let source = SqlSource::new(Database::Sqlite { path: shop.path.clone() }).unwrap();
    let ask = ask("select status from orders where id = 1", "[]");
    run(async {
        assert_eq!(value(source.read(&ask, &BOUNDS).await), r#"{"status":"paid"}"#);
        let other = shop.path.with_extension("new");
        let writer = Connection::open(&other).unwrap();
        writer
            .execute_batch("create table orders (id, status); insert into orders values (1, 'new')")
            .unwrap();
        drop(writer);
        std::fs::rename(&other, &shop.path).unwrap();
        assert_eq!(value(source.read(&ask, &BOUNDS).await), r#"{"status":"new"}"#);
    });
}

#[test]
fn several_are_read_at_once_while_a_writer_writes() {
    let shop = Shop::new();
    shop.writer
        .execute_batch("pragma journal_mode = wal; begin; update orders set status = 'later'")
        .unwrap();
    let source = SqlSource::new(Database::Sqlite { path: shop.path.clone() }).unwrap();
    let ask = ask("select status from orders where id = 1", "[]");
    run(async {
        let readings = (0..8).map(|_| source.read(&ask, &BOUNDS));
        for got in futures_util::future::join_all(readings).await {
            assert_eq!(value(got), r#"{"status":"paid"}"#);
        }
    });
}

#[test]
fn what_is_no_database_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let source = |name: &str| SqlSource::new(Database::Sqlite { path: folder.path().join(name) }).unwrap();
    let ask = ask("select 1 as a from sqlite_schema", "[]");
    assert!(matches!(run(source("none").read(&ask, &BOUNDS)), Err(SourceError::Gone(_))));
    assert!(!folder.path().join("none").exists());
    std::fs::write(folder.path().join("text"), "x".repeat(5000)).unwrap();
    assert!(matches!(run(source("text").read(&ask, &BOUNDS)), Err(SourceError::Gone(_))));
}
