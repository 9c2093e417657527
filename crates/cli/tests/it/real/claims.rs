//! The boundary's own tool among a real server's: an agent checks its report before it sends it.

use serde_json::{Value, json};

use super::configured::configured;
use super::rig::{Rig, refused, text_of, worked};
use crate::client::Client;

const TOOL: &str = "lastlook_check_claims";

fn reporting(rig: &Rig) -> Client {
    let made = rig.path("new.md");
    configured(
        rig,
        "profile = \"filesystem\"",
        &format!(
            "[claims]\ntool = true\n\n\
             [fact.made]\nfile = {{ path = {made:?} }}\n\n\
         [guard.made]\non = [\"files.write_file\"]\nconfirm = {{ when = 'now.made.exists', within = \"10s\" }}\n"
        ),
    )
}

fn tools(agent: &mut Client) -> Vec<String> {
    let asked = agent.request("tools/list", json!({}));
    let listed = agent.result(asked);
    let names = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// What is found of each claim, in order, with its receipts.
fn found(agent: &mut Client, claims: &[Value]) -> Vec<(String, Vec<String>)> {
    let result = agent.call(TOOL, json!({"claims": claims}));
    worked(&result);
    let told = &result["structuredContent"];
    // A client that reads texts only is told the same.
    assert_eq!(serde_json::from_str::<Value>(&text_of(&result)).unwrap(), *told);
    let found: Vec<_> = told["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| {
            let receipts = claim["receipts"].as_array().unwrap().iter();
            let receipts = receipts.map(|receipt| receipt.as_str().unwrap().to_owned()).collect();
            (claim["finding"].as_str().unwrap().to_owned(), receipts)
        })
        .collect();
    assert_eq!(told["all_confirmed"], found.iter().all(|(finding, _)| finding == "confirmed"), "{told}");
    found
}

fn receipt(result: &Value) -> String {
    result["_meta"]["dev.lastlook/receipt"].as_str().unwrap().to_owned()
}

#[test]
fn an_agent_checks_its_report_in_front_of_a_real_server_before_it_sends_it() {
    let rig = Rig::with("plan.md", "open");
    let mut agent = reporting(&rig);
    let listed = tools(&mut agent);
    assert_eq!(listed.last().map(String::as_str), Some(TOOL), "{listed:?}");
    assert!(listed.contains(&"write_file".to_owned()), "{listed:?}");

    let made = agent.call("write_file", rig.whole("new.md", "begun"));
    worked(&made);
    let folder = agent.call("create_directory", rig.only("more"));
    worked(&folder);
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    rig.put("plan.md", "open again");
    let denied = refused(&agent.call("edit_file", rig.edit("plan.md", "open", "shut")), &["fact-changed"]);
    let on_record = rig.log();

    let made_claim = json!({"tool": "write_file", "args": rig.whole("new.md", "begun")});
    let expect = |finding: &str, receipts: &[&String]| {
        (finding.to_owned(), receipts.iter().map(|receipt| (*receipt).clone()).collect::<Vec<_>>())
    };
    assert_eq!(
        found(
            &mut agent,
            &[
                made_claim.clone(),
                json!({"tool": "files.create_directory", "args": rig.only("more")}),
                json!({"tool": "edit_file", "args": rig.only("plan.md")}),
                json!({"tool": "write_file", "args": rig.whole("new.md", "done")}),
                json!({"tool": "elsewhere.write_file"}),
            ]
        ),
        [
            expect("confirmed", &[&receipt(&made)]),
            expect("unconfirmed", &[&receipt(&folder)]),
            expect("contradicted", &[&denied]),
            expect("missing", &[]),
            expect("missing", &[]),
        ]
    );
    assert_eq!(
        found(&mut agent, std::slice::from_ref(&made_claim)),
        [expect("confirmed", &[&receipt(&made)])]
    );

    // A report that is none is an error that says where; it is never taken for an empty one.
    for (odd, place) in [
        (json!({"claims": [{"tol": "write_file"}]}), "/claims/0"),
        (json!({}), "/claims"),
        (json!({"claims": [{"tool": "write_file", "args": []}]}), "/claims/0/args"),
    ] {
        let told = agent.call(TOOL, odd);
        assert_eq!(told["isError"], json!(true), "{told}");
        assert!(text_of(&told).starts_with(place), "{told}");
    }
    // Looking leaves no trace, and never reached the server.
    assert_eq!(rig.log(), on_record);

    // Somebody else's session: the record is one.
    let other = reporting(&rig).call("write_file", rig.whole("new.md", "begun again"));
    worked(&other);
    assert_eq!(found(&mut agent, &[made_claim]), [expect("outdated", &[&receipt(&made), &receipt(&other)])]);
    assert_eq!(rig.text("plan.md").as_deref(), Some("open again"));
    rig.lastlook_ok(&["verify"]);
    assert!(rig.receipt(&receipt(&made)).succeeded());
}

#[test]
fn without_being_asked_for_the_tool_is_neither_listed_nor_answered() {
    let rig = Rig::new();
    let mut agent = configured(&rig, "profile = \"filesystem\"", "");
    assert!(!tools(&mut agent).contains(&TOOL.to_owned()));
    let told = agent.call(TOOL, json!({"claims": []}));
    assert_eq!(told["isError"], json!(true), "{told}");
    assert!(told["structuredContent"].is_null(), "{told}");
}
