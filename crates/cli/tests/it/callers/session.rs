//! 2025-11-25 and 2025-06-18: the boundary asks the client itself, while the call waits.

use serde_json::{Value, json};

use super::rig::{ADA, args, client, effects, is_held, ran, seen, world};
use crate::approvals::people::{approve, state_of, waiting};
use crate::client::{Asked, Client};
use crate::console::rig::{Console, passphrase};
use crate::guards::world::World;

/// A client after the handshake of this revision, that can show this much.
fn agent(world: &World, revision: &str, elicitation: Value) -> Client {
    let mut client = client(world);
    let info = json!({"name": "a test", "version": "0"});
    let capabilities = json!({"elicitation": elicitation});
    let params = json!({"protocolVersion": revision, "capabilities": capabilities, "clientInfo": info});
    let asked = client.request("initialize", params);
    client.answer(asked);
    client.notify("notifications/initialized", json!({}));
    client
}

fn with_forms(world: &World) -> Client {
    agent(world, "2025-11-25", json!({}))
}

/// Calls the effect; what the client is asked meanwhile.
fn is_asked(client: &mut Client) -> (Asked, Value) {
    let asked = client.ask("set", args(1));
    (asked, client.notification("elicitation/create"))
}

fn answer(client: &mut Client, ask: &Value, answer: Value) {
    let mut frame = json!({"jsonrpc": "2.0", "id": ask["id"]});
    for (name, value) in answer.as_object().unwrap() {
        frame[name] = value.clone();
    }
    client.send(format!("{frame}\n").as_bytes());
}

fn action(client: &mut Client, ask: &Value, action: &str) {
    answer(client, ask, json!({"result": {"action": action, "content": {}}}));
}

/// Nothing of what we asked, and of what was answered to that, has come to the server.
fn server_saw_nothing(world: &World, ask: &Value) {
    let seen = seen(world);
    let id = ask["id"].as_str().unwrap();
    assert!(!seen.contains(id) && !seen.contains("\"action\""), "{id}: {seen}");
}

#[test]
fn the_user_is_told_while_the_call_waits_and_it_runs_once_people_have_approved() {
    let world = world("", "");
    let mut agent = with_forms(&world);
    let (asked, ask) = is_asked(&mut agent);
    let params = &ask["params"];
    assert!(params.get("mode").is_none() && params.get("elicitationId").is_none(), "{ask}");
    assert_eq!(params["requestedSchema"], json!({"type": "object", "properties": {}}));
    let request = waiting(&world).remove(0);
    assert!(params["message"].as_str().unwrap().contains(&request), "{ask}");
    action(&mut agent, &ask, "accept");
    // Whoever says so twice, and then something else, has said it once.
    action(&mut agent, &ask, "decline");
    assert_eq!(approve(&world, &request, ADA), "approved");
    ran(&agent.answer(asked));
    assert_eq!((effects(&world), state_of(&world, &request)), (1, "used".to_owned()));
    server_saw_nothing(&world, &ask);
    drop(agent);
    world.verifies();
}

#[test]
fn an_accept_is_no_approval() {
    let world = world("wait_for_approval = \"1s\"", "");
    let mut agent = with_forms(&world);
    let (asked, ask) = is_asked(&mut agent);
    action(&mut agent, &ask, "accept");
    let request = is_held(&agent.answer(asked));
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "pending".to_owned()));
    assert!(!agent.has_told("notifications/cancelled"));
    // Once in a session; whoever accepted waits again.
    let asked = agent.ask("set", args(1));
    assert_eq!(is_held(&agent.answer(asked)), request);
    assert!(!agent.has_told("elicitation/create"));
    server_saw_nothing(&world, &ask);
}

#[test]
fn who_declines_gets_the_held_result_at_once_and_is_not_asked_again() {
    let world = world("wait_for_approval = \"1h\"", "");
    for no in [
        json!({"result": {"action": "decline"}}),
        json!({"result": {"action": "cancel"}}),
        json!({"result": {"action": "of course"}}),
        json!({"result": {"content": {"approve": true}}}),
        json!({"result": {}}),
        json!({"error": {"code": -32601, "message": "no such method"}}),
    ] {
        let mut agent = with_forms(&world);
        let (asked, ask) = is_asked(&mut agent);
        answer(&mut agent, &ask, no.clone());
        let told = agent.answer(asked);
        let request = is_held(&told);
        assert!(
            told["result"]["content"][0]["text"].as_str().unwrap().contains("does not wait"),
            "{no}: {told}"
        );
        let again = agent.ask("set", args(1));
        assert_eq!(is_held(&agent.answer(again)), request);
        assert!(!agent.has_told("elicitation/create"));
        assert_eq!((effects(&world), state_of(&world, &request)), (0, "pending".to_owned()));
        server_saw_nothing(&world, &ask);
    }
    assert_eq!(waiting(&world).len(), 1);
}

