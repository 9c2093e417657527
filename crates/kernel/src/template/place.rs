//! What may not stand in a place, whatever an agent asks for.

use super::{Place, Unfilled, url};

/// A part of a filled text: the operator's own, or what filled a hole.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The hole's name; `None` for the operator's own text.
    pub hole: Option<&'a str>,
    /// The text.
    pub text: String,
}

impl Part<'_> {
    /// The refusal, when this part is a hole and something is wrong with it.
    pub fn refuse(&self, why: Option<&'static str>) -> Result<(), Unfilled> {
        match (self.hole, why) {
            (Some(hole), Some(why)) => Err(Unfilled::Unsafe { name: hole.to_owned(), why }),
            _ => Ok(()),
        }
    }
}

/// The parts in a row, if each may stand in this place, and all of them together.
pub(super) fn join(parts: &[Part<'_>], place: Place) -> Result<String, Unfilled> {
    match place {
        Place::Value => {}
        Place::Word => parts.iter().try_for_each(|part| part.refuse(word(&part.text)))?,
        Place::Path => path(parts)?,
        Place::Entity => return entity(parts),
        Place::Url => return url::join(parts),
    }
    Ok(parts.iter().map(|part| part.text.as_str()).collect())
}

/// A word of a command: an option is the operator's to give.
fn word(text: &str) -> Option<&'static str> {
    if text.starts_with('-') {
        return Some("it begins with `-`");
    }
    hidden(text)
}

/// What fills a hole stands inside a quoted name and stays inside: quotes and backslashes are escaped (Cedar's strings).
fn entity(parts: &[Part<'_>]) -> Result<String, Unfilled> {
    let mut whole = String::new();
    for part in parts {
        part.refuse(hidden(&part.text))?;
        match part.hole {
            Some(_) => whole.push_str(&part.text.replace('\\', "\\\\").replace('"', "\\\"")),
            None => whole.push_str(&part.text),
        }
    }
    Ok(whole)
}

/// A path that is one hole and nothing else is the action's own word for a file: absolute, and free of `..`, because links
/// make that mean two things (I4).
fn whole_path(part: &Part<'_>) -> Result<(), Unfilled> {
    let why = match () {
        () if !part.text.starts_with('/') => Some("the path is not absolute"),
        () if part.text.split('/').any(|segment| segment == "..") => Some("the path holds `..`"),
        () => hidden(&part.text),
    };
    part.refuse(why)
}

fn path(parts: &[Part<'_>]) -> Result<(), Unfilled> {
    if let [only] = parts
        && only.hole.is_some()
    {
        return whole_path(only);
    }
    parts.iter().try_for_each(|part| part.refuse(segment(&part.text)))?;
    let whole = segments(parts, &['/']);
    if whole.len() < 2 || whole.first().is_some_and(|first| !first.text.is_empty()) {
        return Err(blame(parts, None, "the path is not absolute"));
    }
    for segment in &whole {
        if segment.text == ".." {
            return Err(blame(parts, segment.hole, "the path holds `..`"));
        }
        if segment.text == "." && segment.hole.is_some() {
            return Err(blame(parts, segment.hole, "the path holds `.`"));
        }
    }
    Ok(())
}

/// What no hole may bring into a segment of a path, a file's or a URL's.
pub(super) fn segment(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.contains('/') {
        return Some("it holds `/`");
    }
    if text.contains("..") {
        return Some("it holds `..`");
    }
    hidden(text)
}

/// What a reader would not see, or a program would take for the end.
pub(super) fn hidden(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    text.chars().any(is_invisible).then_some("it holds an invisible character")
}

/// A segment of the whole, and the last hole that is part of it.
pub(super) struct Segment<'a> {
    pub text: String,
    pub hole: Option<&'a str>,
}

/// The whole, cut at separators.
pub(super) fn segments<'a>(parts: &[Part<'a>], separators: &[char]) -> Vec<Segment<'a>> {
    let (mut done, mut open) = (Vec::new(), Segment { text: String::new(), hole: None });
    for part in parts {
        for (index, bit) in part.text.split(separators).enumerate() {
            if index > 0 {
                done.push(std::mem::replace(&mut open, Segment { text: String::new(), hole: None }));
            }
            open.text.push_str(bit);
            open.hole = part.hole.or(open.hole);
        }
    }
    done.push(open);
    done
}

/// The refusal of a whole: named after the hole in it, or else after the operator's own text.
pub(super) fn blame(parts: &[Part<'_>], hole: Option<&str>, why: &'static str) -> Unfilled {
    let own = || {
        let name =
            |part: &Part<'_>| part.hole.map_or_else(|| part.text.clone(), |hole| format!("${{{hole}}}"));
        parts.iter().map(name).collect()
    };
    Unfilled::Unsafe { name: hole.map_or_else(own, str::to_owned), why }
}

/// Where the first `..` segment of a path begins.
pub(super) fn parent_in(path: &str) -> Option<usize> {
    let mut at = 0;
    for segment in path.split('/') {
        if segment == ".." {
            return Some(at);
        }
        at += segment.len() + 1;
    }
    None
}

/// Format characters (general category Cf), line and paragraph separators (Zl, Zp), of Unicode 15.0; and letters and
/// marks that show as nothing (Hangul fillers, the combining grapheme joiner).
///
/// Source: `DerivedGeneralCategory.txt`; for the reason the "Trojan Source" paper (CVE-2021-42574).
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}
