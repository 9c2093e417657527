//! `approve = { when = …, by = …, quorum = …, expires = … }`

use lastlook_kernel::Approve;

use crate::config::document::{Item, Sink};
use crate::config::read::condition::{AT_THE_LOOK, condition};
use crate::config::read::known::Known;
use crate::config::value::{entity, some_time};

pub(super) fn approve(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Approve> {
    const BY: &str = "'Role::\"finance\"'";
    let mut section = item.section(title, sink)?;
    let when = condition(section.take("when"), "args.amount_cents > 10000", AT_THE_LOOK, known, sink);
    let by = section.take("by");
    let quorum = section.take("quorum").map_or(Some(1), |item| item.whole(1..=100, "1", sink));
    let expires = section.take("expires").and_then(|item| item.text("\"15m\"", sink));
    section.finish(sink);
    let expires = expires.and_then(|word| some_time("expires", word, sink));
    let Some(by) = by else {
        let help = format!("write who may give it, as a Cedar entity: by = {BY}");
        sink.report(item.span(), format!("`{title}` has no `by`"), "whose yes?", help);
        return None;
    };
    let by = entity(by.text(BY, sink)?, "who may approve", &format!("by = {BY}"), sink)?;
    Some(Approve { when, by, quorum: u32::try_from(quorum?).ok()?, expires })
}
