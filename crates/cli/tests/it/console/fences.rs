//! Who is let in, and what of.

use std::io::Read as _;
use std::net::TcpStream;

use super::rig::{Console, passphrase};
use crate::approvals::people::{again, finance, held, introduce, state_of};
use crate::client::PATIENCE;
use crate::guards::world::World;

fn world() -> World {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    world
}

#[test]
fn its_address_opens_one_session_once() {
    let world = world();
    let mut console = Console::start(&world);
    for path in ["/", "/?t=", "/?t=00", "/requests/ask-1", "/events", "/nothing"] {
        assert_eq!(console.get(path).status, 403, "{path}");
    }
    let entered = console.get(&format!("/?t={}", console.token));
    let cookie = entered.header("set-cookie").to_owned();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    assert_eq!(console.get(&format!("/?t={}", console.token)).status, 403, "a second time");
    assert_eq!(console.get("/").status, 403, "without the cookie");
    console.cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(console.get("/").status, 200);
    assert_eq!(console.get("/nothing").status, 404);
    console.cookie.push('0');
    assert_eq!(console.get("/").status, 403);
}

#[test]
fn every_answer_tells_the_browser_to_trust_nothing_from_elsewhere() {
    let world = world();
    let console = Console::open(&world);
    let refused = console.ask("GET", "/", &[("Host", &console.host())], "");
    for answer in [console.get("/"), console.get("/style.css"), console.get("/script.js"), refused] {
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; connect-src 'self'; base-uri 'none'"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(!answer.body.contains("http://") && !answer.body.contains("https://"), "{answer:?}");
        assert!(!answer.body.contains("style=") && !answer.body.contains("onclick"), "{answer:?}");
    }
}

#[test]
fn another_host_is_another_site() {
    let world = world();
    let console = Console::open(&world);
    let port = console.port;
    let check = |host: &str, expect: u16| {
        let answer = console.ask("GET", "/", &[("Host", host), ("Cookie", &console.cookie)], "");
        assert_eq!(answer.status, expect, "{host}");
    };
    check(&format!("localhost:{port}"), 200);
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1",
        &format!("127.0.0.1.evil.example:{port}"),
    ] {
        check(host, 403);
    }
    let absolute = console.ask(
        "GET",
        "http://evil.example/",
        &[("Host", &console.host()), ("Cookie", &console.cookie)],
        "",
    );
    assert_eq!(absolute.status, 403);
    let both =
        [("Host", console.host()), ("Host", "evil.example".to_owned()), ("Cookie", console.cookie.clone())];
    let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_ne!(console.ask("GET", "/", &both, "").status, 200);
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let world = world();
    let request = held(&mut world.agent());
    let console = Console::open(&world);
    let (host, seal, secret) = (console.host(), console.seal(&request, "approve"), passphrase("ada"));
    let fields = [("seal", seal.as_str()), ("name", "ada"), ("passphrase", &secret), ("reason", "a reason")];
    let path = format!("/requests/{request}/approve");
    for origin in ["", "null", "http://evil.example", &format!("https://{host}"), "http://127.0.0.1:1"] {
        let headers = [("Host", host.as_str()), ("Cookie", &console.cookie), ("Origin", origin)];
        assert_eq!(console.post_with(&path, &headers, &fields).status, 403, "{origin}");
    }
    let own = format!("http://{host}");
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", &console.cookie),
        ("Origin", &own),
        ("Sec-Fetch-Site", "same-site"),
    ];
    assert_eq!(console.post_with(&path, &headers, &fields).status, 403);
    let headers = [("Host", host.as_str()), ("Origin", &own)];
    assert_eq!(console.post_with(&path, &headers, &fields).status, 403, "without a session");
    assert_eq!(state_of(&world, &request), "pending");
}

