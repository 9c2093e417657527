//! The verifier in Python is asked about everything that fuzzing found worth keeping.

use std::path::Path;

use lastlook_ledger::{Entry, open_checkpoint, parse_keys, verify_receipt};
use serde_json::{Value, json};

use crate::fixture::pinned;
use crate::python::ask;
use crate::vectors::approvals;

/// The texts in a target's corpus; what is not UTF-8 cannot be put as a question.
fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/__fuzz__").join(target).join("corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts: Vec<_> =
        files.iter().filter_map(|file| String::from_utf8(std::fs::read(file).unwrap()).ok()).collect();
    assert!(texts.len() > 10, "{target}: {}", texts.len());
    texts
}

#[test]
fn both_verifiers_say_the_same_of_every_corpus() {
    let keys = json!([pinned()[0].to_string()]);
    let mut questions = Vec::new();
    let mut ours: Vec<Option<&'static str>> = Vec::new();
    let mut put = |question: Value, code: Option<&'static str>| {
        questions.push(question);
        ours.push(code);
    };
    for payload in corpus("entry") {
        let code = Entry::from_payload(payload.as_bytes()).err().map(|error| error.code());
        put(json!({ "check": "entry", "payload": payload }), code);
    }
    for file in corpus("receipt") {
        let code = verify_receipt(file.as_bytes(), &pinned()).err().map(|error| error.code());
        put(json!({ "check": "receipt", "file": file, "keys": keys }), code);
    }
    for note in corpus("checkpoint") {
        let code = open_checkpoint(&note, &pinned()).err().map(|error| error.code());
        put(json!({ "check": "note", "note": note, "keys": keys }), code);
    }
    for file in corpus("keys") {
        let code = parse_keys(file.as_bytes()).err().map(|error| error.code());
        put(json!({ "check": "key_file", "file": file }), code);
    }
    for stored in corpus("statement") {
        for kind in ["approval", "introduction", "removal", "grant"] {
            let mut vector = approvals::vector("", kind, stored.as_bytes());
            vector["check"] = json!("statement");
            let code = approvals::verified(&vector).err();
            put(vector, code);
        }
    }
    let answers = ask(&questions);
    for ((question, ours), answer) in questions.iter().zip(&ours).zip(&answers) {
        assert_eq!(json!(ours), answer["code"], "{question}");
    }
    assert!(ours.iter().filter(|code| code.is_none()).count() > 20, "too little of it is good");
}
