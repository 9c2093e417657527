//! The kill sweep: writers die at random instants and at every command boundary, while another one lives.
//!
//! The oracle is the world: the notes on disk, the server's logs of what arrived and what it did, and the entries.
//! Nothing may arrive twice, nothing may arrive without an entry, and every attempt must have an end or a way out.

mod boundaries;
mod random;
mod world;
