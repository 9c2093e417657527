use super::*;
use crate::key::{KeyError, SigningKey, parse_keys};
use tlog_tiles::checkpoint as theirs;

const NAME: &str = "lastlook/3f9a";

fn key() -> SigningKey {
    SigningKey::from_seed(NAME, &[1; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: format!("{NAME}/1"), size: 5, root: Hash::from_bytes([9; 32]) }
}

fn signed() -> String {
    key().sign_checkpoint(&checkpoint()).unwrap()
}

#[track_caller]
fn check(note: &str, expect: Result<Checkpoint, &str>) {
    let keys = [key().verifier()];
    assert_eq!(open_checkpoint(note, &keys).map_err(|error| error.code()), expect);
}

/// `text` signed as if it were a checkpoint, whatever it says.
fn forged(text: &str) -> String {
    let key = key();
    let signed = key.verifier().line(&key.signature(text.as_bytes()));
    format!("{text}\n{signed}")
}

#[test]
fn what_was_signed_opens() {
    check(&signed(), Ok(checkpoint()));
}

#[test]
fn the_oracle_reads_the_same_checkpoint() {
    let note = signed();
    let (text, _) = note.split_once("\n\n").unwrap();
    let read = theirs::Checkpoint::from_bytes(format!("{text}\n").as_bytes()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), ("lastlook/3f9a/1", 5, [9; 32]));
}

#[test]
fn published_note_keys_and_signatures_hold() {
    // From the documentation of golang.org/x/mod/sumdb/note, the original of the format.
    let key: VerifierKey =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let signature = signature(line).unwrap();
    assert_eq!((signature.name, signature.id), (key.name(), key.id()));
    assert!(key.verifies(text.as_bytes(), &signature.bytes.try_into().unwrap()));
}

#[test]
fn lines_of_other_keys_and_extensions_are_passed_over() {
    let stranger = "\u{2014} witness.example/w1 AAAAAQEBAQEBAQ==\n";
    check(&format!("{}{stranger}", signed()), Ok(checkpoint()));
    let note = signed();
    let (text, line) = note.split_once("\n\n").unwrap();
    check(&format!("{text}\n\n{stranger}{line}"), Ok(checkpoint()));
    check(&forged(&format!("{text}\nan extension\n")), Ok(checkpoint()));
    // Our name with another id is another key.
    check(&format!("{}\u{2014} {NAME} AAAAAQEBAQEBAQ==\n", signed()), Ok(checkpoint()));
}

#[test]
fn a_note_that_nobody_signed_is_unsigned() {
    let note = signed();
    let (text, _) = note.split_once("\n\n").unwrap();
    check(&format!("{text}\n"), Err("checkpoint-unsigned"));
    check(&format!("{text}\n\n"), Err("checkpoint-unsigned"));
    check("", Err("checkpoint-unsigned"));
}

#[test]
fn another_key_is_not_a_pinned_key() {
    let other = SigningKey::from_seed(NAME, &[2; 32]).unwrap();
    check(&other.sign_checkpoint(&checkpoint()).unwrap(), Err("checkpoint-unknown-key"));
    assert_eq!(open_checkpoint(&signed(), &[]).unwrap_err().code(), "checkpoint-unknown-key");
}

#[test]
fn an_altered_text_or_signature_does_not_hold() {
    check(&signed().replace("\n5\n", "\n6\n"), Err("checkpoint-bad-signature"));
    check(&signed().replace("/1\n", "/2\n"), Err("checkpoint-bad-signature"));
    // The pinned key's name and id before somebody else's signature.
    let other = SigningKey::from_seed(NAME, &[2; 32]).unwrap().sign_checkpoint(&checkpoint()).unwrap();
    let forged = with_signature(&other, |bytes| bytes[..4].copy_from_slice(&key().verifier().id()));
    check(&forged, Err("checkpoint-bad-signature"));
    check(&with_signature(&signed(), |bytes| bytes.truncate(67)), Err("checkpoint-bad-signature"));
    // One bad signature of a pinned key spoils the note, whatever else stands there.
    let (_, line) = forged.split_once("\n\n").unwrap();
    check(&format!("{}{line}", signed()), Err("checkpoint-bad-signature"));
}

#[test]
fn a_malleable_signature_is_not_accepted() {
    // S + L verifies under the bare equation; strict verification demands S < L (RFC 8032 §5.1.7).
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let malleated = with_signature(&signed(), |bytes| {
        let mut carry = 0;
        for (byte, order) in bytes[36..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*order) + carry;
            (*byte, carry) = ((sum & 0xff) as u8, sum >> 8);
        }
    });
    assert_ne!(malleated, signed());
    check(&malleated, Err("checkpoint-bad-signature"));
}

fn with_signature(note: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (head, bytes) = note.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(bytes).unwrap();
    change(&mut bytes);
    format!("{head} {}\n", STANDARD.encode(bytes))
}

#[test]
fn a_key_speaks_only_for_its_own_logs() {
    let foreign = Checkpoint { origin: "lastlook/3f9abc/1".to_owned(), ..checkpoint() };
    assert_eq!(key().sign_checkpoint(&foreign).unwrap_err().code(), "checkpoint-foreign-origin");
    let root = STANDARD.encode([9; 32]);
    check(&forged(&format!("lastlook/3f9abc/1\n5\n{root}\n")), Err("checkpoint-foreign-origin"));
    check(
        &forged(&format!("{NAME}\n5\n{root}\n")),
        Ok(Checkpoint { origin: NAME.to_owned(), ..checkpoint() }),
    );
}

