//! What holds for one boundary, from configuration or without any.

use std::time::Duration;

use lastlook_kernel::{Definition, GuardSet, Mode, SubjectRules, Tool};

use crate::config::{Config, Defaults, UpstreamRules};

/// What holds for one boundary.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Enforce or audit.
    pub mode: Mode,
    /// What must hold for every effect.
    pub guards: GuardSet,
    /// Which members can name subjects.
    pub subjects: SubjectRules,
    /// Whether the receipt's id is spliced into results' `_meta`.
    pub receipt_meta: bool,
    /// How long one reading may take at the look.
    pub fact_timeout: Duration,
    /// How old the oldest reading of a look may be at the gate.
    pub max_gap: Duration,
    /// How long an effect waits for another one in flight on the same subject.
    pub wait_for_subject: Duration,
    /// How long a call that people must approve waits for them.
    pub wait_for_approval: Duration,
    /// Whether clients that can put something before their user are asked to tell them of held calls.
    pub elicit: bool,
}

impl Settings {
    /// The settings of a configuration, or the defaults without one. `audit` turns refusing off whatever it says.
    pub fn new(config: Option<&Config>, audit: bool) -> Settings {
        let defaults = config.map_or_else(Defaults::default, |config| config.defaults.clone());
        let Defaults {
            blind_writes,
            not_subjects,
            receipt_meta,
            mode,
            fact_timeout,
            max_gap,
            wait_for_subject,
            wait_for_approval,
            elicit,
        } = defaults;
        Settings {
            mode: if audit { Mode::Audit } else { mode },
            guards: GuardSet { blind_writes, ..GuardSet::default() },
            subjects: SubjectRules { not_subjects },
            receipt_meta,
            fact_timeout,
            max_gap,
            wait_for_subject,
            wait_for_approval,
            elicit,
        }
    }
}

/// A tool as the boundary judges it: the server's definition under the operator's rules.
pub(crate) fn tool(rules: &UpstreamRules, name: &str, definition: Option<Definition>) -> Tool {
    let hint = definition.as_ref().is_some_and(|definition| definition.read_only_hint);
    let (class, class_by) = rules.classify(name, hint);
    Tool { name: name.to_owned(), class, class_by, definition, rules: rules.rules(name) }
}
