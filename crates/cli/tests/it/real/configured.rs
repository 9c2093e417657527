//! The same server under an operator's word: audit mode, and a configuration file.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::rig::{Rig, refused, worked};
use crate::client::Client;

#[test]
fn in_audit_mode_everything_runs_and_the_log_says_what_would_have_been_refused() {
    let rig = Rig::with("plan.md", "open");
    let mut agent = rig.agent_with(&["--audit"], &[]);
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "open", "begun")));
    rig.put("plan.md", "begun, by somebody else");
    let answer = agent.call("edit_file", rig.edit("plan.md", "begun", "done"));
    worked(&answer);
    assert_eq!(rig.text("plan.md").as_deref(), Some("done, by somebody else"));

    let would = rig.log_with(&["--would-deny"]);
    let [line] = &would[..] else { panic!("{would:?}") };
    assert_eq!(line["receipt"], answer["_meta"]["dev.lastlook/receipt"]);
    let said = ["mode", "verdict", "codes", "outcome"].map(|name| line[name].clone());
    assert_eq!(said, [json!("audit"), json!("deny"), json!(["fact-changed"]), json!("succeeded")]);
    assert_eq!(rig.mediated().len(), 2);
}

#[test]
fn a_tool_declared_destructive_is_never_blind_and_never_rests_on_what_nobody_was_shown() {
    let rig = Rig::with("plan.md", "one two three");
    let profile = "profile = \"filesystem\"";
    let mut agent = configured(&rig, profile, "[tool.\"files.edit_file\"]\nclass = \"destructive\"\n");
    refused(&agent.call("edit_file", rig.edit("plan.md", "one", "1")), &["basis-missing"]);
    assert_eq!(rig.effects(), [""; 0]);
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "one", "1")));
    // After its own effect the boundary has read the file again, the agent has not.
    refused(&agent.call("edit_file", rig.edit("plan.md", "two", "2")), &["basis-missing"]);
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "two", "2")));
    assert_eq!(rig.text("plan.md").as_deref(), Some("1 2 three"));
    let receipts = rig.mediated();
    for receipt in receipts {
        assert_eq!(receipt.says["class"], json!({"is": "destructive", "by": "declared"}));
        assert_eq!(receipt.says["upstream"], "files");
    }
}

#[test]
fn under_a_configuration_a_servers_own_hints_count_for_nothing() {
    let rig = Rig::with("plan.md", "open");
    let mut agent = configured(&rig, "profile = \"none\"", "[tool.\"files.read_file\"]\nclass = \"read\"\n");
    // Hinted as a read by the server, declared by nobody: the strictest class.
    refused(&agent.call("read_text_file", rig.only("plan.md")), &["basis-missing"]);
    worked(&agent.call("read_file", rig.only("plan.md")));
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    let receipts = rig.receipts();
    assert_eq!(receipts.len(), 2);
    for receipt in receipts {
        assert_eq!(receipt.says["class"], json!({"is": "destructive", "by": "default"}));
    }
}

/// An agent at a boundary whose server stands in a configuration file.
pub(super) fn configured(rig: &Rig, upstream: &str, tools: &str) -> Client {
    let file = rig.beside("lastlook.toml");
    let command = serde_json::to_string(&rig.server()).unwrap();
    std::fs::write(&file, format!("[upstream.files]\ncommand = {command}\n{upstream}\n{tools}")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    rig.agent_with(&["--config", file.to_str().unwrap(), "--upstream", "files"], &[])
}
