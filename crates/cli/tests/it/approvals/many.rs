//! Ten thousand requests wait, and nothing grows with them that should not.

use std::process::Command;

use serde_json::json;

use super::fill::fill;
use super::people::{approve, asks, held, introduce, request_of, state_of};
use crate::client::{Client, PATIENCE};
use crate::console::rig::Console;
use crate::guards::world::{World, became, write_args};

const MANY: usize = 10_000;
/// The most memory that any process may have needed, in kilobytes.
const MOST_KB: u64 = 100_000;

#[test]
fn ten_thousand_requests_wait_within_100_mb() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    fill(&world.at("state"), MANY);

    // Whoever lists them is shown all of them; the page says that it does not show all.
    let (listed, kb) = measured(&world.lastlook(&["approvals", "--json"]));
    assert_eq!(listed.lines().count(), MANY);
    assert!(kb < MOST_KB, "`lastlook approvals` needed {kb} kB");
    let console = Console::open(&world);
    let page = console.get("/");
    assert!(page.body.contains("There are more than are shown here"), "{}", page.body.len());
    assert!(console.get(&format!("/requests/{request}")).body.contains("plan.md"));
    bounded("lastlook console", console.pid());

    // One more is asked, held, approved and runs, at a boundary that began with all of them there.
    let mut other = world.agent();
    other.call("read_note", json!({"path": "plan.md"}));
    assert_eq!(held(&mut other), request);
    approve(&world, &request, "ada");
    assert_eq!(became(&other.call("write_note", write_args(1))), "ran");
    assert_eq!(state_of(&world, &request), "used");
    other.call("read_note", json!({"path": "plan.md"}));
    request_of(&other.call("write_note", json!({"path": "other.md", "content": "x"})));
    for boundary in [&agent, &other] {
        bounded("lastlook mcp", boundary.pid());
    }
    assert_eq!(world.effects(), ["plan.md"]);
}

#[test]
fn a_call_that_waits_notices_that_its_request_has_run_out() {
    let world = World::new();
    let file = world.configure(&asks("approve = { by = 'Role::\"finance\"', expires = \"15m\" }"));
    let text = std::fs::read_to_string(&file).unwrap();
    world.file("lastlook.toml", &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"));
    introduce(&world, "ada", "finance", None);
    let mut agent: Client = world.agent();
    let asked = agent.ask("write_note", write_args(1));
    let request = first_but(&world, "");
    world.passes(std::time::Duration::from_secs(16 * 60));
    // It asks anew at once, without a word from anybody.
    let next = first_but(&world, &request);
    assert_eq!(state_of(&world, &request), "expired");
    approve(&world, &next, "ada");
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects().len(), 1);
}

/// Waits until a request waits that is not this one.
fn first_but(world: &World, known: &str) -> String {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        if let Some(request) = super::people::waiting(world).into_iter().find(|request| request != known) {
            return request;
        }
        assert!(std::time::Instant::now() < deadline, "nothing waits");
    }
}

/// What a command printed, and the most memory it needed, by the system's own account of children that ended.
fn measured(command: &Command) -> (String, u64) {
    let script = "import resource, subprocess, sys\nsubprocess.run(sys.argv[1:], check=True)\n\
                  sys.stderr.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))";
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    let said = python.output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(said.stdout), text(said.stderr).parse().unwrap())
}

/// What a living process needed at most so far.
fn bounded(what: &str, pid: u32) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kb < MOST_KB, "{what} needed {kb} kB");
}
