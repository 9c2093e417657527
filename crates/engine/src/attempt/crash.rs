//! Places where a test may kill the process, or make it stand still: every command boundary of the machine, in debug builds only.

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
        Command::Confirm => "confirm",
        Command::RecordRefusal { .. } => "record-refusal",
        Command::Deliver => "deliver",
        Command::DeliverUnrecorded => "deliver-unrecorded",
        Command::DeliverUnrecordedRefusal => "deliver-unrecorded-refusal",
    }
}

pub(super) async fn point(side: &str, command: &Command) {
    point_named(side, name(command)).await;
}

/// Ends the process with SIGKILL when `LASTLOOK_CRASH_AT` says `SIDE:NAME`, for example `after:arm`.
#[cfg(debug_assertions)]
pub(super) async fn point_named(side: &str, name: &str) {
    use std::sync::OnceLock;
    static AT: OnceLock<Option<String>> = OnceLock::new();
    let at = AT.get_or_init(|| std::env::var("LASTLOOK_CRASH_AT").ok());
    pause(side, name).await;
    if at.as_deref().and_then(|at| at.split_once(':')) == Some((side, name)) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Stands still when `LASTLOOK_PAUSE_AT` says `SIDE:NAME=FOLDER`: writes `FOLDER/reached`, and goes on once there is
/// `FOLDER/go`. So a test can change the world between two steps; the rest of the process goes on.
#[cfg(debug_assertions)]
async fn pause(side: &str, name: &str) {
    let Ok(at) = std::env::var("LASTLOOK_PAUSE_AT") else { return };
    let Some((point, folder)) = at.split_once('=') else { return };
    if point.split_once(':') != Some((side, name)) {
        return;
    }
    let folder = std::path::Path::new(folder);
    if folder.join("go").exists() || std::fs::write(folder.join("reached"), name).is_err() {
        return;
    }
    while !folder.join("go").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await; // backoff: the test writes a file
    }
}

/// Nothing, in release builds.
#[cfg(not(debug_assertions))]
#[expect(clippy::unused_async, reason = "a test may wait here in other builds")]
pub(super) async fn point_named(_side: &str, _name: &str) {}
