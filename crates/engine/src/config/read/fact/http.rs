//! `http = { url = …, headers = … }`

use std::collections::BTreeMap;

use lastlook_kernel::{Source, Template};

use super::mcp::required;
use crate::config::document::{Item, Sink, Word};
use crate::config::read::database::variable;
use crate::config::read::kernel_api;
use crate::config::read::known::Known;
use crate::config::secrets::names_a_user;

pub(super) fn http(title: &str, item: &Item<'_>, _: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    let mut section = item.section(title, sink)?;
    let url = required(&mut section, "url", "\"https://rates.example/${args.currency}\"", sink);
    let url = url.and_then(|item| url_of(&item, sink));
    let headers = section.take("headers").map(|item| headers(title, &item, sink)).unwrap_or_default();
    let redirects = section.take("redirects").and_then(|item| item.flag(sink)).unwrap_or(false);
    let private = section.take("private").and_then(|item| item.flag(sink)).unwrap_or(false);
    section.finish(sink);
    Some(Source::Http { url: url?, headers, redirects, private })
}

fn url_of(item: &Item<'_>, sink: &mut Sink) -> Option<Template> {
    let word = item.text("\"https://rates.example/${args.currency}\"", sink)?;
    if !["http://", "https://"].iter().any(|scheme| word.text.starts_with(scheme)) {
        let message = "a fact's URL must start with `http://` or `https://`";
        sink.report(
            word.span,
            message,
            "another scheme, or none",
            "write the whole URL, as one would for curl",
        );
        return None;
    }
    if names_a_user(word.text) {
        let help = "take it from the environment: headers = { authorization = \"env:TOKEN\" }";
        sink.report(word.span, "a URL must not hold a user or a password", "before the `@`", help);
        return None;
    }
    kernel_api::url(&word, sink)
}

fn headers(title: &str, item: &Item<'_>, sink: &mut Sink) -> BTreeMap<String, String> {
    let Some(section) = item.section(format!("{title}.headers"), sink) else { return BTreeMap::new() };
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, item) in section.entries() {
        let Some(value) = item.text("\"env:TOKEN\"", sink) else { continue };
        if !name_fits(&name, sink) || !value_fits(&name, &value, sink) {
            continue;
        }
        // Header names do not tell capitals from small letters (RFC 9110 §5.1).
        if headers.insert(name.text.to_ascii_lowercase(), value.text.to_owned()).is_some() {
            let message = format!("header `{}` is given twice", name.text.to_ascii_lowercase());
            sink.report(name.span, message, "in other capitals before", "keep one of them");
        }
    }
    headers
}

fn name_fits(name: &Word<'_>, sink: &mut Sink) -> bool {
    // RFC 9110 §5.6.2, `token`.
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.text.is_empty() || !name.text.chars().all(is_token) {
        let message = format!("`{}` cannot name a header", name.text.escape_debug());
        sink.report(name.span.clone(), message, "no such header can exist", "use letters, digits and `-`");
        return false;
    }
    // Whose they are: the connection's.
    const OWN: &[&str] = &["host", "connection", "content-length", "transfer-encoding", "upgrade", "te"];
    if OWN.contains(&name.text.to_ascii_lowercase().as_str()) {
        let message = format!("header `{}` cannot be set", name.text);
        sink.report(name.span.clone(), message, "it follows from the URL and the connection", "leave it out");
        return false;
    }
    true
}

/// Messages here never hold the value.
fn value_fits(name: &Word<'_>, value: &Word<'_>, sink: &mut Sink) -> bool {
    if let Some(variable_name) = value.text.strip_prefix("env:") {
        return variable(variable_name, value, sink).is_some();
    }
    let span = value.span.clone();
    if looks_secret(name.text) {
        let variable: String =
            name.text.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
        sink.report(
            span,
            format!("header `{}` holds a secret", name.text),
            "written in the file itself",
            format!(
                "take its whole value from the environment: {} = \"env:{variable}\"",
                header_key(name.text)
            ),
        );
        return false;
    }
    if value.text.chars().any(|c| c.is_control() && c != '\t') || !value.text.is_ascii() {
        let message = format!("the value of header `{}` cannot be sent", name.text);
        sink.report(span, message, "a character that headers do not take", "use plain ASCII on one line");
        return false;
    }
    if value.text.contains("${") {
        let message = format!("header `{}` has a hole", name.text);
        sink.report(span, message, "headers are not filled", "put it into the path or the query of `url`");
        return false;
    }
    true
}

/// Whether a header of this name most likely holds a credential.
fn looks_secret(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "auth",
        "cookie",
        "token",
        "secret",
        "key",
        "password",
        "passwd",
        "session",
        "credential",
        "signature",
    ];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

fn header_key(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}
