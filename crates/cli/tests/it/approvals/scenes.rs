//! One agent, people, and a world that moves.

use std::time::Duration;

use serde_json::{Value, json};

use super::people::{
    again, approve, asks, finance, held, introduce, json_of, refused, request_of, says, state_of, waiting,
};
use crate::guards::served::Says;
use crate::guards::world::{World, became, write_args};
use crate::real::rig::clean;

#[test]
fn what_is_approved_runs_once_and_its_receipt_says_who_approved() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert_eq!(world.effects(), Vec::<String>::new());
    // Asked again, it is the same request that waits.
    assert_eq!(held(&mut agent), request);
    assert_eq!(waiting(&world), [request.as_str()]);

    assert_eq!(approve(&world, &request, "ada"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(state_of(&world, &request), "used");
    // Once: the next is another one.
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(world.effects().len(), 1);
    drop(agent);

    world.verifies();
    let attempt = json_of(&world.lastlook(&["approvals", &request, "--json"]).output().unwrap());
    let attempt = attempt["attempt"].as_str().unwrap();
    let shown = json_of(&world.lastlook(&["show", attempt, "--json"]).output().unwrap());
    let outcome =
        shown["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "outcome").unwrap();
    let by = &outcome["body"]["approval"]["by"][0];
    assert_eq!(outcome["body"]["approval"]["request"], json!(request), "{shown}");
    assert_eq!(by["approver"], json!("ada"));
    assert_eq!(by["statement"]["statement"]["decision"], json!("approve"));
}

#[test]
fn it_outlives_the_session_that_asked() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'User::\"ada\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    drop(agent);
    approve(&world, &request, "ada");
    // This one has read nothing: what the approver saw stands for it.
    assert_eq!(again(&mut world.agent()), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn when_the_world_moves_after_the_approval_nothing_runs_and_people_are_asked_again() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.json(r#"{"status":"open","n":5}"#);
    let answer = agent.call("write_note", write_args(1));
    assert_eq!(became(&answer), "fact-changed");
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(state_of(&world, &request), "void");

    let next = waiting(&world);
    assert_eq!(next.len(), 1, "{answer}");
    assert!(answer["content"][0]["text"].as_str().unwrap().contains(&next[0]), "{answer}");
    let page = world.lastlook(&["approvals", &next[0]]).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    let (now, was) = page.split_once("    was\n").unwrap_or_else(|| panic!("{page}"));
    assert!(now.contains("\"open\"") && was.contains("\"paid\""), "{page}");

    assert_eq!(approve(&world, &next[0], "ada"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn a_passing_cause_gives_the_approval_back() {
    let world = World::new();
    world.configure(&asks(
        "approve = { by = 'Role::\"finance\"' }\nwhen = 'now.rate.body.status == \"paid\"'",
    ));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.say(Says::Nothing);
    assert_eq!(again(&mut agent), "fact-unreadable condition-error");
    assert_eq!(state_of(&world, &request), "approved");
    world.rate.json(r#"{"status":"paid","n":5}"#);
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_no_is_final_and_the_agent_is_told() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let said = says(&world, "reject", &request, "ada");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(again(&mut agent), "approval-rejected");
    assert!(refused(&world, "approve", &request, "ada").contains("rejected"));
    assert_eq!(again(&mut agent), "approval-rejected");
    // Another action is another request.
    request_of(&agent.call("write_note", write_args(2)));
    assert_eq!(world.effects(), Vec::<String>::new());
    drop(agent);
    world.verifies();
}

#[test]
fn what_is_taken_back_before_the_gate_never_runs() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", write_args(1));
    world.reached();
    // Armed, allowed, and about to be sent.
    assert_eq!(state_of(&world, &request), "claimed");
    let said = world.lastlook(&["revoke", &request, "--reason", "a mistake", "--json"]).output().unwrap();
    assert_eq!(json_of(&said)["outcome"], json!("prevented"), "{said:?}");
    world.go();
    assert_eq!(became(&agent.result(asked)), "approval-revoked");
    assert_eq!(state_of(&world, &request), "revoked");
    assert_eq!(world.effects(), Vec::<String>::new());
    drop(agent);
    world.verifies();
}

#[test]
fn what_is_taken_back_after_the_gate_is_said_to_be_in_flight() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    let mut agent = world.paused_at("before:send");
    let asked = agent.ask("write_note", write_args(1));
    world.reached();
    let said = world.lastlook(&["revoke", &request, "--reason", "too late", "--json"]).output().unwrap();
    assert_eq!(json_of(&said)["outcome"], json!("in_flight"), "{said:?}");
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn two_different_people_must_say_yes_and_none_of_them_may_be_who_asks() {
    let world = World::new();
    world.configure(&format!(
        "[principal]\nid = 'User::\"ada\"'\n{}",
        asks("approve = { by = 'Role::\"finance\"', quorum = 2 }")
    ));
    for (name, role, by) in [
        ("ada", "finance", None),
        ("bob", "finance", Some("ada")),
        ("cy", "finance", Some("ada")),
        ("dee", "sales", Some("ada")),
    ] {
        introduce(&world, name, role, by);
    }
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert!(refused(&world, "approve", &request, "ada").contains("somebody else must decide"));
    assert!(refused(&world, "approve", &request, "dee").contains("not among those who are asked"));
    assert!(refused(&world, "approve", &request, "eve").contains("eve"));
    assert_eq!(approve(&world, &request, "bob"), "pending");
    assert_eq!(held(&mut agent), request);
    assert!(refused(&world, "approve", &request, "bob").contains("already"));
    assert_eq!(approve(&world, &request, "cy"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn nobody_approves_without_the_passphrase() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    world.file("ada.pass", "a guess of the agent's\n");
    let told = refused(&world, "approve", &request, "ada");
    assert!(told.contains("passphrase"), "{told}");
    assert_eq!(held(&mut agent), request);
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_guard_that_changed_asks_again() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }"));
    let mut agent = world.agent();
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn what_ran_out_is_no_approval() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', expires = \"10m\" }"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.passes(Duration::from_secs(11 * 60));
    assert_eq!(state_of(&world, &request), "expired");
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "expired");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_lifted_halt_resurrects_no_approval() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    for words in [["halt", "--all", "--reason", "a fire"], ["resume", "--all", "--reason", "it is out"]] {
        let said = world.lastlook(&words).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn only_what_the_condition_asks_about_waits() {
    let world = World::new();
    world.configure(&asks("approve = { when = 'args.path != \"plan.md\"', by = 'Role::\"finance\"' }"));
    let mut agent = world.agent();
    assert_eq!(again(&mut agent), "ran");
    request_of(&agent.call("write_note", json!({"path": "other.md", "content": "x"})));
    // What is refused anyway asks nobody.
    drop(agent);
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nwhen = 'args.path == \"other.md\"'"));
    let mut agent = world.agent();
    assert_eq!(again(&mut agent), "condition-false approval-required");
    assert_eq!(waiting(&world).len(), 1);
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn what_people_are_shown_hides_nothing() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nwhen = 'now.rate.body.n == 5'"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    // What is refused in arguments may stand in facts; and some of what terminals fall for is ordinary text.
    let evil = "safe\u{202e}txt.exe\u{200b}\u{1b}[2J<script>alert(1)</script>";
    world.rate.json(&json!({"status": evil, "n": 5}).to_string());
    let text = "one\u{2028}two 👩\u{200d}🚀";
    let answer = agent.call("write_note", json!({"path": "plan.md", "content": text}));
    let request = request_of(&answer);
    for words in [vec!["approvals"], vec!["approvals", &request], vec!["approvals", &request, "--json"]] {
        let page = world.lastlook(&words).output().unwrap();
        let page = String::from_utf8(page.stdout).unwrap();
        assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{200d}', '\u{1b}', '\u{2028}']), "{page:?}");
    }
    let whole = json_of(&world.lastlook(&["approvals", &request, "--json"]).output().unwrap());
    assert_eq!(whole["arguments"]["content"], json!(text));
    assert!(whole["facts"].to_string().contains("txt.exe"), "{whole}");
}

#[test]
fn a_flood_of_requests_has_an_end() {
    let world = World::new();
    world.configure(&finance());
    let mut agent = world.agent();
    let mut became_last = String::new();
    for n in 0..101 {
        let answer: Value = agent.call("write_note", write_args(n));
        became_last = became(&answer);
    }
    assert_eq!(became_last, "too-many-held");
    assert_eq!(waiting(&world).len(), 100);
}

#[test]
fn whoever_was_about_to_use_an_approval_that_another_used_meanwhile_does_not_run() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    let mut late = world.paused_at("before:arm");
    let asked = late.ask("write_note", write_args(1));
    world.reached();
    // It has seen the approval, and has claimed nothing yet.
    assert_eq!(again(&mut world.agent()), "ran");
    world.go();
    let answer = late.result(asked);
    assert_eq!(became(&answer), "in-doubt", "{answer}");
    assert_eq!(world.effects().len(), 1);
    assert_eq!(state_of(&world, &request), "used");
}

#[test]
fn a_call_may_wait_for_people_and_says_so_meanwhile() {
    let world = World::new();
    let file = world.configure(&finance());
    let text = std::fs::read_to_string(&file).unwrap();
    world.file("lastlook.toml", &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let asked = agent.request(
        "tools/call",
        json!({"name": "write_note", "arguments": write_args(1), "_meta": {"progressToken": "p-1"}}),
    );
    let told = agent.notification("notifications/progress");
    assert_eq!(told["params"]["progressToken"], json!("p-1"), "{told}");
    let waits = waiting(&world);
    assert!(told["params"]["message"].as_str().unwrap().contains(&waits[0]), "{told} {waits:?}");
    assert_eq!(approve(&world, &waits[0], "ada"), "approved");
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_server_that_could_approve_for_people_is_not_started() {
    let world = World::new();
    let file = world.configure(&finance());
    // The notes server is handed a folder that the rules lie in.
    let inside = world.at("notes/lastlook.toml");
    world.file("notes/lastlook.toml", &std::fs::read_to_string(file).unwrap());
    let mut command = clean(env!("CARGO_BIN_EXE_lastlook"), &world.at("home"), &world.at("unused"));
    command
        .args(["mcp", "--upstream", "notes", "--state"])
        .arg(world.at("state"))
        .arg("--config")
        .arg(inside);
    let said = command.output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{told}");
    assert!(told.contains("guard `paid` asks people to approve"), "{told}");
}

#[test]
fn whether_there_is_anybody_to_ask_is_told_beforehand() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }"));
    let told = |world: &World| {
        let said = world.lastlook(&["doctor"]).output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    };
    assert!(
        told(&world).contains("asks 2 of Role::\"finance\": 0 can say yes; what it holds waits"),
        "{}",
        told(&world)
    );
    introduce(&world, "ada", "finance", None);
    introduce(&world, "dee", "sales", Some("ada"));
    assert!(told(&world).contains("1 can say yes; what it holds waits"), "{}", told(&world));
    introduce(&world, "bob", "finance", Some("ada"));
    assert!(told(&world).contains("asks 2 of Role::\"finance\": 2 can say yes\n"), "{}", told(&world));
}

#[test]
fn what_is_different_by_now_is_shown_to_whoever_decides() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nfacts = [\"rate\"]"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    let shown = |world: &World| {
        let said = world.lastlook(&["approvals", &request, "--now"]).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    };
    assert!(shown(&world).contains("read again just now\n  rate: the same"), "{}", shown(&world));
    world.rate.json(r#"{"status":"open","n":5}"#);
    let page = shown(&world);
    let (_, now) =
        page.split_once("read again just now\n  rate: different\n").unwrap_or_else(|| panic!("{page}"));
    assert!(now.contains("\"open\""), "{page}");
    world.rate.say(Says::Nothing);
    assert!(shown(&world).contains("rate: it cannot be read"), "{}", shown(&world));
    // Under the same name another question: its answer is no *now* of what people saw.
    world.rate.json(r#"{"status":"paid","n":5}"#);
    let rules = std::fs::read_to_string(world.at("lastlook.toml")).unwrap();
    world.file("lastlook.toml", &rules.replace(&world.rate.url(), &format!("{}?of=other", world.rate.url())));
    assert!(shown(&world).contains("rate: it asks something else by now"), "{}", shown(&world));
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn only_those_guards_ask_whose_condition_holds_and_one_that_joins_later_is_asked_too() {
    let world = World::new();
    let small = "[guard.small]\non = [\"notes.write_note\"]\napprove = { by = 'Role::\"finance\"' }\n";
    let large = "[guard.large]\non = [\"notes.write_note\"]\n\
                 approve = { when = 'now.rate.body.n > 100', by = 'Role::\"board\"' }\n";
    world.configure(&format!("{small}{large}"));
    introduce(&world, "ada", "finance", None);
    introduce(&world, "bea", "board", Some("ada"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert!(refused(&world, "approve", &request, "bea").contains("not among those who are asked"));
    assert_eq!(approve(&world, &request, "ada"), "approved");
    // It is large by now: finance alone is not enough.
    world.rate.json(r#"{"status":"paid","n":500}"#);
    assert_eq!(again(&mut agent), "approval-required");
    assert_eq!(state_of(&world, &request), "void");
    let next = waiting(&world);
    assert_eq!(approve(&world, &next[0], "ada"), "pending");
    assert_eq!(approve(&world, &next[0], "bea"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn whatever_people_were_shown_is_compared_without_being_asked_for() {
    let world = World::new();
    world.configure(&asks("approve = { when = 'now.rate.body.n > 0', by = 'Role::\"finance\"' }"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    // The condition holds as before, and it is not what ada saw.
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(again(&mut agent), "fact-changed");
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_guard_made_stricter_while_a_call_waits_holds_for_it() {
    let world = World::new();
    let rules = |quorum: u32| {
        let file =
            world.configure(&asks(&format!("approve = {{ by = 'Role::\"finance\"', quorum = {quorum} }}")));
        let text = std::fs::read_to_string(&file).unwrap();
        world.file(
            "lastlook.toml",
            &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"),
        );
    };
    rules(1);
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let asked = agent.ask("write_note", write_args(1));
    let patience = std::time::Instant::now() + crate::client::PATIENCE;
    while waiting(&world).is_empty() {
        assert!(std::time::Instant::now() < patience, "nothing is held");
    }
    let request = waiting(&world).remove(0);
    rules(2);
    while !agent.complaints().contains("the configuration was reloaded") {
        assert!(std::time::Instant::now() < patience, "{}", agent.complaints());
        std::thread::sleep(Duration::from_millis(20)); // backoff: another process looks at its files
    }
    approve(&world, &request, "ada");
    let answer = agent.result(asked);
    assert_ne!(became(&answer), "ran", "{answer}");
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(state_of(&world, &request), "void");
}

#[test]
fn what_ran_out_makes_room_for_others() {
    let world = World::new();
    world.configure(&finance());
    let mut agent = world.agent();
    for n in 0..100 {
        request_of(&agent.call("write_note", write_args(n)));
    }
    assert_eq!(became(&agent.call("write_note", write_args(200))), "too-many-held");
    world.passes(Duration::from_secs(25 * 3600));
    request_of(&agent.call("write_note", write_args(200)));
    assert_eq!(waiting(&world).len(), 1);
}

#[test]
fn a_call_that_is_cancelled_in_time_gives_the_approval_back() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    let mut agent = world.paused_at("after:arm");
    let crate::client::Asked(id) = agent.ask("write_note", write_args(1));
    world.reached();
    agent.notify("notifications/cancelled", json!({"requestId": id}));
    world.go();
    let patience = std::time::Instant::now() + crate::client::PATIENCE;
    while state_of(&world, &request) != "approved" {
        assert!(std::time::Instant::now() < patience, "it is {}", state_of(&world, &request));
    }
    agent.kill();
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(again(&mut world.agent()), "ran");
}

#[test]
fn a_no_stays_a_no_after_a_halt_and_beside_many_others() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let first = held(&mut agent);
    assert!(says(&world, "reject", &first, "ada").status.success());
    for words in [["halt", "--all", "--reason", "a fire"], ["resume", "--all", "--reason", "it is out"]] {
        assert!(world.lastlook(&words).output().unwrap().status.success());
    }
    assert_eq!(again(&mut agent), "approval-rejected");
}

#[test]
fn a_revocation_said_twice_is_answered_twice() {
    let world = World::new();
    world.configure(&finance());
    let request = held(&mut world.agent());
    for _ in 0..2 {
        let said = world.lastlook(&["revoke", &request, "--reason", "not now", "--json"]).output().unwrap();
        assert_eq!(json_of(&said)["outcome"], json!("prevented"), "{said:?}");
    }
    world.verifies();
}

#[test]
fn nobody_is_asked_about_what_was_done_already() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nonce = \"plan\""));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(became(&agent.call("write_note", write_args(2))), "once-done");
    assert_eq!(waiting(&world), Vec::<String>::new());
}

#[test]
fn no_other_server_stands_in_for_the_one_that_people_are_asked_about() {
    let step = "[guard.g]\non = [\"notes.delete_note\"]\nafter = [{ tool = \"notes.write_note\", accept = \"succeeded\" }]";
    let procedure = "[procedure.p]\nsteps = [{ tool = \"notes.write_note\", accept = \"succeeded\" }]\n\n\
                     [guard.g]\non = [\"notes.delete_note\"]\nafter = [{ procedure = \"p\" }]";
    let (finance, on_record) = (finance(), "takes `notes.write_note` for a step that was taken");
    for (rules, why) in
        [(finance.as_str(), "asks people to approve"), (step, on_record), (procedure, on_record)]
    {
        let world = World::new();
        world.configure(rules);
        let said = world.lastlook(&["mcp", "--upstream", "notes", "--", "/bin/cat"]).output().unwrap();
        let told = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{told}");
        assert!(told.contains("no other command can stand in for it") && told.contains(why), "{told}");
    }
}
