//! What people see: all of it, and nothing that is not text.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use super::rig::{Answer, Console, passphrase};
use crate::approvals::people::{approve, asks, finance, held, introduce, request_of, says, waiting};
use crate::guards::world::{World, became, write_args};

/// What arguments may hold; [`EVIL`] is more, and refused there.
const LOUD: &str = "</pre><script>alert(1)</script>\"'&";
const EVIL: &str = "</pre><script>alert(1)</script>\"'&\u{202e}txt.exe\u{200b}\u{1b}[2J";

/// Nothing of [`LOUD`] is there but as text.
#[track_caller]
fn is_text(answer: &Answer) {
    let body = &answer.body;
    assert!(!body.contains("<script>") && !body.contains("</script>\""), "{body}");
    assert!(!body.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{body:?}");
    assert!(body.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{body}");
}

/// Nothing of [`EVIL`] is there but as text that can be seen.
#[track_caller]
fn is_harmless(answer: &Answer) {
    is_text(answer);
    assert!(answer.body.contains(r"\u{202e}txt.exe"), "{answer:?}");
}

#[test]
fn script_and_hidden_characters_are_text_wherever_they_come_from() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let told = json!({"status": EVIL, "n": 5}).to_string();
    world.rate.json(&told);
    world.note("plan.md", &told);
    let mut agent = world.agent();
    // In facts, and in the arguments.
    agent.call("read_note", json!({"path": "plan.md"}));
    let answer = agent.call("write_note", json!({"path": "plan.md", "content": LOUD}));
    let request = request_of(&answer);
    let console = Console::open(&world);
    let at = format!("/requests/{request}");
    is_text(&console.get("/"));
    let page = console.get(&at);
    is_harmless(&page);
    let times = page.body.matches("&#60;script&#62;").count();
    assert!(times >= 2, "arguments and fact: {times} in {}", page.body);
    // In names and reasons that somebody types, refused and taken.
    let seal = console.seal(&request, "approve");
    let form = |name: &str| {
        let secret = passphrase("ada");
        let fields = [("seal", seal.as_str()), ("name", name), ("passphrase", &secret), ("reason", EVIL)];
        console.post(&format!("{at}/approve"), &fields)
    };
    let refused = form(EVIL);
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert!(!refused.body.contains("<script>"), "{refused:?}");
    assert_eq!(form("ada").status, 303);
    let page = console.get(&at);
    is_harmless(&page);
    assert!(page.body.matches("&#60;script&#62;").count() > times, "the reason: {}", page.body);
    // And in an address.
    let missing = console.get("/requests/%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AEtxt.exe");
    assert_eq!(missing.status, 404);
    assert!(!missing.body.contains("<script>") && !missing.body.contains('\u{202e}'), "{missing:?}");
}

#[test]
fn nothing_of_the_action_is_left_out() {
    let world = World::new();
    world.configure(&finance());
    let long = format!("{}the very end", "a long text ".repeat(2_000));
    let answer = world.agent().call("write_note", json!({"path": "plan.md", "content": long}));
    let console = Console::open(&world);
    let page = console.get(&format!("/requests/{}", request_of(&answer)));
    assert!(page.body.contains(&long));
    assert!(!console.get("/").body.contains(&long));
}

#[test]
fn was_stands_beside_now_when_people_are_asked_again() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(became(&agent.call("write_note", write_args(1))), "fact-changed");
    let next = waiting(&world).remove(0);
    let console = Console::open(&world);
    let page = console.get(&format!("/requests/{next}")).body;
    let (was, now) = page.split_once("<span class=\"faint\">now</span>").unwrap_or_else(|| panic!("{page}"));
    let was = was.split("<span class=\"faint\">was").nth(1).unwrap();
    assert!(was.contains("paid") && now.contains("open"), "{page}");
    assert!(page.contains(&format!("href=\"/requests/{request}\"")), "{page}");
}

#[test]
fn a_page_learns_that_something_was_decided_elsewhere() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    let console = Console::open(&world);
    let shown = console.get(&format!("/requests/{request}")).body;
    let shown = shown.split("data-seen=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(shown.len(), 64);
    let events = console.send(
        "GET",
        &format!("/events/{request}"),
        &[("Host", &console.host()), ("Cookie", &console.cookie)],
        "",
    );
    let mut seen = BufReader::new(events)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    assert_eq!(seen.next().unwrap(), shown);
    assert!(says(&world, "reject", &request, "ada").status.success());
    assert_ne!(seen.next().unwrap(), shown);
}

#[test]
fn without_its_state_it_says_so_and_goes_on_when_it_is_back() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    let console = Console::open(&world);
    let (at, seal) = (format!("/requests/{request}"), console.seal(&request, "approve"));
    std::fs::rename(world.at("state"), world.at("away")).unwrap();
    let secret = passphrase("ada");
    let fields = [("seal", seal.as_str()), ("name", "ada"), ("passphrase", &secret), ("reason", "x")];
    for answer in [console.get("/"), console.get(&at), console.post(&format!("{at}/approve"), &fields)] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("there is no record at"), "{answer:?}");
    }
    assert!(!world.at("state").exists(), "looking made a folder");
    std::fs::rename(world.at("away"), world.at("state")).unwrap();
    assert_eq!(console.get(&at).status, 200);
    // Held by somebody else, and damaged.
    let database = world.at("state/lastlook.db");
    let holder = rusqlite::Connection::open(&database).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").unwrap();
    let answer = console.post(&format!("{at}/approve"), &fields);
    assert!(answer.status == 503 && answer.body.contains("somebody holds it"), "{answer:?}");
    drop(holder);
    std::fs::write(&database, "no database at all").unwrap();
    let answer = console.get("/");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(console.interrupt(), Some(0));
}
