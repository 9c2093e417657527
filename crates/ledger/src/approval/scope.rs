//! Whether a grant counts, and what it stands for, as far as what was signed and recorded says.
//!
//! Its condition and its budget are for whoever can evaluate the one and has counted the other.

use lastlook_canon::Digest;
use thiserror::Error;

use super::entity::{Entity, is_requester, same_principal};
use super::instant::nanoseconds;
use super::{Approver, Grant, Registry, SignedGrant, Why};
use crate::entry::{Entry, Kind};

/// The longest a grant lasts, in nanoseconds: 30 days.
pub const LONGEST_GRANT_NS: i64 = 30 * 24 * 3_600 * 1_000_000_000;

/// Why a grant does not count, or not for this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrantFault {
    /// It is not its giver's word.
    #[error(transparent)]
    Word(#[from] Why),
    /// It is of another state.
    #[error("it was given in another state directory")]
    State,
    /// It would last more than 30 days.
    #[error("it lasts longer than a grant may")]
    Lasting,
    /// Its time is over.
    #[error("it has run out")]
    Expired,
    /// It is of another epoch.
    #[error("a halt was lifted since it was given")]
    Epoch,
    /// Its giver is who would act.
    #[error("nobody grants themselves anything")]
    Own,
    /// The log has its end.
    #[error("by the log it was taken back")]
    Revoked,
    /// The log does not have its beginning.
    #[error("the log does not say that it was given")]
    Unrecorded,
    /// Somebody or something else is about to act.
    #[error("it is about something else")]
    Scope,
    /// A guard it was given under is not on the tool, or says something else now.
    #[error("a guard it was given under has changed")]
    Guards,
    /// It was not given for this guard.
    #[error("it does not stand for this guard")]
    OtherGuard,
}

impl GrantFault {
    /// The stable code of this fault, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            GrantFault::Word(why) => why.code(),
            GrantFault::State => "grant-state",
            GrantFault::Lasting => "grant-lasting",
            GrantFault::Expired => "grant-expired",
            GrantFault::Epoch => "grant-epoch",
            GrantFault::Own => "grant-own",
            GrantFault::Revoked => "grant-revoked",
            GrantFault::Unrecorded => "grant-unrecorded",
            GrantFault::Scope => "grant-scope",
            GrantFault::Guards => "grant-guards",
            GrantFault::OtherGuard => "grant-other-guard",
        }
    }
}

/// What is about to run, as far as the record of a grant goes.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Who acts.
    pub principal: &'a str,
    /// What the client calls itself, if it does.
    pub agent: Option<&'a str>,
    /// The upstream.
    pub upstream: &'a str,
    /// The tool's name at that upstream.
    pub tool: &'a str,
    /// The digest of the tool's definition, where it is known.
    pub definition: Option<Digest>,
    /// The digests of all guards on the tool, as they are now.
    pub guards: &'a [Digest],
}

impl Registry {
    /// Whose grant this is, if it counts at `now` (an instant in the form of an entry's time) in the standing epoch.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (21) does not hold.
    pub fn verify_grant(&self, signed: &SignedGrant, epoch: u64, now: &str) -> Result<&Approver, GrantFault> {
        let said = signed.claimed();
        let giver = self.whose(&said.approver, &said.time, now, |key| signed.verify(key).map(|_| ()))?;
        if self.state() != Some(said.state.as_str()) {
            return Err(GrantFault::State);
        }
        let lasts = nanoseconds(&said.expires).zip(nanoseconds(&said.time)).map(|(end, given)| end - given);
        if lasts.is_none_or(|lasts| lasts > i128::from(LONGEST_GRANT_NS)) {
            return Err(GrantFault::Lasting);
        }
        if said.is_expired(now) {
            return Err(GrantFault::Expired);
        }
        if said.epoch != epoch {
            return Err(GrantFault::Epoch);
        }
        if is_requester(&said.principal, &said.approver) {
            return Err(GrantFault::Own);
        }
        Ok(giver)
    }

    /// Whether a grant is one person's yes to a guard with this digest, which asks `by`, about a resource.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (24) does not hold.
    pub fn stands_for(
        &self,
        grant: &Grant,
        guard: &Digest,
        by: &str,
        resource: Option<&str>,
    ) -> Result<(), GrantFault> {
        if !grant.guards.contains(guard) {
            return Err(GrantFault::OtherGuard);
        }
        if !self.approver(&grant.approver).is_some_and(|giver| self.may(giver, by)) {
            return Err(Why::NotAsked(grant.approver.clone()).into());
        }
        if grant.is_about(resource) { Ok(()) } else { Err(GrantFault::Scope) }
    }
}

impl Grant {
    /// That the log has the beginning of a grant, in these very bytes, and not its end: what somebody else put in, or put
    /// back, does not count.
    ///
    /// `entries` are all that are about it; others are passed over.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (22) does not hold.
    pub fn is_on_record<'e>(
        signed: &SignedGrant,
        entries: impl IntoIterator<Item = &'e Entry>,
    ) -> Result<(), GrantFault> {
        let (id, bytes) = (&signed.claimed().grant, signed.to_bytes());
        let mut given = false;
        for entry in entries {
            if entry.kind != Kind::Operator || entry.attempt != *id {
                continue;
            }
            let text = |name: &str| entry.body.get(name).and_then(|value| value.as_str());
            match text("as") {
                Some("grant-revoked") => return Err(GrantFault::Revoked),
                Some("granted") => given |= text("signed").is_some_and(|text| text.as_bytes() == bytes),
                _ => {}
            }
        }
        if given { Ok(()) } else { Err(GrantFault::Unrecorded) }
    }

    /// Whether it may be about this action, before anything is read.
    ///
    /// # Errors
    ///
    /// What of `spec/approval.md` (23) does not hold.
    pub fn fits(&self, scope: &Scope<'_>) -> Result<(), GrantFault> {
        let Scope { principal, agent, upstream, tool, definition, guards } = *scope;
        let same = same_principal(&self.principal, principal)
            && self.agent.as_deref().is_none_or(|own| agent == Some(own))
            && self.upstream == upstream
            && self.tool == tool
            && definition == Some(self.definition);
        if !same {
            return Err(GrantFault::Scope);
        }
        self.is_under(guards)
    }

    /// Whether every guard it was given under still says what it said; `guards` are the digests of those on the tool.
    ///
    /// # Errors
    ///
    /// One of them is not there.
    pub fn is_under(&self, guards: &[Digest]) -> Result<(), GrantFault> {
        let all = self.guards.iter().all(|given| guards.contains(given));
        if all { Ok(()) } else { Err(GrantFault::Guards) }
    }

    /// Whether a resource is one of those it is about.
    pub fn is_about(&self, resource: Option<&str>) -> bool {
        self.resources.is_empty()
            || resource.and_then(Entity::parse).is_some_and(|resource| {
                self.resources.iter().any(|own| Entity::parse(own).as_ref() == Some(&resource))
            })
    }
}
