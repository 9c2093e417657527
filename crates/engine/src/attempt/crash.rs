//! Places where a test may kill the process: every command boundary of the machine, in debug builds only.

use lastlook_kernel::Command;

/// The command's name, as `LASTLOOK_CRASH_AT` spells it.
pub(super) fn name(command: &Command) -> &'static str {
    match command {
        Command::Arm => "arm",
        Command::Look => "look",
        Command::Gate(_) => "gate",
        Command::Send(_) => "send",
        Command::ForwardCancel => "forward-cancel",
        Command::Rebase => "rebase",
        Command::RecordOutcome { .. } => "record-outcome",
        Command::RecordRefusal { .. } => "record-refusal",
        Command::Deliver => "deliver",
        Command::DeliverUnrecorded => "deliver-unrecorded",
        Command::DeliverUnrecordedRefusal => "deliver-unrecorded-refusal",
    }
}

pub(super) fn point(side: &str, command: &Command) {
    point_named(side, name(command));
}

/// Ends the process with SIGKILL when `LASTLOOK_CRASH_AT` says `SIDE:NAME`, for example `after:arm`.
#[cfg(debug_assertions)]
pub(super) fn point_named(side: &str, name: &str) {
    use std::sync::OnceLock;
    static AT: OnceLock<Option<String>> = OnceLock::new();
    let at = AT.get_or_init(|| std::env::var("LASTLOOK_CRASH_AT").ok());
    if at.as_deref().and_then(|at| at.split_once(':')) == Some((side, name)) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Nothing, in release builds.
#[cfg(not(debug_assertions))]
pub(super) fn point_named(_side: &str, _name: &str) {}
