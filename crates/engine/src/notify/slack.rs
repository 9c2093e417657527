//! A notice for an incoming webhook of Slack: a line for notifications, and blocks.
//!
//! Everything in the blocks is plain text, in which Slack reads neither mentions nor formatting; `&`, `<` and `>` are
//! escaped all the same, as its reference asks for text of any kind ("Formatting text for app surfaces").

use serde_json::{Value, json};

use super::{Happened, Notice};

/// The most that a section's text may hold: Slack's bound is 3000.
const MOST_IN_SECTION: usize = 2900;
/// The most that a header's text may hold: Slack's bound is 150.
const MOST_IN_HEADER: usize = 140;

/// The body of the message. Arguments may hold secrets: they are in it only where the operator says so.
pub(super) fn body(notice: &Notice, show_arguments: bool) -> String {
    let title = title(notice);
    let mut blocks = vec![json!({"type": "header", "text": plain(&title, MOST_IN_HEADER, "…")})];
    let about = about(notice);
    if !about.is_empty() {
        let cut = cut(notice, "the rest");
        blocks.push(json!({"type": "section", "text": plain(&about.join("\n"), MOST_IN_SECTION, &cut)}));
    }
    if show_arguments && notice.happened != Happened::Test {
        let mut text = format!("arguments:\n{}", notice.arguments);
        let cut = cut(notice, "what follows of the arguments");
        if notice.is_cut {
            // Whatever is kept of them is too long already, or ends where they do not.
            text.push_str(&cut);
        }
        blocks.push(json!({"type": "section", "text": plain(&text, MOST_IN_SECTION, &cut)}));
    }
    // What is shown where there is no room for blocks: nothing in it may become a mention or a link.
    let text = escaped(&title, MOST_IN_SECTION, "…");
    json!({
        "text": text, "blocks": blocks, "mrkdwn": false, "parse": "none", "link_names": false,
        "unfurl_links": false, "unfurl_media": false,
    })
    .to_string()
}

fn title(notice: &Notice) -> String {
    let Notice { upstream, tool, request, .. } = notice;
    match notice.happened {
        Happened::Test => "lastlook: a test; nothing waits".to_owned(),
        Happened::Held => format!("Held, waits for approval: {upstream}.{tool} ({request})"),
        Happened::Approved if notice.left.is_some_and(|left| left > 0) => {
            format!("One yes, more are asked: {upstream}.{tool} ({request})")
        }
        Happened::Approved => format!("Approved: {upstream}.{tool} ({request})"),
        Happened::Rejected => format!("Rejected: {upstream}.{tool} ({request})"),
        Happened::Revoked => format!("Revoked: {upstream}.{tool} ({request})"),
    }
}

fn about(notice: &Notice) -> Vec<String> {
    if notice.happened == Happened::Test {
        return Vec::new();
    }
    let mut lines = vec![format!("{} asks", notice.principal)];
    if let Some(by) = &notice.by {
        lines.push(format!("{} by {by}", notice.happened.as_str()));
    }
    if let Some(left) = notice.left.filter(|left| *left > 0) {
        lines.push(format!("{left} more must say yes"));
    }
    if notice.happened == Happened::Held {
        let asks = notice.asks.iter().map(|ask| match ask.quorum {
            1 => format!("{} may approve (guard {})", ask.by, ask.guard),
            many => format!("{many} of {} must approve (guard {})", ask.by, ask.guard),
        });
        lines.extend(asks);
        lines.extend(notice.expires.as_ref().map(|end| format!("until {end}")));
        lines.extend(notice.after.as_ref().map(|after| format!("asked again, after {after}")));
    }
    if !notice.facts.is_empty() {
        lines.push(format!("facts: {}", notice.facts.join(", ")));
    }
    lines.push(format!("look: {}", notice.command()));
    lines
}

fn cut(notice: &Notice, what: &str) -> String {
    format!("\n… {what} is cut: {} shows all", notice.command())
}

fn plain(text: &str, most: usize, mark: &str) -> Value {
    json!({"type": "plain_text", "text": escaped(text, most, mark), "emoji": false})
}

/// The text escaped, in no more than `most` units of UTF-16; what is longer ends with `mark`.
fn escaped(text: &str, most: usize, mark: &str) -> String {
    let piece = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => c.to_string(),
    };
    let length = |text: &str| text.encode_utf16().count();
    let whole: String = text.chars().map(piece).collect();
    if length(&whole) <= most {
        return whole;
    }
    let mark: String = mark.chars().map(piece).collect();
    let room = most.saturating_sub(length(&mark));
    let (mut shown, mut used) = (String::new(), 0);
    for c in text.chars() {
        let piece = piece(c);
        used += length(&piece);
        if used > room {
            break;
        }
        shown.push_str(&piece);
    }
    shown + &mark
}
