//! A second verifier, in Python, written from `spec/` alone: it says of everything what this one says.
//!
//! One process answers for all (`sdk/python/lastlook_verify/batch.py`). Its answers are compared with the vectors, which the other
//! tests compare with this crate, and where there is no vector, because it would be too large, with this crate itself.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::{Entry, open_checkpoint, parse_keys, verify_receipt};
use serde_json::{Value, json};

use crate::fixture::{across, first, full, key, pinned, second};
use crate::vectors::{approvals, read};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the verifier in Python answers to each question.
pub fn ask(questions: &[Value]) -> Vec<Value> {
    let tools = std::env::var_os("LASTLOOK_TOOLS").map_or_else(|| repository().join(".tools"), PathBuf::from);
    let mut child = Command::new(tools.join("python/bin/python"))
        .args(["-m", "lastlook_verify.batch"])
        .current_dir(repository().join("sdk/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`cargo xtask tools` sets Python up: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = questions.iter().map(|question| format!("{question}\n")).collect();
    let writer =
        std::thread::spawn(move || lines.iter().try_for_each(|line| stdin.write_all(line.as_bytes())));
    let answers: Vec<Value> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), questions.len());
    answers
}

fn question(check: &str, vector: &Value) -> Value {
    let mut question = vector.clone();
    question["check"] = json!(check);
    question
}

/// Every list of every file, with the check that it is for.
const LISTS: [(&str, &str, &str); 42] = [
    ("keys.json", "good", "key"),
    ("keys.json", "malformed", "key"),
    ("key-files.json", "good", "key_file"),
    ("key-files.json", "malformed", "key_file"),
    ("commitments.json", "good", "commitment"),
    ("commitments.json", "malformed", "opening"),
    ("entries.json", "good", "entry"),
    ("entries.json", "malformed", "entry"),
    ("checkpoints.json", "good", "note"),
    ("checkpoints.json", "malformed", "note"),
    ("receipts.json", "good", "receipt"),
    ("receipts.json", "malformed", "receipt"),
    ("fields.json", "good", "receipt"),
    ("fields.json", "malformed", "receipt"),
    ("logs.json", "good", "log"),
    ("logs.json", "malformed", "log"),
    ("rosters.json", "good", "logs"),
    ("rosters.json", "malformed", "logs"),
    ("approvals.json", "good", "statement"),
    ("approvals.json", "malformed", "statement"),
    ("handovers.json", "good", "handover"),
    ("handovers.json", "malformed", "handover"),
    ("handovers.json", "following", "following"),
    ("handovers.json", "not_followed", "following"),
    ("handovers.json", "receipts", "brought"),
    ("handovers.json", "receipts_refused", "brought"),
    ("witness-keys.json", "good", "witness_key"),
    ("witness-keys.json", "malformed", "witness_key"),
    ("cosignatures.json", "good", "cosigned"),
    ("cosignatures.json", "malformed", "cosigned"),
    ("reads.json", "good", "entry"),
    ("reads.json", "malformed", "entry"),
    ("approvers.json", "good", "approvers"),
    ("approvers.json", "malformed", "approvers"),
    ("approvers.json", "entities", "entity"),
    ("approvers.json", "principals", "principals"),
    ("words.json", "good", "word"),
    ("words.json", "malformed", "word"),
    ("grants.json", "good", "grant"),
    ("grants.json", "malformed", "grant"),
    ("tree.json", "inclusion", "inclusion"),
    ("tree.json", "consistency", "consistency"),
];

#[test]
fn it_says_of_every_vector_what_the_vector_says() {
    let vectors: Vec<(String, Value)> = LISTS
        .iter()
        .flat_map(|(file, list, check)| {
            let vectors = read(file)[list].as_array().unwrap().clone();
            vectors
                .into_iter()
                .map(move |vector| (format!("{file}, {list}: {}", vector["name"]), question(check, &vector)))
        })
        .collect();
    let tree = read("tree.json");
    let data: Vec<_> = tree["leaves"].as_array().unwrap().iter().map(|it| it["data"].clone()).collect();
    let roots = tree["roots"].as_array().unwrap().iter().map(|vector| {
        let size = vector["size"].as_u64().unwrap() as usize;
        ("root".to_owned(), json!({ "check": "root", "data": data[..size], "root": vector["root"] }))
    });
    let vectors: Vec<_> = vectors.into_iter().chain(roots).collect();
    let questions: Vec<_> = vectors.iter().map(|(_, question)| question.clone()).collect();
    let answers = ask(&questions);
    let differ: Vec<String> = vectors
        .iter()
        .zip(&answers)
        .filter(|((_, vector), answer)| {
            // The code, or null; and whatever else the answer says stands in the vector too.
            let members = answer.as_object().unwrap();
            members.iter().any(|(name, found)| vector[name] != *found)
        })
        .map(|((name, vector), answer)| format!("{name}: {} expected, {answer} found", vector["code"]))
        .collect();
    assert_eq!(differ, Vec::<String>::new());
    let refused = questions.iter().filter(|it| it["code"].is_string() || it["good"] == false).count();
    assert!(refused > 1000, "{refused} vectors are refused");
}

