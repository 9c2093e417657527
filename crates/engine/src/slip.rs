//! Slips: what the answer to a held call carries, and the client brings back when it calls again.
//!
//! A client may forge whatever it sends. So a slip is signed with a key that only processes on this state know, for one call
//! and no other, and is good once, for all of them. It opens nothing: with it the boundary looks again, as it would without.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use lastlook_canon::Digest;
use lastlook_store::{Commit, CommitError, Precondition, StoreError, Write};
use sha2::Sha256;

use crate::attempt::{Held, Proposal};
use crate::boundary::Boundary;
use crate::clock;
use crate::ids::{self, NoRandomness};

/// The mark that holds the key, in hexadecimal digits.
const KEY: &str = "slip-key";
/// What the name of the mark of a slip that was brought back begins with; its nonce follows.
const SPENT: &str = "slip/";
/// What is signed with the key is a slip, and nothing else.
const DOMAIN: &str = "lastlook/slip/v1";

/// The key of this state's slips, once it was asked for.
#[derive(Default)]
pub(crate) struct SlipKey(OnceLock<[u8; 32]>);

/// Why there is no slip.
#[derive(Debug, thiserror::Error)]
pub enum SlipError {
    /// The record cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The record cannot be written.
    #[error(transparent)]
    Write(#[from] CommitError),
    /// No nonce.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// What stands in the record is no key.
    #[error("the mark `{KEY}` holds no key")]
    NoKey,
}

/// Why a slip was not taken; nothing has run.
#[derive(Debug, thiserror::Error)]
pub enum SlipRefused {
    /// Nobody here signed it for this call.
    #[error(
        "this `requestState` is not one for this call: it was altered, or given for another tool, other arguments or another principal"
    )]
    NotForThisCall,
    /// Its request has run out.
    #[error("this `requestState` has run out")]
    Late,
    /// It was brought back before.
    #[error("this `requestState` was used already")]
    Spent,
    /// Whether it is good cannot be known.
    #[error("this `requestState` could not be checked: {0}")]
    Unchecked(#[from] SlipError),
}

/// What a slip says, but for what it is signed for.
#[derive(Debug, PartialEq, Eq)]
struct Slip<'a> {
    request: &'a str,
    /// In nanoseconds since the Unix epoch.
    until_ns: i64,
    nonce: [u8; 16],
}

impl Boundary {
    /// What every slip of this state begins with; what begins otherwise is somebody else's.
    pub fn slip_prefix(&self) -> String {
        format!("lastlook-{}.", self.state.state_id())
    }

    /// A slip for a held call, good until its request runs out.
    ///
    /// # Errors
    ///
    /// The record cannot be used, or there is no randomness.
    pub async fn slip_for(&self, held: &Held) -> Result<String, SlipError> {
        let slip = Slip { request: &held.request, until_ns: held.until_ns, nonce: ids::random()? };
        let mac = self.sign(&slip, held.action).await?;
        Ok(slip.to_text(&self.slip_prefix(), &mac.finalize().into_bytes()))
    }

    /// Takes a slip that was brought back with this proposal's call: it is good for no other after that, in any process.
    /// Returns the request it was given for.
    ///
    /// # Errors
    ///
    /// It is not good for this call, or that cannot be known.
    pub async fn take_slip(&self, text: &str, proposal: &Proposal) -> Result<String, SlipRefused> {
        let (slip, signed) = Slip::read(text, &self.slip_prefix()).ok_or(SlipRefused::NotForThisCall)?;
        let mac = self.sign(&slip, proposal.action.digest()).await?;
        mac.verify_slice(&signed).map_err(|_| SlipRefused::NotForThisCall)?;
        if clock::unix_ns() >= slip.until_ns {
            return Err(SlipRefused::Late);
        }
        let name = format!("{SPENT}{}", hex::encode(slip.nonce));
        let commit = Commit {
            when: vec![Precondition::MarkIs { name: name.clone(), value: None }],
            writes: vec![Write::SetMark { name, value: slip.request.to_owned() }],
            ..Commit::default()
        };
        match self.commit(commit).await {
            Ok(_) => Ok(slip.request.to_owned()),
            Err(CommitError::Precondition { .. }) => Err(SlipRefused::Spent),
            Err(error) => Err(SlipRefused::Unchecked(error.into())),
        }
    }

