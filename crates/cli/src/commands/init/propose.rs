//! What a tool may do, as far as anybody says: a profile, the server, its name.
//!
//! A profile was written after reading the server's source; a server's annotations are its own word; a name is nobody's.
//! So a name never loosens a class: it can contradict an annotation, and it tells a person where to look.

use lastlook_canon::Json;
use lastlook_engine::config::Profile;
use lastlook_kernel::Class;

/// A class for one tool, and whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What the tool may do.
    pub class: Class,
    /// Whose word that is, in a few words.
    pub why: String,
    /// What a person should look at.
    pub review: Option<String>,
}

/// What a name sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Read(&'static str),
    Change(&'static str),
    Nothing,
}

const READS: [&str; 24] = [
    "get",
    "list",
    "read",
    "search",
    "find",
    "show",
    "describe",
    "fetch",
    "query",
    "view",
    "lookup",
    "count",
    "status",
    "diff",
    "log",
    "head",
    "tail",
    "stat",
    "info",
    "ls",
    "cat",
    "inspect",
    "browse",
    "summarize",
];
const CHANGES: [&str; 58] = [
    "create",
    "write",
    "edit",
    "update",
    "delete",
    "remove",
    "add",
    "set",
    "put",
    "post",
    "insert",
    "append",
    "move",
    "rename",
    "send",
    "push",
    "commit",
    "merge",
    "execute",
    "exec",
    "run",
    "apply",
    "drop",
    "reset",
    "cancel",
    "pay",
    "refund",
    "transfer",
    "deploy",
    "upload",
    "publish",
    "close",
    "start",
    "stop",
    "kill",
    "patch",
    "replace",
    "truncate",
    "grant",
    "revoke",
    "approve",
    "reject",
    "invite",
    "book",
    "buy",
    "sell",
    "charge",
    "submit",
    "upsert",
    "clear",
    "checkout",
    "install",
    "uninstall",
    "enable",
    "disable",
    "restart",
    "rotate",
    "archive",
];

/// Proposes a class for a tool as its server listed it.
pub fn propose(name: &str, tool: &Json, profile: Option<&'static Profile>) -> Proposal {
    if let Some(profile) = profile
        && let Some(class) = profile.tool(name).and_then(|known| known.class)
    {
        return Proposal { class, why: format!("profile `{}`", profile.name()), review: None };
    }
    let hint = |key: &str| tool.get("annotations").and_then(|hints| hints.get(key)).and_then(Json::as_bool);
    match (hint("readOnlyHint"), hint("destructiveHint"), sound(name)) {
        (Some(true), Some(true), _) => Proposal {
            class: Class::Destructive,
            why: "the server contradicts itself".to_owned(),
            review: Some(
                "the server says that it changes nothing, and that it destroys: read its source".to_owned(),
            ),
        },
        (Some(true), _, Sound::Change(verb)) => Proposal {
            class: Class::Destructive,
            why: format!("readOnlyHint, but it is called `{verb}`"),
            review: Some(format!(
                "the server says that it changes nothing, its name (`{verb}`) says otherwise; \"read\" if the server is right"
            )),
        },
        (Some(true), _, _) => Proposal {
            class: Class::Read,
            why: "the server's readOnlyHint".to_owned(),
            review: Some("the server's own word: does it really change nothing?".to_owned()),
        },
        (_, Some(false), _) => Proposal {
            class: Class::Write,
            why: "the server's destructiveHint = false".to_owned(),
            review: Some(
                "the server's own word; \"destructive\" if it must never act on what was not read".to_owned(),
            ),
        },
        (_, Some(true), _) => Proposal {
            class: Class::Destructive,
            why: "the server's destructiveHint".to_owned(),
            review: Some("\"write\" if it may act on what nobody has read".to_owned()),
        },
        (Some(false), None, _) => Proposal {
            class: Class::Destructive,
            why: "the server's readOnlyHint = false".to_owned(),
            review: Some("\"write\" if it may act on what nobody has read".to_owned()),
        },
        (None, None, Sound::Read(verb)) => Proposal {
            class: Class::Destructive,
            why: format!("nobody says; its name (`{verb}`) sounds like a read"),
            review: Some("nobody says what it does; \"read\" if it changes nothing".to_owned()),
        },
        (None, None, Sound::Change(_) | Sound::Nothing) => Proposal {
            class: Class::Destructive,
            why: "nobody says: the strictest".to_owned(),
            review: Some(
                "nobody says what it does; \"write\" if it may act on what nobody has read".to_owned(),
            ),
        },
    }
}

/// The first verb of a name decides: `get_commit` reads, `git_commit` does not.
fn sound(name: &str) -> Sound {
    let words = words(name);
    let of = |list: &[&'static str], word: &str| list.iter().find(|known| **known == word).copied();
    words
        .iter()
        .find_map(|word| of(&READS, word).map(Sound::Read).or_else(|| of(&CHANGES, word).map(Sound::Change)))
        .unwrap_or(Sound::Nothing)
}

/// `get_order`, `getOrder`, `Get-Order` as words in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && after_small {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        after_small = c.is_lowercase() || c.is_ascii_digit();
    }
    words
}
