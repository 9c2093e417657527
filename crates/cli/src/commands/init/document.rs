//! The starting configuration as text, written to be read by a person.

use std::path::PathBuf;

use lastlook_kernel::Class;

use super::compare::{Moved, spelt};
use super::{Listed, Tried};
use crate::record::text::{clean, shortened};

/// How much of a tool's description is repeated.
const LONGEST_DESCRIPTION: usize = 100;

/// What the file is about.
#[derive(Debug)]
pub struct Start<'a> {
    /// The upstream's name.
    pub upstream: &'a str,
    /// Its command.
    pub command: &'a [String],
    /// Where it starts, when its words depend on that.
    pub cwd: Option<&'a PathBuf>,
    /// The shipped profile that speaks for it.
    pub profile: Option<&'static str>,
    /// What the server calls itself.
    pub server: &'a str,
    /// The day it is written on.
    pub date: String,
    /// Its tools.
    pub tools: &'a [Listed],
}

/// The file; `None` when a word cannot be written into it.
pub fn toml(start: &Start<'_>) -> Option<String> {
    let mut text = format!(
        "# What the tools of `{}` may do. Written by `lastlook init` on {}.\n\
         #\n\
         # It is a start. Each tool's class stands with whose word it is; go through the lines that say `review:`, and take\n\
         # each out when you have looked. A tool that is not declared here is destructive: it never acts on what was not\n\
         # read. Every key: docs/reference/configuration.md\n\
         \n[upstream.{}]\ncommand = [{}]\n",
        clean(start.server),
        start.date,
        start.upstream,
        start.command.iter().map(|word| quoted(word)).collect::<Option<Vec<_>>>()?.join(", "),
    );
    if let Some(cwd) = start.cwd {
        text.push_str(&format!(
            "cwd = {}   # words of the command are relative to it\n",
            quoted(cwd.to_str()?)?
        ));
    }
    if let Some(profile) = start.profile {
        text.push_str(&format!("profile = \"{profile}\"   # what else it says of these tools counts too\n"));
    }
    for listed in start.tools {
        text.push_str(&tool(start.upstream, listed)?);
    }
    Some(text)
}

fn tool(upstream: &str, listed: &Listed) -> Option<String> {
    let mut text = String::from("\n");
    let mut comment = |label: &str, said: &str| text.push_str(&format!("# {label}{}\n", clean(said)));
    if let Some(description) = &listed.description {
        let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
        comment("", &format!("\"{}\"", shortened(&description, LONGEST_DESCRIPTION)));
    }
    comment("class: ", &listed.proposal.why);
    if let Some(review) = &listed.proposal.review {
        comment("review: ", review);
    }
    match &listed.tried {
        Tried::Twice(Moved::Parts(_)) => {
            comment(
                "review: ",
                "parts of its answer moved between two readings; are these never what an action rests on?",
            );
        }
        Tried::Twice(Moved::Everything) => {
            comment("review: ", "all of its answer moved between two readings: it is no basis for anything");
        }
        Tried::Twice(Moved::Nothing) | Tried::Twice(Moved::Unread) | Tried::Not(_) => {}
    }
    let name = format!("{upstream}.{}", listed.name);
    text.push_str(&format!("[tool.{}]\nclass = \"{}\"\n", quoted(&name)?, listed.proposal.class.as_str()));
    match &listed.tried {
        Tried::Twice(Moved::Parts(parts)) => {
            let parts = parts.iter().map(|part| quoted(&spelt(part)?)).collect::<Option<Vec<_>>>()?;
            text.push_str(&format!("ignore = [{}]\n", parts.join(", ")));
        }
        Tried::Twice(Moved::Everything) => text.push_str("retake = false\n"),
        Tried::Twice(Moved::Nothing) | Tried::Twice(Moved::Unread) | Tried::Not(_) => {}
    }
    Some(text)
}

/// How many lines wait for a person.
pub fn reviews(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("# review: ")).count()
}

/// How many tools have this class.
pub fn count(tools: &[Listed], class: Class) -> usize {
    tools.iter().filter(|listed| listed.proposal.class == class).count()
}

/// A basic string of TOML 1.0: JSON's escapes are its own, save that it wants DEL escaped too.
fn quoted(word: &str) -> Option<String> {
    Some(serde_json::to_string(word).ok()?.replace('\u{7f}', "\\u007f"))
}
