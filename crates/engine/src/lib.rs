//! The shell that runs one attempt end to end.
