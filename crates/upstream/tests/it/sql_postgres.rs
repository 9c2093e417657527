use std::sync::Arc;
use std::time::{Duration, Instant};

use lastlook_upstream::source::sql::{Database, SqlAsk, SqlSource};
use lastlook_upstream::source::{Bounds, Got, SourceError};

use crate::certificate::{Certificate, run_again};
use crate::postgres::{Postgres, give_key};
use crate::{BOUNDS, SHORT, json, refused, run, shown, value};

/// A schema of the test's own in the shared server.
pub struct Shop {
    server: Arc<Postgres>,
    pub source: SqlSource,
}

impl Shop {
    pub fn new(schema: &str) -> Shop {
        let server = Postgres::shared();
        server.sql(&format!(
            "create schema {schema};
             create table {schema}.orders (id bigint primary key, status text, cents int);
             insert into {schema}.orders values (1, 'paid', 100), (2, 'open', null);
             create sequence {schema}.numbers"
        ));
        let url = format!("{}?options=-csearch_path%3D{schema}", server.url());
        let source = SqlSource::new(Database::Postgres { url }).unwrap();
        Shop { server, source }
    }

    pub fn read(&self, ask: &SqlAsk, bounds: &Bounds) -> Result<Got, SourceError> {
        run(self.source.read(ask, bounds))
    }

    pub fn one(&self, query: &str, params: &str) -> Result<Got, SourceError> {
        self.read(&ask(query, params), &BOUNDS)
    }
}

pub fn ask(query: &str, params: &str) -> SqlAsk {
    let params = json(params).as_array().unwrap().to_vec();
    SqlAsk { query: query.to_owned(), params, many: false, version: None }
}

