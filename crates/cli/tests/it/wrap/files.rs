//! What becomes of the file.

use super::rig::{FLAVOURS, Rig, flavour, mode};

/// The same file as an editor on another system would have saved it.
fn spellings(text: &str) -> Vec<String> {
    vec![
        text.to_owned(),
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        text.trim_end().to_owned(),
        text.replace("    ", "\t"),
    ]
}

#[test]
fn every_flavour_comes_back_byte_for_byte_and_wrapping_twice_changes_nothing() {
    for name in FLAVOURS {
        for text in spellings(&flavour(name)) {
            let rig = Rig::new(&text);
            rig.ok("wrap", &["--yes"]);
            let wrapped = rig.text();
            assert_ne!(wrapped, text, "{name}");
            assert_eq!(rig.others().len(), 1, "{name}: one back-up");
            let again = rig.ok("wrap", &["--yes"]);
            assert!(again.ends_with("nothing to change\n"), "{name}: {again}");
            assert_eq!(rig.text(), wrapped, "{name}");
            assert_eq!(rig.others().len(), 1, "{name}: nothing changed, nothing to back up");
            // Without the back-up: what is needed stands in the file.
            std::fs::remove_file(&rig.others()[0]).unwrap();
            rig.ok("unwrap", &["--yes"]);
            assert_eq!(rig.text(), text, "{name}");
        }
    }
}

#[test]
fn a_wrapped_file_reads_as_people_would_have_written_it() {
    let rig = Rig::new(&flavour("vscode.mcp.jsonc"));
    rig.ok("wrap", &["--yes", "--program", "lastlook"]);
    insta::assert_snapshot!("vscode", rig.text());
    let rig = Rig::new(&flavour("claude_code_project.mcp.json"));
    rig.ok("wrap", &["--yes", "--program", "lastlook", "--state", "/var/lib/lastlook"]);
    insta::assert_snapshot!("claude_code", rig.text());
}

#[test]
fn what_is_shown_strikes_out_secrets_and_says_why_a_server_is_left_alone() {
    let rig = Rig::new(&flavour("cursor.mcp.json"));
    let said = rig.run("wrap", &["--program", "lastlook"]);
    let shown = said.out.replace(&rig.file().canonicalize().unwrap().display().to_string(), "FILE");
    insta::assert_snapshot!("shown", shown);
    assert!(!said.out.contains("s3cret") && !said.out.contains('\u{1b}'), "{said:?}");
}

#[test]
fn only_the_servers_that_were_named_are_wrapped() {
    let rig = Rig::new(&flavour("claude_desktop_config.json"));
    assert_eq!(rig.states("wrap", &["--yes", "--server", "memory"]), [("memory".into(), "wrapped".into())]);
    let both = [("filesystem".into(), "wrapped".into()), ("memory".into(), "already-wrapped".into())];
    assert_eq!(rig.states("wrap", &["--dry-run"]), both);
    rig.run("wrap", &["--yes", "--server", "nobody"]).fails(2, "has no server `nobody`");
    rig.ok("unwrap", &["--yes"]);
    assert_eq!(rig.text(), flavour("claude_desktop_config.json"));
}

#[test]
fn servers_at_an_address_and_servers_of_projects_are_listed() {
    let states = |name: &str| Rig::new(&flavour(name)).states("wrap", &["--yes", "--program", "lastlook"]);
    let pair = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(
        states("claude_code_project.mcp.json"),
        [pair("shop", "wrapped"), pair("tracker", "not-wrapped"), pair("alone", "wrapped")]
    );
    assert_eq!(states("claude_code_user.claude.json"), [pair("db", "wrapped"), pair("git", "wrapped")]);
    assert_eq!(states("windsurf.mcp_config.json"), [pair("github", "wrapped"), pair("figma", "not-wrapped")]);
}