/// What would be too large for a file of vectors.
#[test]
fn it_says_the_same_of_what_is_large() {
    let keys = [key().verifier().to_string()];
    let note = first().note();
    let done = String::from_utf8(first().payloads.swap_remove(1)).unwrap();
    let entry = |filling: usize| {
        done.replacen("\"mode\"", &format!("\"later\":\"{}\",\"mode\"", "x".repeat(filling)), 1)
    };
    let exact = (1 << 20) - entry(0).len();
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    let mut put = |question: Value, code: Option<&'static str>| {
        questions.push(question);
        expected.push(json!(code));
    };
    for payload in
        [entry(exact), entry(exact + 1), "[".repeat(1 << 20), "{\"a\":".repeat(100_000), "9".repeat(1 << 20)]
    {
        let code = Entry::from_payload(payload.as_bytes()).err().map(|error| error.code());
        put(json!({ "check": "entry", "payload": payload }), code);
    }
    for file in [
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        " ".repeat(1 << 20),
        "9".repeat(1 << 20),
        format!("\"{}", "\\".repeat(1 << 20)),
    ] {
        let code = verify_receipt(file.as_bytes(), &pinned()).err().map(|error| error.code());
        put(json!({ "check": "receipt", "file": file, "keys": keys }), code);
    }
    let room = (1 << 18) - note.len();
    for filling in [room, room + 1] {
        // Extension lines would have to be signed; a line of a stranger's signature need not be.
        let name = "w".repeat(filling - "\u{2014}  AAAAAQEBAQEBAQ==\n".len());
        let note = format!("{note}\u{2014} {name} AAAAAQEBAQEBAQ==\n");
        let code = open_checkpoint(&note, &pinned()).err().map(|error| error.code());
        put(json!({ "check": "note", "note": note, "keys": keys }), code);
    }
    for filling in [1 << 20, (1 << 20) - 1] {
        let line = format!("{}\n", keys[0]);
        let file = format!("{line}{}", "\n".repeat(filling - line.len() + 1));
        let code = parse_keys(file.as_bytes()).err().map(|error| error.code());
        put(json!({ "check": "key_file", "file": file }), code);
    }
    for filling in [131_072, 131_073] {
        let mut vector = approvals::vector("", "approval", &vec![b' '; filling]);
        vector["check"] = json!("statement");
        let code = approvals::verified(&vector).err();
        put(vector, code);
    }
    let codes: Vec<_> = ask(&questions).iter().map(|answer| answer["code"].clone()).collect();
    assert_eq!(codes, expected);
    for code in ["entry-too-large", "approval-too-large", "key-file", "checkpoint-malformed"] {
        assert!(codes.contains(&json!(code)), "{code} did not occur");
    }
    assert!(codes.iter().filter(|code| code.is_null()).count() >= 3, "{codes:?}");
}

/// A bit of each byte of receipts with everything in them: both refuse with one code, or what is proven is the same.
#[test]
fn it_says_the_same_of_every_flipped_byte() {
    let keys = pinned();
    for receipt in [full(), across(), second().receipt(0)] {
        let file = receipt.to_json();
        let masks = [0x01, 0x20];
        let question = json!({
            "check": "flips", "file_base64": STANDARD.encode(&file), "masks": masks,
            "keys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        let found = ask(&[question]).remove(0)["codes"].take();
        let codes = found.as_array().unwrap();
        assert_eq!(codes.len(), masks.len() * file.len());
        let places = masks.iter().flat_map(|mask| (0..file.len()).map(move |at| (mask, at)));
        for ((mask, at), found) in places.zip(codes) {
            let mut flipped = file.clone();
            flipped[at] ^= mask;
            let ours = verify_receipt(&flipped, &keys).err().map(|error| error.code());
            assert_eq!(json!(ours), *found, "byte {at} with {mask:#x}");
            // White space for white space is all that may be changed.
            assert!(
                ours.is_some() || (file[at].is_ascii_whitespace() && flipped[at].is_ascii_whitespace()),
                "byte {at} with {mask:#x}"
            );
        }
    }
}
