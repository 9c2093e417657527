//! `[upstream.NAME]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::named_profile;
use crate::config::document::{Item, Section, Sink, Word};
use crate::config::value::no_nul;
use crate::config::{ProfileChoice, UpstreamConfig};

pub(super) fn upstreams(table: &Section<'_>, sink: &mut Sink) -> BTreeMap<String, UpstreamConfig> {
    let mut upstreams = BTreeMap::new();
    for (name, item) in table.entries() {
        check_name(&name, sink);
        if let Some(section) = item.section(format!("[upstream.{}]", name.text), sink) {
            upstreams.insert(name.text.to_owned(), upstream(&name, section, sink));
        }
    }
    upstreams
}

fn check_name(name: &Word<'_>, sink: &mut Sink) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.text.is_empty() || !name.text.chars().all(plain) {
        sink.report(
            name.span.clone(),
            format!("`{}` cannot name an upstream", name.text),
            "only letters, digits, `-` and `_`",
            "a dot separates an upstream from its tool, as in \"notes.edit_file\"",
        );
    }
}

fn upstream(name: &Word<'_>, mut section: Section<'_>, sink: &mut Sink) -> UpstreamConfig {
    let program = section.take("program");
    let is_program = program.as_ref().and_then(|item| item.flag(sink)).unwrap_or(false);
    let command = match (section.take("command"), program) {
        (Some(command), Some(program)) if is_program => {
            let message = format!("upstream `{}` is a program and a server at once", name.text);
            let help =
                "leave one of them out: a program embeds the boundary, a server is started by its command";
            sink.report(program.span(), message, "acts by itself", help);
            words(name, Some(command), sink)
        }
        (None, _) if is_program => Vec::new(),
        (command, _) => words(name, command, sink),
    };
    let cwd = section.take("cwd").and_then(|item| item.text("\"/srv\"", sink)).and_then(|w| folder(&w, sink));
    let env = section.take("env").map(|item| environment(&item, sink)).unwrap_or_default();
    let profile = section.take("profile").and_then(|item| item.text("\"filesystem\"", sink));
    let profile = profile.map_or(ProfileChoice::Detected, |word| match word.text {
        "none" => ProfileChoice::Off,
        _ => named_profile(&word, sink).map_or(ProfileChoice::Off, ProfileChoice::Named),
    });
    section.finish(sink);
    UpstreamConfig { command, program: is_program, cwd, env, profile }
}

fn words(name: &Word<'_>, item: Option<Item<'_>>, sink: &mut Sink) -> Vec<String> {
    const EXAMPLE: &str = "[\"notes-mcp\", \"/srv/notes\"]";
    let help = || format!("write the program and its arguments: command = {EXAMPLE}");
    let Some(item) = item else {
        let message = format!("upstream `{}` has no command", name.text);
        sink.report(name.span.clone(), message, "nothing to start", help());
        return Vec::new();
    };
    let span = item.span();
    let Some(words) = item.texts(EXAMPLE, sink) else { return Vec::new() };
    words.iter().for_each(|word| no_nul(word, sink));
    match words.first().filter(|program| !program.text.is_empty()) {
        None => {
            let message = format!("the command of upstream `{}` is empty", name.text);
            sink.report(span, message, "nothing to start", help());
        }
        Some(program) if program.text.contains('/') && !Path::new(program.text).is_absolute() => sink.report(
            program.span.clone(),
            format!("`{}` is a relative path to a program", program.text),
            "whatever folder this starts in could bring it",
            "write the whole path, or the bare name of a program on the PATH",
        ),
        Some(_) => {}
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

fn folder(word: &Word<'_>, sink: &mut Sink) -> Option<PathBuf> {
    no_nul(word, sink);
    if !Path::new(word.text).is_absolute() {
        sink.report(
            word.span.clone(),
            format!("`{}` is a relative folder", word.text),
            "relative to what?",
            "write the whole path: clients start the boundary from any folder",
        );
    }
    Some(PathBuf::from(word.text))
}

fn environment(item: &Item<'_>, sink: &mut Sink) -> BTreeMap<String, String> {
    let Some(section) = item.section("env", sink) else { return BTreeMap::new() };
    let mut environment = BTreeMap::new();
    for (name, item) in section.entries() {
        if name.text.is_empty() || name.text.contains(['=', '\0']) {
            let message = format!("`{}` cannot name a variable", name.text.escape_debug());
            sink.report(name.span, message, "no such variable can exist", "use letters, digits and `_`");
        } else if let Some(value) = item.text("\"…\"", sink) {
            no_nul(&value, sink);
            environment.insert(name.text.to_owned(), value.text.to_owned());
        }
    }
    environment
}
