//! `[notify.NAME]`

use std::collections::BTreeMap;

use lastlook_upstream::hook::HookUrl;

use super::database::variable;
use super::names::plain_name;
use crate::config::document::{Item, Section, Sink, Word, suggest};
use crate::config::{HookConfig, HookFormat, Secret};
use crate::notify::Happened;

const URL: &str = "\"https://hooks.example.com/lastlook\"";
const SECRET: &str = "\"env:LASTLOOK_HOOK_SECRET\"";

pub(super) fn hooks(table: &Section<'_>, sink: &mut Sink) -> BTreeMap<String, HookConfig> {
    let mut hooks = BTreeMap::new();
    for (name, item) in table.entries() {
        plain_name(&name, "a hook", sink);
        let Some(section) = item.section(format!("[notify.{}]", name.text), sink) else { continue };
        hooks.extend(hook(&name, section, sink).map(|hook| (name.text.to_owned(), hook)));
    }
    hooks
}

fn hook(name: &Word<'_>, mut section: Section<'_>, sink: &mut Sink) -> Option<HookConfig> {
    const FORMATS: [(&str, HookFormat); 2] = [("json", HookFormat::Json), ("slack", HookFormat::Slack)];
    let url = section.take("url");
    let format = section.take("format");
    let format = format.map_or(Some(HookFormat::Json), |item| item.one_of(&FORMATS, sink));
    let secret = section.take("secret");
    let on = section.take("on");
    let mut flag = |key| section.take(key).and_then(|item| item.flag(sink)).unwrap_or(false);
    let (show_arguments, private) = (flag("show_arguments"), flag("private"));
    // Most often the key is there, misspelt: one mistake, not two.
    let misspelt = section.has_unknown();
    section.finish(sink);
    let on =
        on.map_or_else(|| Some(Happened::TOLD.map(|(_, happened)| happened).into()), |on| told(&on, sink));
    if url.is_none() && !misspelt {
        let message = format!("hook `{}` has no address", name.text);
        sink.report(
            name.span.clone(),
            message,
            "nobody to tell",
            format!("write url = {URL}, or url = \"env:NAME\""),
        );
    }
    let url = url.and_then(|item| address(&item, private, sink));
    let secret = signing(name, format?, secret.as_ref(), misspelt, sink)?;
    Some(HookConfig { url: url?, format: format?, secret, on: on?, show_arguments, private })
}

/// No message may hold the address.
fn address(item: &Item<'_>, private: bool, sink: &mut Sink) -> Option<Secret> {
    let word = item.text(URL, sink)?;
    if let Some(name) = word.text.strip_prefix("env:") {
        return variable(name, &word, sink).map(Secret::Env);
    }
    if let Err(why) = HookUrl::parse(word.text, private) {
        let help = "write the whole address, beginning with `https://`; one that is a secret goes into the environment: url = \"env:NAME\"";
        sink.report(word.span, format!("a hook's address cannot be this: {why}"), "never told", help);
        return None;
    }
    Some(Secret::Literal(word.text.to_owned()))
}

/// The key for signatures: messages that are verified by one need one, and Slack verifies none. No message may hold it.
fn signing(
    name: &Word<'_>,
    format: HookFormat,
    secret: Option<&Item<'_>>,
    misspelt: bool,
    sink: &mut Sink,
) -> Option<Option<Secret>> {
    let Some(item) = secret else {
        if format == HookFormat::Json && !misspelt {
            let message = format!("hook `{}` has no secret", name.text);
            let help = format!("write secret = {SECRET}: `whsec_` and the base64 of 24 to 64 random bytes");
            sink.report(
                name.span.clone(),
                message,
                "its receiver could not tell our messages from others'",
                help,
            );
            return None;
        }
        return Some(None);
    };
    if format == HookFormat::Slack {
        let help = "leave it out: for Slack the address itself is the secret, so write url = \"env:NAME\"";
        sink.report(item.name.span.clone(), "Slack verifies no signature", "would sign nothing", help);
        return None;
    }
    let word = item.text(SECRET, sink)?;
    match word.text.strip_prefix("env:") {
        Some(name) => variable(name, &word, sink).map(|name| Some(Secret::Env(name))),
        None => {
            let help = format!("take it from the environment: secret = {SECRET}");
            sink.report(word.span, "a hook's secret must not stand here", "written in the file itself", help);
            None
        }
    }
}

fn told(item: &Item<'_>, sink: &mut Sink) -> Option<std::collections::BTreeSet<Happened>> {
    const EXAMPLE: &str = "[\"held\", \"approved\"]";
    let names = || Happened::TOLD.iter().map(|(name, _)| *name);
    if item.is_empty() {
        let help = format!("leave `on` out for all of them, or name some: {EXAMPLE}");
        sink.report(item.span(), "`on` names nothing", "would never be told", help);
        return None;
    }
    let told = item.each(EXAMPLE, sink, |word, sink| {
        let found = Happened::TOLD.iter().find(|(name, _)| *name == word.text);
        if found.is_none() {
            let help = format!(
                "{}choose from: {}",
                suggest(word.text, names()),
                names().collect::<Vec<_>>().join(", ")
            );
            sink.report(
                word.span,
                format!("hooks are told nothing called `{}`", word.text),
                "no such thing",
                help,
            );
        }
        found.map(|(_, happened)| *happened)
    });
    told.map(|told| told.into_iter().collect())
}
