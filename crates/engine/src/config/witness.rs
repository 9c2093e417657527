//! Who cosigns the checkpoints.

use std::collections::BTreeMap;

use lastlook_ledger::{WitnessKey, Witnesses};

/// The witnesses, and how many of them are enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WitnessesConfig {
    /// By name; nobody is asked while there are none.
    pub each: BTreeMap<String, WitnessConfig>,
    /// How many must have cosigned a checkpoint; 0 only while there are none.
    pub quorum: usize,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessConfig {
    /// Its submission prefix (tlog-witness).
    pub url: String,
    /// Its key.
    pub key: WitnessKey,
    /// Whether it may be in a private network, or on this machine.
    pub private: bool,
}

impl WitnessesConfig {
    /// What a checkpoint must have been cosigned by.
    pub fn pinned(&self) -> Witnesses {
        let keys = self.each.values().map(|witness| witness.key.clone()).collect();
        Witnesses::new(keys, self.quorum).unwrap_or_default()
    }
}
