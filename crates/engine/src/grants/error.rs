//! Why a grant was not given, or not taken back.

use lastlook_ledger::approval::ApprovalError;
use lastlook_store::{CommitError, StoreError};

use crate::approvers::{RegistryError, Why};
use crate::entry::DraftError;
use crate::standing::ShutError;

/// Why a grant was not given, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// No grant has this id.
    #[error("no grant has the id `{0}`")]
    Missing(String),
    /// Several grants begin like this.
    #[error("`{id}` is the beginning of several grants: {}", found.join(", "))]
    Ambiguous {
        /// What was given.
        id: String,
        /// Some of them.
        found: Vec<String>,
    },
    /// Nobody approves their own actions, and so nobody gives themselves a grant.
    #[error("`{0}` is who would act: nobody grants themselves anything")]
    Requester(String),
    /// No guard on the tool asks anybody.
    #[error("no guard that is enforced asks people about `{0}`: there is nothing to grant")]
    NobodyAsked(String),
    /// No guard on the tool asks this person.
    #[error("`{approver}` is not among those who are asked about `{tool}`: {asked}")]
    NotAsked {
        /// Who.
        approver: String,
        /// About which tool.
        tool: String,
        /// Whom the guards ask.
        asked: String,
    },
    /// It would last too long, or not at all.
    #[error("a grant lasts longer than nothing and at most 30 days")]
    Lasting,
    /// Its condition cannot be read.
    #[error("`--when`: {message}")]
    Condition {
        /// What is wrong.
        message: String,
        /// What to write instead.
        help: Option<String>,
    },
    /// Its condition names a fact that no guard it stands for reads.
    #[error("`--when` names the fact `{fact}`, which guard `{guard}` does not read")]
    Fact {
        /// The fact.
        fact: String,
        /// The guard.
        guard: String,
    },
    /// A name of something is no Cedar entity.
    #[error("`{0}` is not a Cedar entity such as `Order::\"42\"`")]
    Entity(String),
    /// The halt of this epoch was lifted meanwhile, or the state is another one.
    #[error("the grant was drawn up for another moment or another state directory")]
    Elsewhere,
    /// The statement is not an approver's.
    #[error("the statement does not count: {0}")]
    Unproven(#[from] Why),
    /// The statement cannot be made or read.
    #[error(transparent)]
    Statement(#[from] ApprovalError),
    /// The approvers cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The state is open for reading only.
    #[error("the state is open for reading only")]
    ReadOnly,
    /// It is on record, and some process may not have seen it yet.
    #[error(transparent)]
    Gate(#[from] ShutError),
}
