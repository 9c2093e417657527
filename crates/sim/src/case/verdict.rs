//! A verdict as it is written down, to be compared byte for byte.

use lastlook_kernel::{Reason, Verdict};
use serde::{Deserialize, Serialize};

/// The boundary's answer as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedVerdict {
    /// `allow`, `hold` or `deny`.
    pub verdict: String,
    /// Why; with `allow`, what audit mode did not enforce.
    pub reasons: Vec<RecordedReason>,
    /// The action a permit is for.
    pub permits: Option<String>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReason {
    /// Its stable code.
    pub code: String,
    /// What it is about.
    pub about: Option<String>,
}

impl RecordedVerdict {
    /// The bytes that replays compare.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// True when the action may run.
    pub fn is_allow(&self) -> bool {
        self.verdict == "allow"
    }

    /// True when one of the reasons has this code.
    pub fn has(&self, code: &str) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }
}

impl From<&Verdict> for RecordedVerdict {
    fn from(verdict: &Verdict) -> Self {
        let recorded = |verdict: &str, reasons: &[Reason], permits| RecordedVerdict {
            verdict: verdict.to_owned(),
            reasons: reasons.iter().map(RecordedReason::from).collect(),
            permits,
        };
        match verdict {
            Verdict::Allow(permit) => recorded("allow", permit.overridden(), Some(permit.action().to_hex())),
            Verdict::Hold(reasons) => recorded("hold", reasons, None),
            Verdict::Deny(reasons) => recorded("deny", reasons, None),
        }
    }
}

impl From<&Reason> for RecordedReason {
    fn from(reason: &Reason) -> Self {
        let Reason { code, about, guard: _, said: _ } = reason;
        RecordedReason { code: code.as_str().to_owned(), about: about.clone() }
    }
}
