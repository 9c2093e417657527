//! Whether the policies fit the tools they will be asked about.

use std::collections::BTreeSet;

use lastlook_kernel::PolicyProblem;

use super::{Finding, some};
use crate::rulebook::{Listed, Rulebook};

/// Whether there are policies, and whether they fit the tools as each upstream's boundary will see them.
pub fn policies(book: &Rulebook, tools: &[Listed], silent: &BTreeSet<String>) -> Vec<Finding> {
    let Some(policies) = &book.policies else {
        return vec![Finding::note("policies", "there are none: guards alone say what may run")];
    };
    let ids = policies.ids();
    let early = ids.iter().filter(|(_, on_arguments)| *on_arguments).count();
    let mut found = Vec::new();
    if policies.is_empty() {
        let hint = "what no policy permits is denied: write a `permit`";
        found.push(Finding::problem("policies", "the file has no policy, so everything is refused", hint));
    } else {
        let count = if ids.len() == 1 { "1 policy".to_owned() } else { format!("{} policies", ids.len()) };
        let says = format!("{count}, {early} decided on arguments alone, before anything is read");
        found.push(Finding::ok("policies", says));
    }
    if !silent.is_empty() {
        let names: Vec<&str> = silent.iter().map(String::as_str).collect();
        let says = format!("not checked against the tools of {}", some(&names));
        found.push(Finding::warning("policies", says, "see what is said of that upstream above"));
    }
    // The boundary of an upstream knows its own server's tools alone.
    for (upstream, problems) in misfits(book, tools) {
        found.extend(problems.iter().map(|PolicyProblem { file, message, .. }| {
            Finding::problem(
                "policies",
                format!("for the tools of `{upstream}`, in `{file}`: {message}"),
                format!("`lastlook policy check` shows the lines; until then every effect of `{upstream}` is refused (policy-invalid)"),
            )
        }));
    }
    found
}

/// What is wrong with the policies in front of each upstream.
fn misfits<'a>(book: &Rulebook, tools: &'a [Listed]) -> Vec<(&'a str, Vec<PolicyProblem>)> {
    let upstreams: BTreeSet<&str> = tools.iter().map(|tool| tool.name.upstream.as_str()).collect();
    let one = |upstream| {
        let own: Vec<Listed> = tools.iter().filter(|tool| tool.name.upstream == upstream).cloned().collect();
        (upstream, book.authority(&own).err().unwrap_or_default())
    };
    upstreams.into_iter().map(one).collect()
}
