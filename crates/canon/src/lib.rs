//! Strict JSON, canonical bytes and digests: what every other crate means by "the same value".
//!
//! Three questions are answered here, and nowhere else:
//!
//! - **Is this JSON, and does everybody read it alike?** [`parse`] and [`scan`] accept RFC 8259 documents in
//!   UTF-8, and refuse what two readers could understand differently: duplicate keys at any depth, lone
//!   surrogates, a byte order mark, data after the value, and documents that are too large or too deep. Both
//!   run the same grammar, so they accept exactly the same documents; `scan` builds no tree and is meant for
//!   every frame that passes.
//! - **Are these two values the same?** [`canonical`] gives the RFC 8785 bytes that digests are made of, in
//!   which `1`, `1.0` and `1e0` are one value; [`lexical`] keeps numbers as they were written, so that
//!   nothing a source said is rounded away when two readings are compared.
//!   [`is_canonical_of_integers`] sees in one pass, without building anything, that bytes are already of that form;
//!   [`Plain`] looks at them where they stand.
//! - **What names a value?** [`Digest`]: SHA-256 over a domain tag and length-prefixed parts.
//!
//! The crate knows no clock, file, network, thread, environment or randomness, and nothing in it panics on
//! any input.
//!
//! ```
//! use lastlook_canon::{Limits, canonical, parse, scan};
//!
//! let frame = br#"{"id": 7, "params": {"b": 1.0, "a": "\u0041"}}"#;
//! let members = scan(frame, &Limits::default())?;
//! let params = members.get("params").unwrap_or_default();
//! assert_eq!(params, br#"{"b": 1.0, "a": "\u0041"}"#);
//! assert_eq!(canonical(&parse(params, &Limits::default())?)?, br#"{"a":"A","b":1}"#);
//!
//! let refused = scan(br#"{"a":1,"\u0061":2}"#, &Limits::default()).unwrap_err();
//! assert_eq!(refused.to_string(), "duplicate key `a` at byte 7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod canonical;
mod digest;
mod error;
mod json;
mod lexical;
mod number;
mod parse;
mod plain;
mod scan;

pub use canonical::{CanonError, CanonErrorKind, canonical, to_value};
pub use digest::Digest;
pub use error::{JsonError, JsonErrorKind};
pub use json::Json;
pub use lexical::lexical;
pub use number::Number;
pub use parse::parse;
pub use plain::{Plain, PlainKind, PlainValue, is_canonical_of_integers};
pub use scan::{Limits, Members, members, scan, string_of};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
