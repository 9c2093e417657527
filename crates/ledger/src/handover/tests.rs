use super::*;
use crate::key::SigningKey;
use crate::tree::Hash;

const NAME: &str = "lastlook/3f9a";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(NAME, &[seed; 32]).unwrap()
}

fn log(writer: &str, size: u64) -> Checkpoint {
    Checkpoint { origin: format!("{NAME}/{writer}"), size, root: Hash::from_bytes([9; 32]) }
}

fn handover(why: Why, logs: Vec<Checkpoint>) -> Handover {
    let time = "2026-01-02T03:04:05.000000000Z".to_owned();
    Handover { why, time, old: key(1).verifier(), new: key(2).verifier(), logs }
}

fn signed(handover: &Handover) -> String {
    handover.sign(&key(1), &key(2)).unwrap()
}

/// A handover with so many logs that its note has this size.
fn of_size(size: usize) -> Handover {
    let length = |logs: Vec<Checkpoint>| signed(&handover(Why::Rotated, logs)).len();
    let name = |number: usize, more: usize| format!("{number:04}{}", "a".repeat(100 + more));
    let bare = length(Vec::new());
    let line = length(vec![log(&name(0, 0), 1)]) - bare;
    // What is left over goes to the names of the first few.
    let mut rest = (size - bare) % line;
    let logs = (0..(size - bare) / line).map(|number| {
        let more = rest.min(40);
        rest -= more;
        log(&name(number, more), 1)
    });
    handover(Why::Rotated, logs.collect())
}

#[test]
fn a_handover_may_be_as_large_as_the_limit_and_no_larger() {
    let largest = of_size(MAX_HANDOVER_BYTES);
    let note = signed(&largest);
    assert_eq!(note.len(), 262_144);
    assert_eq!(Handover::open(note.as_bytes()), Ok(largest));
    let over = signed(&of_size(MAX_HANDOVER_BYTES + 1));
    assert_eq!(over.len(), 262_145);
    assert_eq!(Handover::open(over.as_bytes()).unwrap_err().code(), "handover-malformed");
}

#[test]
fn a_key_that_was_replaced_counts_up_to_there_and_one_that_leaked_only_there() {
    let other =
        |checkpoint: &Checkpoint| Checkpoint { root: Hash::from_bytes([8; 32]), ..checkpoint.clone() };
    let head = log("1", 5);
    let code = |why, checkpoint: &Checkpoint| {
        handover(why, vec![head.clone()]).covers(checkpoint).err().map(|error| error.code())
    };
    for (checkpoint, rotated, compromised) in [
        (head.clone(), None, None),
        (log("1", 4), None, Some("checkpoint-key-compromised")),
        (log("1", 6), Some("checkpoint-key-ended"), Some("checkpoint-key-compromised")),
        (other(&head), Some("checkpoint-key-ended"), Some("checkpoint-key-compromised")),
        (log("2", 0), Some("checkpoint-key-ended"), Some("checkpoint-key-compromised")),
        (log("2", 1), Some("checkpoint-key-ended"), Some("checkpoint-key-compromised")),
    ] {
        assert_eq!(code(Why::Rotated, &checkpoint), rotated, "{checkpoint:?}");
        assert_eq!(code(Why::Compromised, &checkpoint), compromised, "{checkpoint:?}");
    }
}
