//! `lastlook doctor`: what is not as it should be.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::check::rig::Rig;

#[test]
fn what_is_as_it_should_be_has_no_problems() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.says(0, &["doctor"]));
}

#[test]
fn everything_that_is_wrong_is_told_with_its_way_out() {
    let rig = Rig::changed(|text| {
        text.replace("[tool.\"notes.edit_note\"]\nclass = \"destructive\"\n", "")
            .replace("[tool.\"notes.list_notes\"]", "[tool.\"notes.list_all_notes\"]")
            .replace("args.content != \"\"", "args.content != 1")
            .replace("lease = \"note:${args.path}\"", "lease = \"note:${args.folder}\"\napprove = { by = 'Role::\"boss\"' }")
            .replace("RATE/rate\", private = true", "http://127.0.0.1:1/rate/${args.path}\", private = true, headers = { authorization = \"env:NO_SUCH_TOKEN\" }")
            .replace("[guard.write]", "[fact.file]\nfile = { path = \"/no/such/folder/${args.path}\" }\n[fact.head]\ncommand = { argv = [\"no-such-program\", \"${args.path}\"] }\n[guard.watch]\non = [\"notes.read_note\", \"notes.burn_note\"]\nmode = \"audit\"\nfacts = [\"head\"]\n[guard.write]")
            .replace("\"NOTES\"]", "\"NOTES/..\"]")
    });
    rig.sql("drop table notes");
    let policy = "@id(\"typo\") permit (principal, action == Action::\"notes.write_note\", resource) when { context.args.paht == \"x\" };";
    rig.write("policy.cedar", policy);
    insta::assert_snapshot!(rig.says(1, &["doctor"]));
}

#[test]
fn nothing_is_changed() {
    let rig = Rig::new();
    // What SQLite keeps beside a database while it is open comes and goes.
    let files = || rig.files().into_iter().filter(|file| !file.contains("-shm ") && !file.contains("-wal "));
    let before: Vec<String> = files().collect();
    rig.says(0, &["doctor"]);
    assert_eq!(files().collect::<Vec<_>>(), before);
    let mut client = rig.world.client();
    rig.world.edited(&mut client, "b.md");
    client.close();
    // Whoever reads first moves what a process that ended in a hurry left beside the database into it.
    assert!(rig.world.lastlook(&["log"]).output().unwrap().status.success());
    let before: Vec<String> = files().collect();
    rig.says(0, &["doctor"]);
    assert_eq!(files().collect::<Vec<_>>(), before);
}

#[test]
fn without_a_configuration_it_says_so_and_with_a_wrong_one_it_looks_at_the_rest() {
    let rig = Rig::new();
    let bare = crate::records::rig::Said::of(rig.world.lastlook(&["doctor"]).output().unwrap());
    assert_eq!(bare.code, 0);
    insta::assert_snapshot!(rig.plain(&bare.out));
    rig.configure("[upstream.notes]\ncommand = []\nclass = 1\n");
    insta::assert_snapshot!(rig.says(1, &["doctor"]));
}

#[test]
fn a_server_that_does_not_answer_ends_nothing_but_its_own_part() {
    let rig = Rig::changed(|text| {
        text.replace(r#"["PROGRAM", "demo-notes-server", "NOTES"]"#, r#"["sleep", "1000"]"#)
    });
    let text = rig.says(1, &["doctor", "--timeout", "1"]);
    assert!(text.contains("problem  notes: it cannot be asked: no answer in time"), "{text}");
    assert!(text.contains("guard `write`: not checked: `notes` could not be asked"), "{text}");
    assert!(text.contains("database `shop` answers, and the query runs"), "{text}");
}

#[test]
fn the_record_is_looked_at() {
    let rig = Rig::new();
    let (client, receipt) = rig.world.unknown("a.md");
    drop(client);
    let text = rig.says(0, &["doctor"]);
    assert!(text.contains("checkpoints signed"), "{text}");
    assert!(text.contains("attempts: 1 wait for an operator"), "{text}");
    rig.world.ok(&["resolve", &receipt, "--as", "failed", "--reason", "looked"]);
    assert!(!rig.says(0, &["doctor"]).contains("wait for an operator"));
    rig.world.tamper("update logs set note = replace(note, 'lastlook/', 'lastlock/')");
    let text = rig.says(1, &["doctor"]);
    assert!(text.contains("its checkpoint is not signed by this folder's key"), "{text}");
}

#[test]
fn a_key_that_others_can_read_is_a_problem() {
    let rig = Rig::new();
    rig.world.client().close();
    let key = rig.world.state().join("key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let text = rig.says(1, &["doctor"]);
    assert!(text.contains("can be read by others (mode 644)"), "{text}");
}

#[test]
fn programs_get_one_object() {
    let rig = Rig::changed(|text| text.replace("[tool.\"notes.edit_note\"]\nclass = \"destructive\"\n", ""));
    let found: Value = serde_json::from_str(&rig.run(&["doctor", "--json"]).out).unwrap();
    assert_eq!(found["ok"], true);
    assert_eq!(found["problems"], 0);
    let findings = found["findings"].as_array().unwrap();
    let mut sections: Vec<&str> = findings.iter().map(|it| it["section"].as_str().unwrap()).collect();
    sections.dedup();
    let all = ["configuration", "upstreams", "policies", "guards", "facts", "reach", "record", "machine"];
    assert_eq!(sections, all);
    assert!(findings.iter().any(|it| it["about"] == "time zones"), "{found}");
    let warned =
        findings.iter().find(|finding| finding["section"] == "upstreams" && finding["level"] == "warning");
    assert_eq!(warned.unwrap()["says"], json!("not declared, and therefore `destructive`: `edit_note`"));
    assert!(
        findings.iter().all(|finding| finding["level"] == "ok"
            || finding["level"] == "note"
            || !finding["hint"].is_null())
    );
}
