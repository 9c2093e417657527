//! Agents of frameworks that nobody here wrote, at a tool that waits for people.
//!
//! Each reads, acts, is told that people are asked, acts again once they have said yes, and sees why it may not where the world
//! has moved since. No answer of the boundary may break a framework; the oracle is the server's own log of effects.

mod rig;

use serde_json::{Value, json};

use crate::approvals::people::{approve, finance, introduce, json_of, state_of, waiting};
use crate::client::PATIENCE;
use crate::console::browser::rig::Browser;
use crate::guards::world::World;
use crate::real::rig::succeeded;
use crate::real::tools;
use rig::{Framework, Played, Told};

/// How a person says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approves {
    OnTheCommandLine,
    InTheBrowser,
}
use Approves::{InTheBrowser, OnTheCommandLine};

/// A server, and how one reads and acts there.
#[derive(Debug, Clone, Copy)]
struct Server {
    name: &'static str,
    reads: &'static str,
    acts: &'static str,
}

/// The filesystem server, which speaks 2025-11-25.
const FILES: Server = Server { name: "files", reads: "read_text_file", acts: "write_file" };
/// The demo's server on the official SDK, which speaks 2026-07-28 to whoever does.
const NOTES: Server = Server { name: "notes", reads: "read_note", acts: "write_note" };

#[test]
fn langchain_with_one_session() {
    plays(&["langchain_agent.py", "session"], "python-mcp1", FILES, InTheBrowser);
}

#[test]
fn langchain_with_a_session_for_each_call() {
    plays(&["langchain_agent.py", "anew"], "python-mcp1", FILES, OnTheCommandLine);
}

#[test]
fn openai_agents() {
    plays(&["openai_agent.py", "60"], "python-mcp1", FILES, OnTheCommandLine);
}

#[test]
fn pydantic_ai() {
    plays(&["pydantic_agent.py"], "python", NOTES, InTheBrowser);
}

#[test]
fn the_official_client_that_negotiates() {
    assert_eq!(plays(&["plain.py", "modern"], "python", NOTES, OnTheCommandLine), "2026-07-28");
}

#[test]
fn the_official_client_in_a_session_of_2025() {
    assert_eq!(plays(&["plain.py", "session"], "python", NOTES, OnTheCommandLine), "2025-11-25");
}

#[test]
fn who_gives_up_waiting_finds_that_it_ran_once() {
    let world = World::new();
    world.configure(&finance());
    let text = std::fs::read_to_string(world.at("lastlook.toml")).unwrap();
    world.file("lastlook.toml", &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"));
    introduce(&world, "ada", "finance", None);
    let framework = Framework { environment: "python-mcp1", driver: &["openai_agent.py", "2"] };
    let (mut agent, _) = Played::start(&world, framework, NOTES.name);
    let write = arguments(&world, NOTES, "plan.md", Some("by an agent"));
    // The call itself waits for people, longer than the framework does.
    let told = agent.call(NOTES.acts, &write);
    assert!(told.text.contains("An error occurred while running the tool"), "{told:?}");
    let request = waiting(&world).remove(0);
    approve(&world, &request, "ada");
    let deadline = std::time::Instant::now() + PATIENCE;
    while world.effects().is_empty() {
        assert!(std::time::Instant::now() < deadline, "{}", state_of(&world, &request));
        std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: another process writes the log
    }
    // Whatever the model makes of that: what it calls again is another action, and waits for people anew.
    agent.call(NOTES.reads, &arguments(&world, NOTES, "plan.md", None));
    let told = agent.call(NOTES.acts, &write);
    assert!(told.text.contains("An error occurred while running the tool"), "{told:?}");
    assert_eq!(world.effects(), ["plan.md"]);
    assert_ne!(waiting(&world), [request]);
    agent.done();
    world.verifies();
}

/// The whole story; gives what the model was told first.
fn plays(
    driver: &'static [&'static str],
    environment: &'static str,
    server: Server,
    approves: Approves,
) -> String {
    let world = World::new();
    configure(&world, server);
    introduce(&world, "ada", "finance", None);
    world.note("moves.md", "as it was");
    let mut people = People { world: &world, approves, browser: None };
    let (mut agent, first) = Played::start(&world, Framework { environment, driver }, server.name);

    // Held, and told so; held again, the same request; approved, and it runs.
    let read = arguments(&world, server, "plan.md", None);
    let told = agent.call(server.reads, &read);
    assert!(told.text.contains("paid") && told.error != Some(true), "{told:?}");
    let write = arguments(&world, server, "plan.md", Some("by an agent"));
    let request = is_held(&world, &agent.call(server.acts, &write));
    assert_eq!(is_held(&world, &agent.call(server.acts, &write)), request);
    assert_eq!(ran(&world, server), [""; 0]);
    people.say_yes(&request);
    let told = agent.call(server.acts, &write);
    assert_ne!(told.error, Some(true), "{told:?}");
    assert_eq!(ran(&world, server), ["plan.md"]);
    assert_eq!(std::fs::read_to_string(world.at("notes/plan.md")).unwrap(), "by an agent");
    // Once: the next call of it is another one, and rests on the file as it is by now.
    assert!(agent.call(server.reads, &read).text.contains("by an agent"));
    let next = is_held(&world, &agent.call(server.acts, &write));
    assert_ne!(next, request);

    // Approved, and then somebody else changes the file: refused, and the model sees what to do.
    let read = arguments(&world, server, "moves.md", None);
    assert!(agent.call(server.reads, &read).text.contains("as it was"));
    let write = arguments(&world, server, "moves.md", Some("over it"));
    let request_that_moves = is_held(&world, &agent.call(server.acts, &write));
    people.say_yes(&request_that_moves);
    world.note("moves.md", "somebody else's");
    let told = agent.call(server.acts, &write);
    assert!(told.text.contains("what it rests on has changed since"), "{told:?}");
    assert_ne!(told.error, Some(false), "{told:?}");
    assert_eq!(state_of(&world, &request_that_moves), "void");
    assert_eq!(ran(&world, server), ["plan.md"]);
    assert_eq!(std::fs::read_to_string(world.at("notes/moves.md")).unwrap(), "somebody else's");
    agent.done();
    drop(people);
    names_the_approver(&world, &request);
    world.verifies();
    first.text
}