#[test]
fn a_form_counts_for_what_it_was_shown_beside() {
    let world = world();
    let request = held(&mut world.agent());
    let console = Console::open(&world);
    let secret = passphrase("ada");
    let rejects = console.seal(&request, "reject");
    for seal in ["", "00", rejects.as_str()] {
        let fields = [("seal", seal), ("name", "ada"), ("passphrase", &secret), ("reason", "a reason")];
        let answer = console.post(&format!("/requests/{request}/approve"), &fields);
        assert_eq!(answer.status, 403, "{seal}");
        assert!(answer.body.contains("the form is not one of this page"), "{answer:?}");
    }
    let fields = [("name", "ada"), ("passphrase", secret.as_str()), ("reason", "a reason")];
    assert_eq!(console.post(&format!("/requests/{request}/approve"), &fields).status, 403);
    assert_eq!(console.post(&format!("/requests/{request}/revoke"), &[("reason", "x")]).status, 403);
    assert_eq!(console.get(&format!("/requests/{request}/approve")).status, 303);
    assert_eq!(console.post(&format!("/requests/{request}/other"), &fields).status, 404);
    assert_eq!(state_of(&world, &request), "pending");
}

#[test]
fn a_form_has_an_end() {
    let world = world();
    let request = held(&mut world.agent());
    let console = Console::open(&world);
    let path = format!("/requests/{request}/approve");
    assert_eq!(console.post(&path, &[("reason", &"x".repeat(20_000))]).status, 413);
    let origin = format!("http://{}", console.host());
    let headers = [("Host", console.host()), ("Cookie", console.cookie.clone()), ("Origin", origin)];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(console.ask("POST", &path, &headers, "{}").status, 415);
    let seal = console.seal(&request, "revoke");
    let answer = console.post(&format!("/requests/{request}/revoke"), &[("seal", &seal), ("reason", " ")]);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(state_of(&world, &request), "pending");
}

#[test]
fn wrong_passphrases_are_slowed_down_also_those_of_who_hangs_up() {
    let world = world();
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    let wrong = console.says("approve", &request, "ada", "a guess of the agent's");
    assert_eq!(wrong.status, 403);
    assert!(
        wrong.body.contains("the passphrase does not open") && !wrong.body.contains("a guess"),
        "{wrong:?}"
    );
    let (seal, origin) = (console.seal(&request, "approve"), format!("http://{}", console.host()));
    let body = format!("seal={seal}&name=ada&passphrase=a+guess+of+theirs&reason=x");
    let host = console.host();
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", &console.cookie),
        ("Origin", &origin),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let path = format!("/requests/{request}/approve");
    // Four more, one of which is waited for: the others are under way by then, and hanging up takes nothing back.
    let four = [(); 4].map(|()| console.send("POST", &path, &headers, &body));
    let _ = (&four[0]).read(&mut [0; 512]).unwrap();
    drop(four);
    let guess = || console.says("approve", &request, "ada", "yet another guess");
    // The first may overtake one of them.
    let last = Some(guess()).filter(|answer| answer.status == 429).unwrap_or_else(guess);
    assert_eq!(last.status, 429, "{last:?}");
    // The right one has to wait as well: or waiting would tell.
    let right = console.says("approve", &request, "ada", &passphrase("ada"));
    assert_eq!(right.status, 429, "{right:?}");
    assert_eq!(held(&mut agent), request);
    assert_eq!(state_of(&world, &request), "pending");
    // Who may not decide is told so without a passphrase being tried; taking back needs none.
    assert_eq!(console.says("revoke", &request, "", "").status, 303);
    assert_eq!(again(&mut agent), "approval-required");
    assert_eq!(state_of(&world, &request), "revoked");
}

#[test]
fn it_listens_to_this_machine_only() {
    let world = world();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:127.0.0.1]:0"] {
        // One that listens would go on for ever.
        let console = world.lastlook(&["console", "--listen", address]);
        let said = assert_cmd::Command::from_std(console).timeout(PATIENCE).output().unwrap();
        let told = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{address}: {told}");
        assert!(told.contains("is not a loopback address") && told.contains("hint: "), "{told}");
    }
}

#[test]
fn it_ends_when_it_is_told_to_also_with_somebody_watching() {
    let world = world();
    let console = Console::open(&world);
    let watching =
        console.send("GET", "/events", &[("Host", &console.host()), ("Cookie", &console.cookie)], "");
    let idle = TcpStream::connect(("127.0.0.1", console.port)).unwrap();
    assert_eq!(console.get("/").status, 200);
    assert_eq!(console.interrupt(), Some(0));
    drop((watching, idle));
}
