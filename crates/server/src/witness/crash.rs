//! A place where a test may kill the witness, in debug builds only.

/// Ends the process with SIGKILL when `LASTLOOK_CRASH_AT` says this.
#[cfg(debug_assertions)]
pub(super) fn point(name: &str) {
    if std::env::var("LASTLOOK_CRASH_AT").is_ok_and(|at| at == name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Nothing, in release builds.
#[cfg(not(debug_assertions))]
pub(super) fn point(_name: &str) {}
