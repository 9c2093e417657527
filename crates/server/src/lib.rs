//! Everything that calls the boundary.
