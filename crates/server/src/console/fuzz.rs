//! Any bytes as what comes to the console. How to look longer than the corpus: docs/internals/testing.md.

use axum::http::{Method, Request};

use super::fence::Fence;
use super::form::fields;

#[test]
fn form() {
    bolero::check!(name = "form").with_iterations(0).for_each(|bytes: &[u8]| {
        let Some(fields) = fields(bytes) else { return };
        // Whoever reads forms by the standard reads the same, since nothing was replaced.
        let second: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
        let plain = fields.into_iter().map(|(name, value)| (name, value.to_string()));
        assert_eq!(plain.collect::<Vec<_>>(), second);
    });
}

#[test]
fn request() {
    bolero::check!(name = "request").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let mut lines = text.lines();
        let (Some(method), Some(uri)) = (lines.next(), lines.next()) else { return };
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let Ok(request) = request.body(axum::body::Body::empty()) else { return };
        let all = |wanted: &str| {
            let found = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim_ascii()).collect::<Vec<_>>()
        };
        if Fence::new("127.0.0.1:8080".parse().unwrap()).check(&request).is_err() {
            return;
        }
        let hosts = all("host");
        assert!(matches!(*hosts, ["127.0.0.1:8080" | "localhost:8080"]), "{hosts:?}");
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            assert_eq!(all("origin"), [format!("http://{}", hosts[0])]);
            assert!(all("sec-fetch-site").first().is_none_or(|site| *site == "same-origin"));
        }
    });
}
