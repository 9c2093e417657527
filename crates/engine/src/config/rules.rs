//! What holds for the tools of one upstream: the operator's words, then a profile's.

use std::collections::BTreeMap;

use lastlook_kernel::{Class, ClassSource, ToolRules, classify};

use super::{Config, ErrorAnswers, Profile, ProfileChoice, ToolConfig};

/// What holds for the tools of one upstream.
///
/// Each key the operator gave for a tool replaces what the profile says under that key; the rest of the profile stays.
/// The profile's classes count only when there is no configuration file, or when the file names the profile: beside a
/// file, classes are the operator's.
#[derive(Debug, Clone)]
pub struct UpstreamRules {
    configured: bool,
    hints_count: bool,
    declared: BTreeMap<String, ToolConfig>,
    profile: Option<&'static Profile>,
    profile_classes: bool,
}

impl UpstreamRules {
    /// The rules for `upstream`, started with `command`; `config` is `None` when there is no configuration file.
    ///
    /// `command` is the operator's own: the words of the configuration or of the command line, never with what the
    /// boundary puts before them. An upstream that the file does not declare has its profile detected.
    pub fn new(config: Option<&Config>, upstream: &str, command: &[String]) -> Self {
        let choice =
            config.and_then(|c| c.upstreams.get(upstream)).map_or(ProfileChoice::Detected, |u| u.profile);
        let (profile, named) = match choice {
            ProfileChoice::Detected => (Profile::detect(command), false),
            ProfileChoice::Named(profile) => (Some(profile), true),
            ProfileChoice::Off => (None, false),
        };
        let declared = config.into_iter().flat_map(|config| &config.tools);
        Self {
            configured: config.is_some(),
            hints_count: config.is_none_or(|config| config.trust_annotations),
            declared: declared
                .filter(|(key, _)| key.upstream == upstream)
                .map(|(key, tool)| (key.tool.clone(), tool.clone()))
                .collect(),
            profile,
            profile_classes: named || config.is_none(),
        }
    }

    /// The class of `tool` and whose word it is; `read_only_hint` is the server's annotation.
    pub fn classify(&self, tool: &str, read_only_hint: bool) -> (Class, ClassSource) {
        let declared = self.declared.get(tool).and_then(|config| config.class);
        let profile = self.shipped(tool).filter(|_| self.profile_classes).and_then(|config| config.class);
        classify(declared, profile, read_only_hint, self.hints_count, self.configured)
    }

    /// What else holds for `tool`.
    pub fn rules(&self, tool: &str) -> ToolRules {
        let (own, shipped) = (self.declared.get(tool), self.shipped(tool));
        let defaults = ToolRules::default();
        ToolRules {
            subjects: first(own, shipped, |t| t.subjects.clone()).or(defaults.subjects),
            touches: first(own, shipped, |t| t.touches.clone()).unwrap_or(defaults.touches),
            ignore: first(own, shipped, |t| t.ignore.clone()).unwrap_or(defaults.ignore),
            retake: first(own, shipped, |t| t.retake).unwrap_or(defaults.retake),
            local: first(own, shipped, |t| t.local).unwrap_or(defaults.local),
            errors_mean_no_effect: first(own, shipped, |t| t.errors)
                .map_or(defaults.errors_mean_no_effect, |errors| errors == ErrorAnswers::NoEffect),
        }
    }

    /// The profile in use.
    pub fn profile(&self) -> Option<&'static Profile> {
        self.profile
    }

    /// The tools the operator declared, to warn of those the server does not list.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.declared.keys().map(String::as_str)
    }

    fn shipped(&self, tool: &str) -> Option<&'static ToolConfig> {
        self.profile?.tool(tool)
    }
}

/// What the operator said, else what the profile says.
fn first<'a, T>(
    own: Option<&'a ToolConfig>,
    shipped: Option<&'a ToolConfig>,
    of: impl Fn(&'a ToolConfig) -> Option<T>,
) -> Option<T> {
    own.and_then(&of).or_else(|| shipped.and_then(&of))
}
