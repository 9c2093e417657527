//! The vectors of `spec/vectors/`: generated here, committed, and read back as any implementation would read them.
//!
//! `cargo xtask vectors` rewrites them (it sets `LASTLOOK_WRITE_VECTORS`); without it a difference fails the test. A vector that was
//! ever released must not change: every entry ever written still verifies.

pub mod approvals;
mod approvers;
mod basics;
mod fields;
mod grants;
mod handovers;
mod logs;
mod more;
mod reads;
mod receipts;
mod rosters;
mod witness;
mod words;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::entry::Head;
use lastlook_ledger::tree::{inclusion_proof, leaf_hash, verify_consistency, verify_inclusion};
use lastlook_ledger::{
    Commitment, Entry, Hash, Salt, Tree, VerifierKey, WitnessKey, leaf_of_payload, open_checkpoint,
    parse_keys, verify_log, verify_logs, verify_receipt,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::LazyLock;

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "spec", "vectors"].iter().collect()
}

pub fn read(name: &str) -> Value {
    LazyLock::force(&FILES);
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}

/// Members in alphabetical order, whatever map the JSON library was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        scalar => scalar,
    }
}

/// Bytes in a vector: text when they are, else base64 in a member of another name.
fn put_bytes(vector: &mut Value, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => vector[name] = json!(text),
        Err(_) => vector[format!("{name}_base64")] = json!(STANDARD.encode(bytes)),
    }
}

fn bytes(vector: &Value, name: &str) -> Vec<u8> {
    match &vector[name] {
        Value::String(text) => text.as_bytes().to_vec(),
        _ => STANDARD.decode(vector[format!("{name}_base64")].as_str().unwrap()).unwrap(),
    }
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("{vector} has no text `{name}`"))
}

