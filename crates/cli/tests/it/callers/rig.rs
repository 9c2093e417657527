//! Clients that can put something before their user, and a server that writes down every line it gets.

use serde_json::{Value, json};

use crate::approvals::people::introduce;
use crate::client::{Asked, Client};
use crate::guards::world::World;
use crate::hostile::rig::rogue;

/// The server's name of the effect, and the person who approves it.
pub const ADA: &str = "ada";

/// A world whose server is the rogue, and in which somebody of finance must approve every `set`. `defaults` are lines of
/// `[defaults]`, `more` is added to the end.
pub fn world(defaults: &str, more: &str) -> World {
    let world = World::new();
    std::fs::create_dir(world.at("folder")).unwrap();
    rules(
        &world,
        defaults,
        &format!("[guard.paid]\non = [\"rogue.set\"]\napprove = {{ by = 'Role::\"finance\"' }}\n{more}"),
    );
    introduce(&world, ADA, "finance", None);
    world
}

/// Writes the configuration of such a world.
pub fn rules(world: &World, defaults: &str, rest: &str) {
    let command = json!([rogue(), world.at("folder")]);
    let text = format!(
        "{}[upstream.rogue]\ncommand = {command}\n\n[tool.\"rogue.get\"]\nclass = \"read\"\n\n[tool.\"rogue.set\"]\nclass = \"write\"\n\n[defaults]\n{defaults}\n\n{rest}\n",
        if rest.contains("[principal]") { "" } else { "[principal]\nid = 'User::\"bot\"'\n\n" }
    );
    world.file("lastlook.toml", &text);
}

/// A client at a boundary of its own, that has said nothing yet.
pub fn client(world: &World) -> Client {
    Client::spawn(&mut world.lastlook(&["mcp", "--upstream", "rogue"]))
}

/// The arguments of the effect.
pub fn args(n: u64) -> Value {
    json!({"key": "alpha", "value": format!("{n}")})
}

/// The effects that the server wrote down.
pub fn effects(world: &World) -> usize {
    std::fs::read_to_string(world.at("folder/effects.log")).unwrap_or_default().lines().count()
}

/// Every line that the server got.
pub fn seen(world: &World) -> String {
    std::fs::read_to_string(world.at("folder/seen.log")).unwrap_or_default()
}

/// The params of a call of 2026-07-28, by a client with these capabilities; `back` is what it brings back.
pub fn params(tool: &str, arguments: Value, capabilities: Value, back: Value) -> Value {
    let mut params = json!({
        "name": tool,
        "arguments": arguments,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "a test", "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        },
    });
    for (name, value) in back.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    params
}

/// A client that can show forms.
pub fn forms() -> Value {
    json!({"elicitation": {"form": {}}})
}

/// Calls the effect, as a client that can show forms does; nothing is brought back.
pub fn call(client: &mut Client) -> Value {
    bring(client, args(1), Value::Null)
}

/// The same, with something brought back.
pub fn bring(client: &mut Client, arguments: Value, back: Value) -> Value {
    let asked = ask(client, arguments, back);
    client.answer(asked)
}

/// The same, without waiting.
pub fn ask(client: &mut Client, arguments: Value, back: Value) -> Asked {
    client.request("tools/call", params("set", arguments, forms(), back))
}

/// What a client brings back whose user said this.
pub fn says(slip: &str, action: &str) -> Value {
    json!({"requestState": slip, "inputResponses": {"approval": {"action": action}}})
}

/// The slip and the request of an answer that wants input.
#[track_caller]
pub fn wants_input(answer: &Value) -> (String, String) {
    let result = &answer["result"];
    assert_eq!(result["resultType"], json!("input_required"), "{answer}");
    assert!(result.get("content").is_none() && result.get("isError").is_none(), "{answer}");
    let verdict = &result["_meta"]["dev.lastlook/verdict"];
    assert_eq!(verdict["verdict"], json!("hold"), "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&result["requestState"]), text(&verdict["request"]))
}

/// The request of an answer that is a held tool result.
#[track_caller]
pub fn is_held(answer: &Value) -> String {
    assert_eq!(answer["result"]["isError"], json!(true), "{answer}");
    crate::approvals::people::request_of(&answer["result"])
}

/// An answer of the server's own.
#[track_caller]
pub fn ran(answer: &Value) {
    assert_eq!(answer["result"]["content"][0]["text"], json!("set"), "{answer}");
}

/// An error that says what to do: nothing ran.
#[track_caller]
pub fn is_refused(answer: &Value, why: &str) {
    let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(answer["error"]["code"], json!(-32602), "{answer}");
    assert!(message.contains(why) && message.contains("call again without `requestState`"), "{message}");
}
