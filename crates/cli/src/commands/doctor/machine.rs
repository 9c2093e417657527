//! The machine: its clocks, and the time zones that windows go by.

use std::path::Path;

use lastlook_engine::clock;
use lastlook_engine::doctor::Finding;
use lastlook_engine::tz_version;
use lastlook_kernel::Moment;

/// Both clocks at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    wall_ns: i64,
    moment: Moment,
}

impl Clocks {
    /// Now.
    pub fn now() -> Clocks {
        Clocks { wall_ns: clock::unix_ns(), moment: clock::moment() }
    }
}

/// How far the clocks may part while we look, in nanoseconds.
const APART_NS: u64 = 200_000_000;
/// The beginning of 2025, in nanoseconds since the Unix epoch: no wall clock of this program was ever before.
const BEFORE_US_NS: i64 = 1_735_689_600_000_000_000;

/// Whether the clocks can be believed, as far as one machine can tell.
pub fn machine(began: &Clocks) -> Vec<Finding> {
    let now = Clocks::now();
    let wall = now.wall_ns.saturating_sub(began.wall_ns);
    let passed = i64::try_from(now.moment.since(began.moment)).unwrap_or(i64::MAX);
    let mut found = vec![if now.wall_ns < BEFORE_US_NS {
        Finding::problem(
            "clock",
            "it stands before this program was made",
            "set it: windows and limits go by it",
        )
    } else if wall.abs_diff(passed) > APART_NS {
        let says = "it was set while it was looked at: it and the time since boot part";
        Finding::warning("clock", says, "see what sets it; limits and windows go by the wall clock")
    } else {
        Finding::ok("clock", "it goes as fast as the time since boot")
    }];
    found.push(synchronized(Path::new("/run/systemd/timesync")));
    let zones = tz_version();
    found.push(Finding::ok("time zones", format!("database {zones}, built in")));
    found
}

/// What systemd-timesyncd(8) says, where it runs.
fn synchronized(folder: &Path) -> Finding {
    if !folder.is_dir() {
        return Finding::note("clock", "whether it is synchronized is not known here (no systemd-timesyncd)");
    }
    match folder.join("synchronized").exists() {
        true => Finding::ok("clock", "it is synchronized"),
        false => Finding::warning(
            "clock",
            "it is not synchronized",
            "see `timedatectl`: windows, limits and `fresh` go by it",
        ),
    }
}
