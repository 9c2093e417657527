//! `[witness]` and `[witness.NAME]`

use std::collections::BTreeMap;

use lastlook_ledger::{WitnessKey, Witnesses};
use lastlook_upstream::hook::HookUrl;

use super::names::plain_name;
use crate::config::document::{Item, Section, Sink, Word};
use crate::config::{WitnessConfig, WitnessesConfig};

const URL: &str = "\"https://witness.example.com\"";
const KEY: &str = "\"witness.example/w1+f643e1d3+BLo7YR4o…\"";
/// More than anybody needs: a checkpoint has room for twice as many signatures.
const MOST: u64 = 32;

pub(super) fn witnesses(mut table: Section<'_>, sink: &mut Sink) -> WitnessesConfig {
    let asked = table.take("quorum");
    let quorum = asked.as_ref().map(|item| item.whole(1..=MOST, "1", sink));
    let mut each = BTreeMap::new();
    for (name, item) in table.entries().filter(|(name, _)| name.text != "quorum") {
        plain_name(&name, "a witness", sink);
        let Some(section) = item.section(format!("[witness.{}]", name.text), sink) else { continue };
        each.extend(witness(&name, section, sink).map(|witness| (name.text.to_owned(), witness)));
    }
    let keys: Vec<WitnessKey> = each.values().map(|witness: &WitnessConfig| witness.key.clone()).collect();
    // As many as there are different keys: one key under two names is one witness.
    let many = Witnesses::new(keys, 1).map_or(0, |witnesses| witnesses.many());
    let wanted = quorum.flatten().and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(many);
    if let Some(item) = asked.filter(|_| wanted > many && sink.problems.is_empty()) {
        let message = format!("{wanted} witnesses are wanted, and there are {many}");
        let help = "declare more: [witness.NAME] url = …, key = …; or ask for fewer";
        sink.report(item.span(), message, "can never be reached", help);
    }
    WitnessesConfig { each, quorum: wanted.min(many) }
}

fn witness(name: &Word<'_>, mut section: Section<'_>, sink: &mut Sink) -> Option<WitnessConfig> {
    let (url, key) = (section.take("url"), section.take("key"));
    let private = section.take("private").and_then(|item| item.flag(sink)).unwrap_or(false);
    let misspelt = section.has_unknown();
    section.finish(sink);
    for (there, what, example) in [(url.is_some(), "url", URL), (key.is_some(), "key", KEY)] {
        if !there && !misspelt {
            let message = format!("witness `{}` has no `{what}`", name.text);
            sink.report(name.span.clone(), message, "cannot be asked", format!("write {what} = {example}"));
        }
    }
    let url = url.and_then(|item| address(&item, private, sink));
    let key = key.and_then(|item| public_key(&item, sink));
    Some(WitnessConfig { url: url?, key: key?, private })
}

fn address(item: &Item<'_>, private: bool, sink: &mut Sink) -> Option<String> {
    let word = item.text(URL, sink)?;
    match HookUrl::parse(word.text, private) {
        Ok(_) => Some(word.text.to_owned()),
        Err(why) => {
            let help = "write the whole address, beginning with `https://`";
            sink.report(word.span, format!("a witness's address cannot be this: {why}"), "never asked", help);
            None
        }
    }
}

fn public_key(item: &Item<'_>, sink: &mut Sink) -> Option<WitnessKey> {
    let word = item.text(KEY, sink)?;
    match word.text.parse() {
        Ok(key) => Some(key),
        Err(error) => {
            let help = "copy the whole line that `lastlook witness --print-key` printed where it runs";
            sink.report(word.span, error.to_string(), "no key of a witness", help);
            None
        }
    }
}
