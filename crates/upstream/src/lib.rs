//! Everything the boundary calls.
