//! Idempotency keys: a caller's own name for one action, so that saying it twice is not doing it twice.

use lastlook_canon::Digest;
use lastlook_kernel::entity_normal;

/// Where a call carries its key, in `_meta`.
pub const MEMBER: &str = "dev.lastlook/idempotency-key";

/// The longest key, in bytes.
const LONGEST: usize = 255;

/// A caller's key: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`_meta[\"{MEMBER}\"]` must be a string of 1 to {LONGEST} printable ASCII characters; nothing was run"
)]
pub struct BadKey;

impl Key {
    /// The key in the params of a `tools/call`; nothing where there is none.
    ///
    /// # Errors
    ///
    /// What stands there is no key.
    pub fn of_call(params: &[u8]) -> Result<Option<Key>, BadKey> {
        let meta = lastlook_canon::members(params).and_then(|params| params.get("_meta"));
        let raw = meta.and_then(lastlook_canon::members).and_then(|meta| meta.get(MEMBER));
        let Some(raw) = raw else { return Ok(None) };
        Key::new(&lastlook_canon::string_of(raw).ok_or(BadKey)?).map(Some)
    }

    fn new(text: &str) -> Result<Key, BadKey> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        match (1..=LONGEST).contains(&text.len()) && printable {
            true => Ok(Key(text.to_owned())),
            false => Err(BadKey),
        }
    }

    /// As the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands in the id of a request for approval: so that whoever signs for the request signs for this key.
    pub(crate) fn mark(&self) -> String {
        let mut mark = Digest::of("lastlook/request-key/v1", &[self.0.as_bytes()]).to_hex();
        mark.truncate(32);
        mark
    }

    /// The store's name for it: of this principal's alone, whatever characters it and the principal's name have, and in a
    /// name space of its own beside the keys of `once`.
    pub(crate) fn once_key(&self, principal: &str) -> String {
        let principal = entity_normal(principal).unwrap_or_else(|| principal.to_owned());
        let digest = Digest::of("lastlook/idempotency-key/v1", &[principal.as_bytes(), self.0.as_bytes()]);
        format!("key {}", digest.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastlook_canon::{Json, lexical};

    fn params(key: Json) -> Vec<u8> {
        let meta = Json::object([(MEMBER, key), ("progressToken", Json::from("p"))]);
        lexical(&Json::object([("name", Json::from("refund")), ("_meta", meta)]))
    }

    #[test]
    fn a_key_is_1_to_255_printable_characters() {
        let longest = "k".repeat(255);
        for key in ["k", " ", "~", "order 42/refund", "\"quoted\"", &longest] {
            let read = Key::of_call(&params(Json::from(key))).unwrap().unwrap();
            assert_eq!(read.as_str(), key);
        }
        let too_long = "k".repeat(256);
        for bad in ["", "a\u{0}", "a\n", "\u{7f}", "\u{e9}", "\u{202e}", &too_long] {
            assert_eq!(Key::of_call(&params(Json::from(bad))), Err(BadKey), "{bad:?}");
        }
        for bad in [Json::Null, Json::from(7_u64), Json::from(vec![Json::from("k")])] {
            assert_eq!(Key::of_call(&params(bad)), Err(BadKey));
        }
        for none in [&br#"{"name":"x"}"#[..], br#"{"_meta":{}}"#, br#"{"_meta":null}"#] {
            assert_eq!(Key::of_call(none), Ok(None));
        }
    }

    #[test]
    fn a_key_is_found_however_its_name_is_spelt() {
        let spelt = br#"{"_meta":{"dev.lastlook\/idempotency\u002dkey":"k"}}"#;
        assert_eq!(Key::of_call(spelt).unwrap().unwrap().as_str(), "k");
    }

    #[test]
    fn one_principals_key_is_no_others() {
        let key = |text: &str| Key(text.to_owned());
        assert_eq!(key("k").once_key("User::\"ada\""), key("k").once_key("User :: \"ada\""));
        assert_ne!(key("k").once_key("ada"), key("k").once_key("bob"));
        assert_ne!(key("b c").once_key("a"), key("c").once_key("a b"));
    }
}
