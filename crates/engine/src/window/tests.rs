mod parsing;
mod periods;
mod properties;
mod table;

use jiff::Timestamp;
use lastlook_kernel::WindowSpec;

use super::*;

/// `zone | open | closed | not_before | not_after`, each but the zone may be left out; lists are split at ` & `.
fn spec(text: &str) -> WindowSpec {
    let mut parts = text.split('|').map(str::trim);
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let list = |part: Option<&str>| {
        part.map_or_else(Vec::new, |part| part.split(" & ").map(str::to_owned).collect())
    };
    let owned = |part: Option<&str>| part.map(str::to_owned);
    WindowSpec {
        tz: owned(next()),
        open: list(next()),
        closed: list(next()),
        not_before: owned(next()),
        not_after: owned(next()),
        max_age: None,
        min_spacing: None,
    }
}

fn window(text: &str) -> Window {
    Window::parse(&spec(text)).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
