//! Single fields of what an attempt's entries commit to, as they are kept beside them.

use std::collections::BTreeMap;

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_ledger::{Fields, OpenedValue, Salt};
use lastlook_store::Store;

use super::{Attempt, Placed, Record};
use crate::failure::Failure;

/// What is given to whoever may see it: these places, and the values of those of which only a commitment is kept.
#[derive(Debug, Default)]
pub struct Disclosed<'a> {
    /// Places like `/args/email` or `/now/order/status`.
    pub places: &'a [String],
    /// JSON by place.
    pub values: BTreeMap<String, Vec<u8>>,
}

impl Record {
    /// Opens these fields of an attempt's last receipt and of what it began with.
    pub fn disclose(&self, attempt: &Attempt, asked: &Disclosed<'_>) -> Result<Vec<OpenedValue>, Failure> {
        let mut opened: Vec<OpenedValue> = Vec::new();
        for place in asked.places {
            let mut found = Vec::new();
            for placed in [attempt.end(), attempt.armed()].into_iter().flatten() {
                for label in labels(placed, place) {
                    found = self.below(placed, &label, place, asked.values.get(place))?;
                    if !found.is_empty() {
                        break;
                    }
                }
                if !found.is_empty() {
                    break;
                }
            }
            if found.is_empty() {
                return Err(nothing(place));
            }
            opened.extend(found);
        }
        opened.sort_by(|a, b| (a.of, &a.label).cmp(&(b.of, &b.label)));
        opened.dedup_by(|a, b| (a.of, &a.label) == (b.of, &b.label));
        Ok(opened)
    }

    /// The field at this label, or all fields below it.
    fn below(
        &self,
        placed: &Placed,
        label: &str,
        place: &str,
        given: Option<&Vec<u8>>,
    ) -> Result<Vec<OpenedValue>, Failure> {
        if let Some(redacted) = withheld(placed, "redacted").find(|redacted| is_within(label, redacted)) {
            return Err(Failure::refused(format!(
                "`{place}` cannot be disclosed: `{redacted}` was redacted"
            ))
            .hint("nothing of it was kept, not even a commitment to its value"));
        }
        let Some(kept) = self.store.values(&placed.entry.attempt, placed.entry.kind)? else {
            return Ok(Vec::new());
        };
        let sealed: Vec<&str> = withheld(placed, "digest_only").collect();
        let mut fields = Fields::default();
        let mut texts = BTreeMap::new();
        for (at, value) in &kept.rows {
            let Ok(json) = parse(value, &Limits { max_bytes: usize::MAX, ..Limits::default() }) else {
                continue;
            };
            let own: Vec<String> = sealed
                .iter()
                .filter_map(|label| label.strip_prefix(at.as_str()))
                .map(str::to_owned)
                .collect();
            fields.add(&kept.seed, at, &json, &own);
            texts.insert(at.as_str(), json);
        }
        let fields = fields.sorted();
        let Some(head) = placed.entry.fields() else { return Ok(Vec::new()) };
        if fields.head() != Some(head) {
            return Err(Failure::refused("what is kept is not what the entry committed to")
                .hint("`lastlook verify` says where the record was altered"));
        }
        let mut opened = Vec::new();
        for label in fields.labels().filter(|field| is_within(field, label)) {
            let Some((_, proof)) = fields.prove(label) else { continue };
            let value = match (sealed.contains(&label), given) {
                (false, _) => text_at(&texts, label),
                (true, Some(given)) => Some(given.clone()),
                (true, None) => {
                    return Err(Failure::refused(format!("of `{place}` only a commitment is kept")).hint(
                        format!("whoever has the value can bring it along: --value {place}=FILE, as JSON"),
                    ));
                }
            };
            let Some(value) = value else { continue };
            let salt = Salt::derive(&kept.seed, label);
            if !head.has(label, &salt, &value, &proof) {
                return Err(Failure::refused(format!("the value given for `{place}` is not the one committed to"))
                    .hint("it must be the same JSON: text in quotes, a number as it was written, members of objects in order of their names"));
            }
            opened.push(OpenedValue {
                of: placed.entry.kind,
                label: label.to_owned(),
                salt,
                value,
                field: Some(proof),
            });
        }
        Ok(opened)
    }
}

/// The labels that a place can mean in an entry.
fn labels(placed: &Placed, place: &str) -> Vec<String> {
    let (first, rest) = place
        .strip_prefix('/')
        .unwrap_or(place)
        .split_once('/')
        .unwrap_or((place.trim_start_matches('/'), ""));
    let below = |label: String, rest: &str| if rest.is_empty() { label } else { format!("{label}/{rest}") };
    match first {
        "args" => vec![below("arguments".to_owned(), rest)],
        "answer" => ["/result/structuredContent", "/result", ""]
            .map(|inside| below(format!("answer{inside}"), rest))
            .into(),
        "now" | "was" => {
            let (fact, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let facts = placed.list("snapshot").iter().enumerate();
            let named = facts.filter(|(_, it)| it.get("fact").and_then(|name| name.as_str()) == Some(fact));
            named.map(|(index, _)| below(format!("snapshot/{index}/{first}"), rest)).collect()
        }
        _ => vec![place.trim_start_matches('/').to_owned()],
    }
}

/// Labels that the entry names as withheld in this way.
fn withheld<'a>(placed: &'a Placed, how: &str) -> impl Iterator<Item = &'a str> {
    let labels = placed.entry.body.get("withheld").and_then(|withheld| withheld.get(how)?.as_array());
    labels.into_iter().flatten().filter_map(|label| label.as_str())
}

fn is_within(label: &str, above: &str) -> bool {
    label.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn text_at(values: &BTreeMap<&str, Json>, label: &str) -> Option<Vec<u8>> {
    values.iter().find_map(|(at, json)| Some(lexical(json.pointer(label.strip_prefix(at)?)?)))
}

fn nothing(place: &str) -> Failure {
    Failure::usage(format!("nothing is kept at `{place}`"))
        .hint("places begin with /args, /answer, /now/FACT or /was/FACT; `lastlook show RECEIPT` shows what is kept, and what was pruned")
}
