//! URLs with holes: the operator says whom to ask, the action only what for.

use super::hole::Piece;
use super::place::{Part, Segment, blame, hidden, segment, segments};
use super::{TemplateError, Unfilled};

/// Which part of a URL (RFC 3986 §3) a text is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Scheme and authority.
    Origin,
    Path,
    Query,
    Fragment,
}

const NOT_A_URL: &str = "is not a URL: write it whole, as in `https://host/path`";
const BEFORE_PATH: &str = "stands before the path: scheme, host and port are the operator's";
const IN_FRAGMENT: &str = "stands in the fragment, which is never sent";

/// Whether the operator's own text is a URL, with holes where they may be.
pub(super) fn check(pieces: &[Piece]) -> Result<(), TemplateError> {
    let mut zone = Zone::Origin;
    if !matches!(pieces.first(), Some(Piece::Own { .. })) {
        let message = format!("this {NOT_A_URL}; a hole may stand in path and query only");
        return Err(TemplateError { message, at: 0 });
    }
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Own { text, at } => {
                let wrong = |message: String| TemplateError { message, at: *at };
                if text.chars().any(is_dropped) {
                    return Err(wrong(format!("`{}` holds a space or a control character", shown(text))));
                }
                zone = after(zone, text);
                // A host that a hole cuts off is the hole's mistake, told below.
                let is_cut = zone == Zone::Origin && text.contains("://") && pieces.len() > 1;
                if index == 0 && !is_cut {
                    origin(text).map_err(|why| wrong(format!("`{text}` {why}")))?;
                }
            }
            Piece::Hole { hole, at } => {
                let wrong =
                    |why: &str| TemplateError { message: format!("`${{{}}}` {why}", hole.name), at: *at };
                match zone {
                    Zone::Origin => return Err(wrong(BEFORE_PATH)),
                    Zone::Fragment => return Err(wrong(IN_FRAGMENT)),
                    Zone::Path | Zone::Query => {}
                }
            }
        }
    }
    Ok(())
}

/// The URL, its holes percent-encoded. What [`check`] asks for is asked again: not every template went through it.
pub(super) fn join(parts: &[Part<'_>]) -> Result<String, Unfilled> {
    let own = parts.first().filter(|part| part.hole.is_none());
    if own.is_none_or(|own| origin(&own.text).is_err()) {
        let hole = parts.first().and_then(|part| part.hole);
        return Err(blame(parts, hole, "the URL does not begin with `http://` or `https://` and a host"));
    }
    let (mut zone, mut whole) = (Zone::Origin, String::new());
    let mut path = Vec::new();
    for part in parts {
        if matches!(zone, Zone::Origin | Zone::Path) {
            let before_query = part.text.split(['?', '#']).next().unwrap_or_default();
            let text = if part.hole.is_some() { &part.text } else { before_query };
            path.push(Part { hole: part.hole, text: text.to_owned() });
        }
        if part.hole.is_none() {
            if part.text.chars().any(is_dropped) {
                return Err(blame(parts, None, "the URL holds a space or a control character"));
            }
            zone = after(zone, &part.text);
            whole.push_str(&part.text);
            continue;
        }
        part.refuse(match zone {
            Zone::Origin => Some("it stands before the path"),
            Zone::Fragment => Some("it stands in the fragment"),
            Zone::Path if part.text.contains('\\') => Some("it holds `\\`"),
            Zone::Path => segment(&part.text),
            Zone::Query if part.text.is_empty() => Some("it is empty"),
            Zone::Query => hidden(&part.text),
        })?;
        encode(&part.text, &mut whole);
    }
    match dots(&path) {
        Some(hole) => Err(blame(parts, Some(hole), "the path holds `.` or `..`")),
        None => Ok(whole),
    }
}

/// The hole that makes a `.` or `..` segment, alone or with the operator's own text (`.${args.x}`, `%2e${args.x}`).
fn dots<'a>(path: &[Part<'a>]) -> Option<&'a str> {
    let is_dots = |segment: &Segment<'_>| {
        matches!(segment.text.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    // Readers of URLs take `\` for `/`.
    segments(path, &['/', '\\']).into_iter().filter(is_dots).find_map(|segment| segment.hole)
}

/// Whether a text begins with the scheme and host of a web server.
fn origin(text: &str) -> Result<(), String> {
    let (scheme, rest) = text.split_once("://").ok_or(NOT_A_URL)?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err("is neither an `http` nor an `https` URL".to_owned());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('\\') {
        return Err("holds `\\` in its host".to_owned());
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err("has no host".to_owned());
    }
    Ok(())
}

/// The part of the URL that is reached after more of the operator's own text.
fn after(zone: Zone, text: &str) -> Zone {
    let (zone, text) = match zone {
        Zone::Origin => match text
            .split_once("://")
            .and_then(|(_, rest)| rest.find(['/', '?', '#']).map(|at| rest.split_at(at)))
        {
            Some((_, rest)) => (Zone::Path, rest),
            None => return Zone::Origin,
        },
        other => (other, text),
    };
    match zone {
        _ if text.contains('#') => Zone::Fragment,
        Zone::Path if text.contains('?') => Zone::Query,
        other => other,
    }
}

/// What readers of URLs drop or change silently (WHATWG URL, "basic URL parser").
fn is_dropped(c: char) -> bool {
    c.is_control() || c.is_whitespace()
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Percent-encodes everything but what RFC 3986 §2.3 calls unreserved.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
