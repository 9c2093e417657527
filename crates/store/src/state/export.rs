//! Receipts in forms of others: the key that signs them stays here.

use lastlook_ledger::receipt::Verified;
use lastlook_ledger::{ExportError, export};

use super::{StateDir, StateError};
use crate::sqlite::handover;

impl StateDir {
    /// The verified receipt's entry in a DSSE envelope, signed with this state's key.
    pub fn as_dsse(&self, verified: &Verified) -> Result<Result<Vec<u8>, ExportError>, StateError> {
        Ok(export::dsse(verified, &*self.keeper.signer(&handover::recorded(&self.paths)?)?))
    }

    /// The verified receipt's entry and its proof in COSE, signed with this state's key.
    pub fn as_cose(&self, verified: &Verified) -> Result<Result<Vec<u8>, ExportError>, StateError> {
        Ok(export::cose(verified, &*self.keeper.signer(&handover::recorded(&self.paths)?)?))
    }
}
