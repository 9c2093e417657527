//! `[database.NAME]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::names::plain_name;
use crate::config::document::{Item, Section, Sink, Word};
use crate::config::value::{is_variable, no_nul};
use crate::config::{DatabaseConfig, Secret};

const HELP: &str =
    "write url = \"env:SHOP_DB\", url = \"postgres://user@host:5432/name\" or sqlite = \"/srv/shop.db\"";

pub(super) fn databases(table: &Section<'_>, sink: &mut Sink) -> BTreeMap<String, DatabaseConfig> {
    let mut databases = BTreeMap::new();
    for (name, item) in table.entries() {
        plain_name(&name, "a database", sink);
        let Some(section) = item.section(format!("[database.{}]", name.text), sink) else { continue };
        databases.extend(database(&name, section, sink).map(|database| (name.text.to_owned(), database)));
    }
    databases
}

fn database(name: &Word<'_>, mut section: Section<'_>, sink: &mut Sink) -> Option<DatabaseConfig> {
    let (url, sqlite) = (section.take("url"), section.take("sqlite"));
    // Most often the key is there, misspelt: one mistake, not two.
    let misspelt = section.has_unknown();
    section.finish(sink);
    match (url, sqlite) {
        (Some(url), None) => address(&url, sink).map(|url| DatabaseConfig::Postgres { url }),
        (None, Some(file)) => sqlite_file(&file, sink).map(DatabaseConfig::Sqlite),
        (None, None) if misspelt => None,
        (None, None) => {
            let message = format!("database `{}` has no address", name.text);
            sink.report(name.span.clone(), message, "nothing to ask", HELP);
            None
        }
        (Some(_), Some(sqlite)) => {
            let message = format!("database `{}` has two addresses", name.text);
            sink.report(sqlite.name.span.clone(), message, "beside `url`", "keep one of them");
            None
        }
    }
}

/// The address of a PostgreSQL server; no message may hold it.
fn address(item: &Item<'_>, sink: &mut Sink) -> Option<Secret> {
    let word = item.text("\"env:SHOP_DB\"", sink)?;
    if let Some(name) = word.text.strip_prefix("env:") {
        return variable(name, &word, sink).map(Secret::Env);
    }
    if !["postgres://", "postgresql://"].iter().any(|scheme| word.text.starts_with(scheme)) {
        sink.report(word.span, "this is not the address of a PostgreSQL server", "another scheme", HELP);
        return None;
    }
    Some(Secret::Literal(word.text.to_owned()))
}

/// The name of an environment variable after `env:`.
pub(super) fn variable(name: &str, word: &Word<'_>, sink: &mut Sink) -> Option<String> {
    if !is_variable(name) {
        let message = format!("`{}` cannot name a variable", name.escape_debug());
        sink.report(
            word.span.clone(),
            message,
            "no such variable can exist",
            "use letters, digits and `_`: \"env:NAME\"",
        );
        return None;
    }
    Some(name.to_owned())
}

fn sqlite_file(item: &Item<'_>, sink: &mut Sink) -> Option<PathBuf> {
    let word = item.text("\"/srv/shop.db\"", sink)?;
    no_nul(&word, sink);
    if !Path::new(word.text).is_absolute() {
        sink.report(
            word.span,
            format!("`{}` is a relative path to a database", word.text),
            "relative to what?",
            "write the whole path: clients start the boundary from any folder",
        );
        return None;
    }
    Some(PathBuf::from(word.text))
}
