//! The configuration itself, and what it takes from the environment.

use std::collections::BTreeSet;

use lastlook_engine::config::{Config, ConfigError, DatabaseConfig, HookConfig, Secret};
use lastlook_engine::doctor::Finding;
use lastlook_engine::notify::Hook;
use lastlook_kernel::{Mode, Source};

/// A configuration or policies that cannot be used.
pub fn wrong(error: &ConfigError) -> Vec<Finding> {
    match error {
        ConfigError::Invalid(invalid) => {
            let found = invalid.problems().iter().map(|problem| {
                let (line, _) = invalid.position(problem);
                let about = format!("{}:{line}", invalid.name());
                Finding::problem(about, problem.message.clone(), problem.help.clone())
            });
            found.collect()
        }
        other => {
            let way_out = miette::Diagnostic::help(other).map(|help| help.to_string());
            vec![Finding::problem("file", other.to_string(), way_out.unwrap_or_default())]
        }
    }
}

/// No configuration at all.
pub fn none() -> Vec<Finding> {
    vec![Finding::warning(
        "file",
        "there is none: no guards, and tools are classed by their own word",
        "`lastlook init -- COMMAND…` writes one to start from",
    )]
}

/// A configuration that was read.
pub fn configuration(config: &Config) -> Vec<Finding> {
    let count = |many: usize, one: &str| match many {
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    let mut found = vec![Finding::ok(
        config.path.display().to_string(),
        format!(
            "{}, {}, {}",
            count(config.upstreams.len(), "upstream"),
            count(config.guards.len(), "guard"),
            count(config.facts.len(), "fact")
        ),
    )];
    if config.defaults.mode == Mode::Audit {
        found.push(Finding::warning(
            "mode",
            "audit: nothing is refused",
            "see `lastlook log --would-deny`; then say mode = \"enforce\" in [defaults]",
        ));
    }
    if config.trust_annotations {
        found.push(Finding::warning(
            "trust_annotations",
            "a server's own word counts for the class of its tools",
            "declare the tools, and say trust_annotations = false",
        ));
    }
    if config.principal.is_none() {
        found.push(Finding::note(
            "principal",
            "none is configured: who acts is the user this runs as, by the operating system's word",
        ));
    }
    found.extend(variables(config).into_iter().map(|(name, what)| match std::env::var_os(&name) {
        Some(_) => Finding::ok(format!("variable {name}"), format!("it is set, for {what}")),
        None => Finding::problem(
            format!("variable {name}"),
            format!("it is not set, and {what} needs it"),
            "set it where the boundary runs: in the client's file, beside its command",
        ),
    }));
    found.extend(config.hooks.iter().map(|(name, hook)| hook_of(name, hook)));
    found
}

/// Whether a hook could be told. Nothing is sent.
fn hook_of(name: &str, config: &HookConfig) -> Finding {
    let about = format!("hook `{name}`");
    match Hook::new(config, |variable| std::env::var(variable).ok()) {
        Ok(hook) => {
            let on: Vec<&str> = config.on.iter().map(|happened| happened.as_str()).collect();
            let says = format!("{} is told of: {}", hook.host(), on.join(", "));
            Finding::note(about, format!("{says}; `lastlook notify test {name}` shows whether it listens"))
        }
        Err(why) => Finding::problem(
            about,
            format!("it is never told: {why}"),
            "see [notify] in the configuration's reference; then `lastlook notify test`",
        ),
    }
}

/// The variables that secrets are taken from, and what for.
fn variables(config: &Config) -> BTreeSet<(String, String)> {
    let mut names = BTreeSet::new();
    for (name, database) in &config.databases {
        if let DatabaseConfig::Postgres { url: Secret::Env(variable) } = database {
            names.insert((variable.clone(), format!("database `{name}`")));
        }
    }
    for (name, hook) in &config.hooks {
        let secrets = std::iter::once(&hook.url).chain(&hook.secret);
        names.extend(secrets.filter_map(|secret| match secret {
            Secret::Env(variable) => Some((variable.clone(), format!("hook `{name}`"))),
            Secret::Literal(_) => None,
        }));
    }
    for (name, fact) in &config.facts {
        if let Source::Http { headers, .. } = &fact.source {
            let secret = headers.values().filter_map(|value| value.strip_prefix("env:"));
            names.extend(secret.map(|variable| (variable.to_owned(), format!("fact `{name}`"))));
        }
        if let Source::Command { env, .. } = &fact.source {
            names.extend(env.iter().map(|variable| (variable.clone(), format!("fact `{name}`"))));
        }
    }
    names
}
