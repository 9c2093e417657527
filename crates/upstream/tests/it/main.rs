//! Facts read from real parts: servers, files and programs that know nothing of us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod certificate;
mod command;
mod file;
mod hook;
mod http;
mod mcp;
mod postgres;
mod served;
mod sql_postgres;
mod sql_postgres_values;
mod sql_sqlite;

use std::future::Future;
use std::time::Duration;

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_upstream::source::{Bounds, Got, SourceError};

/// Generous: a test that is about time says so.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(60), max_bytes: 1 << 20 };

/// Time enough for a local source to start to answer, and no more.
const SHORT: Bounds = Bounds { timeout: Duration::from_millis(700), max_bytes: 1 << 20 };

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn shown(value: &Json) -> String {
    String::from_utf8(lexical(value)).unwrap()
}

/// The value of a reading that must succeed, as text.
fn value(got: Result<Got, SourceError>) -> String {
    shown(&got.unwrap().value)
}

/// The sentence of a reading that must be refused.
fn refused(got: Result<Got, SourceError>) -> String {
    match got {
        Err(SourceError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

// `cargo bolero` builds all tests of a package, and what measures coverage is linked with this.
use bolero as _;
