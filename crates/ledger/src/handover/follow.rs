//! Which keys a verifier goes by, given those it pinned and the handovers it was shown.

use super::{Handover, HandoverError, Why};
use crate::key::VerifierKey;
use std::sync::Arc;

/// The keys to verify with: those pinned, those that handovers lead to from them, and those that came before them, each
/// with its end where a handover says so.
///
/// - From a key that was *rotated* its handover leads on to the next; from a *compromised* one nothing does.
/// - A key that is trusted vouches for the one before it, as far as its handover says.
/// - Handovers between keys that nobody trusts count for nothing.
///
/// The pinned keys stand first, in their order. Giving it its own result again changes nothing.
///
/// # Errors
///
/// Two different handovers end one key ([`HandoverError::Conflict`]).
pub fn follow(pinned: &[VerifierKey], handovers: &[Handover]) -> Result<Vec<VerifierKey>, HandoverError> {
    let mut known: Vec<Arc<Handover>> = Vec::new();
    for handover in handovers {
        match known.iter().find(|other| other.old.is_same(&handover.old)) {
            Some(same) if **same == *handover => {}
            Some(_) => return Err(HandoverError::Conflict(handover.old.to_string())),
            None => known.push(Arc::new(handover.clone())),
        }
    }
    let mut keys = pinned.to_vec();
    // Each round that goes on adds a key, and there are two a handover at most.
    while let Some(next) = known.iter().find_map(|handover| reached(handover, &keys)) {
        keys.push(next);
    }
    for key in &mut keys {
        if let Some(handover) = known.iter().find(|handover| handover.old.is_same(key)) {
            *key = key.ended_by(handover);
        }
    }
    Ok(keys)
}

/// A key that this handover adds to those that are trusted.
fn reached(handover: &Handover, keys: &[VerifierKey]) -> Option<VerifierKey> {
    let Handover { why, old, new, .. } = handover;
    let trusted = |key: &VerifierKey| keys.iter().any(|trusted| trusted.is_same(key));
    match (trusted(old), trusted(new)) {
        (true, false) if *why == Why::Rotated => Some(new.clone()),
        (false, true) => Some(old.clone()),
        _ => None,
    }
}
