use std::time::{Duration, Instant};

use lastlook_upstream::hook::{HookClient, HookUrl, Post};
use lastlook_upstream::source::SourceError;

use crate::run;
use crate::served::{Served, answer};

fn post(url: &HookUrl) -> Result<u16, SourceError> {
    let headers = [("webhook-id", "msg_1".to_owned())];
    let post = Post { url, headers: &headers, body: "{}" };
    run(async { HookClient::new().unwrap().post(&post, Duration::from_secs(5)).await })
}

fn at(url: &str) -> HookUrl {
    HookUrl::parse(url, true).unwrap()
}

fn refused(url: &str, private: bool) -> String {
    match HookUrl::parse(url, private) {
        Err(SourceError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_status_comes_back_and_no_redirect_is_followed() {
    for (head, status) in [("204 No Content", 204), ("500 Oops", 500), ("302 Found", 302)] {
        let served = Served::always(answer(head, &["location: /other"], ""));
        assert_eq!(post(&at(&served.url("/in"))), Ok(status));
        let heads = served.heads.lock().unwrap();
        assert_eq!(heads.len(), 1, "{heads:?}");
        let head = heads[0].to_lowercase();
        assert!(head.starts_with("post /in http/1.1\r\n"), "{head}");
        assert!(
            head.contains("\r\nwebhook-id: msg_1\r\n") && head.contains("\r\ncontent-type: application/json")
        );
    }
}

#[test]
fn nothing_of_an_answer_is_waited_for_but_its_status() {
    let served = Served::always(b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\nxxx".to_vec());
    let asked = Instant::now();
    assert_eq!(post(&at(&served.url("/"))), Ok(200));
    assert!(asked.elapsed() < Duration::from_secs(4));
}

#[test]
fn only_what_the_operator_means_is_reached() {
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://localhost/",
        "https://[::ffff:10.1.2.3]/",
        "https://0x7f.1/",
    ] {
        let why = refused(url, false);
        assert!(
            why.ends_with("leads to an address that is not public; `private = true` allows that"),
            "{why}"
        );
        HookUrl::parse(url, true).unwrap();
    }
    for url in [
        "http://hooks.example.com/",
        "http://10.0.0.1/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
    ] {
        let why = refused(url, true);
        assert_eq!(why, "without TLS only this machine is told: write `https://`", "{url}");
    }
}

#[test]
fn nothing_is_shown_of_an_address_but_its_host() {
    let url = at("https://hooks.example.com:8443/services/hidden?key=hidden");
    assert_eq!(url.host(), "hooks.example.com:8443");
    assert_eq!(format!("{url:?}"), "HookUrl(hooks.example.com:8443)");
    let nobody = at("http://127.0.0.1:9/hidden");
    let Err(SourceError::Gone(why)) = post(&nobody) else { panic!() };
    assert!(!why.contains("hidden"), "{why}");
}
