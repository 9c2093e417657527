//! The key under which what is not kept is still told apart.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use lastlook_canon::Digest;
use lastlook_store::{Commit, CommitError, Precondition, Write};
use sha2::Sha256;

use crate::boundary::Boundary;
use crate::ids;

/// The mark that holds the key, in hexadecimal digits.
const KEY: &str = "private-key";

/// The key of all processes on a state, once it is known: a plain digest of what is not kept could be found by guessing.
#[derive(Default)]
pub(crate) struct PrivateKey(OnceLock<[u8; 32]>);

impl Boundary {
    /// Draws the key, if there is none yet and the rules in force need one. Without it such calls are refused.
    pub(crate) async fn draw_private_key(&self) {
        if self.rulebook().withheld.is_empty() || self.private_key().is_some() {
            return;
        }
        let Ok(drawn) = ids::random::<32>() else { return };
        let (name, value) = (KEY.to_owned(), hex::encode(drawn));
        let commit = Commit {
            when: vec![Precondition::MarkIs { name: name.clone(), value: None }],
            writes: vec![Write::SetMark { name, value }],
            ..Commit::default()
        };
        match self.commit(commit).await {
            // Another process may have been faster: theirs counts then.
            Ok(_) | Err(CommitError::Precondition { .. }) => {}
            Err(error) => tracing::error!("the key for what is not kept could not be drawn: {error}"),
        }
    }

    /// A keyed digest of these bytes; nothing while there is no key.
    pub(crate) fn private_digest(&self, domain: &str, bytes: &[u8]) -> Option<[u8; 32]> {
        // A whole block is a key that cannot be refused; RFC 2104 §2 pads shorter ones with zeros just so.
        let mut block = [0; 64];
        block.iter_mut().zip(self.private_key()?).for_each(|(slot, byte)| *slot = byte);
        let mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        Some(mac.chain_update(Digest::of(domain, &[bytes]).as_bytes()).finalize().into_bytes().into())
    }

    fn private_key(&self) -> Option<[u8; 32]> {
        if let Some(key) = self.private_key.0.get() {
            return Some(*key);
        }
        let key = match (self.store.mark(KEY).ok()?, self.store.writer()) {
            (Some(key), _) => *Digest::from_hex(&key)?.as_bytes(),
            // Whoever records nothing needs one for itself alone.
            (None, None) => ids::random().ok()?,
            (None, Some(_)) => return None,
        };
        Some(*self.private_key.0.get_or_init(|| key))
    }
}
