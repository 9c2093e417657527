//! What a request must be to be looked at, and what every answer tells the browser.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What may be asked for: this address, from pages of this address.
pub(super) struct Fence {
    hosts: Vec<String>,
}

/// Nothing from elsewhere, no script or style but the own files, no form to elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; connect-src 'self'; base-uri 'none'";

impl Fence {
    pub(super) fn new(address: SocketAddr) -> Fence {
        let port = address.port();
        let mut hosts = vec![address.to_string(), format!("localhost:{port}")];
        if port == 80 {
            hosts.extend([address.to_string().trim_end_matches(":80").to_owned(), "localhost".to_owned()]);
        }
        Fence { hosts }
    }

    /// Whether the request is for this console, and what changes something comes from one of its own pages.
    ///
    /// A name that somebody makes resolve to this machine ("DNS rebinding") shows in `Host`; another site's form shows in
    /// `Origin`, which browsers send with every POST.
    pub(super) fn check(&self, request: &Request) -> Result<(), &'static str> {
        let headers = request.headers();
        let host = only(headers, &header::HOST).filter(|host| self.knows(host));
        let host = host.ok_or("the request is for another host")?;
        if request.uri().authority().is_some_and(|authority| authority.as_str() != host) {
            return Err("the request is for another host");
        }
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        if only(headers, &header::ORIGIN) != Some(format!("http://{host}").as_str()) {
            return Err("the form does not come from a page of this console");
        }
        match headers.get("sec-fetch-site") {
            Some(site) if site != "same-origin" => Err("the form does not come from a page of this console"),
            _ => Ok(()),
        }
    }

    fn knows(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }
}

/// The value of a header that must stand there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

/// The headers of every answer.
pub(super) fn protect(headers: &mut HeaderMap) {
    let all = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        // Nothing leaves for anywhere else. `no-referrer` would make browsers hide the origin of our own forms from us too
        // (Fetch, "append a request `Origin` header": `null`), and with it the proof of where they come from.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
