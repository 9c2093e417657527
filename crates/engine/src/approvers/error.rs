//! Why somebody is no approver, or did not become one.

use lastlook_ledger::approval::{ApprovalError, RegistryFault};
use lastlook_store::{CommitError, StoreError};

use crate::entry::DraftError;

/// Why it is not known who approves.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It keeps changing.
    #[error("the approvers keep changing while they are read")]
    Moving,
    /// What the store keeps of an approver is not what was signed.
    #[error("the record of approver `{name}` was altered: {error}")]
    Unreadable {
        /// Whose record.
        name: String,
        /// What is wrong with it.
        error: ApprovalError,
    },
    /// What the store keeps of an approver does not hold together.
    #[error("the record of approver `{name}` was altered: {what}")]
    Altered {
        /// Whose record.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Approvers or removals were taken out, or put in.
    #[error("the record of approvers was altered: it does not have as many as were added and removed")]
    Missing,
    /// What was signed makes nobody an approver.
    #[error("the record of approvers was altered: {0}")]
    Fault(#[from] RegistryFault),
}

impl RegistryError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            RegistryError::Store(error) => error.hint(),
            RegistryError::Moving => "try again".to_owned(),
            RegistryError::Unreadable { .. }
            | RegistryError::Altered { .. }
            | RegistryError::Missing
            | RegistryError::Fault(_) => "nothing is approved until it is put right: find out who changed the state \
                directory, and restore it from a back-up; the entries of `lastlook log` name every approver's key"
                .to_owned(),
        }
    }
}

/// Why an approver was not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is not known who approves.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The name cannot be one.
    #[error("`{0}` cannot be an approver's name")]
    Name(String),
    /// There is or was one of this name.
    #[error("there is or was an approver `{0}`; a name is never used twice")]
    Known(String),
    /// This is no group.
    #[error("`{0}` is no group")]
    Group(String),
    /// The key is another approver's.
    #[error("this is the key of approver `{0}`")]
    KeyTaken(String),
    /// There are approvers, and none of them signed.
    #[error("this state has approvers: a new one must be introduced by one of them")]
    NotFirst,
    /// There is no such approver, or not any more.
    #[error("`{0}` is not an approver")]
    NoApprover(String),
    /// The key is not the one that the approver has on record.
    #[error("this is not the key of approver `{0}`")]
    OtherKey(String),
    /// Nobody would be left.
    #[error("`{0}` is the only approver: after that nobody could add one")]
    Last(String),
    /// The clock is behind.
    #[error("the clock says that it is before `{0}` became an approver")]
    Clock(String),
    /// Somebody else changed the approvers at the same time.
    #[error("somebody else changed the approvers at the same time")]
    Race,
    /// What is to be signed would not be read.
    #[error(transparent)]
    Statement(#[from] ApprovalError),
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store refused.
    #[error(transparent)]
    Commit(CommitError),
    /// The store can only be read.
    #[error("the state is open for reading only")]
    ReadOnly,
}

impl ChangeError {
    /// Whether the command itself was wrong, rather than refused.
    pub fn is_usage(&self) -> bool {
        matches!(self, ChangeError::Name(_) | ChangeError::Group(_) | ChangeError::Statement(_))
    }

    /// Whether it may go well another time.
    pub fn is_passing(&self) -> bool {
        use ChangeError as E;
        matches!(self, E::Clock(_) | E::Race | E::Draft(_) | E::Commit(_) | E::ReadOnly)
            || matches!(self, E::Registry(RegistryError::Store(_) | RegistryError::Moving))
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        use ChangeError as E;
        match self {
            E::Registry(error) => error.hint(),
            E::Name(_) => "a name has 1 to 64 of `A-Z a-z 0-9 - _ .`, a letter or digit first".to_owned(),
            E::Known(_) => "choose another name; `lastlook approvers list` has them all".to_owned(),
            E::Group(_) => {
                "a group is a Cedar entity that is no user: --group 'Role::\"finance\"'".to_owned()
            }
            E::KeyTaken(_) => {
                "every approver has a key of their own: name another file with `--key FILE`".to_owned()
            }
            E::NotFirst => "name one with `--by NAME`; their passphrase is asked".to_owned(),
            E::NoApprover(_) => "`lastlook approvers list` says who is".to_owned(),
            E::OtherKey(_) => "name the right file with `--by-key FILE`".to_owned(),
            E::Last(_) => "add another approver first".to_owned(),
            E::Clock(_) => "set the clock right, then try again".to_owned(),
            E::Race => "look at `lastlook approvers list`, then try again".to_owned(),
            E::Statement(_) => "say it in fewer words".to_owned(),
            E::Commit(CommitError::Full) => "make room on that disk, then try again".to_owned(),
            E::Draft(_) | E::Commit(_) | E::ReadOnly => {
                "`lastlook approvers list` shows whether it is on record".to_owned()
            }
        }
    }
}
