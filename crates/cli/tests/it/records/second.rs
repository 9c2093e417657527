//! Receipts of real boundaries, through this verifier and through the one in Python (`sdk/python`): whole, and with every byte flipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::{parse_keys, verify_receipt};
use serde_json::{Value, json};

use super::rig::{Said, World};
use crate::real::tools;

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/python")
}

/// The Python that the tools are installed for, with the package to be found.
fn python(words: &[&str]) -> Command {
    let mut command = Command::new(tools::folder().join("python/bin/python"));
    command.args(words).env("PYTHONPATH", package()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The codes that it gives for a receipt with each byte flipped by each mask in turn; null where it still verifies.
fn flipped(file: &[u8], key: &str, masks: &[u8]) -> Vec<Value> {
    let question =
        json!({ "check": "flips", "file_base64": STANDARD.encode(file), "keys": [key], "masks": masks });
    let mut child = python(&["-m", "lastlook_verify.batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo xtask tools` sets Python up");
    writeln!(child.stdin.take().unwrap(), "{question}").unwrap();
    let said = Said::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    answer["codes"].as_array().unwrap().clone()
}

#[test]
fn a_second_verifier_says_the_same_of_every_receipt() {
    let world = World::new();
    let (mut client, unknown) = world.unknown("x.md");
    let ids = [world.edited(&mut client, "a.md"), world.refused(&mut client, "b.md"), unknown.clone()];
    world.ok(&["resolve", &unknown, "--as", "succeeded", "--reason", "seen"]);
    let key = world.key();
    let other = World::new();
    other.client().close();
    let foreign = other.key();
    for id in &ids {
        let file = world.file("r.json", world.ok(&["receipt", id, "--with-values"]));
        let theirs = |words: &[&str]| {
            Said::of(python(&[&["-m", "lastlook_verify"], words].concat()).output().unwrap())
        };
        let said = theirs(&[&file, "--key", &key]);
        assert!(
            said.code == 0 && said.err.is_empty() && said.out.contains(&format!("{id}: edit_note")),
            "{said:?}"
        );
        assert!(said.out.contains("not proven: that the record is true"), "{said:?}");
        // As JSON, all that this one says, member for member; theirs adds what is not proven.
        let [ours, mut found] =
            [world.verify(&[&file, "--key", &key, "--json"], b""), theirs(&[&file, "--key", &key, "--json"])]
                .map(|said| serde_json::from_str::<Value>(&said.out).unwrap());
        assert!(found.as_object_mut().unwrap().remove("not_proven").is_some());
        assert_eq!(found, ours);
        let (ours, found) =
            (world.verify(&[&file, "--key", &foreign], b""), theirs(&[&file, "--key", &foreign]));
        ours.fails(1, "(checkpoint-unknown-key)");
        found.fails(1, "(checkpoint-unknown-key)");
        for words in [
            [file.as_str(), "--key", &file],
            ["missing.json", "--key", &key],
            [&file, "--key", "missing.pub"],
        ] {
            let (ours, found) = (world.verify(&words, b""), theirs(&words));
            assert_eq!((ours.code, found.code), (2, 2), "{words:?}: {ours:?}, {found:?}");
            assert!(!found.err.contains("Traceback"), "{found:?}");
        }
    }
}

#[test]
fn a_second_verifier_follows_handovers_as_this_one_does() {
    for (words, code) in [(&[][..], None), (&["--compromised"], Some("checkpoint-unknown-key"))] {
        let world = World::new();
        let mut client = world.client();
        world.edited(&mut client, "a.md");
        let key = world.key();
        world.ok(&[&["keys", "rotate", "--reason", "due"], words].concat());
        let id = world.edited(&mut client, "b.md");
        let file = world.file("r.json", world.ok(&["receipt", &id]));
        for (following, code) in [(vec![], code), (vec!["--no-follow"], Some("checkpoint-unknown-key"))] {
            let words = [vec![&*file, "--key", &key, "--json"], following].concat();
            let theirs = python(&[vec!["-m", "lastlook_verify"], words.clone()].concat()).output().unwrap();
            let [ours, found] = [world.verify(&words, b""), Said::of(theirs)]
                .map(|said| serde_json::from_str::<Value>(&said.out).unwrap_or_else(|_| panic!("{said:?}")));
            assert_eq!((&found["code"], &found["followed"]), (&ours["code"], &ours["followed"]), "{words:?}");
            assert_eq!(ours["code"].as_str(), code);
        }
    }
}

#[test]
fn no_flipped_byte_of_a_real_receipt_passes_and_both_verifiers_say_why() {
    let world = World::new();
    let mut client = world.client();
    let (edited, refused) = (world.edited(&mut client, "a.md"), world.refused(&mut client, "b.md"));
    let key = world.ok(&["keys", "export"]);
    let keys = parse_keys(key.as_bytes()).unwrap();
    for words in [vec!["receipt", edited.as_str(), "--with-values"], vec!["receipt", refused.as_str()]] {
        let file = world.ok(&words).into_bytes();
        assert!(verify_receipt(&file, &keys).is_ok());
        let codes = flipped(&file, key.trim(), &[0x01]);
        assert_eq!(codes.len(), file.len());
        for (at, found) in codes.iter().enumerate() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let ours = verify_receipt(&changed, &keys).err().map(|error| error.code());
            assert_eq!(json!(ours), *found, "byte {at}");
            assert!(ours.is_some(), "byte {at} may be flipped");
        }
    }
}
