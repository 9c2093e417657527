//! What the conditions of guards need to remember: how a limit counts, and the steps that were taken.

use std::fmt;

use crate::AttemptState;

/// The period over which a limit counts. A key under another window is another count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitWindow {
    /// The time up to now: what was reserved at `t` counts at an instant `at` while `t > at - per_ns`.
    ///
    /// What is still reserved, because its attempt was not settled, counts however old it is: its effect may still
    /// come. Settled as kept after it left the window, it counts no more. A period of no length counts as [`Fixed`].
    ///
    /// [`Fixed`]: Self::Fixed
    Sliding {
        /// The period's length in nanoseconds.
        per_ns: i64,
    },
    /// A period that is named by the key, such as a calendar day: all that was ever reserved under the key counts.
    Fixed,
}

impl LimitWindow {
    /// How long what was spent counts; nothing if it counts for ever.
    pub(crate) fn length(self) -> Option<i64> {
        match self {
            Self::Sliding { per_ns } => (per_ns > 0).then_some(per_ns),
            Self::Fixed => None,
        }
    }
}

/// What was seen of an attempt's effect after its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confirmation {
    /// The effect was seen.
    Confirmed,
    /// It was seen that the effect did not happen.
    Contradicted,
    /// Neither was seen.
    Unconfirmed,
}

impl Confirmation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Contradicted, Self::Unconfirmed];

    /// Its name in lower case, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The confirmation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|confirmation| confirmation.as_str() == name)
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An attempt as a step that others may ask for: noted when it was armed, so that what is under way is seen too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The attempt's id.
    pub attempt: String,
    /// The upstream its tool belongs to.
    pub upstream: String,
    /// The tool's name at that upstream.
    pub tool: String,
    /// When it was armed: nanoseconds since the Unix epoch.
    pub armed_at_ns: i64,
    /// When it had ended, as soon as it has.
    pub ended_at_ns: Option<i64>,
    /// How far the attempt has come.
    pub state: AttemptState,
    /// What was seen of its effect, as soon as somebody looked.
    pub confirmation: Option<Confirmation>,
    /// The arguments, as they were noted.
    pub arguments: Vec<u8>,
}
