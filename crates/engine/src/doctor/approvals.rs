//! Whether there are people who can say yes.

use super::Finding;
use crate::approvers::Registry;
use crate::config::Config;

/// Whether each guard that asks people asks enough who exist; nothing where no guard asks anybody.
///
/// `registry` is `None` while there is no record, and thus no approver.
pub fn approvals(config: &Config, registry: Option<&Registry>) -> Vec<Finding> {
    let asking = config.guards.values().filter_map(|guard| Some((guard, guard.approve.as_ref()?)));
    asking
        .map(|(guard, approve)| {
            let about = format!("guard `{}`", guard.name);
            let may = |registry: &Registry| {
                registry.active().filter(|approver| registry.may(approver, &approve.by)).count()
            };
            let there = registry.map_or(0, may);
            let wanted = usize::try_from(approve.quorum.max(1)).unwrap_or(usize::MAX);
            let says = format!("asks {wanted} of {}: {there} can say yes", approve.by);
            match there >= wanted {
                true => Finding::ok(about, says),
                false => Finding::problem(
                    about,
                    format!("{says}; what it holds waits until it runs out"),
                    format!("`lastlook approvers add NAME --group '{}'`", approve.by),
                ),
            }
        })
        .collect()
}
