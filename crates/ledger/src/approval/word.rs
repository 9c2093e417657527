//! Whose word an approval is, and whether it is about what is to run.

use lastlook_canon::Digest;
use thiserror::Error;

use super::entity::is_requester;
use super::instant::nanoseconds;
use super::{ApprovalError, Approver, ApproverPublic, Registry, SignedStatement};

/// How far a statement's clock may be ahead of whoever reads it.
pub const AHEAD_TOLERATED_NS: i128 = 5 * 60 * 1_000_000_000;

/// Why a signed statement is not an approver's word, or not on this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// There never was an approver of this name.
    #[error("there is no approver `{0}`")]
    Unknown(String),
    /// They were removed, whenever they said it.
    #[error("approver `{0}` was removed")]
    Removed(String),
    /// The key on record did not sign it.
    #[error("the key of approver `{0}` did not sign this: it was altered, or somebody else did")]
    Signature(String),
    /// It says it was signed before they were an approver.
    #[error("it is dated before `{0}` was an approver")]
    BeforeApprover(String),
    /// It says it was signed more than five minutes from now.
    #[error("the word of `{0}` is dated more than five minutes ahead of this clock")]
    Future(String),
    /// It is about another request, another action, other guards, or of another epoch.
    #[error("it is about something else")]
    Other,
    /// Its time is over.
    #[error("it has run out")]
    Expired,
    /// It is the approver's own action.
    #[error("nobody approves their own action")]
    Own,
    /// Somebody else is asked.
    #[error("`{0}` is not among those who are asked")]
    NotAsked(String),
}

impl Why {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            Why::Unknown(_) => "word-unknown",
            Why::Removed(_) => "word-removed",
            Why::Signature(_) => "approval-signature",
            Why::BeforeApprover(_) => "word-before",
            Why::Future(_) => "word-ahead",
            Why::Other => "word-other",
            Why::Expired => "word-expired",
            Why::Own => "word-own",
            Why::NotAsked(_) => "word-not-asked",
        }
    }
}

/// What is about to run, as far as an approval says something of it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The request that people were asked.
    pub request: &'a str,
    /// The digest of the action.
    pub action: Digest,
    /// The digests of the guards that ask, in their order.
    pub guards: &'a [Digest],
    /// The standing epoch.
    pub epoch: u64,
    /// Who acts.
    pub principal: &'a str,
}

impl Registry {
    /// Whose word this is, if it is one of an approver's and counts as theirs at `now`, an instant in the form of an entry's
    /// time.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (18) does not hold.
    pub fn verify(&self, signed: &SignedStatement, now: &str) -> Result<&Approver, Why> {
        let said = signed.claimed();
        self.whose(&said.approver, &said.time, now, |key| signed.verify(key).map(|_| ()))
    }

    /// Whose word this is, if it counts for what is about to run. For which guard it does, [`Registry::may`] says.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (18 to 20) does not hold.
    pub fn counts(&self, signed: &SignedStatement, about: &About<'_>, now: &str) -> Result<&Approver, Why> {
        let approver = self.verify(signed, now)?;
        let said = signed.claimed();
        let About { request, action, guards, epoch, principal } = *about;
        if said.request != request || said.action != action || said.epoch != epoch || said.guards != guards {
            return Err(Why::Other);
        }
        if said.is_expired(now) {
            return Err(Why::Expired);
        }
        if is_requester(principal, &said.approver) {
            return Err(Why::Own);
        }
        Ok(approver)
    }

    /// The approver who said something at a time, if it is theirs and counts at `now`.
    pub(super) fn whose(
        &self,
        name: &str,
        time: &str,
        now: &str,
        verify: impl FnOnce(&ApproverPublic) -> Result<(), ApprovalError>,
    ) -> Result<&Approver, Why> {
        let own = || name.to_owned();
        let approver = self.known(name).ok_or_else(|| Why::Unknown(own()))?;
        if approver.removed.is_some() {
            return Err(Why::Removed(own()));
        }
        verify(&approver.key).map_err(|_| Why::Signature(own()))?;
        if time < approver.since.as_str() {
            return Err(Why::BeforeApprover(own()));
        }
        let ahead = nanoseconds(time).zip(nanoseconds(now)).map(|(said, now)| said - now);
        match ahead.is_some_and(|ahead| ahead <= AHEAD_TOLERATED_NS) {
            true => Ok(approver),
            false => Err(Why::Future(own())),
        }
    }
}
