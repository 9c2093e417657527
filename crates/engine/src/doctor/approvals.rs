//! Whether there are people who can say yes.

use std::net::SocketAddr;

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

/// How whoever makes a call hears that it waits for people; nothing where no guard asks anybody.
///
/// `console` is where a console on the state is, while one runs.
pub fn callers(config: &Config, console: Option<SocketAddr>) -> Option<Finding> {
    config.guards.values().find(|guard| guard.approve.is_some())?;
    let says = match (config.defaults.elicit, console) {
        (false, _) => "get the held result, and their users nothing (`elicit = false`)".to_owned(),
        (true, Some(at)) => format!("send their users to the page at http://{at}, if they can elicit"),
        (true, None) => {
            "show their users a text, if they can elicit; a page only while `lastlook console` runs"
                .to_owned()
        }
    };
    Some(Finding::ok("clients", says))
}
