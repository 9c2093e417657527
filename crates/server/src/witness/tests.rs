#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop where it stands")]

use super::*;
use lastlook_ledger::tree::{consistency_proof, leaf_hash, root_of};
use lastlook_ledger::{Checkpoint, Hash, SigningKey};
use std::collections::BTreeMap;
use std::sync::Mutex;

fn log() -> SigningKey {
    SigningKey::from_seed("lastlook/a", &[1; 32]).unwrap()
}

fn add(leaves: &[Hash], old: usize) -> AddCheckpoint {
    let (size, root) = (leaves.len() as u64, root_of(leaves));
    let note = log().sign_checkpoint(&Checkpoint { origin: "lastlook/a/1".to_owned(), size, root }).unwrap();
    AddCheckpoint {
        old: old as u64,
        proof: consistency_proof(leaves, old as u64, size).unwrap_or_default(),
        note,
    }
}

/// Two histories that part, pushed by many at once: of every size only one root is ever cosigned, and they continue each other.
#[test]
fn of_many_who_ask_at_once_only_one_history_is_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), Some("w")).unwrap();
    let keys = [log().verifier()];
    let history = |name: &str| -> Vec<Hash> {
        (0..24)
            .map(|n| leaf_hash(if n < 3 { format!("{n}") } else { format!("{name}{n}") }.as_bytes()))
            .collect()
    };
    let histories = [history("one"), history("other")];
    let cosigned: Mutex<BTreeMap<usize, Vec<usize>>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (memory, histories, cosigned, keys) = (&memory, &histories, &cosigned, &keys);
            scope.spawn(move || {
                let which = worker % 2;
                let all = histories.get(which).unwrap();
                for size in 1..=all.len() {
                    for old in 0..=size {
                        let request = add(all.get(..size).unwrap(), old);
                        if memory.add(&request, keys).unwrap().is_ok() {
                            cosigned.lock().unwrap().entry(size).or_default().push(which);
                        }
                    }
                }
            });
        }
    });
    let cosigned = cosigned.into_inner().unwrap();
    let after: Vec<usize> =
        cosigned.iter().filter(|(size, _)| **size > 3).flat_map(|(_, which)| which.clone()).collect();
    assert!(!after.is_empty());
    assert!(after.windows(2).all(|pair| pair.first() == pair.last()), "{cosigned:?}");
    // Opened again it is the same witness, with the same memory.
    let key = memory.verifier();
    drop(memory);
    let memory = Memory::open(folder.path(), None).unwrap();
    assert_eq!(memory.verifier(), key);
    let first = histories.first().unwrap();
    let said = memory.add(&add(first.get(..1).unwrap(), 0), &keys).unwrap();
    assert_eq!(said.map_err(|refusal| refusal.status()), Err(409));
}

#[test]
fn a_folder_that_cannot_be_used_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let open =
        |name: Option<&str>| Memory::open(folder.path(), name).map(drop).map_err(|error| error.to_string());
    assert!(open(None).unwrap_err().contains("needs a name"));
    assert!(open(Some("a b")).unwrap_err().contains("cannot be used"));
    open(Some("w")).unwrap();
    assert!(open(Some("v")).unwrap_err().contains("is called `w`"));
    let held = Memory::open(folder.path(), None).unwrap();
    assert!(open(None).unwrap_err().contains("another witness"));
    drop(held);
    let key = folder.path().join("key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(open(None).unwrap_err().contains("others can read"));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&key, "witness w\nseed 00\n").unwrap();
    assert!(open(None).unwrap_err().contains("cannot be used"));
}
