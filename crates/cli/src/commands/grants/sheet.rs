//! A grant in full, as its giver signs it and as anybody may read it later.

use lastlook_ledger::approval::Grant;

use crate::record::text::{clean, local_time};

/// Every member of a grant; characters that cannot be seen, or turn text around, as `\u{…}`.
pub(super) fn sheet(grant: &Grant) -> String {
    let Grant {
        grant,
        approver,
        principal,
        agent,
        upstream,
        tool,
        definition,
        resources,
        when,
        uses,
        sum,
        max,
        guards,
        epoch,
        expires,
        reason,
        state,
        time,
    } = grant;
    let mut sheet = String::new();
    let mut line = |name: &str, text: String| sheet.push_str(&format!("  {name:<11}{text}\n"));
    line("grant", clean(grant));
    line("by", clean(approver));
    line("to", clean(principal));
    line("agent", agent.as_deref().map_or("whatever it calls itself".to_owned(), clean));
    line("tool", format!("{}.{}", clean(upstream), clean(tool)));
    line("definition", definition.to_hex());
    match resources.as_slice() {
        [] => line("resource", "whatever it acts on".to_owned()),
        some => some.iter().for_each(|resource| line("resource", clean(resource))),
    }
    line("when", when.as_deref().map_or("always".to_owned(), clean));
    line("uses", uses.map_or("as many as come".to_owned(), |uses| format!("at most {uses}")));
    match sum.as_ref().zip(max.as_ref()) {
        Some((sum, max)) => line("limit", format!("args {}: at most {} in all", clean(sum), clean(max))),
        None => line("limit", "none".to_owned()),
    }
    line("from", local_time(time));
    line("until", format!("{} ({})", local_time(expires), clean(expires)));
    line("reason", clean(reason));
    line("epoch", epoch.to_string());
    line("state", clean(state));
    for guard in guards {
        line("guard", guard.to_hex());
    }
    sheet
}
