//! A wrapped file works: what stands in it is started as a client starts it, and speaks MCP.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::rig::Rig;
use crate::client::Client;

/// A client's file with the bundled notes server in it.
fn notes() -> Rig {
    let rig = Rig::new("");
    let text = format!(
        "{{\n  // notes\n  \"mcpServers\": {{\n    \"notes\": {{\n      \"command\": {},\n      \"args\": [\"demo-notes-server\", {}],\n    }},\n  }}\n}}\n",
        json!(env!("CARGO_BIN_EXE_lastlook")),
        json!(rig.world.path("notes")),
    );
    std::fs::write(rig.file(), text).unwrap();
    rig
}

/// Starts the server of that name as a client does: these words, this environment, some folder.
fn start(rig: &Rig) -> Client {
    // Line comments and trailing commas are the fixture's own; the rest is JSON.
    let text = rig.text().replace("// notes", "").replace(",\n    }", "\n    }").replace(",\n  }", "\n  }");
    let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let server = &file["mcpServers"]["notes"];
    let mut command = Command::new(server["command"].as_str().unwrap());
    command.args(server["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
    let base = rig.world.bare(&[]);
    for (name, value) in base.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir("/");
    Client::spawn(&mut command)
}

/// Reads a note, lets somebody change it, and edits it: gives the reason the edit was refused for, if it was.
fn stale_edit(rig: &Rig) -> Value {
    let mut client = start(rig);
    assert_eq!(client.initialize()["serverInfo"]["name"], "lastlook-demo-notes");
    rig.world.put("plan.md", "one\n");
    client.call("read_note", json!({"path": "plan.md"}));
    rig.world.put("plan.md", "one two\n");
    let edit = json!({"path": "plan.md", "old_text": "one", "new_text": "1"});
    let result = client.call("edit_note", edit);
    assert!(client.close().success());
    result["_meta"]["dev.lastlook/verdict"]["codes"].clone()
}

#[test]
fn a_wrapped_server_is_guarded_and_an_unwrapped_one_is_not() {
    let rig = notes();
    assert_eq!(stale_edit(&rig), Value::Null, "nothing stands in front of it yet");
    rig.ok("wrap", &["--yes", "--state", rig.world.state().to_str().unwrap()]);
    assert_eq!(stale_edit(&rig), json!(["fact-changed"]));
    assert_eq!(rig.world.log(&[])[0]["codes"], json!(["fact-changed"]));
    rig.ok("unwrap", &["--yes"]);
    assert_eq!(stale_edit(&rig), Value::Null);
}

#[test]
fn a_server_that_the_configuration_declares_is_wrapped_under_its_name() {
    let rig = notes();
    let config = rig.world.path("lastlook.toml");
    let command = json!([env!("CARGO_BIN_EXE_lastlook"), "demo-notes-server", rig.world.path("notes")]);
    let text = format!(
        "[upstream.mine]\ncommand = {command}\n[tool.\"mine.edit_note\"]\nclass = \"destructive\"\n[tool.\"mine.read_note\"]\nclass = \"read\"\n"
    );
    std::fs::write(&config, text).unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
    let state = rig.world.state();
    // A relative path would be the client's, not ours.
    let shown = rig.ok("wrap", &["--yes", "--config", "lastlook.toml", "--state", state.to_str().unwrap()]);
    assert!(!shown.contains("note:"), "{shown}");
    assert!(
        rig.text().contains(&format!("\"--config\", {}", json!(config.canonicalize().unwrap()))),
        "{}",
        rig.text()
    );
    assert!(rig.text().contains("\"--upstream\", \"mine\", \"--\""), "{}", rig.text());
    assert_eq!(stale_edit(&rig), json!(["fact-changed"]));
    assert_eq!(rig.world.log(&[])[0]["upstream"], "mine");
    assert_eq!(rig.world.log(&[])[0]["class"], "destructive");
}

#[test]
fn a_server_that_the_configuration_does_not_know_is_wrapped_with_a_word_of_warning() {
    let rig = notes();
    let config = rig.world.file("lastlook.toml", "");
    let shown = rig.ok("wrap", &["--dry-run", "--config", &config]);
    assert!(shown.contains("note: the configuration declares no upstream with this command"), "{shown}");
    rig.run("wrap", &["--yes", "--config", "nowhere.toml"]).fails(2, "there is no configuration file");
}