fn hash(value: &Value) -> Hash {
    Hash::from_slice(&hex::decode(value.as_str().unwrap()).unwrap()).unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

fn keys(vector: &Value) -> Vec<VerifierKey> {
    vector["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect()
}

/// Runs `check` on every vector of a list, with its name in the failure.
fn each(vectors: &Value, check: impl Fn(&Value) -> Result<(), String>) {
    let vectors = vectors.as_array().unwrap();
    assert!(!vectors.is_empty());
    let failures: Vec<_> = vectors
        .iter()
        .filter_map(|vector| check(vector).err().map(|why| format!("{}: {why}", vector["name"])))
        .collect();
    assert_eq!(failures, Vec::<String>::new());
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, expected {expected:?}")) }
}

/// Every file as this code writes it; on disk they are brought up to date once, before anything reads them, when asked.
static FILES: LazyLock<[(&str, String); 18]> = LazyLock::new(|| {
    let files = [
        ("keys.json", more::with_keys(basics::keys())),
        ("key-files.json", more::key_files()),
        ("commitments.json", more::add(basics::commitments(), vec![], more::openings())),
        ("entries.json", more::with_entries(basics::entries())),
        ("tree.json", more::tree(basics::tree())),
        ("checkpoints.json", more::with_checkpoints(basics::checkpoints())),
        ("receipts.json", more::receipts(receipts::receipts())),
        ("fields.json", fields::fields_file()),
        ("logs.json", more::logs(logs::logs())),
        ("rosters.json", rosters::rosters()),
        ("approvals.json", more::with_approvals(approvals::approvals())),
        ("handovers.json", handovers::handovers()),
        ("witness-keys.json", witness::keys()),
        ("cosignatures.json", witness::cosignatures()),
        ("reads.json", reads::reads()),
        ("approvers.json", approvers::approvers()),
        ("words.json", words::words()),
        ("grants.json", grants::grants()),
    ];
    let files = files.map(|(name, vectors)| (name, format!("{:#}\n", sorted(vectors))));
    if std::env::var_os("LASTLOOK_WRITE_VECTORS").is_some_and(|value| value == "1") {
        files.iter().for_each(|(name, text)| std::fs::write(folder().join(name), text).unwrap());
    }
    files
});

#[test]
fn the_committed_vectors_are_what_this_code_writes() {
    for (name, text) in FILES.iter() {
        let committed = std::fs::read_to_string(folder().join(name)).unwrap();
        assert!(
            committed == *text,
            "spec/vectors/{name} differs: run `cargo xtask vectors` and look at the change"
        );
    }
}

#[test]
fn keys_are_read_as_the_vectors_say() {
    let file = read("keys.json");
    each(&file["good"], |vector| {
        let key: VerifierKey = text(vector, "vkey").parse().map_err(|error| format!("{error}"))?;
        expect(key.name(), text(vector, "key_name"))?;
        expect(hex::encode(key.id()).as_str(), text(vector, "id"))?;
        expect(hex::encode(key.public_bytes()).as_str(), text(vector, "public"))
    });
    each(&file["malformed"], |vector| {
        expect(
            text(vector, "vkey").parse::<VerifierKey>().map_err(|error| error.code()),
            Err(text(vector, "code")),
        )
    });
}

#[test]
fn key_files_are_read_as_the_vectors_say() {
    let file = read("key-files.json");
    let ids = |vector: &Value| -> Result<Value, &str> {
        let keys = parse_keys(&bytes(vector, "file")).map_err(|error| error.code())?;
        Ok(keys.iter().map(|key| hex::encode(key.id())).collect())
    };
    each(&file["good"], |vector| expect(ids(vector), Ok(vector["ids"].clone())));
    each(&file["malformed"], |vector| expect(ids(vector), Err(text(vector, "code"))));
}

#[test]
fn statements_of_approvers_are_read_as_the_vectors_say() {
    let file = read("approvals.json");
    each(&file["good"], |vector| {
        let found = approvals::verified(vector).map_err(|code| code.to_owned())?;
        expect(found.as_str(), text(vector, "signed"))
    });
    each(&file["malformed"], |vector| {
        expect(approvals::verified(vector).map(|_| ()), Err(text(vector, "code")))
    });
}

#[test]
fn commitments_are_those_of_the_vectors() {
    let file = read("commitments.json");
    each(&file["malformed"], |vector| {
        let salt = Salt::from_bytes(hex::decode(text(vector, "salt")).unwrap().try_into().unwrap());
        let commitment = Commitment::from_json(&vector["commitment"]).unwrap();
        expect(commitment.opens(&salt, &bytes(vector, "value")), false)
    });
    each(&file["good"], |vector| {
        let seed = hex::decode(text(vector, "seed")).unwrap().try_into().unwrap();
        let salt = Salt::derive(&seed, text(vector, "label"));
        expect(hex::encode(salt.as_bytes()).as_str(), text(vector, "salt"))?;
        expect(Commitment::of(&salt, &bytes(vector, "value")).to_json(), vector["commitment"].clone())
    });
}

#[test]
fn entries_are_read_as_the_vectors_say() {
    for file in ["entries.json", "reads.json"].map(read) {
        each(&file["good"], |vector| {
            let payload = bytes(vector, "payload");
            let entry = Entry::from_payload(&payload).map_err(|error| error.to_string())?;
            expect(entry.kind.as_str(), text(vector, "kind"))?;
            let Head { kind, origin, attempt } =
                Entry::head_of_payload(&payload).map_err(|error| error.to_string())?;
            expect((kind, &origin, &attempt), (entry.kind, &entry.origin, &entry.attempt))?;
            expect(entry.to_payload().unwrap(), payload.clone())?;
            expect(leaf_of_payload(&payload), hash(&vector["leaf"]))
        });
        each(&file["malformed"], |vector| {
            let payload = bytes(vector, "payload");
            let found = Entry::from_payload(&payload).expect_err("malformed");
            expect(Entry::head_of_payload(&payload), Err(found.clone()))?;
            expect(found.code(), text(vector, "code"))
        });
    }
}

#[test]
fn trees_and_proofs_are_those_of_the_vectors() {
    let file = read("tree.json");
    let data: Vec<_> = file["leaves"].as_array().unwrap().iter().map(|it| bytes(it, "data")).collect();
    let leaves: Vec<_> = data.iter().map(|data| leaf_hash(data)).collect();
    assert_eq!(
        leaves,
        file["leaves"].as_array().unwrap().iter().map(|it| hash(&it["leaf"])).collect::<Vec<_>>()
    );
    each(&file["roots"], |vector| {
        let size = vector["size"].as_u64().unwrap() as usize;
        expect(Tree::from_leaf_hashes(leaves[..size].iter().copied()).root(), hash(&vector["root"]))
    });
    each(&file["inclusion"], |vector| {
        let [size, index] = ["size", "index"].map(|name| vector[name].as_u64().unwrap());
        let (root, proof, good) = (hash(&vector["root"]), hashes(&vector["proof"]), vector["good"] == true);
        expect(verify_inclusion(&root, size, index, &hash(&vector["leaf"]), &proof), good)?;
        if good { expect(inclusion_proof(&leaves, index, size), Some(proof)) } else { Ok(()) }
    });
    each(&file["consistency"], |vector| {
        let [old, new] = ["old_size", "new_size"].map(|name| vector[name].as_u64().unwrap());
        let [old_root, new_root] = ["old_root", "new_root"].map(|name| hash(&vector[name]));
        let proof = hashes(&vector["proof"]);
        expect(verify_consistency(old, &old_root, new, &new_root, &proof), vector["good"] == true)
    });
}

#[test]
fn checkpoints_are_read_as_the_vectors_say() {
    let file = read("checkpoints.json");
    each(&file["good"], |vector| {
        let found =
            open_checkpoint(text(vector, "note"), &keys(vector)).map_err(|error| error.to_string())?;
        expect(found.origin.as_str(), text(vector, "origin"))?;
        expect(Some(found.size), vector["size"].as_u64())?;
        expect(found.root, hash(&vector["root"]))
    });
    each(&file["malformed"], |vector| {
        let found = open_checkpoint(text(vector, "note"), &keys(vector));
        expect(found.map_err(|error| error.code()), Err(text(vector, "code")))
    });
}

#[test]
fn receipts_are_read_as_the_vectors_say() {
    are_read(&read("receipts.json"));
}

#[test]
fn receipts_that_disclose_fields_are_read_as_the_vectors_say() {
    are_read(&read("fields.json"));
}

fn are_read(file: &Value) {
    each(&file["good"], |vector| {
        let found =
            verify_receipt(&bytes(vector, "file"), &keys(vector)).map_err(|error| error.to_string())?;
        expect(receipts::summary(&found), vector["proves"].clone())
    });
    each(&file["malformed"], |vector| {
        let found = verify_receipt(&bytes(vector, "file"), &keys(vector));
        let error = found.err().ok_or("it verified")?;
        // The message is for people: not empty, no full stop, no type of the program in it.
        let message = error.to_string();
        expect(message.ends_with('.') || message.contains("::") || message.len() < 10, false)?;
        expect(error.code(), text(vector, "code"))
    });
}

#[test]
fn witnesses_keys_are_read_as_the_vectors_say() {
    let file = read("witness-keys.json");
    let key = |vector: &Value| text(vector, "vkey").parse::<WitnessKey>().map_err(|error| error.code());
    each(&file["good"], |vector| {
        let key = key(vector)?;
        expect(key.to_string().as_str(), text(vector, "vkey"))?;
        expect(key.name(), text(vector, "key_name"))?;
        expect(hex::encode(key.id()).as_str(), text(vector, "id"))?;
        expect(hex::encode(key.public_bytes()).as_str(), text(vector, "public"))
    });
    each(&file["malformed"], |vector| expect(key(vector).err(), Some(text(vector, "code"))));
}

#[test]
fn cosignatures_are_read_as_the_vectors_say() {
    let file = read("cosignatures.json");
    each(&file["good"], |vector| expect(witness::found(vector), Ok(vector["cosigned"].clone())));
    each(&file["malformed"], |vector| expect(witness::found(vector), Err(text(vector, "code"))));
}

#[test]
fn logs_are_read_as_the_vectors_say() {
    let file = read("logs.json");
    let found = |vector: &Value| {
        let payloads =
            vector["payloads"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().as_bytes().to_vec());
        verify_log(payloads, text(vector, "note"), &keys(vector))
    };
    each(&file["good"], |vector| {
        let summary = found(vector).map_err(|error| error.to_string())?;
        let kinds: Value = summary.kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        expect(kinds, vector["kinds"].clone())
    });
    each(&file["malformed"], |vector| {
        expect(found(vector).map_err(|error| error.code()), Err(text(vector, "code")))
    });
}

#[test]
fn the_logs_of_a_state_are_read_as_the_vectors_say() {
    let file = read("rosters.json");
    let found = |vector: &Value| {
        let logs = vector["logs"].as_array().unwrap().iter().map(|log| {
            let payloads = log["payloads"].as_array().unwrap().iter();
            (
                payloads.map(|it| it.as_str().unwrap().as_bytes().to_vec()).collect(),
                text(log, "note").to_owned(),
            )
        });
        verify_logs(&logs.collect::<Vec<_>>(), &keys(vector))
    };
    each(&file["good"], |vector| found(vector).map_err(|error| error.to_string()));
    each(&file["malformed"], |vector| {
        expect(found(vector).map_err(|error| error.code()), Err(text(vector, "code")))
    });
}

/// Every code that verification reports.
const CODES: [&str; 80] = [
    "approval-format",
    "approval-json",
    "approval-member",
    "approval-not-canonical",
    "approval-signature",
    "approval-too-large",
    "approvers-by",
    "approvers-first",
    "approvers-group",
    "approvers-key",
    "approvers-name",
    "approvers-removal",
    "approvers-state",
    "armed-mismatch",
    "checkpoint-bad-cosignature",
    "checkpoint-bad-signature",
    "checkpoint-foreign-origin",
    "checkpoint-key-compromised",
    "checkpoint-key-ended",
    "checkpoint-malformed",
    "checkpoint-not-witnessed",
    "checkpoint-unknown-key",
    "checkpoint-unsigned",
    "entry-json",
    "entry-member",
    "entry-not-canonical",
    "entry-number",
    "entry-statement",
    "entry-too-large",
    "grant-epoch",
    "grant-expired",
    "grant-guards",
    "grant-lasting",
    "grant-other-guard",
    "grant-own",
    "grant-revoked",
    "grant-scope",
    "grant-state",
    "grant-unrecorded",
    "handover-bad-signature",
    "handover-conflict",
    "handover-format",
    "handover-keys",
    "handover-malformed",
    "handover-unsigned",
    "index-out-of-range",
    "key-file",
    "key-form",
    "key-id",
    "key-name",
    "key-type",
    "key-weak",
    "log-begun-twice",
    "log-cut-short",
    "log-longer",
    "log-missing",
    "log-replaced",
    "log-root",
    "log-shorter",
    "log-unlisted",
    "not-a-receipt",
    "not-included",
    "other-log",
    "payload-type",
    "proof-length",
    "receipt-format",
    "receipt-json",
    "receipt-shape",
    "roster-entry",
    "roster-missing",
    "value-does-not-open",
    "value-unknown-label",
    "word-ahead",
    "word-before",
    "word-expired",
    "word-not-asked",
    "word-other",
    "word-own",
    "word-removed",
    "word-unknown",
];

#[test]
fn every_code_is_in_the_text_and_has_a_vector() {
    let texts: String = ["approval.md", "entry.md", "log.md", "receipt.md", "witness.md"]
        .map(|name| std::fs::read_to_string(folder().join("..").join(name)).unwrap())
        .concat();
    let mut seen = std::collections::BTreeSet::new();
    let files = [
        "keys",
        "key-files",
        "entries",
        "checkpoints",
        "receipts",
        "logs",
        "rosters",
        "approvals",
        "approvers",
        "words",
        "grants",
        "reads",
        "witness-keys",
        "cosignatures",
    ]
    .map(|it| format!("{it}.json"));
    for name in &files {
        let vectors = read(name);
        seen.extend(
            vectors["malformed"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()),
        );
    }
    let handovers = read("handovers.json");
    for list in ["malformed", "not_followed"] {
        seen.extend(handovers[list].as_array().unwrap().iter().map(|it| text(it, "code").to_owned()));
    }
    // The codes whose vectors would weigh more than all others together; unit tests have them.
    seen.extend(["entry-too-large", "approval-too-large"].map(str::to_owned));
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), CODES);
    assert_eq!(
        CODES.into_iter().filter(|code| !texts.contains(&format!("`{code}`"))).collect::<Vec<_>>(),
        [""; 0]
    );
}
