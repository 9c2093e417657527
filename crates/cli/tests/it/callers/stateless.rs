//! 2026-07-28: a held call is answered with what its client's user reads, and comes back with what they said.

use serde_json::{Value, json};

use super::rig::{
    ADA, args, ask, bring, call, client, effects, forms, is_held, is_refused, params, ran, rules, says, seen,
    wants_input, world,
};
use crate::approvals::people::{approve, state_of, waiting};
use crate::console::rig::Console;

#[test]
fn what_was_approved_runs_when_the_call_comes_back_and_the_server_sees_none_of_it() {
    let world = world("", "");
    let mut agent = client(&world);
    let answer = call(&mut agent);
    let (slip, request) = wants_input(&answer);
    let asks = &answer["result"]["inputRequests"];
    assert_eq!(asks.as_object().unwrap().len(), 1);
    assert_eq!(asks["approval"]["method"], json!("elicitation/create"));
    let notice = &asks["approval"]["params"];
    assert_eq!(notice["mode"], json!("form"));
    assert_eq!(notice["requestedSchema"], json!({"type": "object", "properties": {}}));
    let text = notice["message"].as_str().unwrap();
    assert!(
        text.contains(&request) && text.contains("Role::\"finance\"") && text.contains("approves"),
        "{text}"
    );
    assert!(text.contains("lastlook approvals") && text.contains("lastlook console"), "{text}");

    assert_eq!(approve(&world, &request, ADA), "approved");
    ran(&bring(&mut agent, args(1), says(&slip, "accept")));
    assert_eq!((effects(&world), state_of(&world, &request)), (1, "used".to_owned()));
    // Nor does it come by what a client that lost our answer does: it just calls again.
    let (_, next) = wants_input(&call(&mut agent));
    approve(&world, &next, ADA);
    ran(&call(&mut agent));
    assert_eq!(effects(&world), 2);
    drop(agent);
    let seen = seen(&world);
    for ours in ["requestState", "inputResponses", "lastlook-", "elicitation/create"] {
        assert!(!seen.contains(ours) || ours == "lastlook-" && only_ids(&seen), "{ours}: {seen}");
    }
    world.verifies();
}

/// Ids of the boundary's own requests to the server begin like slips do.
fn only_ids(seen: &str) -> bool {
    seen.matches("lastlook-").count() == seen.matches("\"id\":\"lastlook-").count()
}

#[test]
fn an_accept_is_no_approval_and_the_call_asks_again_when_its_time_is_up() {
    let world = world("wait_for_approval = \"1s\"", "");
    let mut agent = client(&world);
    let (first, request) = wants_input(&call(&mut agent));
    let (second, same) = wants_input(&bring(&mut agent, args(1), says(&first, "accept")));
    assert_eq!(request, same);
    assert_ne!(first, second);
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "pending".to_owned()));
    is_refused(&bring(&mut agent, args(1), says(&first, "accept")), "was used already");
    // What is not answered is asked again.
    let (third, _) = wants_input(&bring(&mut agent, args(1), json!({"requestState": second})));
    wants_input(&bring(&mut agent, args(1), json!({"requestState": third, "inputResponses": {"other": {}}})));
    assert_eq!(waiting(&world), [request]);
    assert_eq!(effects(&world), 0);
}

#[test]
fn who_accepts_waits_for_people_within_the_call() {
    // Nothing says how long: there is a time for those whose user was told.
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    let mut back = params("set", args(1), forms(), says(&slip, "accept"));
    back["_meta"]["progressToken"] = json!("p");
    let asked = agent.request("tools/call", back);
    agent.notification("notifications/progress");
    approve(&world, &request, ADA);
    ran(&agent.answer(asked));
    assert_eq!(effects(&world), 1);
}

#[test]
fn who_declines_gets_the_held_result_and_nothing_runs_even_if_it_is_approved() {
    let world = world("", "");
    let mut agent = client(&world);
    for action in ["decline", "cancel"] {
        let (slip, request) = wants_input(&call(&mut agent));
        let answer = bring(&mut agent, args(1), says(&slip, action));
        assert_eq!(is_held(&answer), request);
        assert!(
            answer["result"]["content"][0]["text"].as_str().unwrap().contains("does not wait"),
            "{answer}"
        );
        assert_eq!(state_of(&world, &request), "pending");
    }
    let (slip, request) = wants_input(&call(&mut agent));
    approve(&world, &request, ADA);
    assert_eq!(is_held(&bring(&mut agent, args(1), says(&slip, "decline"))), request);
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
    ran(&call(&mut agent));
    assert_eq!(effects(&world), 1);
}

#[test]
fn an_answer_that_is_none_runs_nothing_and_spends_nothing() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    approve(&world, &request, ADA);
    for nonsense in [json!(7), json!({"approval": {"action": "yes"}}), json!({"approval": true})] {
        let answer = bring(&mut agent, args(1), json!({"requestState": slip, "inputResponses": nonsense}));
        assert_eq!(answer["error"]["code"], json!(-32602), "{answer}");
        assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
    }
    ran(&bring(&mut agent, args(1), says(&slip, "accept")));
}

