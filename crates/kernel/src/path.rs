//! Lexical normalization of path-like text.

use std::borrow::Cow;

/// The text as subjects compare it: paths without `.`, `//`, a trailing `/` or a resolvable `..`.
///
/// Text without a `/` is returned as it is. Only spelling is looked at, never the filesystem: two spellings of
/// one file may stay different (a link), but two files never become one except through `..` behind a link,
/// which can only tighten: more readings are compared.
pub(crate) fn normal(text: &str) -> Cow<'_, str> {
    if !text.contains('/') {
        return Cow::Borrowed(text);
    }
    let absolute = text.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => Cow::Owned(format!("/{joined}")),
        (false, true) => Cow::Borrowed("."),
        (false, false) => Cow::Owned(joined),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn spellings_of_one_path_are_one() {
        for (text, expect) in [
            ("plan.md", "plan.md"),
            ("./plan.md", "plan.md"),
            ("a//b/", "a/b"),
            ("/a/./b/../c", "/a/c"),
            ("/../a", "/a"),
            ("../a/..", ".."),
            ("./", "."),
            ("/", "/"),
            ("a/../../b", "../b"),
        ] {
            assert_eq!(normal(text), expect, "{text}");
        }
    }
}
