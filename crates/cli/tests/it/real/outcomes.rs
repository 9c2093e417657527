//! What is known of an effect once the server has answered, and of several in flight.

use serde_json::{Value, json};

use super::rig::{Rig, refused, text_of, worked};

#[test]
fn an_error_that_means_no_effect_is_a_failure_and_the_way_is_free() {
    let rig = Rig::with("plan.md", "open");
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    let answer = agent.call("edit_file", rig.edit("plan.md", "not in there", "x"));
    assert_eq!(answer["isError"], true);
    assert!(text_of(&answer).starts_with("Could not find exact match"), "the server's own words: {answer}");
    worked(&agent.call("edit_file", rig.edit("plan.md", "open", "done")));
    let receipts = rig.mediated();
    let says = &receipts[0].says;
    assert_eq!(answer["_meta"]["dev.lastlook/receipt"], json!(receipts[0].id));
    assert_eq!([&says["outcome"], &says["evidence"]], [&json!("failed"), &json!("no-effect-declared")]);
}

#[test]
fn any_other_error_is_unknown_and_an_operator_frees_the_file() {
    let rig = Rig::new();
    std::fs::create_dir(rig.path("folder")).unwrap();
    let mut agent = rig.agent();
    let answer = agent.call("write_file", rig.whole("folder", "text"));
    assert!(text_of(&answer).starts_with("EISDIR"), "{answer}");
    let attempt = answer["_meta"]["dev.lastlook/receipt"].as_str().unwrap();
    let unknown = rig.log().into_iter().find(|line| line["kind"] == "outcome").unwrap();
    assert_eq!([&unknown["outcome"], &unknown["evidence"]], [&json!("unknown"), &json!("error-answer")]);

    let answer = agent.call("write_file", rig.whole("./folder", "text"));
    refused(&answer, &["in-doubt"]);
    assert!(text_of(&answer).contains(attempt), "{answer}");
    worked(&agent.call("write_file", rig.whole("elsewhere", "text")));

    rig.lastlook_ok(&["resolve", attempt, "--as", "failed", "--reason", "a folder is there"]);
    std::fs::remove_dir(rig.path("folder")).unwrap();
    worked(&agent.call("write_file", rig.whole("folder", "text")));
    rig.mediated();
}

#[test]
fn edits_sent_without_waiting_for_each_other_all_run_and_are_answered_once() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    let names: Vec<String> = (0..8).map(|number| format!("{number}.md")).collect();
    for name in &names {
        rig.put(name, "open");
        worked(&agent.call("read_text_file", rig.only(name)));
    }
    let asked: Vec<_> = names
        .iter()
        .map(|name| agent.ask("edit_file", rig.edit(name, "open", &format!("done {name}"))))
        .collect();
    let ids: Vec<Value> = asked
        .into_iter()
        .map(|asked| {
            let answer = agent.result(asked);
            worked(&answer);
            answer["_meta"]["dev.lastlook/receipt"].clone()
        })
        .collect();
    for (name, id) in names.iter().zip(&ids) {
        assert_eq!(rig.text(name), Some(format!("done {name}")));
        assert_eq!(
            rig.receipt(id.as_str().unwrap()).arguments["path"],
            rig.path(name),
            "answers are not mixed up"
        );
    }
    assert!(agent.close().success());
    assert_eq!(rig.mediated().len(), 8);
}

/// Directly at the server the later of two can silently undo the earlier: each rests on the same reading.
#[test]
fn of_two_edits_of_one_file_in_flight_at_once_none_is_lost() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    for round in 0..5 {
        let name = format!("{round}.md");
        rig.put(&name, "one two");
        worked(&agent.call("read_text_file", rig.only(&name)));
        let edits = [rig.edit(&name, "one", "1"), rig.edit(&name, "two", "2")];
        let asked = edits.clone().map(|edit| agent.ask("edit_file", edit));
        let answers = asked.map(|asked| agent.result(asked));
        for (answer, edit) in answers.iter().zip(edits) {
            if answer["isError"] == true {
                refused(answer, &["fact-changed"]);
                worked(&agent.call("read_text_file", rig.only(&name)));
                worked(&agent.call("edit_file", edit));
            }
        }
        assert_eq!(rig.text(&name).as_deref(), Some("1 2"));
    }
    rig.mediated();
}
