//! `file = { path = … }`

use lastlook_kernel::Source;

use super::mcp::required;
use crate::config::document::{Item, Sink};
use crate::config::read::kernel_api;
use crate::config::read::known::Known;
use crate::config::value::no_nul;

pub(super) fn file(title: &str, item: &Item<'_>, _: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    const EXAMPLE: &str = "\"/srv/notes/${args.name}\"";
    let mut section = item.section(title, sink)?;
    let path = required(&mut section, "path", EXAMPLE, sink).and_then(|item| item.text(EXAMPLE, sink));
    section.finish(sink);
    let word = path?;
    no_nul(&word, sink);
    if !word.text.starts_with('/') {
        sink.report(
            word.span,
            format!("`{}` is a relative path", word.text),
            "relative to what?",
            format!("write the whole path; holes fill whole names in it: path = {EXAMPLE}"),
        );
        return None;
    }
    Some(Source::File { path: kernel_api::path(&word, sink)? })
}