#[test]
fn a_client_that_never_answers_is_not_waited_for_for_ever() {
    let world = world("wait_for_approval = \"1s\"", "");
    let mut agent = with_forms(&world);
    let (asked, ask) = is_asked(&mut agent);
    let request = is_held(&agent.answer(asked));
    let taken_back = agent.notification("notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], ask["id"]);
    // Too late is no answer, and nobody else's.
    action(&mut agent, &ask, "accept");
    approve(&world, &request, ADA);
    assert_eq!(effects(&world), 0);
    let asked = agent.ask("set", args(1));
    ran(&agent.answer(asked));
    assert_eq!(effects(&world), 1);
    server_saw_nothing(&world, &ask);
}

#[test]
fn a_call_that_is_cancelled_takes_what_it_asked_back() {
    let world = world("", "");
    let mut agent = with_forms(&world);
    let (asked, ask) = is_asked(&mut agent);
    let request = waiting(&world).remove(0);
    agent.cancel(asked);
    let taken_back = agent.notification("notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], ask["id"]);
    // The client's word about our request is not the server's to hear.
    agent.notify("notifications/cancelled", json!({"requestId": ask["id"]}));
    action(&mut agent, &ask, "accept");
    approve(&world, &request, ADA);
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
    let asked = agent.ask("set", args(1));
    ran(&agent.answer(asked));
    server_saw_nothing(&world, &ask);
    assert_eq!(effects(&world), 1);
}

#[test]
fn who_can_show_a_page_is_sent_there_and_hears_when_it_was_decided() {
    let world = world("", "");
    let console = Console::open(&world);
    let mut agent = agent(&world, "2025-11-25", json!({"url": {}}));
    for (word, becomes) in [("approve", 1), ("reject", 1)] {
        let (asked, ask) = is_asked(&mut agent);
        let request = waiting(&world).remove(0);
        let params = &ask["params"];
        assert_eq!(params["mode"], json!("url"));
        assert_eq!(params["url"], json!(format!("http://127.0.0.1:{}/requests/{request}", console.port)));
        assert!(params.get("requestedSchema").is_none(), "{ask}");
        let id = params["elicitationId"].as_str().unwrap();
        answer(&mut agent, &ask, json!({"result": {"action": "accept"}}));
        assert_eq!(console.says(word, &request, ADA, &passphrase(ADA)).status, 303);
        let told = agent.notification("notifications/elicitation/complete");
        assert_eq!(told["params"], json!({"elicitationId": id}));
        let answer = agent.answer(asked);
        match word {
            "approve" => ran(&answer),
            _ => assert_eq!(
                answer["result"]["_meta"]["dev.lastlook/verdict"]["codes"],
                json!(["approval-rejected"]),
                "{answer}"
            ),
        }
        assert_eq!(effects(&world), becomes);
        server_saw_nothing(&world, &ask);
    }
    drop(agent);
    world.verifies();
}

#[test]
fn a_client_is_asked_only_what_its_revision_has() {
    let world = world("wait_for_approval = \"1s\"", "");
    let console = Console::open(&world);
    let mut old = agent(&world, "2025-06-18", json!({"url": {}}));
    let (asked, ask) = is_asked(&mut old);
    assert!(ask["params"].get("url").is_none() && ask["params"].get("mode").is_none(), "{ask}");
    action(&mut old, &ask, "decline");
    is_held(&old.answer(asked));
    for (revision, capability) in
        [("2024-11-05", json!({})), ("2025-03-26", json!({"form": {}})), ("2025-11-25", Value::Null)]
    {
        let mut silent = agent(&world, revision, capability);
        let asked = silent.ask("set", args(1));
        is_held(&silent.answer(asked));
        assert!(!silent.has_told("elicitation/create"), "{revision}");
    }
    drop(console);
    // A page is all it can show, and there is none any more.
    let mut only_pages = agent(&world, "2025-11-25", json!({"url": {}}));
    let asked = only_pages.ask("set", args(1));
    is_held(&only_pages.answer(asked));
    assert!(!only_pages.has_told("elicitation/create"));
}

#[test]
fn what_the_server_asks_and_what_is_answered_to_it_passes_untouched_beside_ours() {
    let world = world("", "");
    let mut agent = with_forms(&world);
    let (asked, ours) = is_asked(&mut agent);
    let read = agent.ask("get", json!({"key": "alpha", "mode": "ask-user"}));
    let theirs = agent.notification("elicitation/create");
    assert_eq!(theirs["id"], json!("rogue-asks"));
    assert_eq!(theirs["params"]["message"], json!("which?"));
    let line = "{ \"id\":\"rogue-asks\", \"jsonrpc\":\"2.0\",\"result\":{\"action\":\"accept\", \"content\":{\"n\":1.0}}}\n";
    agent.send(line.as_bytes());
    agent.result(read);
    assert!(seen(&world).contains(line));
    action(&mut agent, &ours, "decline");
    is_held(&agent.answer(asked));
    assert!(!seen(&world).contains(ours["id"].as_str().unwrap()));
    assert_eq!(effects(&world), 0);
}

#[test]
fn calls_of_one_session_that_wait_for_the_same_people_ask_once() {
    let world = world("", "");
    let mut agent = with_forms(&world);
    let (first, ask) = is_asked(&mut agent);
    let second = agent
        .request("tools/call", json!({"name": "set", "arguments": args(1), "_meta": {"progressToken": "p"}}));
    agent.notification("notifications/progress");
    assert!(!agent.has_told("elicitation/create"));
    action(&mut agent, &ask, "cancel");
    for asked in [first, second] {
        is_held(&agent.answer(asked));
    }
    assert_eq!(effects(&world), 0);
}

#[test]
fn a_client_that_leaves_while_its_call_waits_is_waited_for_by_nobody() {
    let world = world("wait_for_approval = \"1h\"", "");
    let mut agent = with_forms(&world);
    is_asked(&mut agent);
    let request = waiting(&world).remove(0);
    let left = std::time::Instant::now();
    assert!(agent.close().success());
    assert!(left.elapsed() < std::time::Duration::from_secs(20), "it waited {:?}", left.elapsed());
    approve(&world, &request, ADA);
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
}