#[test]
fn permissions_and_the_first_text_are_kept_and_no_back_up_is_overwritten() {
    let text = flavour("windsurf.mcp_config.json");
    let rig = Rig::new(&text);
    for _ in 0..3 {
        rig.ok("wrap", &["--yes"]);
        rig.ok("unwrap", &["--yes"]);
    }
    assert_eq!(mode(&rig.file()), 0o640);
    let backups = rig.others();
    assert_eq!(backups.len(), 6);
    assert!(backups.iter().all(|backup| mode(backup) == 0o640));
    let kept = backups.iter().filter(|backup| std::fs::read_to_string(backup).unwrap() == text);
    assert_eq!(kept.count(), 3);
    assert!(backups.iter().all(|backup| backup.to_str().unwrap().contains("mcp.json.lastlook-backup-20")));
}

#[test]
fn of_a_link_the_file_it_leads_to_is_changed() {
    let rig = Rig::new(&flavour("cursor.mcp.json"));
    let kept = rig.world.path("dotfiles.json");
    std::fs::rename(rig.file(), &kept).unwrap();
    std::os::unix::fs::symlink(&kept, rig.file()).unwrap();
    rig.ok("wrap", &["--yes"]);
    assert!(rig.file().symlink_metadata().unwrap().is_symlink());
    assert!(std::fs::read_to_string(&kept).unwrap().contains("\"mcp\", \"--\", \"docker\""));
}

#[test]
fn without_anybody_to_ask_it_is_only_shown() {
    let text = flavour("cursor.mcp.json");
    let rig = Rig::new(&text);
    let said = rig.run("wrap", &[]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("nothing was written: `--yes` writes it"), "{said:?}");
    assert_eq!(rig.run("wrap", &["--json"]).code, 3);
    assert_eq!(rig.run("wrap", &["--dry-run"]).code, 0);
    rig.run("wrap", &["--dry-run", "--yes"]).fails(2, "cannot be used with");
    assert_eq!((rig.text(), rig.others().len()), (text, 0));
}

#[test]
fn what_is_no_clients_file_is_refused_with_its_line() {
    let refused = |text: &str, says: &[&str]| {
        let rig = Rig::new(text);
        let said = rig.run("wrap", &["--yes"]);
        says.iter().for_each(|says| said.fails(2, says));
        assert_eq!((rig.text().as_str(), rig.others().len()), (text, 0));
    };
    refused(
        "{\n  \"mcpServers\": {\n    \"a\": {\"command\" \"npx\"}\n  }\n}\n",
        &["expected colon", ":3:", "\"npx\"", "here"],
    );
    refused("{\"mcpServers\": {", &["unterminated object"]);
    refused("", &["the file is empty"]);
    refused("[]", &["no JSON object"]);
    refused("not json", &["the file is not JSON"]);
    refused("{\"theme\": \"dark\"}", &["has no MCP servers"]);
    refused("{'mcpServers': {}}", &["the file is not JSON"]);
    let rig = Rig::new("");
    std::fs::write(rig.file(), b"{\"a\": \"\xff\"}").unwrap();
    rig.run("wrap", &["--yes"]).fails(2, "not UTF-8 text from byte 7 on");
    std::fs::remove_file(rig.file()).unwrap();
    rig.run("wrap", &["--yes"]).fails(2, "there is no file");
    std::fs::create_dir(rig.file()).unwrap();
    rig.run("wrap", &["--yes"]).fails(2, "is not a file");
}

#[test]
fn a_secret_on_another_line_is_not_shown_with_a_mistake() {
    let rig = Rig::new("{\"mcpServers\": {\"a\": {\n\"env\": {\"T\": \"s3cret\"},\n\"command\" \"x\"}}}");
    let said = rig.run("wrap", &["--yes"]);
    said.fails(2, "expected colon");
    assert!(!said.err.contains("s3cret"), "{said:?}");
}

#[test]
fn a_server_that_the_configuration_runs_is_left_to_it() {
    let rig = Rig::new(r#"{"servers": {"a": {"command": "lastlook", "args": ["mcp", "--upstream", "a"]}}}"#);
    assert_eq!(rig.states("wrap", &["--yes"]), [("a".to_owned(), "already-wrapped".to_owned())]);
    assert_eq!(rig.states("unwrap", &["--yes"]), [("a".to_owned(), "left-alone".to_owned())]);
}
