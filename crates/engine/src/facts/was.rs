//! *Was*: what the agent itself was seen to read of a fact.

use lastlook_canon::Json;
use lastlook_kernel::{FactSpec, FactValue, Place, Scope, Was};

use super::read::text_of_version;
use crate::reader::Reader;

/// What the client of `upstream` was given of a fact so far, and when.
///
/// Of several ways in which the agent sees it, the newest answer counts. A reading the boundary took for itself never does.
pub(super) fn was(reader: &Reader, upstream: &str, spec: &FactSpec, scope: &Scope<'_>) -> (Was, Option<i64>) {
    let newest = spec
        .views()
        .into_iter()
        .filter(|view| view.tool.upstream == upstream)
        .filter_map(|view| {
            let args = view.args.fill(scope, Place::Value).ok()?;
            let answer = reader.seen(&view.tool.tool, &args, view.exact)?;
            Some((view, answer))
        })
        .max_by_key(|(_, answer)| answer.given_ns);
    let Some((view, answer)) = newest else { return (Was::Unseen, None) };
    let version = view.version.and_then(|pointer| answer.value.pointer(pointer)).and_then(text_of_version);
    // Conditions see *was* under the fact's own names, wherever the agent saw it.
    let value = renamed(answer.value, spec, view.select);
    (Was::Seen(FactValue { value, version, as_of_ns: None }), Some(answer.given_ns))
}

/// The fact as it is now, as an agent that reads it now would have seen it; `None` where no agent sees it.
pub(crate) fn as_if_seen(spec: &FactSpec, now: &FactValue) -> Option<FactValue> {
    let view = spec.views().into_iter().next()?;
    let value = match view.select.is_empty() {
        true => now.value.clone(),
        false => {
            let mut seen = Json::Object(Vec::new());
            for place in &spec.select {
                if let Some(part) = now.value.pointer(place) {
                    put(&mut seen, place, part.clone());
                }
            }
            seen
        }
    };
    let version = view.version.and(now.version.clone());
    Some(FactValue { value, version, as_of_ns: None })
}

/// The selected parts of an answer at the places the fact itself has them.
fn renamed(answer: Json, spec: &FactSpec, select: &[String]) -> Json {
    if select.is_empty() {
        return answer;
    }
    let mut whole = Json::Object(Vec::new());
    for (place, from) in spec.select.iter().zip(select) {
        if let Some(part) = answer.pointer(from) {
            put(&mut whole, place, part.clone());
        }
    }
    whole
}

/// Puts a value at a JSON Pointer, making the objects on the way; places inside arrays are made as members.
fn put(whole: &mut Json, pointer: &str, part: Json) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *whole = part;
        return;
    };
    let (token, rest) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let name = token.replace("~1", "/").replace("~0", "~");
    let Json::Object(members) = whole else { return };
    let at = match members.iter().position(|(member, _)| *member == name) {
        Some(at) => at,
        None => {
            members.push((name, Json::Object(Vec::new())));
            members.len() - 1
        }
    };
    if let Some((_, inner)) = members.get_mut(at) {
        put(inner, rest, part);
    }
}
