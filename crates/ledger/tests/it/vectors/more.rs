//! Further vectors, made by going through everything a document has.
//!
//! Most of their codes are what this code reports; they are vectors because another verifier, which was written from the text
//! alone, must report the same (`tests/it/python.rs`).

mod approvals;
mod changes;
mod checkpoints;
mod entries;
mod files;
mod keys;
mod tree;

pub use changes::members;
pub use files::{logs, receipts};
pub use keys::{key_files, openings};
pub use tree::tree;

use serde_json::Value;

/// Adds to the lists of a file.
pub fn add(mut file: Value, good: Vec<Value>, malformed: Vec<Value>) -> Value {
    for (list, vectors) in [("good", good), ("malformed", malformed)] {
        match file[list].as_array_mut() {
            Some(there) => there.extend(vectors),
            None => file[list] = Value::Array(vectors),
        }
    }
    file
}

pub fn with_keys(file: Value) -> Value {
    add(file, keys::good(), keys::malformed())
}

pub fn with_entries(file: Value) -> Value {
    add(file, entries::good(), entries::malformed())
}

pub fn with_checkpoints(file: Value) -> Value {
    add(file, checkpoints::good(), checkpoints::malformed())
}

pub fn with_approvals(file: Value) -> Value {
    add(file, approvals::good(), approvals::malformed())
}
