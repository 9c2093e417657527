//! Facts.

use lastlook_kernel::FactSpec;

use super::Said;

pub(super) fn fact(old: &FactSpec, new: &FactSpec, name: &str, said: &mut Said) {
    // Named one by one, so that a new one has to be thought about here.
    let FactSpec {
        name: _,
        source,
        select,
        version,
        aba_allowed,
        as_of,
        shape,
        seen_as,
        timeout: _,
        max_bytes: _,
        show_agent,
    } = old;
    // Sources are compared as they print: all of their fields, in order.
    said.when(format!("{source:?}") != format!("{:?}", new.source), || {
        format!("fact `{name}` is read elsewhere")
    });
    said.when(selects_less(select, &new.select), || format!("less of fact `{name}` is compared"));
    said.when(version.is_some() && *version != new.version, || {
        format!("fact `{name}` has another version, or none")
    });
    said.when(!aba_allowed && new.aba_allowed, || format!("fact `{name}` may have changed and changed back"));
    said.when(*as_of != new.as_of, || format!("the time of fact `{name}` is taken from elsewhere"));
    said.when(*shape != new.shape, || format!("fact `{name}` has other types"));
    said.when(*seen_as != new.seen_as, || format!("the *was* of fact `{name}` is taken from elsewhere"));
    said.when(!show_agent && new.show_agent, || format!("values of fact `{name}` are shown to agents"));
}

/// None at all selects everything.
fn selects_less(old: &[String], new: &[String]) -> bool {
    !new.is_empty() && (old.is_empty() || old.iter().any(|pointer| !new.contains(pointer)))
}
