use super::*;

/// Every text with the message it gets, one after the other.
pub(super) fn shown(texts: &[&str]) -> String {
    let shown = texts.iter().map(|text| {
        let error = Config::parse(text, "lastlook.toml").expect_err(text);
        format!("{}\n", render(&error))
    });
    shown.collect::<Vec<_>>().join("────────\n\n")
}

const NOTES: &str = "[upstream.notes]\ncommand = [\"notes\"]\n";

fn with_notes(text: &str) -> String {
    format!("{NOTES}{text}")
}

#[test]
fn unknown_keys_come_with_a_suggestion() {
    snapshot(
        "unknown_keys_come_with_a_suggestion",
        &shown(&[
            "trust_anotations = true",
            "[gaurd.refund]\non = [\"shop.refund\"]",
            "[defaults]\nfact_time_out = \"5s\"",
            &with_notes("[tool.\"notes.edit_file\"]\nclas = \"write\""),
            "[upstream.notes]\ncommand = [\"notes\"]\nprofile_name = \"git\"",
        ]),
    );
}

#[test]
fn wrong_types_show_the_right_one() {
    snapshot(
        "wrong_types_show_the_right_one",
        &shown(&[
            "trust_annotations = \"yes\"",
            "defaults = 1",
            "[upstream.notes]\ncommand = \"npx -y notes\"",
            "[upstream.notes]\ncommand = [\"notes\", 1]",
            "[defaults]\nmax_gap = 5",
            &with_notes("[tool.\"notes.edit_file\"]\nsubjects = \"/path\""),
        ]),
    );
}

#[test]
fn choices_are_listed() {
    snapshot(
        "choices_are_listed",
        &shown(&[
            "[defaults]\nmode = \"enforced\"",
            &with_notes("[tool.\"notes.edit_file\"]\nclass = \"delete\""),
            "[upstream.notes]\ncommand = [\"notes\"]\nprofile = \"file-system\"",
        ]),
    );
}

#[test]
fn values_say_how_they_are_written() {
    snapshot(
        "values_say_how_they_are_written",
        &shown(&[
            "[defaults]\nmax_gap = \"1.5s\"",
            "[defaults]\nfact_timeout = \"0s\"",
            "[principal]",
            "[principal]\nid = \"deploy-bot\"",
            &with_notes("[tool.\"notes.edit_file\"]\nsubjects = [\"path\", \"/a~2b\"]"),
            &with_notes("[tool.\"notes.info\"]\nignore = [\"/accessed\"]"),
            &with_notes("[tool.\"notes.info\"]\nignore = [\"/content/0/text#\"]"),
            &with_notes("[tool.\"notes.info\"]\ntouches = [\"notes.list\"]"),
        ]),
    );
}

#[test]
fn upstreams_must_be_startable() {
    snapshot(
        "upstreams_must_be_startable",
        &shown(&[
            "[upstream.notes]",
            "[upstream.notes]\ncommand = []",
            "[upstream.notes]\ncommand = [\"\"]",
            "[upstream.notes]\ncommand = [\"./notes\"]",
            "[upstream.\"my.notes\"]\ncommand = [\"notes\"]",
            "[upstream.notes]\ncommand = [\"notes\"]\ncwd = \"srv\"",
            "[upstream.notes]\nprogram = true\ncommand = [\"notes\"]",
            "[upstream.notes]\nprogram = false",
            "[upstream.notes]\nprogram = \"yes\"",
            "[upstream.notes]\ncommand = [\"notes\", \"a\\u0000b\"]\nenv = { \"A=B\" = \"x\" }",
        ]),
    );
}

#[test]
fn tools_belong_to_declared_upstreams() {
    snapshot(
        "tools_belong_to_declared_upstreams",
        &shown(&[
            &with_notes("[tool.edit_file]\nclass = \"write\""),
            &with_notes("[tool.notes.edit_file]\nclass = \"write\""),
            &with_notes("[tool.\"note.edit_file\"]\nclass = \"write\""),
            "[tool.\"notes.edit_file\"]\nclass = \"write\"",
            &with_notes("[tool.\"notes.\"]\nclass = \"write\""),
        ]),
    );
}

#[test]
fn broken_toml_is_reported_alone() {
    snapshot(
        "broken_toml_is_reported_alone",
        &shown(&[
            "[defaults]\nmode = audit",
            "[defaults]\nmode = \"audit\"\nmode = \"enforce\"",
            "[defaults]\n[defaults]",
            "[upstream.notes\ncommand = 1",
            "unknown = 1\n= 2",
        ]),
    );
}

#[test]
fn several_mistakes_are_reported_together_in_order() {
    let text = r#"
trust_annotations = 1
[defaults]
mode = "watch"
[upstream.notes]
command = []
[tool."note.read"]
class = "read"
[tool."notes.read"]
clas = "read"
"#;
    snapshot("several_mistakes_are_reported_together_in_order", &shown(&[text]));
    let Err(ConfigError::Invalid(invalid)) = Config::parse(text, "x") else { panic!("it is invalid") };
    assert_eq!(invalid.problems().len(), 5);
}

#[test]
fn values_of_the_environment_are_not_shown() {
    let text =
        "[upstream.notes]\ncommand = [\"notes\"]\nenv = { TOKEN = \"sécret\", N = 77 }\nprofil = \"git\"";
    let shown = shown(&[text]);
    assert!(!shown.contains("cret") && !shown.contains("77"), "{shown}");
    snapshot("values_of_the_environment_are_not_shown", &shown);
}

#[test]
fn no_text_makes_it_panic() {
    let text = super::values::EVERYTHING;
    for (at, character) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        let after = &rest.trim_start_matches(character);
        for broken in [before.to_owned(), rest.to_owned(), format!("{before}{after}")] {
            let _ = Config::parse(&broken, "x").map_err(|error| render(&error));
        }
    }
}
