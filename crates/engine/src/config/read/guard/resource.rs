//! `resource = 'Order::"${args.order_id}"'`

use lastlook_kernel::Template;

use crate::config::document::{Item, Sink};
use crate::config::read::kernel_api::template;
use crate::config::value::is_entity;

pub(super) fn resource(item: &Item<'_>, sink: &mut Sink) -> Option<Template> {
    const EXAMPLE: &str = "'Order::\"${args.order_id}\"'";
    let word = item.text(EXAMPLE, sink)?;
    if !is_entity(word.text) {
        sink.report(
            word.span,
            format!("`{}` does not name a resource", word.text),
            "not a type and a quoted name",
            format!("write it as Cedar does: resource = {EXAMPLE}"),
        );
        return None;
    }
    template(&word, sink)
}
