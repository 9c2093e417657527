//! Stands in for `lastlook child` in this crate's tests, which cannot have the binary.

use std::ffi::OsString;
use std::process::ExitCode;

use lastlook_upstream::child::{become_server, never_started};

/// `child --parent PID -- PROGRAM ARGUMENTS…`
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(3);
    let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok()).unwrap_or_default();
    let command: Vec<OsString> = arguments.skip(1).collect();
    let error = become_server(parent, &command);
    eprintln!("error: {}", never_started(&command, &error));
    ExitCode::from(69)
}
