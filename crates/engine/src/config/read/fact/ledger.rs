//! `ledger = { tool = …, where = …, within = … }`

use lastlook_kernel::Source;

use super::mcp::read_tool;
use crate::config::document::{Item, Sink};
use crate::config::read::condition::{OF_A_STEP, condition};
use crate::config::read::known::Known;
use crate::config::value::some_time;

pub(super) fn ledger(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    let mut section = item.section(title, sink)?;
    let tool = read_tool(&mut section, known, sink);
    let matching =
        condition(section.take("where"), "step.args.order_id == args.order_id", OF_A_STEP, known, sink);
    let within = section.take("within").and_then(|item| item.text("\"1h\"", sink));
    section.finish(sink);
    let within = within.and_then(|word| some_time("within", word, sink));
    Some(Source::Ledger { tool: tool?.1, matching, within })
}