    /// Everything that a slip is good for goes into what is signed; what the call itself tells need not stand in it.
    async fn sign(&self, slip: &Slip<'_>, action: Digest) -> Result<Hmac<Sha256>, SlipError> {
        let signed = Digest::of(
            DOMAIN,
            &[
                slip.request.as_bytes(),
                &slip.until_ns.to_be_bytes(),
                &slip.nonce,
                self.upstream.as_bytes(),
                self.principal.id.as_bytes(),
                action.as_bytes(),
            ],
        );
        // A whole block is a key that cannot be refused; RFC 2104 §2 pads shorter ones with zeros just so.
        let mut block = [0; 64];
        block.iter_mut().zip(self.slip_key().await?).for_each(|(slot, byte)| *slot = byte);
        Ok(<Hmac<Sha256> as KeyInit>::new(&block.into()).chain_update(signed.as_bytes()))
    }

    /// The key of all processes on this state; the first that needs it draws it.
    async fn slip_key(&self) -> Result<[u8; 32], SlipError> {
        if let Some(key) = self.slip_key.0.get() {
            return Ok(*key);
        }
        let key = match self.store.mark(KEY)? {
            Some(key) => key,
            None => {
                let key = hex::encode(ids::random::<32>()?);
                let commit = Commit {
                    when: vec![Precondition::MarkIs { name: KEY.to_owned(), value: None }],
                    writes: vec![Write::SetMark { name: KEY.to_owned(), value: key.clone() }],
                    ..Commit::default()
                };
                match self.commit(commit).await {
                    Ok(_) => key,
                    // Another process was faster.
                    Err(CommitError::Precondition { .. }) => self.store.mark(KEY)?.unwrap_or_default(),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let key = *Digest::from_hex(&key).ok_or(SlipError::NoKey)?.as_bytes();
        Ok(*self.slip_key.0.get_or_init(|| key))
    }
}

impl<'a> Slip<'a> {
    fn to_text(&self, prefix: &str, signed: &[u8]) -> String {
        let Slip { request, until_ns, nonce } = self;
        format!("{prefix}{request}.{until_ns}.{}.{}", hex::encode(nonce), hex::encode(signed))
    }

    /// Takes a text apart that is spelt exactly as [`Slip::to_text`] spells it.
    fn read(text: &'a str, prefix: &str) -> Option<(Slip<'a>, Vec<u8>)> {
        let mut parts = text.strip_prefix(prefix)?.splitn(4, '.');
        let (request, until, nonce, signed) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let mut slip = Slip { request, until_ns: until.parse().ok()?, nonce: [0; 16] };
        hex::decode_to_slice(nonce, &mut slip.nonce).ok()?;
        let signed = hex::decode(signed).ok()?;
        (slip.to_text(prefix, &signed) == text).then_some((slip, signed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_spelt_in_one_way() {
        let slip = Slip { request: "ask-1", until_ns: 17, nonce: [0xab; 16] };
        let text = slip.to_text("lastlook-00.", &[0xcd; 32]);
        assert_eq!(Slip::read(&text, "lastlook-00."), Some((slip, vec![0xcd; 32])));
        for other in [
            text.to_uppercase(),
            text.replace(".17.", ".017."),
            text.replace(".17.", ".+17."),
            format!("{text}0"),
            format!("{text} "),
            text.replacen("abab", "aba", 1),
            "lastlook-00.".to_owned(),
            "lastlook-00....".to_owned(),
        ] {
            assert_eq!(Slip::read(&other, "lastlook-00."), None, "{other}");
        }
        assert_eq!(Slip::read(&text, "lastlook-01."), None, "of another state");
    }

    /// How to look longer than the corpus: docs/internals/testing.md.
    #[test]
    fn any_text_is_no_slip_or_one_spelt_so() {
        bolero::check!(name = "slip").with_iterations(0).for_each(|bytes: &[u8]| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let Some((slip, signed)) = Slip::read(text, "lastlook-00.") else { return };
            assert_eq!(slip.to_text("lastlook-00.", &signed), text);
            let again = Slip { request: slip.request, ..slip };
            assert!(
                !again.request.contains('.') && text.starts_with(&format!("lastlook-00.{}.", again.request))
            );
        });
    }
}
