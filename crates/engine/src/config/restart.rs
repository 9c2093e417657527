//! What of a changed configuration a running boundary cannot take over.

use super::{Config, ToolConfig};

/// The sections that changed and take effect at the next start, as they stand in the file.
///
/// `started` is the configuration that the boundary was started with, `upstream` the server it stands in front of.
pub(crate) fn at_restart(started: &Config, new: &Config, upstream: &str) -> Vec<String> {
    let mut sections = Vec::new();
    let mut when = |changed: bool, section: &str| {
        if changed {
            sections.push(section.to_owned());
        }
    };
    when(started.trust_annotations != new.trust_annotations, "trust_annotations");
    when(started.principal != new.principal, "[principal] id");
    when(started.defaults != new.defaults, "[defaults]");
    let tools = |config: &Config| {
        // What a tool undoes and what is not kept of it is part of the rules, which are taken over.
        let ours = config.tools.iter().filter(|(key, _)| key.upstream == upstream);
        let kept = ours.map(|(key, tool)| {
            (
                key.tool.clone(),
                ToolConfig {
                    undoes: Vec::new(),
                    redact: Vec::new(),
                    digest_only: Vec::new(),
                    ..tool.clone()
                },
            )
        });
        kept.filter(|(_, tool)| *tool != ToolConfig::default()).collect::<Vec<_>>()
    };
    when(tools(started) != tools(new), "[tool]");
    when(started.upstreams.get(upstream) != new.upstreams.get(upstream), &format!("[upstream.{upstream}]"));
    sections
}
