//! Whether rules, upstreams and facts fit together, found before an action needs them. Nothing is changed.
//!
//! Each function looks at one thing and says everything it found of it; [`Finding`]s are for people.

mod approvals;
mod guards;
mod policies;
mod sources;
mod templates;
mod upstreams;

pub use approvals::{approvals, callers};
pub use guards::guards;
pub use policies::policies;
pub use sources::sources;
pub use templates::templates;
pub use upstreams::upstreams;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Nothing to put right, and good to know.
    Note,
    /// It works, and may not be what is meant.
    Warning,
    /// Something is refused, or not protected, because of it.
    Problem,
}

impl Level {
    /// Its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is about: a name, or a file.
    pub about: String,
    /// What was found, in a sentence.
    pub says: String,
    /// The way out.
    pub hint: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(about: impl Into<String>, says: impl Into<String>) -> Finding {
        Finding { level: Level::Ok, about: about.into(), says: says.into(), hint: None }
    }

    /// Nothing to put right, and good to know.
    pub fn note(about: impl Into<String>, says: impl Into<String>) -> Finding {
        Finding { level: Level::Note, ..Finding::ok(about, says) }
    }

    /// It works, and may not be what is meant.
    pub fn warning(about: impl Into<String>, says: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { level: Level::Warning, hint: Some(hint.into()), ..Finding::ok(about, says) }
    }

    /// Something is refused, or not protected, because of it.
    pub fn problem(about: impl Into<String>, says: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { level: Level::Problem, hint: Some(hint.into()), ..Finding::ok(about, says) }
    }
}

/// Names in a sentence: the first few, and how many more.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
