use super::*;
use reqwest::header::HeaderValue;

fn stamps(headers: &[(&'static str, &str)]) -> Result<Stamps, SourceError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    read(&map)
}

fn check(headers: &[(&'static str, &str)], version: Option<&str>, as_of_s: Option<i64>) {
    let stamps = stamps(headers).unwrap();
    assert_eq!(stamps.version.as_deref(), version, "{headers:?}");
    assert_eq!(stamps.as_of_ns, as_of_s.map(|s| s * 1_000_000_000), "{headers:?}");
}

const T0: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const T1: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const T0_S: i64 = 784_111_777;

#[test]
fn the_version_is_the_entity_tag_and_else_a_strong_last_modified() {
    check(&[], None, None);
    check(&[("etag", "\"a\"")], Some("\"a\""), None);
    check(&[("etag", "W/\"a\"")], Some("W/\"a\""), None);
    check(&[("etag", "bare")], Some("bare"), None);
    check(&[("etag", "\"a\""), ("last-modified", T0), ("date", T1)], Some("\"a\""), Some(T0_S));
    check(&[("last-modified", T0), ("date", T1)], Some(T0), Some(T0_S));
}

#[test]
fn an_empty_tag_is_no_version() {
    for empty in ["", "\"\"", "W/\"\""] {
        check(&[("etag", empty)], None, None);
    }
    check(&[("etag", ""), ("last-modified", T0), ("date", T1)], Some(T0), Some(T0_S));
}

#[test]
fn a_last_modified_of_the_same_second_is_no_version() {
    check(&[("last-modified", T0), ("date", T0)], None, Some(T0_S));
    check(&[("last-modified", T1), ("date", T0)], None, Some(T0_S + 1));
    check(&[("last-modified", T0)], None, Some(T0_S));
}

#[test]
fn the_time_is_the_last_modified_and_else_the_date_less_the_age() {
    check(&[("date", T0)], None, None);
    check(&[("date", T0), ("age", "7")], None, Some(T0_S - 7));
    check(&[("age", "7")], None, None);
    check(&[("date", T0), ("age", "-7")], None, None);
    check(&[("date", T0), ("age", "+7")], None, None);
    check(&[("date", T0), ("age", "99999999999999999999")], None, None);
    check(&[("last-modified", "yesterday"), ("date", T0)], None, None);
    check(&[("last-modified", "Mon, 06 Nov 1994 08:49:37 GMT")], None, None);
}

#[test]
fn a_header_that_comes_twice_says_nothing() {
    assert!(stamps(&[("etag", "\"a\""), ("etag", "\"b\"")]).is_err());
    assert!(stamps(&[("last-modified", T0), ("last-modified", T1)]).is_err());
}