fn configure(world: &World, server: Server) {
    if server.name == "notes" {
        world.configure(&finance());
        return;
    }
    let command = json!([
        "node",
        "--require",
        tools::here("witness.cjs"),
        tools::filesystem_server(),
        world.at("notes")
    ]);
    // A fact of the boundary's own: where each call has a session of its own, it has no reading of the agent to compare.
    let guard = format!(
        "[upstream.files]\ncommand = {command}\nprofile = \"filesystem\"\n\n\
         [fact.file]\nmcp = {{ tool = \"files.read_text_file\", args = {{ path = \"${{args.path}}\" }} }}\n\n\
         [guard.writes]\non = [\"files.write_file\"]\n\
         approve = {{ when = 'now.file.content != \"\"', by = 'Role::\"finance\"' }}\n"
    );
    world.file("lastlook.toml", &guard);
}

fn arguments(world: &World, server: Server, name: &str, content: Option<&str>) -> Value {
    let path = if server.name == "notes" { name.into() } else { world.at("notes").join(name) };
    match content {
        Some(content) => json!({"path": path, "content": content}),
        None => json!({"path": path}),
    }
}

/// The files that the server itself says it wrote, in order.
fn ran(world: &World, server: Server) -> Vec<String> {
    if server.name == "notes" {
        return world.effects();
    }
    let log = std::fs::read_to_string(world.at("changes.jsonl")).unwrap_or_default();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|change| change["at"] == json!("done"))
        .map(|change| change["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect()
}

/// The model was told that people are asked, and by which request; gives it.
#[track_caller]
fn is_held(world: &World, told: &Told) -> String {
    let request = waiting(world).into_iter().find(|request| told.text.contains(request));
    assert_ne!(told.error, Some(false), "{told:?}");
    request.unwrap_or_else(|| panic!("no request is named: {told:?}"))
}

/// A receipt that verifies with nothing but the pinned key, and says who approved.
#[track_caller]
fn names_the_approver(world: &World, request: &str) {
    let shown = json_of(&world.lastlook(&["approvals", request, "--json"]).output().unwrap());
    assert_eq!(shown["state"], json!("used"), "{shown}");
    let attempt = shown["attempt"].as_str().unwrap();
    let receipt = succeeded("receipt", world.lastlook(&["receipt", attempt]).output().unwrap());
    std::fs::write(world.at("receipt.json"), receipt).unwrap();
    let key = succeeded("keys", world.lastlook(&["keys", "export"]).output().unwrap());
    std::fs::write(world.at("lastlook.pub"), key).unwrap();
    let [file, key] = ["receipt.json", "lastlook.pub"].map(|name| world.at(name));
    let words = ["verify", file.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let said = String::from_utf8(succeeded("verify", world.lastlook(&words).output().unwrap())).unwrap();
    assert!(said.contains("  approved  by ada, on request ") && said.contains(request), "{said}");
}

/// Who approves.
struct People<'a> {
    world: &'a World,
    approves: Approves,
    browser: Option<Browser>,
}

impl People<'_> {
    fn say_yes(&mut self, request: &str) {
        if self.approves == OnTheCommandLine {
            approve(self.world, request, "ada");
            return;
        }
        let browser = self.browser.get_or_insert_with(|| Browser::open(self.world));
        browser.go(&format!("/requests/{request}"));
        browser.signs("a", "ada");
        browser.see("h1 .state.approved");
    }
}
