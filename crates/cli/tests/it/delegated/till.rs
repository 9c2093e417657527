//! A till: a program that pays invoices out of a database by itself, under permits of the boundary it embeds.

use std::path::Path;
use std::sync::Arc;

use lastlook_canon::{Json, Limits, parse};
use lastlook_engine::config::Config;
use lastlook_engine::delegated::{Acting, Delegated, DelegatedPermit, Program, Terms};
use lastlook_engine::{Boundary, Delivery};
use lastlook_kernel::{Outcome, Principal};
use lastlook_store::StateDir;
use rusqlite::Connection;
use serde_json::Value;

use crate::guards::world::World;

/// The rules: an invoice must not have changed since the till was given it; `more` goes into the guard.
pub fn rules(world: &World, more: &str) -> String {
    let database = world.at("shop.db");
    format!(
        "[upstream.till]\nprogram = true\n\n[tool.\"till.pay\"]\nclass = \"destructive\"\n\n\
         [database.shop]\nsqlite = {database:?}\n\n\
         [fact.invoice]\nsql = {{ database = \"shop\", query = \"select status, cents from invoices where id = $1\", \
         params = [\"${{args.invoice}}\"] }}\n\n\
         [guard.pay]\non = [\"till.pay\"]\nresource = 'Invoice::\"${{args.invoice}}\"'\nunchanged = [\"invoice\"]\n{more}\n"
    )
}

/// A till in its world, with one open invoice.
pub struct Till {
    pub boundary: Arc<Boundary>,
    database: Connection,
}

impl Till {
    /// Writes configuration and database, and opens the till.
    pub async fn new(world: &World, more: &str) -> Till {
        world.configure(&rules(world, more));
        let database = Connection::open(world.at("shop.db")).unwrap();
        let tables = "create table invoices (id text primary key, status text, cents integer);
             create table payments (invoice text, cents integer);
             insert into invoices values ('i1', 'open', 4200), ('i2', 'open', 100)";
        database.execute_batch(tables).unwrap();
        Till { boundary: open(world).await, database }
    }

    /// What a clerk does beside it.
    pub fn sql(&self, statement: &str) {
        self.database.execute_batch(statement).unwrap();
    }

    /// The effects: every payment that was made.
    pub fn payments(&self) -> Vec<(String, i64)> {
        let mut all = self.database.prepare("select invoice, cents from payments").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The act itself, on the arguments that the permit came with.
    pub fn pay(&self, acting: &Acting) {
        let arguments: Value = serde_json::from_str(acting.arguments()).unwrap();
        let (invoice, cents) = (arguments["invoice"].as_str().unwrap(), arguments["cents"].as_i64().unwrap());
        self.database.execute("insert into payments values (?1, ?2)", (invoice, cents)).unwrap();
    }

    /// Is given the invoice.
    pub async fn consult(&self) -> Option<String> {
        let given = self.boundary.consult("pay", &json(ARGS)).await;
        Some(given.value("invoice")?.get("status")?.as_str()?.to_owned())
    }

    /// Proposes to pay it.
    pub async fn propose(&self, terms: Terms) -> Delegated {
        self.boundary.delegate(self.boundary.propose_own("pay", ARGS).unwrap(), terms).await
    }

    /// Proposes, and must be permitted.
    pub async fn permitted(&self, terms: Terms) -> DelegatedPermit {
        match self.propose(terms).await {
            Delegated::Permitted(permit) => permit,
            Delegated::Not(delivery) => panic!("not permitted: {delivery:?}"),
        }
    }

    /// Proposes, and must be refused or held; what was said.
    pub async fn refused(&self) -> String {
        match self.propose(Terms::default()).await {
            Delegated::Permitted(permit) => panic!("permitted: {permit:?}"),
            Delegated::Not(Delivery::Refusal(refusal)) => {
                refusal.reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(" ")
            }
            Delegated::Not(Delivery::Held(held)) => held.request,
            Delegated::Not(delivery) => panic!("neither refused nor held: {delivery:?}"),
        }
    }
}

/// The action that every test is about.
pub const ARGS: &str = r#"{"invoice":"i1","cents":4200}"#;

/// Opens the till's boundary on what the world has.
pub async fn open(world: &World) -> Arc<Boundary> {
    let config = Config::load(&world.at("lastlook.toml")).unwrap();
    let state = Arc::new(StateDir::open(world.at("state")).unwrap());
    let tools = [
        json(r#"{"name":"refund"}"#),
        json(r#"{"name":"pay","inputSchema":{"type":"object","properties":{"cents":{"type":"integer"}}}}"#),
    ];
    let program = Program {
        config: &config,
        name: "till",
        tools: &tools,
        principal: Principal { id: "User::\"till\"".to_owned(), asserted: true },
        exe: Path::new(env!("CARGO_BIN_EXE_lastlook")),
    };
    program.open(state).await.unwrap()
}

pub fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// How a recorded act ended, and its receipt.
#[track_caller]
pub fn ended(delivery: Delivery) -> (Outcome, String) {
    match delivery {
        Delivery::Answer { receipt, outcome, .. }
        | Delivery::Lost { receipt: Some(receipt), outcome, .. } => (outcome, receipt),
        other => panic!("{other:?}"),
    }
}

/// What the record says of an attempt.
pub fn shown(world: &World, receipt: &str) -> Value {
    let shown = world.lastlook(&["show", receipt, "--json"]).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    serde_json::from_slice(&shown.stdout).unwrap()
}
