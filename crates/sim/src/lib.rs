//! Reference model, generators, test servers and clients (development only).
//!
//! - [`model`] is the rules of the boundary once more, plain and slow, written from the documents and not from the
//!   kernel: lists, linear scans, words instead of types. What the kernel answers is compared with it.
//! - [`generate`] makes calls, schemas, readings, cases and courses of events from small alphabets, so that things
//!   collide often.
//! - [`case`] writes the inputs of one verdict down, and reads them back.

pub mod case;
pub mod generate;
pub mod model;
