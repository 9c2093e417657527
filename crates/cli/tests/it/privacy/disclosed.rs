//! Receipts that open some fields and no others.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::rig::{both_verify, ok, receipt_file, run, world};
use crate::guards::world::{Lost, became, write_args};
use crate::records::rig::receipt;

fn labels(shown: &Value) -> Vec<(&str, &str)> {
    let values = shown["values"].as_array().unwrap().iter();
    values.map(|it| (it["label"].as_str().unwrap(), it["value"].as_str().unwrap())).collect()
}

#[test]
fn exactly_the_fields_that_were_asked_for_are_opened() {
    let rule = "[guard.paid]\non = [\"notes.write_note\"]\nwhen = 'now.rate.body.status == \"paid\"'\n";
    let world = world("", rule);
    let mut agent = world.agent();
    let done = agent.call("write_note", write_args(1));
    assert_eq!(became(&done), "ran", "{done}");
    assert!(agent.close().success());
    let id = receipt(&done);
    let words = [id.as_str(), "--disclose", "/args/path", "--disclose", "/now/rate/body/status"];
    let (file, shown) = receipt_file(&world, &words);
    assert_eq!(
        labels(&shown),
        [("arguments/path", "\"plan.md\""), ("snapshot/0/now/body/status", "\"paid\"")]
    );
    both_verify(&world, &file);
    // Nothing else is in the file, not even where it was encoded.
    let text = std::fs::read_to_string(&file).unwrap();
    let payloads = ["/payload", "/armed/payload"]
        .map(|at| STANDARD.decode(shown.pointer(at).unwrap().as_str().unwrap()).unwrap());
    for hidden in ["content", "\\\"n\\\"", "\"n\""] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
        let payloads = payloads.clone().map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!payloads.contains(hidden), "{hidden} in {payloads}");
    }
    // A whole part opens every field below it.
    let (file, shown) = receipt_file(&world, &[&id, "--disclose", "/now/rate/body"]);
    assert_eq!(labels(&shown), [("snapshot/0/now/body/n", "5"), ("snapshot/0/now/body/status", "\"paid\"")]);
    both_verify(&world, &file);

    // An edited value, or one moved to another field, is found out.
    for (from, to) in [("\"value\": \"5\"", "\"value\": \"6\""), ("now/body/n", "now/body/m")] {
        let text = std::fs::read_to_string(&file).unwrap();
        let forged = world.file("forged.json", &text.replace(from, to));
        assert_ne!(text, text.replace(from, to));
        let key = world.at("lastlook.pub");
        let said = run(&world, &["verify", forged.to_str().unwrap(), "--key", key.to_str().unwrap()]);
        assert!(said.code == 1 && format!("{said:?}").contains("value-does-not-open"), "{said:?}");
    }
    run(&world, &["receipt", &id, "--disclose", "/args/nothing"])
        .fails(2, "nothing is kept at `/args/nothing`");
    run(&world, &["receipt", &id, "--disclose", "/now/other/n"]).fails(2, "nothing is kept");
    run(&world, &["receipt", &id, "--value", "/args/path=x"]).fails(2, "--disclose");
    assert!(ok(&world, &["receipt", &id]).contains("payload"));
}

#[test]
fn values_that_were_altered_are_not_disclosed() {
    let world = world("", "");
    world.loses(Lost::Altered);
    let mut agent = world.agent();
    let id = receipt(&agent.call("write_note", json!({"path": "a.md", "content": "first"})));
    assert!(agent.close().success());
    let database = rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    let changed = database
        .execute(
            "UPDATE \"values\" SET packed = CAST(replace(CAST(packed AS TEXT), 'first', 'fixed') AS BLOB)",
            [],
        )
        .unwrap();
    assert!(changed > 0);
    drop(database);
    let said = run(&world, &["receipt", &id, "--disclose", "/args/path"]);
    assert!(said.code == 1 && said.err.contains("not what the entry committed to"), "{said:?}");
}
