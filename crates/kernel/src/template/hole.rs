//! The parts of a text: the operator's own words, and the holes between them.

use std::borrow::Cow;

use lastlook_canon::Json;

use super::{Scope, TemplateError, Unfilled};

/// A part of a text, and where it begins there, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// The operator's own words, `$${` resolved.
    Own { text: String, at: usize },
    /// A hole.
    Hole { hole: Hole, at: usize },
}

/// One hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// What stands between the braces.
    pub name: String,
    from: From,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Principal,
    /// The names of the members on the way down; none for all arguments.
    Args(Vec<String>),
}

impl Hole {
    fn read(name: &str) -> Result<Hole, String> {
        let mut members = name.split('.');
        let root = members.next().unwrap_or_default();
        let members: Vec<String> = members.map(str::to_owned).collect();
        let from = match root {
            "args" => From::Args(members),
            "principal" if members.is_empty() => From::Principal,
            "principal" => return Err(format!("`${{{name}}}` names a member of the principal: it has none")),
            "was" | "now" | "step" | "steps" => {
                return Err(format!(
                    "`${{{name}}}` is not known yet: holes are filled from `args` and `principal`"
                ));
            }
            _ => {
                return Err(format!(
                    "`${{{name}}}` names nothing: write `${{args.NAME}}` or `${{principal}}`, and `$${{` for a `${{` of your own"
                ));
            }
        };
        if let From::Args(members) = &from
            && !members.iter().all(|member| is_plain(member))
        {
            return Err(format!(
                "`${{{name}}}` is not a name: members are letters, digits, `-` and `_`, joined by dots"
            ));
        }
        Ok(Hole { name: name.to_owned(), from })
    }

    /// What the action has for it.
    pub fn value<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Json>, Unfilled> {
        let found = match &self.from {
            From::Principal => return Ok(Cow::Owned(Json::from(scope.principal))),
            From::Args(members) => members.iter().try_fold(scope.args, |value, member| value.get(member)),
        };
        found
            .filter(|value| !value.is_null())
            .map(Cow::Borrowed)
            .ok_or_else(|| Unfilled::Missing(self.name.clone()))
    }
}

fn is_plain(member: &str) -> bool {
    !member.is_empty()
        && member.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Takes a text apart. Two of the operator's own parts never follow each other.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let (mut pieces, mut own, mut own_at, mut rest) = (Vec::new(), String::new(), 0, text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            own.push_str(before);
            own.push_str("${");
            rest = after;
            continue;
        }
        own.push_str(before);
        let at = text.len() - after.len() - "${".len();
        let Some((name, tail)) = after.split_once('}') else {
            let message = "a hole is not closed: write `}` after its name, or `$${` for a `${` of your own";
            return Err(TemplateError { message: message.to_owned(), at });
        };
        if !own.is_empty() {
            pieces.push(Piece::Own { text: std::mem::take(&mut own), at: own_at });
        }
        let hole = Hole::read(name).map_err(|message| TemplateError { message, at })?;
        pieces.push(Piece::Hole { hole, at });
        rest = tail;
        own_at = text.len() - rest.len();
    }
    own.push_str(rest);
    if !own.is_empty() {
        pieces.push(Piece::Own { text: own, at: own_at });
    }
    Ok(pieces)
}
