//! Whether what people said is enough, and still counts.

use lastlook_canon::Digest;
use lastlook_ledger::approval::{About, Ruling, SignedStatement};
use lastlook_store::{RequestRow, Store, StoreError, VoteRow};
use serde_json::{Value, json};

use super::{Asked, AskedGuard};
use crate::approvers::{self, Approver, Registry};
use crate::clock;

/// What people said of one request, each word checked.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Who said yes, of those whose word counts.
    pub yes: Vec<Voice>,
    /// Who said no.
    pub no: Vec<Voice>,
    /// The guards that still wait, each with how many more people it wants.
    pub missing: Vec<(AskedGuard, u32)>,
    /// Words that do not count, each with why.
    pub void: Vec<(String, String)>,
}

/// One person's word.
#[derive(Debug, Clone)]
pub struct Voice {
    /// The approver's name.
    pub approver: String,
    /// The fingerprint of the key it is signed with, hexadecimal.
    pub key: String,
    /// Why.
    pub reason: String,
    /// The signed statement, as it is stored.
    pub statement: Vec<u8>,
}

/// An approval that stands: what goes on record beside the action that runs on it.
#[derive(Debug, Clone)]
pub struct Stands {
    voices: Vec<Voice>,
}

impl Tally {
    /// Counts what is on record about a request.
    ///
    /// # Errors
    ///
    /// The record, or the list of approvers, cannot be read.
    pub fn of(store: &dyn Store, row: &RequestRow, asked: &Asked) -> Result<Tally, String> {
        let registry = approvers::load(store).map_err(|error| error.to_string())?;
        let votes = store.votes(&row.id).map_err(|error: StoreError| error.to_string())?;
        Ok(Tally::count(&registry, row, asked, &votes))
    }

    fn count(registry: &Registry, row: &RequestRow, asked: &Asked, votes: &[VoteRow]) -> Tally {
        let mut tally = Tally::default();
        let mut approvers = Vec::new();
        for vote in votes {
            match counts(registry, row, asked, vote) {
                Ok((approver, ruling, voice)) => match ruling {
                    Ruling::Approve => {
                        approvers.push(approver);
                        tally.yes.push(voice);
                    }
                    Ruling::Reject => tally.no.push(voice),
                },
                Err(why) => tally.void.push((vote.approver.clone(), why)),
            }
        }
        for guard in &asked.guards {
            let said = approvers.iter().filter(|approver| registry.may(approver, &guard.by)).count();
            let left = guard.quorum.saturating_sub(u32::try_from(said).unwrap_or(u32::MAX));
            if left > 0 {
                tally.missing.push((guard.clone(), left));
            }
        }
        tally
    }

    /// Whether everybody who is asked said yes, and nobody no.
    pub fn is_enough(&self) -> bool {
        self.missing.is_empty() && self.no.is_empty()
    }
}

/// Whose word a vote is, if it counts for this very request.
fn counts<'r>(
    registry: &'r Registry,
    row: &RequestRow,
    asked: &Asked,
    vote: &VoteRow,
) -> Result<(&'r Approver, Ruling, Voice), String> {
    let signed = SignedStatement::from_bytes(&vote.detail).map_err(|error| error.to_string())?;
    let guards = guard_digests(asked);
    let about = About {
        request: &row.id,
        action: row.action,
        guards: &guards,
        epoch: asked.epoch,
        principal: &row.principal,
    };
    let approver = registry.counts(&signed, &about, &clock::wall()).map_err(|why| why.to_string())?;
    let said = signed.claimed();
    if said.approver != vote.approver || (said.decision == Ruling::Approve) != vote.approves {
        return Err("it says something else".to_owned());
    }
    let voice = Voice {
        approver: said.approver.clone(),
        key: approver.key.fingerprint().to_hex(),
        reason: said.reason.clone(),
        statement: vote.detail.clone(),
    };
    Ok((approver, said.decision, voice))
}

/// The digests of the guards that ask, in their order.
pub(super) fn guard_digests(asked: &Asked) -> Vec<Digest> {
    asked.guards.iter().filter_map(|guard| Digest::from_hex(&guard.digest)).collect()
}

impl Stands {
    /// The approval of a request, checked word by word.
    ///
    /// # Errors
    ///
    /// It is not enough any more: a sentence says why.
    pub(crate) fn of(store: &dyn Store, row: &RequestRow, asked: &Asked) -> Result<Stands, String> {
        let tally = Tally::of(store, row, asked)?;
        match tally.is_enough() {
            true => Ok(Stands { voices: tally.yes }),
            false => Err(match tally.void.first() {
                Some((approver, why)) => format!("the word of `{approver}` does not count: {why}"),
                None => "somebody's word is missing".to_owned(),
            }),
        }
    }

    /// As it goes on record.
    pub(crate) fn to_json(&self, request: &str) -> Value {
        let by = self.voices.iter().map(|voice| {
            let statement = serde_json::from_slice::<Value>(&voice.statement).unwrap_or(Value::Null);
            json!({"approver": voice.approver, "key": voice.key, "statement": statement})
        });
        json!({"request": request, "by": by.collect::<Vec<_>>()})
    }
}
