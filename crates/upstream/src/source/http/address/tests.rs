use super::*;

fn check(ip: &str, public: bool) {
    assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
}

#[test]
fn only_the_internet_at_large_is_public() {
    for ip in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
    ] {
        check(ip, true);
    }
    for ip in
        ["128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255"]
    {
        check(ip, true);
    }
    for ip in
        ["0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1"]
    {
        check(ip, false);
    }
    for ip in
        ["127.255.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.168.0.1", "192.0.0.170"]
    {
        check(ip, false);
    }
    for ip in
        ["192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"]
    {
        check(ip, false);
    }
    check("255.255.255.255", false);
}

#[test]
fn an_address_of_the_newer_kind_is_public_when_it_is_global_unicast() {
    for ip in ["2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "64:ff9b::8.8.8.8"] {
        check(ip, true);
    }
    for ip in
        ["::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "fe80::1", "fec0::1", "fc00::1"]
    {
        check(ip, false);
    }
    for ip in
        ["fd12:3456::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b::7f00:1", "3fff::1"]
    {
        check(ip, false);
    }
    check("64:ff9b:1::808:808", false);
    check("5f00::1", false);
}

#[test]
fn a_number_is_one_number_in_every_spelling() {
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/",
        "http://127。0。0。1/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]:8080/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1]/",
        "https://0/",
        "http:169.254.169.254/latest",
    ] {
        let error = checked(url, false).unwrap_err().to_string();
        assert!(error.contains("not public"), "{url}: {error}");
        assert!(checked(url, true).is_ok(), "{url}");
    }
    assert!(checked("https://example.com:8443/a?b=c", false).is_ok());
}

#[test]
fn an_address_that_reads_otherwise_than_it_is_asked_is_refused() {
    for url in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://:secret@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exam\nple.com/",
        "http://example.com/a\tb",
        "http://example.com/a b",
        " http://example.com/",
        "http://",
        "example.com/",
        "",
    ] {
        let error = checked(url, true).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{url:?}: {error}");
    }
}

#[test]
fn one_private_address_among_several_refuses_the_name() {
    let found = |ips: &[&str]| -> Vec<SocketAddr> {
        ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    };
    assert!(judge("name", &found(&["1.1.1.1", "2606:4700::1"])).is_ok());
    assert!(judge("name", &found(&["1.1.1.1", "10.0.0.1"])).is_err());
    assert!(judge("name", &found(&["::1", "1.1.1.1"])).is_err());
}
