//! Any bytes as what a verifier is given. How to look longer than the corpus: docs/internals/testing.md.
//!
//! `tests/it/corpus.rs` asks the verifier in Python about the same bytes.

use crate::approval::{Grant, Introduction, Removal, Signed, Statement};
use crate::{
    Checkpoint, Entry, Included, Receipt, SigningKey, Tree, VerifierKey, leaf_of_payload, open_checkpoint,
    parse_keys, verify_receipt,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The key of the vectors.
fn key() -> SigningKey {
    SigningKey::from_seed("lastlook/3f9a2c", &[1; 32]).unwrap()
}

#[test]
fn entry() {
    bolero::check!(name = "entry").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(entry) = Entry::from_payload(bytes) else { return };
        assert_eq!(entry.to_payload().as_deref(), Ok(bytes), "an entry has one spelling");
        // Signed as the only one of its log it is a receipt, or its kind says that it is none.
        let leaf = leaf_of_payload(bytes);
        let root = Tree::from_leaf_hashes([leaf]).root();
        let checkpoint = Checkpoint { origin: entry.origin.clone(), size: 1, root };
        let Ok(note) = key().sign_checkpoint(&checkpoint) else { return };
        let included = Included::prove(bytes.to_vec(), 0, &[leaf]).unwrap();
        let receipt = Receipt { entry: included, checkpoint: note, armed: None, values: Vec::new() };
        let verified = verify_receipt(&receipt.to_json(), &[key().verifier()]);
        assert_eq!(verified.is_ok(), entry.kind.is_receipt());
        assert!(verified.is_ok_and(|verified| verified.entry == entry) || !entry.kind.is_receipt());
    });
}

#[test]
fn receipt() {
    bolero::check!(name = "receipt").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(verified) = verify_receipt(bytes, &[key().verifier()]) else { return };
        // What is proven stands in the file in these very bytes.
        let file: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let payload = STANDARD.decode(file["payload"].as_str().unwrap()).unwrap();
        assert_eq!(verified.entry.to_payload().unwrap(), payload);
        assert_eq!(verified.armed.is_some(), !file["armed"].is_null());
        assert_eq!(verified.values.len(), file["values"].as_array().map_or(0, Vec::len));
        assert!(verified.entry.kind.is_receipt() && verified.index < verified.checkpoint.size);
    });
}

#[test]
fn checkpoint() {
    bolero::check!(name = "checkpoint").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        // As it is, and signed by the key, as far as one can.
        let mut signed = format!("{text}\n");
        signed.push_str(&key().verifier().line(&key().signature(text.as_bytes())));
        for note in [text, &signed] {
            let Ok(opened) = open_checkpoint(note, &[key().verifier()]) else { continue };
            let again = key().sign_checkpoint(&opened).unwrap();
            let head = again.split_once("\n\n").unwrap().0;
            let rest = note.strip_prefix(head).expect("origin, size and root have one spelling");
            assert!(rest.starts_with('\n'), "{rest:?}");
            assert_eq!(open_checkpoint(&again, &[key().verifier()]), Ok(opened));
        }
    });
}

#[test]
fn keys() {
    bolero::check!(name = "keys").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(keys) = parse_keys(bytes) else { return };
        let lines = std::str::from_utf8(bytes).unwrap().split('\n').map(str::trim);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let written: Vec<_> = keys.iter().map(VerifierKey::to_string).collect();
        assert_eq!(written, lines, "a key has one spelling");
    });
}

#[test]
fn statement() {
    bolero::check!(name = "statement").with_iterations(0).for_each(|bytes: &[u8]| {
        let written = [
            Signed::<Statement>::from_bytes(bytes).map(|signed| signed.to_bytes()),
            Signed::<Introduction>::from_bytes(bytes).map(|signed| signed.to_bytes()),
            Signed::<Removal>::from_bytes(bytes).map(|signed| signed.to_bytes()),
            Signed::<Grant>::from_bytes(bytes).map(|signed| signed.to_bytes()),
        ];
        let read: Vec<_> = written.into_iter().flatten().collect();
        assert!(read.len() <= 1, "what is one kind is no other");
        assert!(read.iter().all(|written| written == bytes), "a statement has one spelling");
    });
}
