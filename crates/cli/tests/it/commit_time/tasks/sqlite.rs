//! Four tasks at the SQLite server; what they rest on is read from the database file by the boundary itself.

use serde_json::{Value, json};

use super::{Call, Task};
use crate::commit_time::place::Place;
use crate::real::rig::Rig;
use crate::real::tools;

const RULES: &str = r#"profile = "sqlite"

[database.shop]
sqlite = "SHOP"

[fact.refundable]
sql = { database = "shop", query = "select status, total from orders where id = 1" }

[fact.stock]
sql = { database = "shop", query = "select pieces from stock where sku = 'lamp'" }

[fact.account]
sql = { database = "shop", query = "select last_seen, balance from accounts where id = 7" }

[fact.invoice]
sql = { database = "shop", query = "select iban, cents from invoices where id = 12" }

[guard.write]
on = ["shop.write_query"]
facts = ["refundable", "stock", "account", "invoice"]
approve = { by = 'Role::"owner"', expires = "15m" }
"#;

const SHOP: &str = "
drop table if exists orders; drop table if exists stock; drop table if exists accounts;
drop table if exists invoices; drop table if exists payments;
create table orders (id integer primary key, status text, total integer, note text);
insert into orders values (1, 'paid', 4200, ''), (2, 'paid', 900, '');
create table stock (sku text primary key, pieces integer);
insert into stock values ('lamp', 10), ('desk', 4);
create table accounts (id integer primary key, last_seen text, balance integer);
insert into accounts values (7, '2019-03-01', 0), (8, '2026-01-01', 250);
create table invoices (id integer primary key, iban text, cents integer);
insert into invoices values (12, 'DE02', 99000), (13, 'FR76', 1200);
create table payments (iban text, cents integer);";

/// A shop's database.
pub fn open() -> Place {
    let rig = Rig::new();
    let shop = rig.path("shop.db");
    let command =
        vec![tools::sqlite_server().to_str().unwrap().to_owned(), "--db-path".to_owned(), shop.clone()];
    let place = Place::new("shop", rig, command);
    before(&place);
    place.configured("User::\"\\u{64}esk\"", &RULES.replace("\"SHOP\"", &json!(shop).to_string()))
}

/// Somebody else at the database.
fn runs(place: &Place, statements: &str) {
    let shop = rusqlite::Connection::open(place.at("shop.db")).unwrap();
    shop.execute_batch(&format!("begin immediate; {statements}; commit")).unwrap();
}

fn before(place: &Place) {
    runs(place, SHOP.trim_end_matches(';'));
}

fn sees(place: &Place) -> String {
    let shop = rusqlite::Connection::open(place.at("shop.db")).unwrap();
    let tables = ["orders", "stock", "accounts", "invoices", "payments"];
    let rows = tables.map(|table| {
        let mut query = shop.prepare(&format!("select * from {table} order by 1")).unwrap();
        let width = query.column_count();
        let rows = query.query_map([], |row| {
            let cells = (0..width).map(|column| row.get::<_, rusqlite::types::Value>(column));
            Ok(format!("{:?}", cells.map(Result::unwrap).collect::<Vec<_>>()))
        });
        format!("{table} {:?}", rows.unwrap().map(Result::unwrap).collect::<Vec<_>>())
    });
    rows.join("\n")
}

fn reads(query: &str) -> Vec<Call> {
    vec![("read_query", query_of(query))]
}

fn writes(query: &str) -> Call {
    ("write_query", query_of(query))
}

fn query_of(query: &str) -> Value {
    json!({"query": query})
}

pub fn tasks() -> Vec<Task> {
    vec![
        Task {
            name: "refund an order",
            changed: "the order was shipped",
            before,
            reads: |_| reads("SELECT status, total FROM orders WHERE id = 1"),
            acts: |_| writes("UPDATE orders SET status = 'refunded' WHERE id = 1"),
            swapped: |_| writes("UPDATE orders SET status = 'refunded' WHERE id = 2"),
            moves: |place| runs(place, "update orders set status = 'shipped' where id = 1"),
            aside: |place| runs(place, "update orders set note = 'called' where id = 1"),
            sees,
        },
        Task {
            name: "reserve stock",
            changed: "pieces were sold",
            before,
            reads: |_| reads("SELECT pieces FROM stock WHERE sku = 'lamp'"),
            acts: |_| writes("UPDATE stock SET pieces = pieces - 8 WHERE sku = 'lamp'"),
            swapped: |_| writes("UPDATE stock SET pieces = pieces - 80 WHERE sku = 'lamp'"),
            moves: |place| runs(place, "update stock set pieces = 3 where sku = 'lamp'"),
            aside: |place| runs(place, "update stock set pieces = 1 where sku = 'desk'"),
            sees,
        },
        Task {
            name: "delete a dormant account",
            changed: "its owner came back",
            before,
            reads: |_| reads("SELECT last_seen, balance FROM accounts WHERE id = 7"),
            acts: |_| writes("DELETE FROM accounts WHERE id = 7"),
            swapped: |_| writes("DELETE FROM accounts WHERE id = 8"),
            moves: |place| runs(place, "update accounts set last_seen = '2026-11-01' where id = 7"),
            aside: |place| runs(place, "update accounts set balance = 10 where id = 8"),
            sees,
        },
        Task {
            name: "pay an invoice",
            changed: "the account it names",
            before,
            reads: |_| reads("SELECT iban, cents FROM invoices WHERE id = 12"),
            acts: |_| writes("INSERT INTO payments SELECT iban, cents FROM invoices WHERE id = 12"),
            swapped: |_| writes("INSERT INTO payments SELECT 'XX00', cents FROM invoices WHERE id = 12"),
            moves: |place| runs(place, "update invoices set iban = 'XX00' where id = 12"),
            aside: |place| runs(place, "update invoices set cents = 1300 where id = 13"),
            sees,
        },
    ]
}
