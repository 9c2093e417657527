//! The README's first command, as a user runs it.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_demo_tells_its_stories_and_every_step_went_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastlook"));
    // What is kept is the world the stories happened in: it is looked at here, not only by the demo itself.
    let done = command.args(["demo", "--json", "--keep"]).arg(folder.path().join("kept")).output().unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{printed}{}", String::from_utf8_lossy(&done.stderr));
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 20, "{printed}");
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("kept")).unwrap().collect();
    assert_eq!(kept.len(), 3, "three stories leave three folders");
}
