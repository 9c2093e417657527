//! What happens when whoever holds the key does not sign.

use std::sync::atomic::{AtomicU8, Ordering};

use lastlook_ledger::{SignError, SigningKey};

use super::*;
use crate::CommitError;

/// A key in a token that can be pulled out, or answer nonsense.
#[derive(Debug)]
struct Token {
    key: SigningKey,
    mood: AtomicU8,
}

impl Signer for Token {
    fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignError> {
        match self.mood.load(Ordering::SeqCst) {
            0 => Signer::sign(&self.key, bytes),
            1 => Err(SignError::Refused { key: "token".to_owned(), why: "it was pulled out".to_owned() }),
            _ => Signer::sign(&self.key, b"something else"),
        }
    }
}

#[test]
fn nothing_is_recorded_that_is_not_signed() {
    let rig = OnDisk::new();
    let text = std::fs::read_to_string(&rig.dir.paths().key).unwrap();
    let seed = text.lines().nth(1).unwrap().strip_prefix("seed ").unwrap();
    let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
    let key = SigningKey::from_seed(rig.dir.verifier_key().name(), &seed).unwrap();
    let token = Arc::new(Token { key, mood: AtomicU8::new(0) });
    let store = rig.with(Settings { signer: Some(token.clone()), ..Settings::default() });
    commit(&store, append(&store, "a"));
    assert_eq!(rig.size(&store), 1);
    for mood in [1, 2] {
        token.mood.store(mood, Ordering::SeqCst);
        match done(store.commit(append(&store, "b"))) {
            Err(CommitError::Unsigned(why)) => {
                assert!(why.starts_with("signing-failed: the key `"), "{why}");
                assert!(why.contains("hint: look at whoever holds that key"), "{why}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(rig.size(&store), 1);
    }
    token.mood.store(0, Ordering::SeqCst);
    commit(&store, append(&store, "b"));
    assert_eq!(rig.size(&store), 2);
}
