//! From text to [`Config`]: one file for each section.

mod condition;
mod database;
mod defaults;
mod fact;
mod guard;
mod kernel_api;
mod known;
mod names;
mod notify;
mod policy;
mod procedure;
mod tool;
mod upstream;
mod withhold;
mod witness;

use std::path::Path;
use std::time::Duration;

use toml::de::DeTable;

use super::document::{Section, Sink};
use super::error::Invalid;
use super::secrets::{without_likely_secrets, without_secrets};
use super::value::some_time;
use super::{Config, ConfigError, Places, Profile, ToolConfig};
use known::Known;

/// [`Config::parse`]; `name` stands for the file in messages, `path` is where it is.
pub(super) fn config(text: &str, name: &str, path: &Path) -> Result<Config, ConfigError> {
    document(text, name, |root, sink| {
        let places = Places::new(name, text, root.table_itself());
        top_level(root, path, places, sink)
    })
}

/// Parses TOML and reads its top level; any mistake on the way makes the whole text invalid.
///
/// Broken syntax is reported alone: what follows from it would only bury it.
pub(super) fn document<T>(
    text: &str,
    name: &str,
    read: impl FnOnce(Section<'_>, &mut Sink) -> T,
) -> Result<T, ConfigError> {
    let mut sink = Sink::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let value = if errors.is_empty() {
        Some(read(Section::new("", root.get_ref()), &mut sink))
    } else {
        errors.iter().for_each(|error| syntax(error, text, &mut sink));
        None
    };
    match value {
        Some(value) if sink.problems.is_empty() => Ok(value),
        _ => {
            let shown = match errors.is_empty() {
                true => without_secrets(text, root.get_ref()),
                false => without_likely_secrets(text),
            };
            Err(ConfigError::Invalid(Box::new(Invalid::new(name, shown, sink.problems))))
        }
    }
}

fn top_level(mut root: Section<'_>, path: &Path, places: Places, sink: &mut Sink) -> Config {
    let mut known = Known::scan(&root);
    let trust_annotations = root.take("trust_annotations").and_then(|item| item.flag(sink)).unwrap_or(false);
    let (principal, groups) =
        root.take("principal").map(|item| policy::principal(&item, sink)).unwrap_or_default();
    let policy = root.take("policy").and_then(|item| policy::policy(&item, sink));
    let defaults =
        root.table("defaults", sink).map(|section| defaults::defaults(section, sink)).unwrap_or_default();
    let mut spans = withhold::Spans::new();
    let upstreams = root.table("upstream", sink).map(|t| upstream::upstreams(&t, sink)).unwrap_or_default();
    let tools =
        root.table("tool", sink).map(|t| tool::tools(&t, &known, &mut spans, sink)).unwrap_or_default();
    known.learn_tools(&upstreams, &tools);
    let databases = root.table("database", sink).map(|t| database::databases(&t, sink)).unwrap_or_default();
    known.specs = root.table("fact", sink).map(|t| fact::facts(&t, &known, sink)).unwrap_or_default();
    let procedures =
        root.table("procedure", sink).map(|t| procedure::procedures(&t, &known, sink)).unwrap_or_default();
    let guards = root.table("guard", sink).map(|t| guard::guards(&t, &mut known, sink)).unwrap_or_default();
    let claims_tool = root.table("claims", sink).is_some_and(|table| claims(table, sink));
    let hooks = root.table("notify", sink).map(|t| notify::hooks(&t, sink)).unwrap_or_default();
    let witnesses = root.table("witness", sink).map(|t| witness::witnesses(t, sink)).unwrap_or_default();
    let keep_values = root.table("record", sink).and_then(|table| record(table, sink));
    root.finish(sink);
    let config = Config {
        trust_annotations,
        principal,
        groups,
        policy: policy.map(|files| files.below(path)),
        defaults,
        upstreams,
        tools,
        databases,
        facts: known.specs,
        guards,
        procedures,
        claims_tool,
        keep_values,
        hooks,
        witnesses,
        places,
        path: path.to_owned(),
    };
    withhold::check(&config, &spans, sink);
    config
}

/// `[record]`
fn record(mut section: Section<'_>, sink: &mut Sink) -> Option<Duration> {
    let word = section.take("keep_values").and_then(|item| item.text("\"30d\"", sink));
    section.finish(sink);
    some_time("keep_values", word?, sink)
}

/// `[claims]`
fn claims(mut section: Section<'_>, sink: &mut Sink) -> bool {
    let tool = section.take("tool").and_then(|item| item.flag(sink)).unwrap_or(false);
    section.finish(sink);
    tool
}

/// What a profile says of one tool.
pub(super) fn shipped_tool(section: Section<'_>, sink: &mut Sink) -> ToolConfig {
    tool::tool(section, None, &mut Vec::new(), sink)
}

fn syntax(error: &toml::de::Error, text: &str, sink: &mut Sink) {
    let span = error.span().unwrap_or(text.len()..text.len());
    let what = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
    if error.message() == "duplicate key" {
        sink.report(span, format!("`{what}` is given twice"), "given before", "keep one of them");
        return;
    }
    let mut letters = error.message().chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let message: String = first.into_iter().chain(letters).collect();
    sink.report(
        span,
        message,
        "not TOML from here on",
        "text needs quotes, tables a header: see https://toml.io",
    );
}

/// The shipped profile called `name`, or the way out.
fn named_profile(name: &super::document::Word<'_>, sink: &mut Sink) -> Option<&'static Profile> {
    let found = Profile::named(name.text);
    if found.is_none() {
        let names = || Profile::shipped().iter().map(Profile::name);
        let suggestion = super::document::suggest(name.text, names());
        sink.report(
            name.span.clone(),
            format!("there is no profile `{}`", name.text),
            "not shipped with this version",
            format!("{suggestion}choose one of: {}, none", names().collect::<Vec<_>>().join(", ")),
        );
    }
    found
}
