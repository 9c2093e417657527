//! Small cuts in raw `params`, without re-serializing anything around them.

use lastlook_canon::members;

/// The params without `_meta.progressToken`: the boundary's own repetition of a call must not report the client's
/// progress twice (MCP, progress: tokens are unique across active requests).
pub fn without_progress_token(params: &[u8]) -> Vec<u8> {
    let cut = || {
        let outer = members(params)?;
        let meta_span = outer.span_of("_meta")?;
        let meta = params.get(meta_span.clone())?;
        members(meta)?.get("progressToken")?;
        let mut out = params.get(..meta_span.start)?.to_vec();
        out.extend_from_slice(&without_members(meta, &["progressToken"])?);
        out.extend_from_slice(params.get(meta_span.end..)?);
        Some(out)
    };
    cut().unwrap_or_else(|| params.to_vec())
}

/// An object without the members of these names, the values of all others as they were; `None` if it is no object.
pub fn without_members(object: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(object.len());
    out.push(b'{');
    for (name, value) in members(object)?.iter().filter(|(name, _)| !names.contains(&&**name)) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(quoted(&name).as_bytes());
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
    Some(out)
}

fn quoted(name: &str) -> String {
    let json = lastlook_canon::Json::String(name.to_owned());
    String::from_utf8_lossy(&lastlook_canon::lexical(&json)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(params: &str) -> String {
        String::from_utf8(without_progress_token(params.as_bytes())).unwrap()
    }

    #[test]
    fn only_the_token_goes() {
        assert_eq!(
            cut(r#"{"name":"t","_meta":{"progressToken":1,"v":"2"}, "x":1.0}"#),
            r#"{"name":"t","_meta":{"v":"2"}, "x":1.0}"#
        );
        assert_eq!(cut(r#"{"_meta":{"progressToken":"a"}}"#), r#"{"_meta":{}}"#);
        assert_eq!(cut(r#"{"name":"t" , "_meta":{"v" : 1}}"#), r#"{"name":"t" , "_meta":{"v" : 1}}"#);
    }
}