#[test]
fn a_record_is_its_columns_and_absence_is_said() {
    let shop = Shop::new("records");
    let query = "select status, cents from orders where id = $1";
    assert_eq!(value(shop.one(query, "[1]")), r#"{"cents":100,"status":"paid"}"#);
    assert_eq!(value(shop.one(query, "[2]")), r#"{"cents":null,"status":"open"}"#);
    assert_eq!(shop.one(query, "[3]"), Err(SourceError::Absent));
    assert_eq!(shop.one(query, "[null]"), Err(SourceError::Absent));
    assert!(matches!(shop.one("select id from orders", "[]"), Err(SourceError::NotPlain(_))));
    let many = SqlAsk { many: true, ..ask("select id from orders where id > $1 order by id", "[0]") };
    assert_eq!(value(shop.read(&many, &BOUNDS)), r#"{"count":2,"rows":[{"id":1},{"id":2}]}"#);
    let none = SqlAsk { params: vec![json("5")], ..many };
    assert_eq!(value(shop.read(&none, &BOUNDS)), r#"{"count":0,"rows":[]}"#);
}

#[test]
fn the_version_moves_with_every_write_of_the_row() {
    let shop = Shop::new("versions");
    let versioned = SqlAsk {
        version: Some("xmin".to_owned()),
        ..ask("select xmin, status from orders where id = 1", "[]")
    };
    let first = shop.read(&versioned, &BOUNDS).unwrap();
    assert_eq!(first, shop.read(&versioned, &BOUNDS).unwrap());
    assert_eq!(first.value.get("xmin").map(shown), first.version);
    // There and back again: the value is the same, the version is not.
    shop.server.sql("update versions.orders set status = 'x' where id = 1");
    shop.server.sql("update versions.orders set status = 'paid' where id = 1");
    let second = shop.read(&versioned, &BOUNDS).unwrap();
    assert_eq!(first.value.get("status"), second.value.get("status"));
    assert_ne!(first.version, second.version);
    let text = SqlAsk { query: "select xmin::text as xmin from orders where id = 1".to_owned(), ..versioned };
    assert_eq!(shop.read(&text, &BOUNDS).unwrap().version, second.version);
}

#[test]
fn nothing_can_be_written() {
    let shop = Shop::new("writes");
    shop.server.sql(
        "create function writes.write() returns int language plpgsql as
           $$ begin update writes.orders set status = 'x'; return 1; end $$;
         create function writes.unlock() returns int language plpgsql as
           $$ begin perform set_config('transaction_read_only', 'off', true); update writes.orders set status = 'x'; return 1; end $$;
         create function writes.quiet() returns int language plpgsql as
           $$ begin begin update writes.orders set status = 'x'; exception when others then end; return 1; end $$",
    );
    let writing = "the statement would write: a fact is what it reads";
    for query in [
        "select write()",
        "with a as (update orders set status = 'x' returning id) select * from a",
        "with a as (delete from orders returning id) select count(*) from a",
        "insert into orders (id) values (3) returning id",
        "select nextval('numbers')",
        "select id from orders where id = 1 for update",
        "select 1 as a into copy",
    ] {
        let got = refused(shop.one(query, "[]"));
        assert!(got == writing || got.contains("returns no columns"), "{query}: {got}");
    }
    for query in [
        "select unlock()",
        "select set_config('transaction_read_only', 'off', true)",
        "commit",
        "rollback",
        "set transaction read write",
        "set session characteristics as transaction read write",
        "create table b (a int)",
        "truncate orders",
        "copy orders to stdout",
        "do 'begin update writes.orders set status = ''x''; end'",
        "prepare p as select 1",
        "explain analyze update orders set status = 'x'",
    ] {
        refused(shop.one(query, "[]"));
    }
    assert_eq!(value(shop.one("select quiet()", "[]")), r#"{"quiet":1}"#);
    let state =
        shop.server.sql("select string_agg(id || coalesce(status, ''), ' ' order by id) from writes.orders");
    assert_eq!(state, "1paid 2open");
    assert_eq!(shop.server.sql("select last_value, is_called from writes.numbers"), "1|f");
    // The connection is as good as before.
    assert_eq!(value(shop.one("select 1 as a", "[]")), r#"{"a":1}"#);
}

#[test]
fn a_fact_is_one_statement() {
    let shop = Shop::new("statements");
    for query in
        ["select 1 as a; select 2 as b", "select 1 as a; commit; delete from orders", "commit; select 1 as a"]
    {
        assert_eq!(
            refused(shop.one(query, "[]")),
            "there is more than one statement: a fact is one",
            "{query}"
        );
    }
    assert_eq!(value(shop.one("select 1 as a; -- nothing more", "[]")), r#"{"a":1}"#);
    for none in ["", "-- nothing", ";"] {
        assert!(refused(shop.one(none, "[]")).contains("returns no columns"));
    }
    let why = refused(shop.one("select nothing from orders", "[]"));
    assert_eq!(why, "the database refused the statement: column \"nothing\" does not exist (SQLSTATE 42703)");
    assert!(matches!(shop.one("select 1 as a, 2 as a", "[]"), Err(SourceError::NotPlain(_))));
}

#[test]
fn an_answer_is_bounded_in_size_and_time() {
    let shop = Shop::new("bounds");
    let endless = "with recursive n(i) as (select 1::bigint union all select i + 1 from n)";
    let many = SqlAsk { many: true, ..ask(&format!("{endless} select i from n"), "[]") };
    assert_eq!(shop.read(&many, &BOUNDS), Err(SourceError::TooLarge { at_most: BOUNDS.max_bytes }));
    let exact = Bounds { max_bytes: r#"{"a":"xxxx"}"#.len(), ..BOUNDS };
    assert!(shop.read(&ask("select 'xxxx' as a", "[]"), &exact).is_ok());
    assert!(shop.read(&ask("select 'xxxxx' as a", "[]"), &exact).is_err());
    let begun = Instant::now();
    assert_eq!(shop.read(&ask("select pg_sleep(1000)", "[]"), &SHORT), Err(SourceError::Late)); // backoff: the database sleeps, not the test
    assert!(begun.elapsed() < Duration::from_secs(30));
    // The server ends it as well.
    let running =
        "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'";
    while shop.server.sql(running) != "0" {
        assert!(begun.elapsed() < Duration::from_secs(60), "the statement goes on");
    }
}

#[test]
fn a_lock_that_is_not_given_is_late() {
    let shop = Shop::new("locks");
    shop.server.sql(
        "create function locks.hold() returns int language sql as 'select pg_advisory_lock(77); select 1'",
    );
    // The lock that a reading took for its session is given back with the connection.
    assert_eq!(value(shop.one("select hold()", "[]")), r#"{"hold":1}"#);
    let begun = Instant::now();
    while shop.server.sql("select pg_try_advisory_lock(77)") != "t" {
        assert!(begun.elapsed() < Duration::from_secs(60), "the lock is held on");
    }
}

#[test]
fn readings_go_on_beside_each_other_and_wait_for_room() {
    let shop = Shop::new("beside");
    run(async {
        let query = ask("select pg_sleep(0.3)::text as s, pg_backend_pid() as pid", "[]"); // backoff: the database sleeps, not the test
        let begun = Instant::now();
        let readings =
            futures_util::future::join_all((0..24).map(|_| shop.source.read(&query, &BOUNDS))).await;
        let pids: std::collections::BTreeSet<String> =
            readings.into_iter().map(|got| shown(got.unwrap().value.get("pid").unwrap())).collect();
        assert!((2..=8).contains(&pids.len()), "{pids:?}");
        assert!(
            begun.elapsed() < Duration::from_millis(24 * 300),
            "one after the other: {:?}",
            begun.elapsed()
        );
    });
}

#[test]
fn a_broken_connection_is_made_anew_once() {
    let shop = Shop::new("broken");
    run(async {
        let who = ask("select pg_backend_pid() as pid", "[]");
        let mut seen = Vec::new();
        for _ in 0..3 {
            let got = shop.source.read(&who, &BOUNDS).await.unwrap();
            let pid = shown(got.value.get("pid").unwrap());
            shop.server.sql(&format!("select pg_terminate_backend({pid}, 10000)"));
            seen.push(pid);
        }
        seen.dedup();
        assert_eq!(seen.len(), 3);
        // A cached plan that no longer fits counts as broken too.
        let all = ask("select * from orders where id = 1", "[]");
        assert_eq!(value(shop.source.read(&all, &BOUNDS).await), r#"{"cents":100,"id":1,"status":"paid"}"#);
        shop.server.sql("alter table broken.orders drop column cents");
        for _ in 0..3 {
            assert_eq!(value(shop.source.read(&all, &BOUNDS).await), r#"{"id":1,"status":"paid"}"#);
        }
    });
}

#[test]
fn a_reading_leaves_no_trace_in_its_connection() {
    let shop = Shop::new("traces");
    run(async {
        let set = ask("select set_config('application_name', 'changed', false) as a", "[]");
        assert_eq!(value(shop.source.read(&set, &BOUNDS).await), r#"{"a":"changed"}"#);
        for _ in 0..3 {
            let got = shop
                .source
                .read(&ask("select current_setting('application_name') as a", "[]"), &BOUNDS)
                .await;
            assert_eq!(value(got), r#"{"a":"lastlook"}"#);
        }
    });
}

#[test]
fn nobody_there_is_gone_and_no_password_is_shown() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let read = |url: String| {
        run(SqlSource::new(Database::Postgres { url }).unwrap().read(&ask("select 1 as a", "[]"), &BOUNDS))
    };
    let Err(SourceError::Gone(why)) = read(format!("postgres://u:hidden@127.0.0.1:{port}/x")) else {
        panic!()
    };
    assert!(why.starts_with("no connection to the database: ") && !why.contains("hidden"), "{why}");
    let server = Postgres::shared();
    let Err(SourceError::Gone(why)) = read(server.url().replace("/postgres", "/none")) else { panic!() };
    assert!(why.contains("does not exist"), "{why}");
    let database = Database::Postgres { url: "postgres://u:hidden@h:port/x".to_owned() };
    assert!(!format!("{database:?}").contains("hidden"));
    let error = SqlSource::new(database).unwrap_err();
    assert_eq!(error, SourceError::Refused("the database's `url` cannot be read".to_owned()));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/x", silent.local_addr().unwrap());
    let source = SqlSource::new(Database::Postgres { url }).unwrap();
    assert_eq!(run(source.read(&ask("select 1 as a", "[]"), &SHORT)), Err(SourceError::Late));
}

/// Set for the run of this test's own program that trusts the certificate: root certificates come from the environment.
const TRUSTING: &str = "LASTLOOK_TEST_TLS_URL";

#[test]
fn tls_is_verified_when_it_is_asked_for() {
    let query = ask("select ssl from pg_stat_ssl where pid = pg_backend_pid()", "[]");
    let read = |url: String| run(SqlSource::new(Database::Postgres { url }).unwrap().read(&query, &BOUNDS));
    if let Ok(url) = std::env::var(TRUSTING) {
        assert_eq!(value(read(url)), r#"{"ssl":true}"#);
        return;
    }
    let plain = Postgres::shared();
    let Err(SourceError::Gone(why)) = read(format!("{}?sslmode=require", plain.url())) else { panic!() };
    assert!(why.contains("TLS"), "{why}");
    let Certificate { key, certificate, .. } = &Certificate::new();
    give_key(key);
    give_key(certificate);
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_key_file={}", key.display()),
        format!("ssl_cert_file={}", certificate.display()),
    ];
    let server = Postgres::start(&settings.each_ref().map(String::as_str));
    let by_name = server.url().replace("127.0.0.1", "localhost");
    for mode in ["require", "verify-full"] {
        let Err(SourceError::Gone(why)) = read(format!("{by_name}?sslmode={mode}")) else { panic!() };
        assert!(why.contains("certificate"), "{why}");
    }
    assert_eq!(value(read(by_name.clone())), r#"{"ssl":false}"#);
    let trusting = |url: String| {
        run_again("sql_postgres::tls_is_verified_when_it_is_asked_for", TRUSTING, &url, certificate)
    };
    let good = trusting(format!("{by_name}?sslmode=verify-full"));
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    let other_name = trusting(format!("{}?sslmode=verify-full", server.url()));
    assert!(!other_name.status.success());
    assert!(String::from_utf8_lossy(&other_name.stdout).contains("certificate"));
}
