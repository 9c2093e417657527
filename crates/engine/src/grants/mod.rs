//! Standing permission: an approver's yes, in advance, to actions in a scope.
//!
//! A grant stands in place of asking its giver, and of nothing else. What the store keeps of it is not believed: each time it
//! is to count, the signature, the giver, the record and the scope are looked at again.

mod counts;
mod error;
mod give;
mod listed;
mod revoke;
mod takes;
#[cfg(test)]
mod tests;

pub use error::GrantError;
pub use give::{Wanted, give, statement};
pub use listed::{Listed, list, listed};
pub use revoke::{Taken, find, revoke};

pub(crate) use counts::{Counts, counts};
pub(crate) use takes::Part;

pub use lastlook_ledger::approval::LONGEST_GRANT_NS as LONGEST_NS;

/// How ids of grants begin.
pub const PREFIX: &str = "grant-";

/// The names a grant's condition may use.
pub const ROOTS: &[lastlook_kernel::Root] = {
    use lastlook_kernel::Root;
    &[Root::Args, Root::Now, Root::Principal, Root::Action, Root::Resource]
};

/// A whole number and a unit, as in `8h`.
pub fn duration(text: &str) -> Option<std::time::Duration> {
    crate::config::parse_duration(text)
}

/// The store's name for what counts the uses of a grant.
pub(crate) fn uses_key(grant: &str) -> String {
    format!("grant {grant} uses")
}

/// The store's name for what sums up an argument under a grant.
pub(crate) fn sum_key(grant: &str) -> String {
    format!("grant {grant} sum")
}
