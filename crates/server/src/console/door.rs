//! Who may come in: one token, good once, for one session; and seals that tell this session's forms from others.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderMap, HeaderValue, header};
use lastlook_canon::Digest;
use lastlook_engine::ids::{self, NoRandomness};

/// The session of one console.
pub(super) struct Door {
    /// Known to this process only; what is compared is compared under it, so that time tells nothing.
    key: [u8; 32],
    token: String,
    spent: AtomicBool,
    /// The cookie's name. Browsers keep one jar for all ports of an address: two consoles must not share a name.
    name: String,
    cookie: String,
}

impl Door {
    pub(super) fn new(port: u16) -> Result<Door, NoRandomness> {
        Ok(Door {
            key: ids::random()?,
            token: hex::encode(ids::random::<32>()?),
            spent: AtomicBool::new(false),
            name: format!("lastlook-{port}"),
            cookie: hex::encode(ids::random::<32>()?),
        })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The session's cookie for the token, the first time it is given.
    pub(super) fn exchange(&self, token: &str) -> Option<HeaderValue> {
        if !self.same(token, &self.token) || self.spent.swap(true, Ordering::SeqCst) {
            return None;
        }
        let Door { name, cookie, .. } = self;
        HeaderValue::from_str(&format!("{name}={cookie}; Path=/; HttpOnly; SameSite=Strict")).ok()
    }

    /// Whether the request comes with the session's cookie.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        self.spent.load(Ordering::SeqCst)
            && cookies
                .flat_map(|line| line.split(';'))
                .filter_map(|pair| pair.trim().strip_prefix(&self.name)?.strip_prefix('='))
                .any(|given| self.same(given, &self.cookie))
    }

    /// What one form of this session carries: good for what it does to what was shown beside it, and nothing else.
    pub(super) fn seal(&self, request: &str, word: &str, shown: &[u8]) -> String {
        let parts = [&self.key[..], request.as_bytes(), word.as_bytes(), shown, &self.key];
        Digest::of("lastlook/console-form/v1", &parts).to_hex()
    }

    pub(super) fn is_sealed(&self, request: &str, word: &str, shown: &[u8], seal: &str) -> bool {
        self.same(seal, &self.seal(request, word, shown))
    }

    fn same(&self, given: &str, right: &str) -> bool {
        let blind = |text: &str| Digest::of("lastlook/console-same/v1", &[&self.key, text.as_bytes()]);
        blind(given) == blind(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    #[test]
    fn a_token_opens_one_session_and_only_its_cookie_is_let_in() {
        let door = Door::new(80).unwrap();
        let own = format!("lastlook-80={}", door.cookie);
        assert!(!door.admits(&with(&own)), "before the token was given");
        assert!(door.exchange("").is_none() && door.exchange(&door.cookie).is_none());
        let cookie = door.exchange(door.token()).unwrap();
        assert!(cookie.to_str().unwrap().ends_with("; HttpOnly; SameSite=Strict"));
        assert!(door.exchange(door.token()).is_none(), "twice");
        assert!(door.admits(&with(&own)) && door.admits(&with(&format!("a=b; {own}"))));
        for no in ["", "lastlook-80=", &format!("lastlook-81={}", door.cookie), &format!("{own}0")] {
            assert!(!door.admits(&with(no)), "{no}");
        }
    }

    #[test]
    fn a_seal_is_good_for_one_thing() {
        let (door, other) = (Door::new(80).unwrap(), Door::new(80).unwrap());
        let seal = door.seal("ask-1", "approve", b"shown");
        assert!(door.is_sealed("ask-1", "approve", b"shown", &seal));
        assert!(!door.is_sealed("ask-2", "approve", b"shown", &seal));
        assert!(!door.is_sealed("ask-1", "reject", b"shown", &seal));
        assert!(!door.is_sealed("ask-1", "approve", b"other", &seal));
        assert!(!other.is_sealed("ask-1", "approve", b"shown", &seal));
        assert!(!door.is_sealed("ask-1", "approve", b"shown", ""));
    }
}
