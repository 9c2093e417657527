//! `confirm = { when = …, refute = …, within = …, settle = … }`

use std::time::Duration;

use lastlook_kernel::Confirm;

use crate::config::document::{Item, Sink};
use crate::config::read::condition::{AFTER_THE_ACT, condition};
use crate::config::read::known::Known;
use crate::config::value::duration;

const WITHIN: Duration = Duration::from_secs(5);

pub(super) fn confirm(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Confirm> {
    const WHEN: &str = "now.order.status == \"refunded\"";
    let mut section = item.section(title, sink)?;
    let when_item = section.take("when");
    if when_item.is_none() {
        let help = format!("write what is true once the effect shows: when = '{WHEN}'");
        sink.report(item.span(), format!("`{title}` has no `when`"), "how does the effect show?", help);
    }
    let when = condition(when_item, WHEN, AFTER_THE_ACT, known, sink);
    let refute =
        condition(section.take("refute"), "now.order.status == \"paid\"", AFTER_THE_ACT, known, sink);
    let within = section.take("within").and_then(|item| item.text("\"5s\"", sink));
    let settle = section.take("settle").and_then(|item| item.text("\"30s\"", sink));
    section.finish(sink);
    Some(Confirm {
        when: when?,
        refute,
        within: within.and_then(|word| duration("within", word, sink)).unwrap_or(WITHIN),
        settle: settle.and_then(|word| duration("settle", word, sink)),
    })
}
