//! Taking members out of one value.

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_ledger::fields::pointer_step;

use super::{How, MARK, Seal};
use crate::config::{FieldPlace, FieldStep};

/// One value's taking out.
#[derive(Default)]
pub(super) struct Taking<'a> {
    pub(super) seal: Option<&'a Seal<'a>>,
    pub(super) shown: bool,
    /// Takes in what is taken out.
    pub(super) taken: Option<&'a mut Vec<(Json, How)>>,
    pub(super) redacted: Vec<String>,
    pub(super) sealed: Vec<String>,
}

/// What stands in place of a redacted member.
pub(super) fn mark() -> Json {
    Json::object([("lastlook", MARK.into())])
}

pub(super) fn member<'j>(json: &'j mut Json, name: &str) -> Option<&'j mut Json> {
    match json {
        Json::Object(members) => members.iter_mut().find(|(own, _)| own == name).map(|(_, inner)| inner),
        _ => None,
    }
}

impl Taking<'_> {
    /// Takes out what is at `path`, from below `base` on.
    pub(super) fn at(&mut self, json: &mut Json, base: &[&str], path: &[FieldStep], how: How) {
        let mut pointer = String::new();
        let mut value = json;
        for name in base {
            pointer.push_str(&pointer_step(name));
            let Some(inner) = member(value, name) else { return };
            value = inner;
        }
        self.below(value, &mut pointer, path, how);
    }

    fn below(&mut self, value: &mut Json, pointer: &mut String, path: &[FieldStep], how: How) {
        let Some((step, rest)) = path.split_first() else { return self.take(value, pointer, how) };
        if self.is_taken(pointer) {
            return;
        }
        let until = pointer.len();
        let takes = |name: &str| match step {
            FieldStep::Each => true,
            FieldStep::Name(own) => own == name,
        };
        match value {
            Json::Object(members) => {
                for (name, inner) in members.iter_mut().filter(|(name, _)| takes(name)) {
                    pointer.push_str(&pointer_step(name));
                    self.below(inner, pointer, rest, how);
                    pointer.truncate(until);
                }
            }
            Json::Array(items) => {
                for (index, inner) in items.iter_mut().enumerate() {
                    let name = index.to_string();
                    if takes(&name) {
                        pointer.push_str(&pointer_step(&name));
                        self.below(inner, pointer, rest, how);
                        pointer.truncate(until);
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn is_taken(&self, pointer: &str) -> bool {
        self.redacted.iter().chain(&self.sealed).any(|taken| taken == pointer)
    }

    fn take(&mut self, value: &mut Json, pointer: &str, how: How) {
        if self.is_taken(pointer) {
            return;
        }
        if let Some(taken) = &mut self.taken {
            taken.push((value.clone(), how));
        }
        match (how, self.seal) {
            (How::DigestOnly, _) if self.shown => {}
            (How::DigestOnly, Some(seal)) => {
                *value = seal(pointer, &lexical(value));
                self.sealed.push(pointer.to_owned());
            }
            _ => self.whole(value, pointer),
        }
    }

    /// Redacts all of a value.
    pub(super) fn whole(&mut self, value: &mut Json, pointer: &str) {
        *value = mark();
        self.redacted.push(pointer.to_owned());
    }

    /// Takes the same out of the texts of an answer, which repeat its structured content or stand in its place.
    ///
    /// A text that is JSON is written anew without them; of one that is none, nobody can say where they are.
    pub(super) fn copies(&mut self, answer: &mut Json, above: &str, places: &[(&FieldPlace, How)]) {
        let Some(Json::Array(blocks)) = member(answer, "content") else { return };
        for (index, block) in blocks.iter_mut().enumerate() {
            let pointer = format!("{above}/content/{index}");
            let text = member(block, "text");
            let Some(Json::String(text)) = text else {
                // A picture, a file, a link: whatever it shows.
                self.whole(block, &pointer);
                continue;
            };
            let pointer = format!("{pointer}/text");
            let parsed = parse(text.as_bytes(), &Limits { max_bytes: usize::MAX, ..Limits::default() });
            let Ok(mut inner @ (Json::Object(_) | Json::Array(_))) = parsed else {
                self.whole_text(block, &pointer);
                continue;
            };
            let mut inside =
                Taking { shown: self.shown, taken: self.taken.as_deref_mut(), ..Taking::default() };
            for (place, how) in places {
                inside.at(&mut inner, &[], &place.path, *how);
            }
            if !inside.redacted.is_empty() {
                *text = String::from_utf8_lossy(&lexical(&inner)).into_owned();
                self.redacted.push(pointer);
            }
        }
    }

    fn whole_text(&mut self, block: &mut Json, pointer: &str) {
        if let Some(text) = member(block, "text") {
            if let Some(taken) = &mut self.taken {
                taken.push((text.clone(), How::Redacted));
            }
            *text = format!("[{MARK}]").into();
            self.redacted.push(pointer.to_owned());
        }
    }
}

/// Redacts every text and number in which something stands that was taken out elsewhere.
pub(super) fn echoes(
    value: &mut Json,
    secrets: &[String],
    pointer: &mut String,
    sealed: &[String],
    redacted: &mut Vec<String>,
) {
    if secrets.is_empty() || sealed.contains(pointer) {
        return;
    }
    let until = pointer.len();
    let echoed = match &*value {
        Json::String(text) => secrets.iter().any(|secret| text.contains(secret.as_str())),
        Json::Number(number) => secrets.iter().any(|secret| secret == number.as_str()),
        _ => false,
    };
    if echoed {
        *value = mark();
        redacted.push(pointer.clone());
        return;
    }
    match value {
        Json::Object(members) => {
            for (index, (name, inner)) in members.iter_mut().enumerate() {
                if secrets.iter().any(|secret| name.contains(secret.as_str())) {
                    *name = format!("[{MARK} {index}]");
                    *inner = mark();
                    redacted.push(format!("{pointer}{}", pointer_step(name)));
                    continue;
                }
                pointer.push_str(&pointer_step(name));
                echoes(inner, secrets, pointer, sealed, redacted);
                pointer.truncate(until);
            }
        }
        Json::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                echoes(inner, secrets, pointer, sealed, redacted);
                pointer.truncate(until);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
