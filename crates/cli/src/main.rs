//! Check every AI-driven action again at the moment it runs.
fn main() {}
