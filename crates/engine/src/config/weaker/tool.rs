//! Servers and tools.

use std::collections::BTreeSet;

use lastlook_kernel::{Ignore, ToolRules};

use super::Said;
use crate::config::{Config, FieldPlace, ToolConfig, ToolKey, UpstreamRules};

pub(super) fn tools(old: &Config, new: &Config, said: &mut Said) {
    for (name, before) in &old.upstreams {
        let Some(after) = new.upstreams.get(name) else {
            said.when(true, || format!("upstream `{name}` is gone"));
            continue;
        };
        let same = before.command == after.command && before.cwd == after.cwd && before.env == after.env;
        said.when(!same, || format!("upstream `{name}` is started differently"));
        let rules = |config| UpstreamRules::new(Some(config), name, &before.command);
        let (old_rules, new_rules) = (rules(old), UpstreamRules::new(Some(new), name, &after.command));
        for tool in names(name, [old, new], [&old_rules, &new_rules]) {
            let tool_name = format!("{name}.{tool}");
            // That hints count at all is told once, not for every tool.
            let hints: &[bool] =
                if old.trust_annotations == new.trust_annotations { &[false, true] } else { &[false] };
            classes(&tool_name, [&old_rules, &new_rules], &tool, hints, said);
            one(&tool_name, &old_rules.rules(&tool), &new_rules.rules(&tool), said);
        }
    }
    for (key, before) in &old.tools {
        let after = new.tools.get(key).map(|tool| tool.undoes.as_slice()).unwrap_or_default();
        let gone: Vec<_> = before.undoes.iter().filter(|tool| !after.contains(tool)).collect();
        for tool in gone {
            said.when(true, || format!("`{}.{}` no longer undoes `{tool}`", key.upstream, key.tool));
        }
        kept(&format!("{}.{}", key.upstream, key.tool), before, new.tools.get(key), said);
    }
}

/// What of a tool's values would be kept, or kept by a commitment, that was not.
fn kept(name: &str, before: &ToolConfig, after: Option<&ToolConfig>, said: &mut Said) {
    let covers = |places: Option<&Vec<FieldPlace>>, place: &FieldPlace| {
        places.is_some_and(|places| places.iter().any(|other| other.covers(place)))
    };
    for (place, redacted) in before.withheld() {
        let text = &place.text;
        if covers(after.map(|tool| &tool.redact), place) {
            continue;
        }
        match covers(after.map(|tool| &tool.digest_only), place) {
            true => said.when(redacted, || format!("of `{text}` of tool `{name}` a commitment is kept")),
            false => said.when(true, || format!("`{text}` of tool `{name}` is kept")),
        }
    }
}

/// Every tool of which one of the two says something.
fn names(upstream: &str, configs: [&Config; 2], rules: [&UpstreamRules; 2]) -> BTreeSet<String> {
    let declared = configs.into_iter().flat_map(|config| config.tools.keys());
    let declared = declared.filter(|key: &&ToolKey| key.upstream == upstream).map(|key| key.tool.clone());
    let profiles = rules.into_iter().filter_map(UpstreamRules::profile);
    let shipped = profiles.flat_map(|profile| profile.tools().map(|(tool, _)| tool.to_owned()));
    // One more stands for all that nobody names.
    declared.chain(shipped).chain(["*".to_owned()]).collect()
}

/// `write` is weaker than `destructive`, `read` than both; `hints` is what the server may say of it.
fn classes(name: &str, rules: [&UpstreamRules; 2], tool: &str, hints: &[bool], said: &mut Said) {
    let weaker = hints.iter().find_map(|hint| {
        let [before, after] = rules.map(|rules| rules.classify(tool, *hint).0);
        (after < before).then_some((before, after))
    });
    if let Some((before, after)) = weaker {
        said.when(true, || format!("tool `{name}` is {}, and was {}", after.as_str(), before.as_str()));
    }
}

fn one(name: &str, old: &ToolRules, new: &ToolRules, said: &mut Said) {
    let ToolRules { subjects, touches, ignore, retake, local, errors_mean_no_effect } = old;
    said.when(*subjects != new.subjects, || format!("tool `{name}` has other subjects"));
    said.when(new.touches.iter().any(|tool| !touches.contains(tool)), || {
        format!("tool `{name}` touches readings it did not touch")
    });
    said.when(new.ignore.iter().any(|part: &Ignore| !ignore.contains(part)), || {
        format!("more of what tool `{name}` answers is ignored")
    });
    said.when(*retake && !new.retake, || format!("readings by tool `{name}` are no basis any more"));
    said.when(!local && new.local, || format!("effects of tool `{name}` are taken to end with its process"));
    said.when(!errors_mean_no_effect && new.errors_mean_no_effect, || {
        format!("an error of tool `{name}` is taken to mean that nothing happened")
    });
}
