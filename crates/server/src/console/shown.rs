//! Text as a page shows it.

use std::fmt;

use lastlook_engine::{clock, shown};

/// Text that was made visible: the only text from elsewhere that pages take. The template escapes it for HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown(String);

impl Shown {
    pub(super) fn new(text: impl AsRef<str>) -> Shown {
        Shown(shown::clean(text.as_ref()))
    }

    pub(super) fn short(text: &str, most: usize) -> Shown {
        Shown(shown::shortened(&shown::clean(text), most))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// JSON over as many lines as it needs, nothing left out.
pub(super) fn pretty(text: &str) -> Shown {
    Shown(shown::pretty(text).join("\n"))
}

/// An instant, to the second, in UTC.
pub(super) fn time(ns: i64) -> Shown {
    let time = clock::wall_at(ns);
    let (date, time) = time.split_once('T').unwrap_or((&time, ""));
    Shown::new(format!("{date} {} UTC", time.get(..8).unwrap_or_default()))
}
