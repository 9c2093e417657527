//! Whose word a tool's class is.

/// The class of a tool and whose word it is.
///
/// The class is the operator's word, else a profile's. The server's own annotation counts only when there is no
/// configuration at all, or with `trust_annotations = true`. Whatever is not known is `write` without a configuration and
/// `destructive` with one.
pub fn class(
    declared: Option<&'static str>,
    profile: Option<&'static str>,
    read_only_hint: bool,
    trust_annotations: bool,
    configured: bool,
) -> (&'static str, &'static str) {
    match (declared, profile) {
        (Some(class), _) => (class, "declared"),
        (None, Some(class)) => (class, "profile"),
        (None, None) if read_only_hint && (!configured || trust_annotations) => ("read", "hinted"),
        (None, None) if configured => ("destructive", "default"),
        (None, None) => ("write", "default"),
    }
}
