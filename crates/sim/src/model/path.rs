//! One spelling for the spellings of a path.

/// The lexically normal form of text with a `/` in it; other text is as it is.
///
/// Strikes out, one at a time and until nothing is left to strike: empty and `.` segments, a name together with the `..`
/// after it, a `..` that would lead above the root.
pub fn normal(text: &str) -> String {
    if !text.contains('/') {
        return text.to_owned();
    }
    let rooted = text.starts_with('/');
    let mut segments: Vec<&str> = text.split('/').collect();
    while let Some((at, count)) = something_to_strike(&segments, rooted) {
        segments.drain(at..at + count);
    }
    match (rooted, segments.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

/// Where segments can go without changing what is named, and how many.
fn something_to_strike(segments: &[&str], rooted: bool) -> Option<(usize, usize)> {
    if let Some(at) = segments.iter().position(|segment| segment.is_empty() || *segment == ".") {
        return Some((at, 1));
    }
    if rooted && segments.first() == Some(&"..") {
        return Some((0, 1));
    }
    let pair = segments.windows(2).position(|pair| matches!(pair, [name, ".."] if *name != ".."));
    pair.map(|at| (at, 2))
}
