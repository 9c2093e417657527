//! `lastlook check`: would it run now, and why.

pub mod rig;

use serde_json::{Value, json};

use rig::Rig;

const ARGS: &str = r#"{"path":"a.md","content":"new"}"#;

/// `check notes.write_note --args ARGS WORDS`.
fn words<'a>(args: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["check", "notes.write_note", "--args", args], more].concat()
}

#[test]
fn everything_holds_when_the_agent_is_taken_to_have_read_it() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.says(0, &words(ARGS, &["--as-if-read"])));
}

#[test]
fn without_a_session_nothing_was_read() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.says(1, &words(ARGS, &[])));
}

#[test]
fn each_part_that_refuses_says_what_it_expected_and_what_it_found() {
    let rig = Rig::changed(|text| {
        text.replace(
            "lease = ",
            "window = { not_after = \"2020-01-01T00:00:00Z\" }\nmode = \"audit\"\nlease = ",
        )
    });
    rig.sql("update notes set locked = 1");
    insta::assert_snapshot!(rig.says(0, &words(ARGS, &["--as-if-read"])));
}

#[test]
fn what_the_policy_denies_on_its_arguments_is_refused_before_anything_is_read() {
    let rig = Rig::new();
    insta::assert_snapshot!(
        rig.says(1, &words(r#"{"path":"secret.md","content":"new"}"#, &["--as-if-read"]))
    );
    assert_eq!(rig.web.asked(), 0);
}

#[test]
fn a_call_that_lacks_what_templates_need_is_refused() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.says(1, &words(r#"{"content":"new"}"#, &["--as-if-read"])));
}

#[test]
fn facts_that_cannot_be_read_refuse_and_say_why() {
    let rig = Rig::new();
    rig.sql("drop table notes");
    let text = rig.says(1, &words(ARGS, &["--as-if-read"]));
    assert!(text.contains("fact-unreadable (row)"), "{text}");
    assert!(text.contains("condition-error (when)"), "{text}");
    assert!(text.contains("row        cannot be read: "), "{text}");
}

#[test]
fn a_tool_that_no_rule_names_passes_if_it_reads_and_is_refused_if_nobody_lists_it() {
    let rig = Rig::changed(|text| text.replace("[policy]\nfile = \"policy.cedar\"\n", ""));
    insta::assert_snapshot!(rig.says(0, &["check", "notes.list_notes"]));
    insta::assert_snapshot!(rig.says(1, &["check", "notes.burn_note"]));
}

#[test]
fn the_record_says_what_was_done_already_and_the_check_adds_nothing_to_it() {
    let rig = Rig::new();
    let mut client = rig.world.client_of(rig.command(&["mcp", "--upstream", "notes"]));
    let args = json!({"path": "a.md", "content": "new"});
    client.call("read_note", json!({"path": "a.md"}));
    assert_ne!(client.call("write_note", args.clone())["isError"], true);
    client.close();
    let before = rig.world.log(&[]).len();
    let found: Value = serde_json::from_str(&rig.says(1, &words(ARGS, &["--as-if-read", "--json"]))).unwrap();
    let codes: Vec<&str> =
        found["reasons"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["once-done"]);
    let part = |name: &str| {
        let parts = found["guards"][0]["parts"].as_array().unwrap().iter();
        parts.clone().find(|part| part["part"] == name).unwrap().clone()
    };
    assert_eq!(part("once")["found"], "refuses");
    assert_eq!(part("limit")["found"], "holds");
    assert_eq!(part("limit")["why"], "1 spent, 0 reserved, this asks for 1 of 2");
    assert_eq!(found["facts"][0]["now"], json!({"text": "new"}));
    assert_eq!(rig.world.log(&[]).len(), before);
    // Checked as often as anybody likes: nothing is used up by it.
    let other = r#"{"path":"b.md","content":"new"}"#;
    rig.world.put("b.md", "b\n");
    rig.sql("insert into notes values ('b.md', 'ada', 0)");
    rig.says(0, &words(other, &["--as-if-read"]));
    rig.says(0, &words(other, &["--as-if-read"]));
    assert_eq!(std::fs::read_to_string(rig.world.path("notes/b.md")).unwrap(), "b\n");
}

#[test]
fn nothing_is_left_behind() {
    let rig = Rig::new();
    let before = rig.files();
    rig.says(0, &words(ARGS, &["--as-if-read"]));
    assert_eq!(rig.files(), before);
}

#[test]
fn the_arguments_may_come_from_a_file() {
    let rig = Rig::new();
    let file = format!("@{}", rig.world.file("args.json", ARGS));
    assert!(rig.says(0, &words(&file, &["--as-if-read"])).ends_with("it would run\n"));
}

#[test]
fn what_cannot_be_asked_is_told_apart_from_what_is_refused() {
    let rig = Rig::new();
    rig.run(&["check", "shop.refund"]).fails(2, "declares no upstream `shop`");
    rig.run(&["check", "refund"]).fails(2, "`refund` is not UPSTREAM.TOOL");
    rig.run(&words("[1]", &[])).fails(2, "the arguments are no object");
    rig.run(&words(r#"{"a":1,"a":2}"#, &[])).fails(2, "the arguments are not strict JSON");
    rig.run(&words("@nowhere", &[])).fails(2, "cannot be read from `nowhere`");
    let gone = Rig::changed(|text| text.replace("PROGRAM", "no-such-program"));
    gone.run(&words(ARGS, &[])).fails(4, "`no-such-program` was not found");
    let silent = Rig::changed(|text| {
        text.replace(r#"["PROGRAM", "demo-notes-server", "NOTES"]"#, r#"["sleep", "1000"]"#)
    });
    silent.run(&words(ARGS, &["--timeout", "1"])).fails(4, "no answer in time");
}