#[test]
fn a_checkpoint_has_one_form() {
    let root = STANDARD.encode([9; 32]);
    let origin = format!("{NAME}/1");
    for text in [
        format!("{origin}\n05\n{root}\n"),
        format!("{origin}\n+5\n{root}\n"),
        format!("{origin}\n\n{root}\n"),
        format!("{origin}\n18446744073709551616\n{root}\n"),
        format!("{origin}\n5\n{}\n", STANDARD.encode([9; 31])),
        format!("{origin}\n5\n{}\n", root.trim_end_matches('=')),
        format!("{origin}\n5\n{}\n", hex::encode([9; 32])),
        format!("{origin}\n5\n"),
        format!("{origin} x\n5\n{root}\n"),
        format!("{origin}\u{e9}\n5\n{root}\n"),
        format!("\n5\n{root}\n"),
        format!("{origin}\n5\n{root}\n\nextension\n"),
        format!("{origin}\r\n5\n{root}\n"),
        format!("{origin}\n5\n{root}\n\u{1}\n"),
        String::new(),
    ] {
        check(&forged(&text), Err("checkpoint-malformed"));
    }
    check(signed().trim_end(), Err("checkpoint-malformed"));
    check(&format!("{}not a signature\n", signed()), Err("checkpoint-malformed"));
    check(&format!("{}\u{2014} w AAA\n", signed()), Err("checkpoint-malformed"));
    check(&format!("{}\u{2014} w AAAAAA==\n", signed()), Err("checkpoint-malformed"));
    check(&format!("{}{}", signed(), "\u{2014} w AAAAAAA=\n".repeat(64)), Err("checkpoint-malformed"));
    check(&format!("{}\u{2014} w {}\n", signed(), "A".repeat(MAX_NOTE_BYTES)), Err("checkpoint-malformed"));
    check(&format!("{}{}", signed(), "\u{2014} w AAAAAAA=\n".repeat(63)), Ok(checkpoint()));
}

#[test]
fn a_note_may_be_as_large_as_the_limit_and_no_larger() {
    let of_size = |size: usize| {
        let note = signed();
        let (text, _) = note.split_once("\n\n").unwrap();
        let extended = |length: usize| forged(&format!("{text}\n{}\n", "x".repeat(length)));
        extended(size - extended(0).len())
    };
    let largest = of_size(MAX_NOTE_BYTES);
    assert_eq!(largest.len(), 262_144);
    check(&largest, Ok(checkpoint()));
    check(&of_size(MAX_NOTE_BYTES + 1), Err("checkpoint-malformed"));
}

#[test]
fn an_origin_cannot_smuggle_lines_into_what_is_signed() {
    let hostile = Checkpoint { origin: format!("{NAME}/1\n7\nAAAA"), ..checkpoint() };
    assert_eq!(key().sign_checkpoint(&hostile).unwrap_err().code(), "checkpoint-malformed");
}

#[test]
fn a_verifier_key_reads_back_and_is_checked() {
    let key = key().verifier();
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key.clone()));
    let code = |text: &str| text.parse::<VerifierKey>().unwrap_err().code();
    assert_eq!(code(&text.replace("3f9a", "3f9b")), "key-id");
    assert_eq!(code(&text.replacen('+', "+0", 1)), "key-id");
    assert_eq!(code(&text.replacen('+', " ", 1)), "key-form");
    assert_eq!(code(text.get(..text.len() - 1).unwrap()), "key-form");
    assert_eq!(code("sum.golang.org+033de0ae+"), "key-form");
    assert_eq!(code("a+00000000+AgID"), "key-type");
    // The neutral element: everybody can sign for it.
    let mut weak = vec![1, 1];
    weak.extend([0; 31]);
    assert_eq!(code(&format!("a+00000000+{}", STANDARD.encode(weak))), "key-weak");
    assert_eq!(SigningKey::from_seed("a b", &[1; 32]).unwrap_err(), KeyError::Name("a b".to_owned()));
    assert_eq!(SigningKey::from_seed("", &[1; 32]).unwrap_err().code(), "key-name");
}

#[test]
fn a_file_of_keys_may_have_comments() {
    let key = key().verifier();
    assert_eq!(parse_keys(format!("# pinned in May\r\n\n  {key}\n").as_bytes()), Ok(vec![key]));
    let code = |file: &[u8]| parse_keys(file).unwrap_err().code();
    assert_eq!([code(b""), code(b"\xff"), code(&[b'\n'; 1 << 21])], ["key-file"; 3]);
    assert_eq!(code(b"x"), "key-form");
}

#[test]
fn a_signing_key_is_not_shown() {
    assert_eq!(format!("{:?}", key()), "SigningKey(lastlook/3f9a, …)");
}

/// A token that answers something else than its signature, or nothing.
#[derive(Debug)]
struct Token(Result<[u8; 64], crate::SignError>);

impl crate::Signer for Token {
    fn verifier(&self) -> VerifierKey {
        key().verifier()
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], crate::SignError> {
        self.0.clone()
    }
}

#[test]
fn what_a_signer_gives_is_verified_before_it_leaves() {
    use crate::{SignError, cosign_checkpoint, sign_checkpoint};
    let refused = SignError::Refused { key: NAME.to_owned(), why: "the token is locked".to_owned() };
    let elsewhere = key().signature(b"something else");
    for token in [Token(Ok([0; 64])), Token(Ok(elsewhere)), Token(Err(refused))] {
        assert_eq!(sign_checkpoint(&token, &checkpoint()).unwrap_err().code(), "signing-failed");
        assert!(cosign_checkpoint(&[&key(), &token], &checkpoint()).is_err());
    }
    assert_eq!(sign_checkpoint(&key(), &checkpoint()).unwrap(), signed());
}
