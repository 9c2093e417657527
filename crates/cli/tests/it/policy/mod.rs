//! `lastlook policy`: schema, check and tests of policies.

use serde_json::Value;

use crate::check::rig::Rig;

/// Two tools that are written down, so that no server runs.
const WRITTEN: &str = r#"
[tool."notes.write_note"]
input_schema = { type = "object", properties = { path = { type = "string" }, content = { type = "string" } }, required = ["path", "content"] }
[tool."notes.read_note"]
class = "read"
input_schema = { type = "object", properties = { path = { type = "string" } }, required = ["path"] }
"#;

/// `policy test` on these cases; the server cannot be started.
fn offline() -> Rig {
    Rig::changed(|text| text.replace("PROGRAM", "no-such-program"))
}

fn case(name: &str, more: &str) -> String {
    format!("[[case]]\nname = \"{name}\"\n{more}\n")
}

fn write(more: &str) -> String {
    format!("tool = \"notes.write_note\"\nargs = {{ path = \"a.md\", content = \"x\" }}\n{more}")
}

#[test]
fn the_schema_is_what_policies_may_name() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.says(0, &["policy", "schema"]));
    rig.run(&["policy", "schema", "--upstream", "shop"]).fails(2, "declares no upstream `shop`");
}

#[test]
fn policies_that_fit_pass_and_those_that_do_not_are_shown_with_their_lines() {
    let rig = Rig::new();
    assert_eq!(rig.says(0, &["policy", "check"]), "…/policy.cedar: the policies fit all 5 tools\n");
    let tools = rig.world.path("tools.json").display().to_string();
    rig.says(0, &["policy", "schema", "--tools-to", &tools]);
    rig.configure(
        &std::fs::read_to_string(rig.world.path("lastlook.toml"))
            .unwrap()
            .replace(env!("CARGO_BIN_EXE_lastlook"), "no-such-program"),
    );
    rig.says(0, &["policy", "check", "--tools", &tools]);
    rig.run(&["policy", "check"]).fails(4, "`no-such-program` was not found");
    rig.write("policy.cedar", "@id(\"typo\")\npermit (principal, action == Action::\"notes.write_note\", resource)\nwhen { context.args.paht == \"x\" };\n");
    let said = rig.run(&["policy", "check", "--tools", &tools]);
    assert_eq!(said.code, 1, "{said:?}");
    insta::assert_snapshot!(rig.plain(&said.err));
    rig.write("policy.cedar", "permit (principal, action, resource) when { };\n");
    rig.run(&["policy", "check", "--tools", &tools]).fails(2, "policy.cedar");
}

#[test]
fn cases_that_come_out_as_expected_pass_without_a_server() {
    let rig = offline();
    let cases = [
        WRITTEN.to_owned(),
        case(
            "a writer may write",
            &write(
                "now = { row = { owner = \"ada\", locked = 0 } }\nexpect = \"allow\"\nby = [\"writers-write\"]",
            ),
        ),
        case(
            "not what is locked",
            &write(
                "now = { row = { owner = \"ada\", locked = 1 } }\nexpect = \"deny\"\nby = [\"guard write\"]",
            ),
        ),
        case("the policy alone", &write("conditions = false\nexpect = \"allow\"")),
        case(
            "strangers may not",
            &write(
                "principal = 'User::\"eve\"'\ngroups = []\nconditions = false\nexpect = \"deny\"\nby = []",
            ),
        ),
        case(
            "secrets are forbidden",
            "tool = \"notes.write_note\"\nargs = { path = \"secret.md\", content = \"x\" }\nconditions = false\nexpect = \"deny\"\nby = [\"no-secrets\"]",
        ),
        case(
            "reading is free",
            "principal = 'Agent::\"x\"'\ntool = \"notes.read_note\"\nargs = { path = \"a.md\" }\nexpect = \"allow\"",
        ),
    ];
    let file = rig.world.file("cases.toml", cases.concat());
    insta::assert_snapshot!(rig.says(0, &["policy", "test", &file]));
}

#[test]
fn cases_that_do_not_say_which_what_and_who_decided() {
    let rig = offline();
    let cases = [
        WRITTEN.to_owned(),
        case("a writer may not write", &write("conditions = false\nexpect = \"deny\"")),
        case("by another policy", &write("conditions = false\nexpect = \"allow\"\nby = [\"all-read\"]")),
        case(
            "locked notes may be written",
            &write("now = { row = { owner = \"ada\", locked = 1 } }\nexpect = \"allow\""),
        ),
        case("the fact is not given", &write("expect = \"allow\"")),
        case("an unknown tool", "tool = \"notes.burn_note\"\nexpect = \"deny\""),
        case("an unknown fact", &write("now = { weather = 1 }\nexpect = \"deny\"")),
        case("this one is right", &write("conditions = false\nexpect = \"allow\"")),
    ];
    let file = rig.world.file("cases.toml", cases.concat());
    insta::assert_snapshot!(rig.says(1, &["policy", "test", &file]));
    let found: Value = serde_json::from_str(&rig.says(1, &["policy", "test", &file, "--json"])).unwrap();
    assert_eq!(found["failed"], 6);
}

#[test]
fn steps_that_a_case_proves_are_proven() {
    let rig = offline();
    rig.write("policy.cedar", "@id(\"after-reading\") permit (principal, action, resource) when { context.steps.contains(\"notes.read_note\") };\n");
    let steps = "conditions = false\nsteps = [\"notes.list_notes\", \"notes.read_note\"]\nexpect = \"allow\"";
    let cases = [
        WRITTEN.to_owned(),
        case("with the step", &write(steps)),
        case("without", &write("conditions = false\nexpect = \"deny\"\nby = []")),
    ];
    let file = rig.world.file("cases.toml", cases.concat());
    rig.says(0, &["policy", "test", &file]);
}

#[test]
fn tools_may_be_taken_live_or_from_a_file() {
    let rig = Rig::new();
    let one = case("it may", &write("conditions = false\nexpect = \"allow\""));
    let live = rig.world.file("live.toml", format!("live = [\"notes\"]\n{one}"));
    assert!(rig.says(0, &["policy", "test", &live]).contains("the only case came out as expected"));
    let tools = rig.world.path("tools.json").display().to_string();
    rig.says(0, &["policy", "schema", "--tools-to", &tools]);
    let file = rig.world.file("file.toml", format!("tools = \"tools.json\"\n{one}"));
    rig.says(0, &["policy", "test", &file]);
}

#[test]
fn a_file_of_cases_with_a_mistake_is_no_test() {
    let rig = offline();
    let check = |text: &str, says: &str| {
        let file = rig.world.file("cases.toml", text);
        rig.run(&["policy", "test", &file]).fails(2, says);
    };
    check("", "has no cases");
    check(
        "[[case]]\nname = \"x\"\ntool = \"notes.write_note\"\nexpect = \"maybe\"\n",
        "unknown variant `maybe`",
    );
    check("[[case]]\nname = \"x\"\ntool = \"notes.write_note\"\nexpct = \"deny\"\n", "unknown field `expct`");
    check(
        "tools = \"nowhere.json\"\n[[case]]\nname = \"x\"\ntool = \"notes.write_note\"\nexpect = \"deny\"\n",
        "the tools cannot be read",
    );
    rig.run(&["policy", "test", "nowhere.toml"]).fails(2, "the cases cannot be read");
}
