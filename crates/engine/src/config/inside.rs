//! Where a part of a string's meaning stands in the text of the file.

use std::ops::Range;

/// The place in `text` of the bytes `part` of `meaning`, which is what the TOML string at `span` means.
///
/// When the two cannot be told apart any more, it is the whole string.
pub(super) fn inside(text: &str, span: &Range<usize>, meaning: &str, part: &Range<usize>) -> Range<usize> {
    located(text, span, meaning, part).unwrap_or_else(|| span.clone())
}

fn located(text: &str, span: &Range<usize>, meaning: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let written = text.get(span.clone())?;
    let (quotes, literal) = match written {
        w if w.starts_with("'''") => ("'''", true),
        w if w.starts_with("\"\"\"") => ("\"\"\"", false),
        w if w.starts_with('\'') => ("'", true),
        w if w.starts_with('"') => ("\"", false),
        _ => return None,
    };
    let mut body = written.strip_prefix(quotes)?.strip_suffix(quotes)?;
    let mut start = span.start + quotes.len();
    // A line break right after three quotes is no part of the string (TOML 1.0, String).
    if quotes.len() == 3 {
        let trimmed = body.strip_prefix("\r\n").or_else(|| body.strip_prefix('\n')).unwrap_or(body);
        start += body.len() - trimmed.len();
        body = trimmed;
    }
    if part.end > meaning.len() {
        return None;
    }
    if literal || body == meaning {
        return Some(start + part.start..start + part.end);
    }
    let from = written_at(body, part.start)?;
    let to = written_at(body, part.end)?;
    Some(start + from..start + to)
}

/// How many bytes are written before the `at`-th byte of what the body of a basic string means.
fn written_at(body: &str, at: usize) -> Option<usize> {
    let (mut meant, mut rest) = (0, body);
    while meant < at {
        let (written, length) = first(rest)?;
        meant += length;
        rest = rest.get(written..)?;
    }
    Some(body.len() - rest.len())
}

/// How long the first character is as written, and how long as meant.
fn first(rest: &str) -> Option<(usize, usize)> {
    let Some(escaped) = rest.strip_prefix('\\') else {
        let character = rest.chars().next()?;
        return Some((character.len_utf8(), character.len_utf8()));
    };
    let digits = match escaped.chars().next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        space if space.is_whitespace() => {
            let kept = escaped.trim_start().len();
            return Some((1 + escaped.len() - kept, 0));
        }
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(escaped.get(1..1 + digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests;