#[test]
fn a_client_that_can_show_nothing_or_is_not_to_gets_the_held_result() {
    let world = world("", "");
    let mut agent = client(&world);
    let held = |agent: &mut crate::client::Client, capabilities: Value| {
        let asked = agent.request("tools/call", params("set", args(1), capabilities, Value::Null));
        is_held(&agent.answer(asked))
    };
    let request = held(&mut agent, json!({}));
    assert_eq!(held(&mut agent, json!({"sampling": {}})), request);
    // Where no console runs there is no page to show.
    assert_eq!(held(&mut agent, json!({"elicitation": {"url": {}}})), request);
    drop(agent);
    rules(
        &world,
        "elicit = false",
        "[guard.paid]\non = [\"rogue.set\"]\napprove = { by = 'Role::\"finance\"' }",
    );
    assert_eq!(held(&mut client(&world), forms()), request);
}

#[test]
fn who_can_show_a_page_is_sent_to_the_running_consoles_and_its_address_lets_nobody_in() {
    let world = world("", "");
    let mut agent = client(&world);
    let notice = |agent: &mut crate::client::Client| {
        let both = json!({"elicitation": {"url": {}, "form": {}}});
        let asked = agent.request("tools/call", params("set", args(1), both, Value::Null));
        let answer = agent.answer(asked);
        let (slip, request) = wants_input(&answer);
        (slip, request, answer["result"]["inputRequests"]["approval"]["params"].clone())
    };
    let (_, request, text) = notice(&mut agent);
    assert_eq!(text["mode"], json!("form"));

    let console = Console::open(&world);
    let (slip, same, page) = notice(&mut agent);
    assert_eq!(same, request);
    assert_eq!(page["mode"], json!("url"));
    assert_eq!(page["url"], json!(format!("http://127.0.0.1:{}/requests/{request}", console.port)));
    assert!(page.get("elicitationId").is_none() && page.get("requestedSchema").is_none(), "{page}");
    assert!(page["message"].as_str().unwrap().contains("approves nothing"), "{page}");
    let path = format!("/requests/{request}");
    assert_eq!(console.ask("GET", &path, &[("Host", &console.host())], "").status, 403);
    assert_eq!(console.get(&path).status, 200, "for whoever has the session");
    let kept = std::fs::read_to_string(world.at("state/console")).unwrap();
    assert_eq!(kept, format!("127.0.0.1:{}\n", console.port));

    assert_eq!(console.says("approve", &request, ADA, &crate::console::rig::passphrase(ADA)).status, 303);
    ran(&bring(&mut agent, args(1), says(&slip, "accept")));
    // Its end is the end of the address; one that is killed leaves its file, and nobody is sent there.
    assert_eq!(console.interrupt(), Some(0));
    assert!(!world.at("state/console").exists());
    assert_eq!(notice(&mut agent).2["mode"], json!("form"));
    let console = Console::start(&world);
    assert_eq!(notice(&mut agent).2["mode"], json!("url"));
    drop(console);
    assert!(world.at("state/console").exists());
    assert_eq!(notice(&mut agent).2["mode"], json!("form"));
}

#[test]
fn what_comes_back_to_a_call_that_needs_no_approval_any_more_runs_without_it() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, _) = wants_input(&call(&mut agent));
    drop(agent);
    rules(&world, "", "");
    let mut agent = client(&world);
    ran(&bring(&mut agent, args(1), says(&slip, "accept")));
    drop(agent);
    // Another tool is another call, whatever it is: a reading too, and what the server is asked beside tools.
    let mut agent = client(&world);
    let asked = agent.request("tools/list", json!({}));
    agent.answer(asked);
    let asked = agent.request("tools/call", params("get", args(1), forms(), says(&slip, "accept")));
    is_refused(&agent.answer(asked), "not one for this call");
    let asked = agent.request("prompts/get", params("p", json!({}), forms(), says(&slip, "accept")));
    assert_eq!(agent.answer(asked)["error"]["code"], json!(-32602));
    drop(agent);
    let seen = seen(&world);
    assert!(!seen.contains("requestState") && !seen.contains("prompts/get"), "{seen}");
    assert_eq!(effects(&world), 1);
    world.verifies();
}

#[test]
fn a_state_of_the_servers_own_passes_byte_for_byte() {
    let world = world("", "");
    rules(&world, "", "");
    let mut agent = client(&world);
    for (n, state) in
        ["s", "lastlook-0000000000000000.ask-1.1.00.00", "lastlook-", "\\u006cast\u{e9}"].iter().enumerate()
    {
        let id = 1000 + n;
        let line = format!(
            "{{\"id\":{id} ,\"params\":{{ \"requestState\" : \"{state}\",\"inputResponses\":{{\"approval\":{{\"action\":\"accept\"}}}}, \"name\":\"set\",\"arguments\":{{\"key\":\"alpha\",\"value\":1.0}}}},\"method\":\"tools/call\",\"jsonrpc\":\"2.0\"}}\n"
        );
        agent.raw(id as u64, line.as_bytes());
        assert!(seen(&world).contains(&line), "{line}");
    }
    assert_eq!(effects(&world), 4);
}

#[test]
fn a_call_that_is_cancelled_while_it_waits_runs_nothing() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    let mut back = params("set", args(1), forms(), says(&slip, "accept"));
    back["_meta"]["progressToken"] = json!("p");
    let asked = agent.request("tools/call", back);
    agent.notification("notifications/progress");
    agent.cancel(asked);
    approve(&world, &request, ADA);
    is_refused(&bring(&mut agent, args(1), says(&slip, "accept")), "was used already");
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
    let asked = ask(&mut agent, args(1), Value::Null);
    ran(&agent.answer(asked));
    assert_eq!(effects(&world), 1);
}
