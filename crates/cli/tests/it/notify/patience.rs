//! That nobody waits for a receiver.

use std::time::{Duration, Instant};

use super::rig::world;
use crate::approvals::people::{again, finance, held, says, state_of};

/// Far less than one try of one message takes, and far more than a call and a decision do.
const SOON: Duration = Duration::from_millis(4500);

#[test]
fn receivers_of_every_bad_kind_hold_up_neither_calls_nor_decisions_nor_the_end() {
    let (world, receiver) = world(|receiver| {
        let dead =
            "[notify.dead]\nurl = \"http://127.0.0.1:9/hidden\"\nsecret = \"env:HOOK_KEY\"\nprivate = true\n";
        ["hang", "close", "huge", "busy", "redirect", "endless-headers"]
            .map(|kind| receiver.hook(kind, kind))
            .into_iter()
            .chain([dead.to_owned()])
            .collect::<Vec<_>>()
            .concat()
    });
    let mut agent = world.agent();
    let asked = Instant::now();
    let request = held(&mut agent);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let asked = Instant::now();
    let decided = says(&world, "approve", &request, "ada");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert!(decided.status.success(), "{decided:?}");
    let asked = Instant::now();
    assert_eq!(again(&mut agent), "ran");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let ended = Instant::now();
    assert!(agent.close().success());
    assert!(ended.elapsed() < SOON, "{:?}", ended.elapsed());
    assert_eq!(state_of(&world, &request), "used");
    assert_eq!(world.effects().len(), 1);

    // What did not arrive is said, once for each, by the hook's name.
    let warnings = String::from_utf8(decided.stderr).unwrap();
    for (hook, why) in [
        ("hang", "may not have been told of 1 message: the process ended first"),
        ("redirect", "was not told that"),
    ] {
        let lines: Vec<&str> = warnings.lines().filter(|line| line.contains(&format!("`{hook}`"))).collect();
        assert!(lines.len() == 1 && lines[0].contains(why), "{warnings}");
    }
    assert!(!warnings.contains("hidden") && !warnings.contains(&format!("{}/", receiver.port)), "{warnings}");
    // A hook that took it is not complained of, whatever else it said.
    assert!(!warnings.contains("`huge`"), "{warnings}");
    world.verifies();
}

#[test]
fn a_wrong_configuration_does_not_stop_anybody_from_deciding() {
    let (world, _receiver) = world(|_| String::new());
    let request = held(&mut world.agent());
    world.configure(&format!("{}[notify.ops]\nurl = 'nowhere/hidden'\n", finance()));
    let decided = says(&world, "approve", &request, "ada");
    assert!(decided.status.success(), "{decided:?}");
    let warnings = String::from_utf8(decided.stderr).unwrap();
    assert!(warnings.contains("nobody was told") && !warnings.contains("hidden"), "{warnings}");
    assert_eq!(state_of(&world, &request), "approved");
}
