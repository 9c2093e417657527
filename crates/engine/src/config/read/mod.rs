//! From text to [`Config`]: one file for each section.

mod defaults;
mod tool;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::de::DeTable;

use super::document::{Item, Section, Sink, without_secrets};
use super::error::Invalid;
use super::value::entity;
use super::{Config, ConfigError, Profile};

pub(super) use tool::tool;

/// [`Config::parse`].
pub(super) fn config(text: &str, name: &str) -> Result<Config, ConfigError> {
    document(text, name, |root, sink| top_level(root, name, sink))
}

/// Parses TOML and reads its top level; any mistake on the way makes the whole text invalid.
///
/// Broken syntax is reported alone: what follows from it would only bury it.
pub(super) fn document<T>(
    text: &str,
    name: &str,
    read: impl FnOnce(Section<'_>, &mut Sink) -> T,
) -> Result<T, ConfigError> {
    let mut sink = Sink::default();
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
            let shown = without_secrets(text, root.get_ref());
            Err(ConfigError::Invalid(Box::new(Invalid::new(name, shown, sink.problems))))
        }
    }
}

fn top_level(mut root: Section<'_>, name: &str, sink: &mut Sink) -> Config {
    let trust_annotations = root.take("trust_annotations").and_then(|item| item.flag(sink)).unwrap_or(false);
    let principal = root.take("principal").and_then(|item| principal(&item, sink));
    let defaults =
        root.table("defaults", sink).map(|section| defaults::defaults(section, sink)).unwrap_or_default();
    let upstream_table = root.table("upstream", sink);
    // A broken upstream is still declared: its tools should not be reported as well.
    let declared: BTreeSet<&str> =
        upstream_table.iter().flat_map(Section::entries).map(|(name, _)| name.text).collect();
    let upstreams = upstream_table.map(|table| upstream::upstreams(&table, sink)).unwrap_or_default();
    let tools = root.table("tool", sink).map_or_else(BTreeMap::new, |t| tool::tools(&t, &declared, sink));
    root.finish(sink);
    Config { trust_annotations, principal, defaults, upstreams, tools, path: PathBuf::from(name) }
}

fn principal(item: &Item<'_>, sink: &mut Sink) -> Option<String> {
    const EXAMPLE: &str = "'User::\"deploy-bot\"'";
    let mut section = item.section("[principal]", sink)?;
    let id = section.take("id");
    section.finish(sink);
    let Some(id) = id else {
        let help = format!("write who acts: id = {EXAMPLE}");
        sink.report(item.name.span.clone(), "`[principal]` has no `id`", "names nobody", help);
        return None;
    };
    entity(id.text(EXAMPLE, sink)?, sink)
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
