//! Rules that meet: two guards on one key, one fact about two things, an action tried again and again.

use serde_json::json;

use super::world::{World, became, write_args};

fn guard(name: &str, on: &str, parts: &str) -> String {
    format!("[guard.{name}]\non = [\"notes.{on}\"]\n{parts}\n\n")
}

#[test]
fn a_guard_that_only_watches_lets_nobody_off_what_another_refuses() {
    for part in ["once = \"plan\"", "lease = { key = \"plan\", wait = \"0s\" }"] {
        let world = World::new();
        // In front of the other by its name.
        let watching = guard("a", "write_note", &format!("{part}\nmode = \"audit\""));
        world.configure(&format!("{watching}{}", guard("b", "write_note", part)));
        let told = if part.starts_with("once") {
            assert_eq!(became(&world.agent().call("write_note", write_args(6))), "ran");
            became(&world.agent().call("write_note", write_args(7)))
        } else {
            let mut holder = world.paused_at("before:gate");
            let asked = holder.ask("write_note", write_args(6));
            world.reached();
            let other = json!({"path": "other.md", "content": "x"});
            let told = became(&world.agent().call("write_note", other));
            world.go();
            assert_eq!(became(&holder.result(asked)), "ran");
            told
        };
        let expect = if part.starts_with("once") { "once-done" } else { "lease-taken" };
        assert_eq!(told, expect);
        assert_eq!(world.effects().len(), 1);
    }
}

#[test]
fn trying_again_and_again_does_not_wear_out_the_spacing() {
    let world = World::new();
    world.configure(&guard("g", "write_note", "window = { min_spacing = \"1h\" }"));
    let mut agent = world.agent();
    assert_eq!(became(&agent.call("write_note", write_args(0))), "ran");
    for n in 1..=150 {
        assert_eq!(became(&agent.call("write_note", write_args(n))), "spacing-too-short", "try {n}");
    }
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_limit_goes_on_counting_when_another_is_put_before_it() {
    let world = World::new();
    let one = "{ count = 1, per = \"1h\" }";
    world.configure(&guard("g", "write_note", &format!("limit = [{one}]")));
    assert_eq!(became(&world.agent().call("write_note", write_args(6))), "ran");
    world.configure(&guard("g", "write_note", &format!("limit = [{{ count = 50, per = \"1d\" }}, {one}]")));
    assert_eq!(became(&world.agent().call("write_note", write_args(7))), "limit-exceeded");
    // The same limit twice: the lower one decides.
    let twice = format!("limit = [{{ count = 2, per = \"1h\" }}, {one}]");
    world.configure(&guard("g", "write_note", &twice));
    assert_eq!(became(&world.agent().call("write_note", write_args(8))), "limit-exceeded");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn what_one_thing_was_confirmed_on_is_no_reading_of_another() {
    let world = World::new();
    let order = format!(
        "[fact.order]\nhttp = {{ url = \"{}/${{args.path}}\", private = true }}\nselect = [\"/body/status\"]\n\
         seen_as = {{ tool = \"notes.read_note\", args = {{ path = \"${{args.path}}\" }}, select = [\"/status\"] }}\n\n",
        world.rate.url()
    );
    let confirm = "confirm = { when = 'now.order.body.status == \"void\"', within = \"5s\" }";
    world.configure(&format!(
        "{order}{}{}",
        guard("acts", "edit_note", confirm),
        guard("rests", "write_note", "unchanged = [\"order\"]")
    ));
    let mut agent = world.paused_at("before:gate");
    let edit = json!({"path": "plan.md", "old_text": "paid", "new_text": "void"});
    let asked = agent.ask("edit_note", edit);
    world.reached();
    world.rate.json(r#"{"status":"void","n":5}"#);
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    // Nobody has read the order of the other note.
    let other = json!({"path": "other.md", "content": "x"});
    assert_eq!(became(&agent.call("write_note", other)), "basis-missing");
    // What the effect was confirmed on is what the agent made of the first.
    assert_eq!(became(&agent.call("write_note", write_args(6))), "ran");
    assert_eq!(world.effects(), ["plan.md", "plan.md"]);
}

#[test]
fn what_was_so_before_the_act_does_not_settle_an_unknown_outcome() {
    let world = World::new();
    let confirm = "confirm = { when = 'now.rate.body.status == \"void\"', refute = 'now.rate.body.status == \"paid\"', within = \"300ms\" }";
    world.configure(&guard("g", "edit_note", &format!("once = \"plan\"\n{confirm}")));
    let mut agent = world.agent();
    // An error that may mean anything: the request may still land.
    let edit = json!({"path": "plan.md", "old_text": "not there", "new_text": "x"});
    agent.call("edit_note", edit.clone());
    assert_eq!(became(&agent.call("edit_note", edit)), "in-doubt", "it was taken for a failure");
}

#[test]
fn a_boundary_under_a_name_nobody_configured_leaves_no_policy_out() {
    let world = World::new();
    let text = "permit(principal, action, resource);\n\
                forbid(principal, action == Action::\"notes.write_note\", resource);\n";
    let file = world.file("policy.cedar", text);
    world.configure(&format!("[policy]\nfile = {file:?}\n"));
    // The same server, started otherwise: so it is not the one that is configured.
    let mut command = world.lastlook(&["mcp", "--", env!("CARGO_BIN_EXE_lastlook"), "demo-notes-server"]);
    command.arg(world.at("notes")).arg(format!("--effects={}", world.at("effects.jsonl").display()));
    let mut agent = crate::client::Client::spawn(&mut command);
    agent.initialize();
    let told = became(&agent.call("write_note", write_args(6)));
    assert!(told.contains("policy-invalid"), "{told}");
    assert_eq!(world.effects(), Vec::<String>::new());
}
